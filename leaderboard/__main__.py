"""`python -m leaderboard`: case, reports."""

import sys

from leaderboard.cli import app
from submissions.cli.runtime import run_app

if __name__ == "__main__":
    sys.exit(run_app(app, "leaderboard", sys.argv[1:]))
