"""Published scores under paper@1, metric by metric (final_baseline.json and final_test.json)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from curation.importers.dataset_research.json_files import quote_value
from curation.importers.dataset_research.release_tasks import CATEGORIES, ReleaseTask
from curation.records import make_error, make_warning
from submissions.records.base import Score
from submissions.records.check_report import Problem

BASE = "final_baseline.json"
REFERENCE = "final_test.json"
_SLACK = 1e-6
"""Tolerance above the scale for rounding; sacreBLEU of a perfect copy is 100.00000000000004."""
_HUGE = 1e300
_NOTE = 200


@dataclass(frozen=True)
class ScorePart:
    """One metric of a category's score."""

    name: str
    """Name of the metric in paper@1."""
    path: tuple[str, ...]
    """Path of the metric in a task's `results` in the release."""
    top: float = 1.0
    """The release's value for a perfect score."""


_ACCURACY = (ScorePart("accuracy", ("accuracy",)),)
_PAIR = (
    ScorePart("unigram_precision", ("bleu", "precisions")),
    ScorePart("sacrebleu", ("sacrebleu",), top=100.0),
)
PARTS = {
    "multiple_choice": _ACCURACY,
    "text_classification": _ACCURACY,
    "question_answering": (ScorePart("token_f1", ("f1",)),),
    "text_summarization": (ScorePart("rouge_l", ("rouge", "rougeL")),),
    "language_translation": _PAIR,
    "text_generation": _PAIR,
}
"""Category to its counted metrics (published code, TASK_TYPE_METRICS); others in the files do not count."""


def read_scores(content: object, file: str, problems: list[Problem]) -> dict[str, Mapping[str, object]]:
    """Read a score file, a list of tasks or an object by id; return task id to the task's entry."""
    if isinstance(content, dict):
        content = [{"task_id": one} | said if isinstance(said, dict) else said for one, said in content.items()]
    if not isinstance(content, list):
        problems.append(make_error(file, None, "It has no list of tasks.", "Download the file again."))
        return {}
    found: dict[str, Mapping[str, object]] = {}
    for place, item in enumerate(content, 1):
        task = item.get("task_id") if isinstance(item, dict) else None
        if not isinstance(task, str):
            problems.append(
                make_error(file, None, f"Entry {place}: no task_id.", "Add it, or download the file again.")
            )
        elif task in found:
            what = f"Entry {place} ({quote_value(task)}): an earlier entry has this task_id too."
            problems.append(make_error(file, None, what, "Remove one of them."))
        else:
            found[task] = item
    return found


def convert_scores(
    entry: ReleaseTask, said: Mapping[str, object] | None, items: int, file: str, problems: list[Problem]
) -> dict[str, Score]:
    """Return a task's published scores by metric, in [0, 1]; without a number if the file has none, never 0.

    `items` is how many rows the published evaluation asked. A number beyond its scale is a problem.
    """
    why = _missing_reason(said, file)
    results = said.get("results") if said else None
    if said and CATEGORIES.get(str(said.get("task_type"))) != entry.category:
        what = f"{entry.where}task_type {quote_value(said.get('task_type'))} is not the task's {entry.category}."
        problems.append(make_warning(file, what, "The category of test_metadata.json is used."))
    scores = {}
    for part in PARTS[entry.category]:
        value = None if why else _find_number(results, part.path)
        if value is not None and not -_SLACK * part.top <= value <= part.top * (1 + _SLACK):
            what = f"{entry.where}{'.'.join(part.path)} is {value}, which is not between 0 and {part.top:g}."
            problems.append(make_error(file, None, what, "Download the file again; its scale may have changed."))
            value = None
        scaled = None if value is None else min(max(value / part.top, 0.0), 1.0)
        missing = why or f"{file} has no number at {'.'.join(part.path)}"
        scores[part.name] = Score(name=part.name, value=scaled, n=items, why=missing if scaled is None else None)
    return scores


def _missing_reason(said: Mapping[str, object] | None, file: str) -> str | None:
    """Return the reason if a task has no scores at all."""
    if said is None:
        return f"{file} does not have the task"
    results = said.get("results")
    if not isinstance(results, dict) or not results:
        return f"{file} has no results for the task"
    if "status" in results:
        return "the release has no score for it"  # never quoted, as this is published
    return None


def make_note(said: Mapping[str, object] | None, file: str) -> str:
    """Return the release's own explanation of missing scores; empty without one."""
    results = said.get("results") if said else None
    if not isinstance(results, dict) or "status" not in results:
        return ""
    reason = quote_value(results.get("reason") or "no reason is given", _NOTE)
    return f"{file} says {quote_value(results['status'])}: {reason}"


def _find_number(value: object, path: tuple[str, ...]) -> float | None:
    """Return the number at a path as the published code does: first of a list, `score` or `value` of an object."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, list):
        value = value[0] if value else None
    elif isinstance(value, dict):
        value = value.get("score", value.get("value"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        return None
    return float(min(max(value, -_HUGE), _HUGE))  # an integer may be too large for a float
