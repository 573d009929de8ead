"""verify finds whatever happened to a benchmark after its import."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from curation.layout.verify import verify_benchmark
from submissions.errors import NotFound
from submissions.records.task import Row
from submissions.storage.local_repo import LocalRepo

TEST = "references/mc-en-sums/test.jsonl"
ORDER = "references/mc-en-sums/split.json"


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return write


def swap_halves(folder: Path) -> None:
    reference = folder / "references/mc-en-sums"
    row = Row.model_validate_json((reference / "train.jsonl").read_text().splitlines()[0])
    (reference / "test.jsonl").write_text(row.model_dump_json() + "\n")


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


CASES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "answer changed": (change(TEST, '"output":"A"', '"output":"B"'), TEST, "changed after the import"),
    "row moved": (swap_halves, TEST, "other half"),
    "half removed": (remove(TEST), TEST, "no test rows"),
    "row broken": (change(TEST, '"output"', '"answer"'), TEST, "output"),
    "metadata removed": (
        remove("references/mc-en-sums/metadata.json"),
        "references/mc-en-sums/metadata.json",
        "missing",
    ),
    "metric changed": (change("tasks.jsonl", '"accuracy"', '"bleu"'), "tasks.jsonl", "bleu"),
    "task renamed": (change("tasks.jsonl", '"mc-en-sums"', '"cls-en-sums"'), "tasks.jsonl", "twice"),
    "order removed": (remove(ORDER), ORDER, "missing"),
    "order of another rule": (change(ORDER, "hash-split@2", "split@9"), ORDER, "split@9"),
    "order too long": (change(ORDER, '"sides": "', '"sides": "t'), ORDER, "train rows are placed"),
    "order of unknown sides": (change(ORDER, '"sides": "', '"sides": "x'), ORDER, "sides"),
    "tasks removed": (remove("tasks.jsonl"), "tasks.jsonl", "missing"),
    "sources removed": (remove("sources.json"), "sources.json", "missing"),
    "sources renamed": (change("sources.json", '"mc-en-sums"', '"other"'), "sources.json", "mc-en-sums, other"),
    "stranger": (lambda folder: (folder / "notes.txt").write_text("x") and None, "notes.txt", "did not write"),
    "split unknown": (change("checksums.json", "hash-split@2", "split@9"), "checksums.json", "split@9"),
    "checksums broken": (change("checksums.json", '"files"', '"sums"'), "checksums.json", "files"),
}


def test_an_import_is_sound(imported: Path) -> None:
    assert verify_benchmark(LocalRepo(imported)) == ()


@pytest.mark.parametrize("case", CASES)
def test_damage_is_found(case: str, imported: Path) -> None:
    damage, file, what = CASES[case]
    damage(imported)
    problems = verify_benchmark(LocalRepo(imported))
    assert any(problem.file == file and what in problem.what for problem in problems), problems


def test_a_checksum_cannot_point_outside(imported: Path) -> None:
    sums = json.loads((imported / "checksums.json").read_text())
    sums["files"]["../flat/tasks.jsonl"] = "0" * 64
    (imported / "checksums.json").write_text(json.dumps(sums))
    assert [problem.what for problem in verify_benchmark(LocalRepo(imported))] == ["The file is missing."]


def test_a_folder_without_checksums_is_no_benchmark(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="python -m curation"):
        verify_benchmark(LocalRepo(tmp_path))


def test_a_benchmark_of_the_first_rule_is_still_sound(imported: Path) -> None:
    """Its rows have no group, and each is in the half of its own input."""
    for file in [*imported.glob("references/*/*.json*"), imported / "checksums.json"]:
        text = re.sub(r',"group":"[^"]*"', "", file.read_text()).replace("hash-split@2", "hash-split@1")
        file.write_text(text)
    sums = json.loads((imported / "checksums.json").read_text())
    sums["files"] = {path: sha256((imported / path).read_bytes()).hexdigest() for path in sums["files"]}
    (imported / "checksums.json").write_text(json.dumps(sums))
    assert verify_benchmark(LocalRepo(imported)) == ()
