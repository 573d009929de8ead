"""Run `python -m leaderboard`, with the commands case and reports."""

import sys

from submissions.cli.missing_packages import explain_missing_packages
from submissions.cli.runtime import run_app
from submissions.storage.private_files import set_private_umask

REMEDY = "pip install 'datasetresearch-arena[web]'"


def main() -> None:
    """Run the command line and exit with its code."""
    set_private_umask()
    with explain_missing_packages(REMEDY):
        from leaderboard.cli import app

        code = run_app(app, "leaderboard", sys.argv[1:])
    sys.exit(code)


if __name__ == "__main__":
    main()
