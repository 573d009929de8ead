"""`python -m evaluator.models.tiny_llama FOLDER` makes the model in a new folder."""

import sys
from pathlib import Path

from evaluator.models.tiny_llama import make

if __name__ == "__main__":
    make(Path(sys.argv[1]))
