"""`python -m evaluator`: score, work, anchors."""

import sys

from evaluator.cli.app import app
from submissions.cli.runtime import run

if __name__ == "__main__":
    sys.exit(run(app, "evaluator", sys.argv[1:]))
