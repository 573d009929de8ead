"""`python -m curation`: init, import-flat, import-official, verify."""

import sys

from curation.cli import app
from submissions.cli.runtime import run_app

if __name__ == "__main__":
    sys.exit(run_app(app, "curation", sys.argv[1:]))
