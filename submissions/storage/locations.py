"""Location of a repository: in a folder, or as a data set repository on the Hub, `hf://ORG/NAME`."""

from __future__ import annotations

import re
from pathlib import Path

from submissions.errors import NotFound
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Repo

PUBLIC = frozenset({"results"})
"""Repositories that everybody may read."""
REPOSITORIES = ("benchmark", "submissions", "drafts", "results")
"""Repositories of an arena, in copy order: data about a submission follows the submission."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_]|[.-](?![.-]))*")
"""The Hub's own rule for names, except for the length, which the Hub checks."""


def is_hub_url(where: str) -> bool:
    """Return whether a location is on the Hub."""
    return where.startswith("hf://")


def sibling_location(arena: str, name: str) -> str:
    """Return the location of one of an arena's repositories: `DIR/name`, or `hf://ORG/PREFIX-name`."""
    if is_hub_url(arena):
        return f"hf://{arena.removeprefix('hf://').rstrip('/')}-{name}"
    return str(Path(arena) / name)


def open_repo(where: str, pace: CommitRateLimit | None = None, *, is_public: bool = False) -> Repo:
    """Open the repository at a location, without a request to the Hub. Raises NotFound for an invalid name.

    `is_public` allows other users of the machine to read a folder; on the Hub the repository itself decides.
    """
    if not is_hub_url(where):
        return LocalRepo(where, is_public=is_public)
    names = where.removeprefix("hf://").split("/")
    if len(names) != 2 or not all(_NAME.fullmatch(name) for name in names):
        raise NotFound(f"{where} is not a location on the Hub: write hf://ORG/PREFIX, for example hf://our-lab/arena.")
    from submissions.storage.hub import HubRepo  # takes half a second to import; folders do not need it

    return HubRepo("/".join(names), pace=pace)
