"""`python -m submissions`: check, submit, status, download."""

import sys

from submissions.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
