"""All cases that somebody wrote: those that ship with the site, and the arena's own, which may replace them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from leaderboard.data.record_cache import Unreadable
from leaderboard.data.snapshot import Snapshot, per_snapshot
from leaderboard.pages.cases.case_file import BadCase, Written, read_case
from submissions.arena.arena import Arena

FOLDER = "cases/"
"""In the results."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shelf:
    """What could be read, and what could not."""

    cases: Mapping[str, Written]
    """By slug, the newest first."""
    unreadable: tuple[Unreadable, ...]


@per_snapshot
def shelf(snapshot: Snapshot, arena: Arena) -> Shelf:  # noqa: ARG001  its key
    """The written cases as they stand in the arena."""
    own = ((path, arena.results.read(path)) for path in arena.results.list(FOLDER) if path.endswith(".md"))
    cases, unreadable = _read(own)
    found = {**shipped(), **cases}
    newest_first = sorted(found.values(), key=lambda case: (-case.front.date.toordinal(), case.slug))
    return Shelf({case.slug: case for case in newest_first}, tuple(unreadable))


@cache
def shipped() -> dict[str, Written]:
    """The cases in this folder. Raises BadCase."""
    paths = [path for path in files(__package__).iterdir() if path.name.endswith(".md")]
    return {case.slug: case for case in (read_case(path.name, path.read_bytes()) for path in paths)}


def _read(contents: Iterable[tuple[str, bytes]]) -> tuple[dict[str, Written], list[Unreadable]]:
    cases, unreadable = {}, []
    for path, content in contents:
        try:
            case = read_case(path, content)
        except BadCase as error:
            log.error("unreadable case %s: %s", path, error)
            unreadable.append(Unreadable(path, str(error)))
        else:
            cases[case.slug] = case
    return cases, unreadable
