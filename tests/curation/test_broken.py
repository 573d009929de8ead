"""Every way in which a flat folder can be broken is reported with its place, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.layout.benchmark_writer import import_flat
from curation.layout.flat_reader import InvalidBenchmark, read_flat
from submissions.errors import NotFound
from tests.support.flat_benchmarks import ROWS, TASK, task, write_lines


def tasks(*lines: dict[str, Any]) -> Callable[[Path], None]:
    other = task(id="cls-en-sums", category="text_classification")
    return lambda flat: write_lines(flat / "tasks.jsonl", [*lines, other])


def rows(*lines: dict[str, Any]) -> Callable[[Path], None]:
    return lambda flat: write_lines(flat / "references" / "mc-en-sums.jsonl", [*ROWS, *lines])


def content(raw: bytes, name: str = "references/mc-en-sums.jsonl") -> Callable[[Path], None]:
    def write(flat: Path) -> None:
        (flat / name).write_bytes(raw)

    return write


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in TASK.items() if name != field}


REFERENCE = "references/mc-en-sums.jsonl"
METADATA: dict[str, Any] = TASK["metadata"]
CASES: dict[str, tuple[Callable[[Path], None], str, int | None, str]] = {
    "not JSON": (content(b"not json\n", "tasks.jsonl"), "tasks.jsonl", 1, "JSON"),
    "no tasks": (content(b"", "tasks.jsonl"), "tasks.jsonl", None, "empty"),
    "field missing": (tasks(without("licence")), "tasks.jsonl", 1, "licence"),
    "field unknown": (tasks(task(metric="bleu")), "tasks.jsonl", 1, "metric"),
    "id unsafe": (tasks(task(id="../etc")), "tasks.jsonl", 1, "id"),
    "category unknown": (tasks(task(category="poetry")), "tasks.jsonl", 1, "poetry"),
    "kind unknown": (tasks(task(kind="wisdom")), "tasks.jsonl", 1, "kind"),
    "language a word": (tasks(task(language="English")), "tasks.jsonl", 1, "language"),
    "demand blank": (tasks(task(demand=" \n")), "tasks.jsonl", 1, "demand"),
    "no subsets": (tasks(task(subsets=[])), "tasks.jsonl", 1, "subsets"),
    "metadata a text": (tasks(task(metadata="sums")), "tasks.jsonl", 1, "metadata"),
    "samples negative": (
        tasks(task(metadata={**METADATA, "samples_count": -1})),
        "tasks.jsonl",
        1,
        "metadata.samples_count",
    ),
    "id twice": (tasks(TASK, TASK), "tasks.jsonl", 2, "also on line 1"),
    "reference missing": (lambda flat: (flat / REFERENCE).unlink(), REFERENCE, None, "no reference file"),
    "reference empty": (content(b""), REFERENCE, None, "empty"),
    "stranger": (content(b"{}\n", "references/other.jsonl"), "references/other.jsonl", None, "No task"),
    "row of other fields": (rows({"question": "?", "answer": "!"}), REFERENCE, 21, "input"),
    "row with a number": (rows({"input": "1 + 1", "output": 2}), REFERENCE, 21, "output"),
    "row a list": (content(b"[]\n"), REFERENCE, 1, "the line"),
    "line empty": (content(b'{"input": "a", "output": "b"}\n\n'), REFERENCE, 2, "JSON"),
    "not UTF-8": (content(b'{"input": "\xff", "output": "b"}\n'), REFERENCE, 1, "JSON"),
    "lone surrogate": (content(b'{"input": "\\ud800", "output": "b"}\n'), REFERENCE, 1, "JSON"),
    "input blank": (rows({"input": " ", "output": "A"}), REFERENCE, 21, "input: only white space"),
    "output blank": (rows({"input": "1", "output": "\t"}), REFERENCE, 21, "output: only white space"),
    "row twice": (rows(ROWS[4]), REFERENCE, 21, "same as on line 5"),
    "example shown": (rows(METADATA["example"]), REFERENCE, 21, "metadata.example"),
    "one half empty": (content(json.dumps(ROWS[0]).encode()), REFERENCE, None, "fall into the"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_reported_with_its_place(case: str, flat: Path, tmp_path: Path) -> None:
    break_it, file, line, what = CASES[case]
    break_it(flat)
    with pytest.raises(InvalidBenchmark) as broken:
        import_flat(flat, tmp_path / "dest")
    assert not (tmp_path / "dest").exists()
    found = [problem for problem in broken.value.problems if (problem.file, problem.line) == (file, line)]
    assert any(what in problem.what for problem in found), broken.value.problems
    assert all(problem.fix for problem in broken.value.problems)


def test_all_faults_are_reported_at_once(flat: Path) -> None:
    tasks(task(kind="wisdom", language="English"), task(id="third"))(flat)
    (flat / "references" / "cls-en-sums.jsonl").write_bytes(b"{}\n")
    with pytest.raises(InvalidBenchmark) as broken:
        read_flat(flat)
    assert sorted({(problem.file, problem.line) for problem in broken.value.problems}, key=str) == [
        ("references/cls-en-sums.jsonl", 1),
        ("references/third.jsonl", None),
        ("tasks.jsonl", 1),
    ]
    assert len(broken.value.problems) == 5


def test_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="flat layout"):
        read_flat(tmp_path / "nowhere")
