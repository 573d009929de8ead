"""`python -m evaluator`: score, work, anchors."""

import sys

from evaluator.cli.app import app
from submissions.cli.runtime import run_app

if __name__ == "__main__":
    sys.exit(run_app(app, "evaluator", sys.argv[1:]))
