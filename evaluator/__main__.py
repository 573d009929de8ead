"""`python -m evaluator`: score, work, anchors."""

import sys

from evaluator.cli import app
from submissions.command_line import run

if __name__ == "__main__":
    sys.exit(run(app, "evaluator", sys.argv[1:]))
