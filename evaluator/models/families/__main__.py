"""Build a family's tiny model in a new folder: `python -m evaluator.models.families NAME FOLDER`."""

import sys
from pathlib import Path

from evaluator.models.families import TINY_FAMILIES

if __name__ == "__main__":
    TINY_FAMILIES[sys.argv[1]].build_tiny(Path(sys.argv[2]))
