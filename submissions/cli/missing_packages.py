"""One-sentence message instead of a traceback for a wheel extra that is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OWN_PACKAGES = {"submissions", "leaderboard", "evaluator", "curation"}


@contextmanager
def explain_missing_packages(remedy: str) -> Iterator[None]:
    """Exit with the command that installs missing packages. A missing module of ours is raised as a fault."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in OWN_PACKAGES:
            raise
        sys.exit(f"The package {package} is not installed. Install what this command needs: {remedy}")
