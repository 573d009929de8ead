"""`python -m curation` and `arena-curate`: init, import-flat, import-official, verify."""

import sys

from curation.cli import app
from submissions.cli.runtime import run_app
from submissions.storage.private_files import set_private_umask


def main() -> None:
    """Run the command line and exit with its code."""
    set_private_umask()
    sys.exit(run_app(app, "curation", sys.argv[1:]))


if __name__ == "__main__":
    main()
