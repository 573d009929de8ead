"""Repair of unambiguous file names: other case, blanks for hyphens, copy marks, a doubled ending."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from submissions.checking.formats import READERS
from submissions.checking.problem_list import quote_text
from submissions.repair.repair_log import RepairLog

_COPY = re.compile(r"( \(\d{1,3}\)| - copy( \(\d{1,3}\))?| copy( \d{1,3})?)$", re.IGNORECASE)
"""Suffixes that browsers and file managers add to the name of a second copy."""
_BETWEEN = re.compile(r"[\s_-]+")
_MAX_NAME_LENGTH = 200


@dataclass(frozen=True)
class RepairedName:
    """Task and format of a repaired file name."""

    task: str
    ending: str


def repair_name(name: str, known: Collection[str], changes: RepairLog) -> RepairedName | None:
    """Return the only possible task and format of a name; None if it fits no task of `known`, or several."""
    stem, ending = _split_name(name)
    if not ending or len(stem) > _MAX_NAME_LENGTH:
        return None
    task = stem if stem in known else _find_only_match(_COPY.sub("", stem), known)
    if task is None:
        return None
    if name != f"{task}.{ending}":
        changes.add(f"Renamed; it was {quote_text(name)}.")
    return RepairedName(task, ending)


def _split_name(name: str) -> tuple[str, str]:
    """Return stem and ending; ignore an editor's .txt behind another ending, and a doubled ending."""
    stem, _, ending = name.rpartition(".")
    if ending.lower() == "txt":
        stem, _, ending = stem.rpartition(".")
    ending = ending.lower()
    if ending not in READERS:
        return name, ""
    if stem.lower().endswith(f".{ending}"):
        stem = stem[: -len(ending) - 1]
    return stem, ending


def _find_only_match(stem: str, known: Collection[str]) -> str | None:
    """Return the only id that differs from a stem in case and word separators alone. No letter is guessed."""
    close = [task for task in known if _normalize_name(task) == _normalize_name(stem)]
    return close[0] if len(close) == 1 else None


def _normalize_name(name: str) -> str:
    return _BETWEEN.sub("-", name.strip().casefold())
