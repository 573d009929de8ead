from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.layout import import_flat
from curation.split import half
from evaluator.protocol import load_protocol
from evaluator.screen import screen, skeleton
from submissions.arena import parse_lines
from submissions.benchmark import Benchmark, open_benchmark
from submissions.models import Row
from tests.evaluator.worlds import ROOT

SHARED = Path(os.environ.get("ARENA_SHARED_DATA") or ROOT.parent / "shared" / "data")
TEST = [Row(input="Where is the Élysée? (one word)", output="Paris"), Row(input="第一題：ＡＢＣ", output="1")]


def asked(*inputs: str) -> list[Row]:
    return [Row(input=text, output="?") for text in inputs]


@pytest.mark.parametrize(
    "copy",
    [
        "where is the élysée one word",
        "WHERE IS THE ÉLYSÉE? (ONE WORD)",
        "Where  is\nthe\tE\u0301lyse\u0301e?! (one word).",
        "Where-is-the-Élysée...(one word)",
        "第一題 abc",
    ],
)
def test_a_copy_beyond_form_is_found(copy: str) -> None:
    found = screen(asked(copy), TEST)
    assert (found.kept, found.exact, found.normalised) == ((), (), (0,))


@pytest.mark.parametrize(
    "other", ["Where is the Elysee? (one word)", "Where is the Élysée? (two words)", "Where?", "第二題：ＡＢＣ", ""]
)
def test_nothing_else_is_found(other: str) -> None:
    assert screen(asked(other), TEST).kept == (0,)


def test_rows_are_numbered_from_0_and_exact_copies_are_told_apart() -> None:
    found = screen(asked("new", TEST[0].input, "newer", TEST[0].input.lower()), TEST)
    assert (found.kept, found.exact, found.normalised, found.removed) == ((0, 2), (1,), (3,), 2)


def test_signs_alone_are_compared_as_they_are() -> None:
    found = screen(asked("!?", " !? ", "?!", ":-)"), [Row(input="!?", output="x")])
    assert (found.kept, found.exact, found.normalised) == ((2, 3), (0,), (1,))


@given(st.lists(st.text(max_size=8), max_size=12), st.lists(st.text(max_size=8), max_size=12))
def test_every_row_goes_one_way(mine: list[str], hidden: list[str]) -> None:
    found = screen(asked(*mine), asked(*hidden))
    assert sorted((*found.kept, *found.exact, *found.normalised)) == list(range(len(mine)))
    kept = {skeleton(mine[number]) for number in found.kept}
    assert not kept & {skeleton(text) for text in hidden}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    if not (SHARED / "submissions" / "leaky.truth.json").is_file():
        pytest.skip(f"NO REAL LEAKY SUBMISSION: {SHARED} is absent; set ARENA_SHARED_DATA to screen it")
    dest = tmp_path_factory.mktemp("real") / "benchmark"
    import_flat(SHARED / "benchmark", dest)
    return open_benchmark(str(dest))


def rows_of(path: Path) -> tuple[Row, ...]:
    return parse_lines(path.name, path.read_bytes(), Row)


def test_every_planted_copy_of_a_hidden_row_is_found_and_nothing_else(real: Benchmark) -> None:
    truth = json.loads((SHARED / "submissions" / "leaky.truth.json").read_text())
    removed = rows = planted = 0
    for task in (task.id for task in real.tasks()):
        reference = rows_of(SHARED / "benchmark" / "references" / f"{task}.jsonl")
        mine = rows_of(SHARED / "submissions" / "leaky" / f"{task}.jsonl")
        leaks = {
            leak["line"] - 1: leak["edit"]
            for leak in truth[task]["lines"]
            if half(task, reference[leak["reference_line"] - 1].input) == "test"
        }
        found = screen(mine, real.reference(task).test)
        assert {*found.exact, *found.normalised} == leaks.keys(), task
        assert {number for number, edit in leaks.items() if edit == "exact"} <= set(found.exact), task
        removed, rows, planted = removed + found.removed, rows + len(mine), planted + len(leaks)
    assert removed == planted > 700
    assert removed / rows > load_protocol("demo@1").screen.flag_over


def test_honest_rows_of_the_same_source_are_kept(real: Benchmark) -> None:
    for task in (task.id for task in real.tasks()):
        mine = rows_of(SHARED / "submissions" / "self-train" / f"{task}.jsonl")
        assert screen(mine, real.reference(task).test).removed == 0, task
