"""`python -m submissions` and `arena`: check, fix, submit, status, download, withdraw, retry, publish, mirror."""

import sys

from submissions.cli.app import app
from submissions.cli.runtime import run_app


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_app(app, "submissions", sys.argv[1:]))


if __name__ == "__main__":
    main()
