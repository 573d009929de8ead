"""`python -m submissions`: check, fix, submit, status, download, withdraw, retry, publish, mirror."""

import sys

from submissions.cli import app
from submissions.command_line import run

if __name__ == "__main__":
    sys.exit(run(app, "submissions", sys.argv[1:]))
