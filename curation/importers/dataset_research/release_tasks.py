"""Parser of test_metadata.json: the release's tasks, in our terms."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from curation.importers.dataset_research.json_files import quote_value
from curation.records import make_error
from submissions.records.check_report import Problem
from submissions.records.task import Kind

FILE = "test_metadata.json"
CATEGORIES = {
    "multiple-choice": "multiple_choice",
    "text-classification": "text_classification",
    "question-answering": "question_answering",
    "summarization": "text_summarization",
    "translation": "language_translation",
    "text-generation": "text_generation",
}
"""The release's task types to our categories."""
KINDS: dict[object, Kind] = {"knowledge": "knowledge", "reasoning": "reasoning"}
_CORRECTION_HINT = "Correct it, or download the file again."


@dataclass(frozen=True, eq=False)
class ReleaseTask:
    """One sound task of the release; equal to itself alone."""

    place: int
    """Index in the file, counted from 1."""
    id: str
    """Task id in the release."""
    dataset: str
    """The reference's id, for example `org/name`; several tasks may share one."""
    demand: str
    category: str
    kind: Kind
    metadata: Mapping[str, object]

    @property
    def where(self) -> str:
        """Location of the entry for messages."""
        return f"Entry {self.place} ({quote_value(self.id)}): "


def read_entries(content: object, domains: Mapping[str, object], problems: list[Problem]) -> list[ReleaseTask]:
    """Parse the file's tasks in order; add errors to `problems`.

    `domains` is task id to domain for tasks whose metadata does not say knowledge or reasoning.
    """
    if not isinstance(content, list) or not content:
        what = "It has no list of tasks" if content != [] else "It lists no tasks"
        problems.append(make_error(FILE, None, f"{what}.", _CORRECTION_HINT))
        return []
    entries: dict[str, ReleaseTask] = {}
    for place, item in enumerate(content, 1):
        try:
            entry = _parse_entry(place, item, domains)
        except _Fault as fault:
            problems.append(make_error(FILE, None, f"Entry {place}{fault.name}: {fault.what}", fault.fix))
            continue
        if entry.id in entries:
            what = f"{entry.where}task_id: entry {entries[entry.id].place} has it too."
            problems.append(make_error(FILE, None, what, "Remove one of them."))
        entries.setdefault(entry.id, entry)
    return list(entries.values())


def read_domains(content: object, file: str, problems: list[Problem]) -> dict[str, object]:
    """Return task id to domain, from a list of tasks with it in metadata (or original_metadata)."""
    if not isinstance(content, list):
        problems.append(make_error(file, None, "It has no list of tasks.", _CORRECTION_HINT))
        return {}
    found: dict[str, object] = {}
    for item in content:
        if isinstance(item, dict) and isinstance(item.get("task_id"), str):
            metadata = _parse_metadata(item.get("original_metadata", item.get("metadata")))
            found[item["task_id"]] = (metadata or {}).get("domain")
    return found


class _Fault(Exception):
    def __init__(self, what: str, fix: str = _CORRECTION_HINT, name: str = "") -> None:
        self.what, self.fix, self.name = what, fix, name


def _parse_entry(place: int, item: object, domains: Mapping[str, object]) -> ReleaseTask:
    if not isinstance(item, dict):
        raise _Fault(f"It is {quote_value(item)}, not an object.")
    dataset = _require_text(item, "dataset_id", "")
    official = _require_text({"task_id": dataset.replace("/", "_")} | item, "task_id", "")
    name = f" ({quote_value(official)})"
    metadata = _parse_metadata(item.get("metadata"))
    if metadata is None:
        raise _Fault("metadata: neither an object nor a text that contains one.", name=name)
    kind = _parse_domain(domains.get(official)) or _parse_domain(metadata.get("domain"))
    if kind not in KINDS:
        what = f"metadata.domain: {quote_value(metadata.get('domain'))} is neither knowledge nor reasoning."
        raise _Fault(what, "Correct it, or name a file that has it with --domains.", name)
    category = str(metadata.get("task", metadata.get("task_type"))).strip().lower().replace("_", "-").replace(" ", "-")
    if category not in CATEGORIES:
        what = f"metadata.task: {quote_value(category)} is not one of {', '.join(CATEGORIES)}."
        raise _Fault(what, "Choose one of them.", name)
    demand = _require_text(item, "query", name)
    return ReleaseTask(place, official, dataset, demand, CATEGORIES[category], KINDS[kind], metadata)


def _require_text(item: Mapping[str, object], field: str, name: str) -> str:
    value = item.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _Fault(f"{field}: {quote_value(value)} is not a readable text.", name=name)
    return value


def _parse_domain(domain: object) -> str | None:
    return domain.strip().lower() if isinstance(domain, str) and domain.strip().lower() in KINDS else None


def _parse_metadata(value: object) -> dict[str, object] | None:
    """Return an object as is, or parsed from a JSON or Python literal text."""
    for read in _iter_readings(value):
        if isinstance(read, dict):
            return {str(key): of for key, of in read.items()}
    return None


def _iter_readings(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, str):
        for reader in (json.loads, ast.literal_eval):
            try:
                yield reader(value)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
