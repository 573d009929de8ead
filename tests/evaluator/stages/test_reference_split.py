from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.errors import ProtocolMismatch
from evaluator.stages.reference_split import SPLITS, load_reference
from evaluator.tracks.protocols import load_protocol
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import make_benchmark, make_task


def test_arena_holds_test_rows_out_and_paper_trains_on_them(tmp_path: Path) -> None:
    benchmark = make_benchmark(tmp_path, [make_task("a")], train=3, test=3)
    halves = benchmark.read_reference("a")
    assert load_reference(load_protocol("arena@1"), benchmark, "a") == halves
    same = load_reference(load_protocol("paper@1"), benchmark, "a")
    assert same.train == same.test == benchmark.read_original_rows("a")
    assert sorted(row.input for row in same.test) == sorted(row.input for row in (*halves.train, *halves.test))


def test_only_the_first_rows_are_used(tmp_path: Path) -> None:
    benchmark = make_benchmark(tmp_path, [make_task("a")], train=3, test=3)
    for split in SPLITS:
        rules = make_protocol(sft={"max_rows": 2}).model_copy(update={"test_items": 1, "split": split})
        reference = load_reference(rules, benchmark, "a")
        assert (len(reference.train), len(reference.test)) == (2, 1)
        assert reference.train == SPLITS[split](benchmark, "a").train[:2]


def test_halves_of_an_older_import_are_refused_by_name(tmp_path: Path) -> None:
    """They may have parted rows of one passage; a protocol of that time still takes them."""
    benchmark = make_benchmark(tmp_path, [make_task("a")])
    path = "references/a/split.json"
    old = benchmark.repo.read(path).replace(b"hash-split@2", b"hash-split@1")
    benchmark.repo.commit([Change(path, old)], benchmark.repo.head())
    with pytest.raises(ProtocolMismatch, match=r"a were split by hash-split@1.*Import the benchmark into a new folder"):
        load_reference(load_protocol("arena@1"), benchmark, "a")
    before = make_protocol().model_copy(update={"split": "hash-split@1"})
    assert load_reference(before, benchmark, "a") == benchmark.read_reference("a")
