"""`python -m leaderboard`: case, reports."""

import sys

from leaderboard.cli import app
from submissions.cli.runtime import run

if __name__ == "__main__":
    sys.exit(run(app, "leaderboard", sys.argv[1:]))
