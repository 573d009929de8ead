from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.scoring.metrics import MetricResult, average_results
from evaluator.stages.context import EvaluationContext
from evaluator.stages.few_shot import draw_shots, few_shot_requests
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from submissions.records.task import Row
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import make_reference, make_rows, make_task

TASK = make_task("t")
REFERENCE = make_reference("t", train=3, test=3)


def bench(folder: Path, generator: NullGenerator, **few: object) -> EvaluationContext:
    return null_context(folder, make_protocol(few_shot=few), NullTrainer(), generator)


def examined(tools: EvaluationContext, rows: Sequence[Row], shots: int) -> MetricResult:
    """The score averaged over draws, as it is computed from what is written down."""
    exam = tools.build_eval_set(TASK, REFERENCE)
    asks = few_shot_requests(tools, exam, rows, shots)
    draws = [exam.score(answered.texts) for _, answered in tools.run_requests(asks)]
    return average_results(draws)


@given(st.integers(0, 8), st.integers(1, 5), st.text(max_size=9))
def test_a_draw_is_fixed_by_its_seed_and_takes_no_row_twice(count: int, shots: int, seed: str) -> None:
    rows = make_rows("r", count)
    drawn = draw_shots(rows, shots, seed)
    assert drawn == draw_shots(rows, shots, seed)
    assert len(drawn) == min(shots, count)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(rows)


def test_other_seeds_draw_other_rows() -> None:
    rows = make_rows("r", 100)
    assert len({tuple(draw_shots(rows, 5, f"42:t:{draw}")) for draw in range(10)}) == 10


def test_the_shots_stand_before_the_question_as_turns(tmp_path: Path) -> None:
    asked: list[tuple[int, ...]] = []
    generator = NullGenerator(lambda _model, prompt: asked.append(tuple(prompt)) or "")  # type: ignore[func-returns-value]
    tools = bench(tmp_path, generator)
    rows = make_rows("entry", 9)
    examined(tools, rows, 3)
    seed = f"{tools.protocol.few_shot.seed}:t:0"
    shots = [(row.input, row.output) for row in draw_shots(rows, 3, seed)]
    assert asked == [tuple(tools.template.build_prompt(row.input, shots)) for row in REFERENCE.test]
    assert generator.models == [tools.model]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_rows_than_shots_are_all_shown(tmp_path: Path, count: int) -> None:
    generator = NullGenerator(lambda _model, _prompt: "the number 1001")
    measured = examined(bench(tmp_path, generator), make_rows("entry", count), 5)
    assert len(measured.items) == 3
    assert measured.items[0] == 1.0


def test_no_rows_ask_nothing(tmp_path: Path) -> None:
    generator = NullGenerator()
    tools = bench(tmp_path, generator)
    assert few_shot_requests(tools, tools.build_eval_set(TASK, REFERENCE), (), 5) == []
    assert generator.models == []


def test_items_are_the_mean_over_draws(tmp_path: Path) -> None:
    golden: dict[tuple[int, ...], str] = {}
    tools = bench(tmp_path, NullGenerator(lambda _model, prompt: golden.get(tuple(prompt), "")), draws=3)
    rows = make_rows("entry", 30)
    (shot,) = draw_shots(rows, 1, f"{tools.protocol.few_shot.seed}:t:1")
    for row in REFERENCE.test[:2]:
        golden[tuple(tools.template.build_prompt(row.input, [(shot.input, shot.output)]))] = row.output
    measured = examined(tools, rows, 1)
    assert measured.items == pytest.approx([1 / 3, 1 / 3, 0.0])
    (exact,) = measured.others
    assert (exact.score.value, exact.score.n) == (pytest.approx(2 / 9), 3)


def test_only_rows_that_may_be_trained_on_are_shown(tmp_path: Path) -> None:
    def reads(forbidden: str) -> NullGenerator:
        rows = (*make_rows("entry", 2), Row(input=forbidden, output="x"))
        generator = NullGenerator()
        tools = null_context(tmp_path / forbidden, make_protocol(sft={"max_rows": 2}), NullTrainer(), generator)
        examined(tools, rows, 5)
        return generator

    stored = []
    for forbidden in ("one", "two"):
        reads(forbidden)
        stored.append(sorted(file.name for file in (tmp_path / forbidden / "stages" / "few_shot").iterdir()))
    assert stored[0] == stored[1]


def test_finished_answers_are_not_asked_again(tmp_path: Path) -> None:
    generator = NullGenerator()
    for _ in range(2):
        examined(bench(tmp_path, generator), make_rows("entry", 9), 3)
    assert len(generator.models) == 1
    examined(bench(tmp_path, generator), make_rows("other", 9), 3)
    assert len(generator.models) == 2
