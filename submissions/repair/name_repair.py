"""Repair of unambiguous file names: case, look-alike characters, blanks for hyphens, copy marks, doubled endings."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from submissions.checking.file_names import COPY_MARK
from submissions.checking.formats import READERS
from submissions.checking.problem_list import quote_text
from submissions.names.look_alikes import are_alike, fold_form
from submissions.repair.repair_log import RepairLog

_BETWEEN = re.compile(r"[\s_-]+")
_OTHER_ENDINGS = {"ndjson": "jsonl", "jsonlines": "jsonl", "tsv": "csv"}
_MAX_NAME_LENGTH = 200


@dataclass(frozen=True)
class RepairedName:
    """Task and format of a repaired file name."""

    task: str
    ending: str


def repair_name(name: str, known: Collection[str], changes: RepairLog) -> RepairedName | None:
    """Return the only possible task and format of a name; None if it fits no task of `known`, or several."""
    stem, ending = _split_name(fold_form(name))
    if not ending or len(stem) > _MAX_NAME_LENGTH:
        return None
    task = stem if stem in known else _find_only_match(COPY_MARK.sub("", stem), known)
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
    ending = ending.lower().strip()
    ending = _OTHER_ENDINGS.get(ending, ending)
    if ending not in READERS:
        return name, ""
    inner, _, before = stem.rpartition(".")
    before = _OTHER_ENDINGS.get(before.lower(), before.lower())
    if inner and (before == ending or {before, ending} == {"json", "jsonl"}):
        stem = inner
    return stem, ending


def _find_only_match(stem: str, known: Collection[str]) -> str | None:
    """Return the only id that a stem can mean.

    Case, word separators and characters that look alike may differ. No letter is guessed.
    """
    close = [task for task in known if _normalize_name(task) == _normalize_name(stem)]
    if not close and not stem.isascii():
        close = [task for task in known if are_alike(_normalize_name(task), _normalize_name(stem))]
    return close[0] if len(close) == 1 else None


def _normalize_name(name: str) -> str:
    return _BETWEEN.sub("-", name.strip().casefold())
