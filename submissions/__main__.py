"""`python -m submissions`: check, fix, submit, status, download, withdraw, retry, publish, mirror."""

import sys

from submissions.cli.app import app
from submissions.cli.runtime import run_app

if __name__ == "__main__":
    sys.exit(run_app(app, "submissions", sys.argv[1:]))
