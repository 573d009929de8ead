"""Small releases of the published form, sound until a test breaks them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TYPES = {
    "multiple-choice": {"accuracy": 0.25},
    "text-classification": {"accuracy": 0.5},
    "question-answering": {"exact_match": 0.1, "f1": 0.4, "bleu": None, "rouge": None},
    "summarization": {"rouge": {"rouge1": 0.6, "rouge2": 0.1, "rougeL": 0.3, "rougeLsum": 0.31}},
    "translation": {
        "bleu": {"bleu": 0.2, "precisions": [0.8, 0.5, 0.3, 0.1], "brevity_penalty": 1.0, "length_ratio": 1.1},
        "sacrebleu": {"score": 20.0, "counts": [8], "totals": [10], "precisions": [80.0], "bp": 1.0},
    },
    "text-generation": {"bleu": {"bleu": 0.0, "precisions": [0.5, 0.0]}, "sacrebleu": {"score": 2.5}},
}
"""Task type to results as the published evaluators write them."""
Edit = Callable[[Path], None]


def make_entry(kind: str, **changes: Any) -> dict[str, Any]:
    """One entry of test_metadata.json for a task of a type."""
    metadata = {
        "introduction": f"About {kind}.",
        "task": kind,
        "question": "General knowledge.",
        "input": "A question.",
        "output": "An answer.",
        "source": "human",
        "example": {"input": "What?", "output": "That."},
        "samples_count": 24,
        "domain": "reasoning",
    }
    named = {"task_id": f"lab_{kind}", "dataset_id": f"lab/{kind}", "query": f"I need data for {kind}."}
    return {**named, "metadata": metadata, **changes}


def with_metadata(kind: str, **changes: Any) -> dict[str, Any]:
    """The same with fields of the metadata changed."""
    entry = make_entry(kind)
    return {**entry, "metadata": {**entry["metadata"], **changes}}


def scored(kind: str, results: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """One entry of a score file."""
    told = {
        "prediction_file": "/run/predictions.jsonl",
        "metrics_used": list(TYPES[kind]),
        "timestamp": "2025-07-01 00:00:00",
    }
    return {
        "task_id": f"lab_{kind}",
        "task_model": "llama3",
        "dataset_id": f"lab_{kind}",
        "baseline": False,
        "task_type": kind,
        "results": {**TYPES[kind], **told} if results is None else results,
        **changes,
    }


def make_release_rows(name: str, count: int = 24) -> list[dict[str, str]]:
    """Rows of a reference; the last is the first once more, as real sets have it."""
    rows = [{"input": f"{name} {number}?", "output": f"Answer {number}", "system": "Help."} for number in range(count)]
    return [*rows, rows[0]]


def write_release(folder: Path) -> Path:
    """A release with a task of every type, half of their references in either folder."""
    write_json(folder / "test_metadata.json", [make_entry(kind) for kind in TYPES])
    for file in ("final_test.json", "final_baseline.json"):
        write_json(folder / file, [scored(kind, baseline=file == "final_baseline.json") for kind in TYPES])
    for number, kind in enumerate(TYPES):
        write_json(reference(folder, kind, number % 2 + 1), make_release_rows(kind))
    return folder


def reference(folder: Path, name: str, number: int = 1) -> Path:
    """Where the release has a reference of our `lab`."""
    return folder / f"test_set_generated_{number}" / f"lab_{name}.json"


def write_json(path: Path, content: object) -> None:
    """JSON as the published code writes it: indented, not escaped, NaN where a number is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=4, ensure_ascii=False), encoding="utf-8")


def tasks(*entries: Any) -> Edit:
    """Replace test_metadata.json by a multiple choice entry and these."""
    return lambda folder: write_json(folder / "test_metadata.json", [make_entry("multiple-choice"), *entries])


def rows(*more: Any) -> Edit:
    """Add to the reference of the multiple choice task."""
    return lambda folder: write_json(reference(folder, "multiple-choice"), [*make_release_rows("mc"), *more])


def scores(*entries: Any, file: str = "final_test.json") -> Edit:
    """Replace a score file."""
    return lambda folder: write_json(folder / file, list(entries))


def content(name: str, raw: bytes) -> Edit:
    """Replace a file's bytes."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(raw)

    return write
