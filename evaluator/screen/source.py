"""Tells whether a submission names a reference's own data set as where its data came from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_NOT_IDS = frozenset({"tree", "blob", "raw", "resolve", "viewer", "commit", "commits", "discussions", "wiki", "issues"})
"""What stands behind an id in the address of a page of it."""
_BEFORE_IDS = frozenset({"datasets", "api", "repos"})


def same_dataset(given: str, source: str) -> bool:
    """Whether two addresses or ids mean one repository: `owner/name`, any host, path, branch and case aside.

    `source` is as sources.json has it: an id or address, with a path inside it after a blank. An id without an
    owner, as the oldest data sets have, is the same as any with that name.
    """
    one, other = _id(given), _id(source)
    if not one or not other:
        return False
    return one == other if len(one) == len(other) else one[-1] == other[-1]


def tasks_from_reference(given: str, sources: Mapping[str, str]) -> tuple[str, ...]:
    """The tasks, sorted, whose reference is the data set that a submission gives as its origin; `sources` by task."""
    return tuple(sorted(task for task, source in sources.items() if same_dataset(given, source)))


def _id(text: str) -> tuple[str, ...]:
    """Owner and name, or the name alone; empty if the text names none."""
    first = text.strip().split(maxsplit=1)[0] if text.strip() else ""
    if first.startswith("git@"):
        first = first.partition(":")[2]
    address = urlsplit(first)
    parts = [part for part in unquote(address.path).casefold().split("/") if part not in ("", ".", "..")]
    while parts and parts[0] in _BEFORE_IDS and len(parts) > 1:
        parts = parts[1:]
    own = parts[:1] if len(parts) > 1 and parts[1] in _NOT_IDS else parts[:2]
    return tuple(part.removesuffix(".git") for part in own)
