"""`python -m evaluator` and `arena-evaluate`: score, plan, work, shard, anchors, and more."""

import sys

from submissions.cli.missing_packages import explain_missing_packages
from submissions.cli.runtime import run_app
from submissions.storage.private_files import set_private_umask

REMEDY = "pip install 'datasetresearch-arena[evaluator-gpu]' for NVIDIA GPUs; on a CPU, make environment in a checkout"


def main() -> None:
    """Run the command line and exit with its code."""
    set_private_umask()
    with explain_missing_packages(REMEDY):
        from evaluator.cli.app import app

        code = run_app(app, "evaluator", sys.argv[1:])
    sys.exit(code)


if __name__ == "__main__":
    main()
