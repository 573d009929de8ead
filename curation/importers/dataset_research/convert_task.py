"""Conversion of a release task to our task: title, language and metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from curation.importers.dataset_research.json_files import as_text
from curation.importers.dataset_research.language_tag import detect_language
from curation.importers.dataset_research.release_tasks import FILE, ReleaseTask
from curation.records import FlatTask, list_faults, make_warning
from submissions.records.check_report import Problem
from submissions.records.task import Row

LICENCE = "not in the release: see the source"
_TITLE = 80
_LETTERS = 2000
"""Characters of a text read to detect its language."""
_ROWS = 1000
_CHOSEN = ("multiple_choice", "text_classification")
"""Categories with letters and labels as outputs, so that only the inputs show a language."""
_TEXTS = ("introduction", "question", "input", "output", "source")


def convert_task(entry: ReleaseTask, task: str, rows: Sequence[Row], problems: list[Problem]) -> list[FlatTask]:
    """Convert a task under our id; return nothing and add to `problems` if a field cannot be stored.

    Its subsets are `full` alone, for the release does not mark the hard tasks.
    """
    missing = [name for name in _TEXTS if not as_text(entry.metadata.get(name)).strip()]
    if missing:
        what = f"{entry.where}the metadata has no {', '.join(missing)}."
        problems.append(make_warning(FILE, what, "Left empty; the judge cannot compare it."))
    fields = {
        "id": task,
        "title": make_title(entry),
        "category": entry.category,
        "kind": entry.kind,
        "language": detect_language(_select_text(entry, row)[:_LETTERS] for row in rows[:_ROWS]),
        "demand": entry.demand,
        "metadata": _convert_metadata(entry, len(rows), problems),
        "source": entry.dataset,
        "licence": LICENCE,
    }
    try:
        return [FlatTask.model_validate(fields)]
    except ValidationError as invalid:
        problems += list_faults(invalid, FILE, entry=entry.where)
        return []


def make_title(entry: ReleaseTask) -> str:
    """Make a title from the words of the task's id, less the organisation of a data set's id.

    Titles are public and the metadata is not, so nothing of the introduction goes in.
    """
    own = entry.dataset.rpartition("/")[2] if entry.id.replace("/", "_") == entry.dataset.replace("/", "_") else ""
    words = re.sub(r"[\s_/-]+", " ", own or entry.id).strip() or entry.id
    return (words[0].upper() + words[1:])[:_TITLE]


def _select_text(entry: ReleaseTask, row: Row) -> str:
    return row.input if entry.category in _CHOSEN else row.output


def _convert_metadata(entry: ReleaseTask, rows: int, problems: list[Problem]) -> dict[str, object]:
    said = entry.metadata
    texts = {name: as_text(said.get(name)) for name in _TEXTS}
    task = as_text(said.get("task", said.get("task_type")))
    count = _parse_count(said.get("samples_count"))
    if count is None:
        what = f"{entry.where}samples_count is not a number of rows."
        problems.append(make_warning(FILE, what, f"The {rows} rows of the reference are counted instead."))
        count = rows
    return texts | {"task": task, "example": _convert_example(said.get("example")), "samples_count": count}


def _parse_count(value: object) -> int | None:
    """Parse a number of rows, also from a text such as `1,000`."""
    if isinstance(value, str) and re.fullmatch(r"[0-9][0-9,]{0,15}", value.strip()):
        return int(value.replace(",", ""))
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
    return int(value) if sound and isinstance(value, int | float) else None


def _convert_example(value: object) -> dict[str, str] | None:
    """Convert an example with input and output to a row; any other form becomes the input."""
    if isinstance(value, Mapping) and isinstance(value.get("input"), str) and isinstance(value.get("output"), str):
        return {"input": value["input"], "output": value["output"]}
    text = as_text(value)
    return {"input": text, "output": ""} if text.strip() else None
