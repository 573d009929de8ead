"""Build the tiny model in a new folder: `python -m evaluator.models.tiny_llama FOLDER`."""

import sys
from pathlib import Path

from evaluator.models.tiny_llama import build_model

if __name__ == "__main__":
    build_model(Path(sys.argv[1]))
