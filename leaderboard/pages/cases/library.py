"""All cases that somebody wrote: those that ship with the site, and the arena's own, which may replace them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.snapshot.record_cache import Unreadable
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.cases.case_file import CaseFile, InvalidCase, read_case
from submissions.arena.arena import Arena

FOLDER = "cases/"
"""In the results."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CaseLibrary:
    """What could be read, and what could not."""

    cases: Mapping[str, CaseFile]
    """By slug, the newest first."""
    unreadable: tuple[Unreadable, ...]


@cached_per_snapshot
def load_cases(snapshot: Snapshot, arena: Arena) -> CaseLibrary:  # noqa: ARG001  its key
    """The written cases as they stand in the arena."""
    own = ((path, arena.results.read(path)) for path in arena.results.list(FOLDER) if path.endswith(".md"))
    cases, unreadable = _read_cases(own)
    found = {**builtin_cases(), **cases}
    newest_first = sorted(found.values(), key=lambda case: (-case.front.date.toordinal(), case.slug))
    return CaseLibrary({case.slug: case for case in newest_first}, tuple(unreadable))


@cache
def builtin_cases() -> dict[str, CaseFile]:
    """The cases in this folder. Raises BadCase."""
    paths = [path for path in files(__package__).iterdir() if path.name.endswith(".md")]
    return {case.slug: case for case in (read_case(path.name, path.read_bytes()) for path in paths)}


def _read_cases(contents: Iterable[tuple[str, bytes]]) -> tuple[dict[str, CaseFile], list[Unreadable]]:
    cases, unreadable = {}, []
    for path, content in contents:
        try:
            case = read_case(path, content)
        except InvalidCase as error:
            log.error("unreadable case %s: %s", path, error)
            unreadable.append(Unreadable(path, str(error)))
        else:
            cases[case.slug] = case
    return cases, unreadable
