"""`python -m submissions`: check, fix, submit, status, download, withdraw, retry, publish, mirror."""

import sys

from submissions.cli.app import app
from submissions.cli.runtime import run

if __name__ == "__main__":
    sys.exit(run(app, "submissions", sys.argv[1:]))
