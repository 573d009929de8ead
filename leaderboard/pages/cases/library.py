"""All written cases: the built-in ones, and the arena's own, which may replace them."""

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
"""Folder of cases in the results repository."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CaseLibrary:
    """Readable and unreadable cases."""

    cases: Mapping[str, CaseFile]
    """Cases by slug, newest first."""
    unreadable: tuple[Unreadable, ...]


@cached_per_snapshot
def load_cases(snapshot: Snapshot, arena: Arena) -> CaseLibrary:  # noqa: ARG001  its key
    """Load the built-in cases and the arena's."""
    own = ((path, arena.results.read(path)) for path in arena.results.list(FOLDER) if path.endswith(".md"))
    cases, unreadable = _read_cases(own)
    found = {**builtin_cases(), **cases}
    newest_first = sorted(found.values(), key=lambda case: (-case.front.date.toordinal(), case.slug))
    return CaseLibrary({case.slug: case for case in newest_first}, tuple(unreadable))


@cache
def builtin_cases() -> dict[str, CaseFile]:
    """Load the cases in this folder. Raises InvalidCase."""
    paths = [path for path in files(__package__).iterdir() if path.name.endswith(".md")]
    return {case.slug: case for case in (read_case(path.name, path.read_bytes()) for path in paths)}


def _read_cases(contents: Iterable[tuple[str, bytes]]) -> tuple[dict[str, CaseFile], list[Unreadable]]:
    cases, unreadable = {}, []
    for path, content in contents:
        try:
            case = read_case(path, content)
        except InvalidCase as error:
            log.error("Unreadable case %s: %s", path, error)
            unreadable.append(Unreadable(path, str(error)))
        else:
            cases[case.slug] = case
    return cases, unreadable
