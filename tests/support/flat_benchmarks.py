"""Small flat folders, sound until a test breaks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TASK: dict[str, Any] = {
    "id": "mc-en-sums",
    "title": "Sums",
    "category": "multiple_choice",
    "kind": "reasoning",
    "language": "en",
    "demand": "Sums with options.",
    "metadata": {
        "introduction": "Sums.",
        "task": "multiple-choice",
        "question": "Adding.",
        "domain": "arithmetic",
        "input": "A sum.",
        "output": "A letter.",
        "source": "rule-based",
        "example": {"input": "1 + 0 is A) 1 B) 2", "output": "A"},
        "samples_count": 20,
    },
    "source": "made for the test",
    "licence": "Apache-2.0",
}
ROWS = [{"input": f"{number} + 1 is A) {number + 1} B) {number}", "output": "A"} for number in range(20)]


def task(**changes: Any) -> dict[str, Any]:
    """A task line with some fields changed."""
    return {**TASK, **changes}


def write_flat(folder: Path, tasks: list[dict[str, Any]], rows: dict[str, list[dict[str, str]]]) -> Path:
    """A flat folder with these tasks and reference rows by task id."""
    (folder / "references").mkdir(parents=True)
    write_lines(folder / "tasks.jsonl", tasks)
    for name, lines in rows.items():
        write_lines(folder / "references" / f"{name}.jsonl", lines)
    return folder


def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """JSON lines, in UTF-8."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
