"""Detects submissions that name a reference's own data set as their origin."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_NOT_IDS = frozenset({"tree", "blob", "raw", "resolve", "viewer", "commit", "commits", "discussions", "wiki", "issues"})
"""Path segments after an id in the address of one of its pages."""
_BEFORE_IDS = frozenset({"datasets", "api", "repos"})
_HUB = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
"""Hosts where a data set may have no owner; its address has `datasets` before the name."""


def is_same_dataset(given: str, source: str) -> bool:
    """Return whether two addresses or ids mean one repository: `owner/name`, ignoring host, path, branch and case.

    `source` is as in sources.json: an id or address, with a path inside it after a blank. An id without an
    owner, as the oldest data sets have, equals any with that name; the last part of any other address does not.
    """
    one, other = _repository_id(given), _repository_id(source)
    if not one or not other:
        return False
    return one == other if len(one) == len(other) else one[-1] == other[-1]


def tasks_from_reference(given: str, sources: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tasks, sorted, whose reference a submission names as its origin; `sources` by task."""
    return tuple(sorted(task for task, source in sources.items() if is_same_dataset(given, source)))


def _repository_id(text: str) -> tuple[str, ...]:
    """Owner and name, or the name alone; empty if the text names none.

    A name alone on another host than the Hub is one part with its host, so that it equals only itself.
    """
    host, parts = _split_address(text)
    path = parts
    while parts and parts[0] in _BEFORE_IDS and len(parts) > 1:
        parts = parts[1:]
    own = parts[:1] if len(parts) > 1 and parts[1] in _NOT_IDS else parts[:2]
    own = [part.removesuffix(".git") for part in own]
    if len(own) == 1 and host and not (host in _HUB and "datasets" in path[:-1]):
        return (f"{host}/{own[0]}",)
    return tuple(own)


def _split_address(text: str) -> tuple[str, list[str]]:
    """Split an address into host, empty for a plain id, and parts of its path; no parts for an invalid address."""
    first = text.strip().split(maxsplit=1)[0] if text.strip() else ""
    if first.startswith("git@"):
        first = f"ssh://{first.replace(':', '/', 1)}"
    elif first.casefold().partition("/")[0] in _HUB:
        first = f"https://{first}"
    try:
        address = urlsplit(first)
    except ValueError:  # such as a bracket that is not closed
        return "", []
    parts = [part for part in unquote(address.path).casefold().split("/") if part not in ("", ".", "..")]
    return address.hostname or address.scheme, parts
