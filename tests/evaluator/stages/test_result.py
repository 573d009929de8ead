from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.stages.aggregate import task_scores as scored
from evaluator.stages.aggregate.result import build_preview, build_result
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.records import AnchorAnswers, MethodAnswers, TaskRecord, compute_anchor
from evaluator.stages.stored_run import save_records
from submissions.errors import EvaluatorError
from submissions.records.base import Score
from submissions.records.result import Method, Total
from submissions.records.task import Row, Task
from tests.support.evaluation_factories import make_anchor, make_protocol, make_record, make_run
from tests.support.factories import make_task
from tests.support.paths import ROOT

METHODS: tuple[Method, ...] = ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune")


def record(task: Task, right: int, of: int = 4, **fields: object) -> TaskRecord:
    return make_record(task, dict.fromkeys(METHODS, right), of, **fields)


def missing(task: Task) -> TaskRecord:
    return make_record(task, {}, rows=0, delivered=False)


def totals(records: list[TaskRecord]) -> dict[tuple[str, str, str], Total]:
    result = build_result(make_run([one.task for one in records]), records)
    return {(one.method, one.subset, one.group): one for one in result.totals}


def overall(records: list[TaskRecord]) -> Total:
    return totals(records)["fine_tune", "full", "overall"]


def test_a_missing_task_stays_in_the_mean_as_0() -> None:
    tasks = [make_task(name, "text_classification") for name in "abcd"]
    found = overall([record(tasks[0], 4), record(tasks[1], 1), missing(tasks[2]), missing(tasks[3])])
    assert found.gain.value == pytest.approx(1.25 / 4)
    assert (found.gain.n, found.median) == (4, pytest.approx(0.125))


def test_the_verdicts_on_the_answers_are_counted() -> None:
    task = make_task("a", "text_classification")
    result = build_result(make_run([task]), [record(task, 3)])
    counts = {method.method: method.verdicts for method in result.tasks[0].methods}
    assert counts == {method: {"right_label": 3, "unread": 1} for method in METHODS}
    assert "a 0?" not in result.model_dump_json()


def test_verdicts_of_several_draws_are_added() -> None:
    task = make_task("a", "text_classification")
    draws = (("yes", "no"), ("no", "not no"))
    several = record(task, 0, 2, answers=tuple(MethodAnswers(method=method, draws=draws) for method in METHODS))
    (scored_task,) = build_result(make_run([task]), [several]).tasks
    assert scored_task.methods[0].verdicts == {"denied": 1, "other_label": 1, "right_label": 2}


def test_a_method_that_was_not_measured_blocks_the_result() -> None:
    task = make_task("a", "text_classification")
    with pytest.raises(EvaluatorError, match="a could not be scored by few_shot_1: few_shot_1 is not measured yet"):
        build_result(make_run([task]), [make_record(task, {"fine_tune": 4})])


def test_a_preview_gives_the_shots_and_no_mean_of_what_is_not_trained() -> None:
    tasks = [make_task("a", "text_classification"), make_task("b", "text_classification", kind="reasoning")]
    shots: dict[Method, int] = {"few_shot_1": 1, "few_shot_3": 2, "few_shot_5": 4}
    records = [make_record(tasks[0], shots), missing(tasks[1])]
    preview = build_preview(make_run(tasks), records)
    found = {(one.method, one.group): one.gain for one in preview.totals}
    trained = build_result(make_run(tasks), [make_record(tasks[0], {**shots, "fine_tune": 4}), records[1]])
    for total in trained.totals:
        if total.method != "fine_tune":
            assert found[total.method, total.group] == total.gain
    whole = found["fine_tune", "overall"]
    assert (whole.value, whole.why) == (None, "fine_tune is not measured yet")
    assert found["fine_tune", "reasoning"].value == 0.0, "no data was delivered, so it is worth nothing"
    with pytest.raises(EvaluatorError, match="fine_tune is not measured yet"):
        build_result(make_run(tasks), records)


def test_a_preview_needs_its_shots() -> None:
    task = make_task("a", "text_classification")
    with pytest.raises(EvaluatorError, match="a could not be scored by few_shot_3"):
        build_preview(make_run([task]), [make_record(task, {"few_shot_1": 1, "few_shot_5": 1})])


def test_an_unscored_number_blocks_the_result() -> None:
    task = make_task("a", "text_classification")
    with pytest.raises(EvaluatorError, match="a could not be scored by few_shot_1: no items to score"):
        build_result(make_run([task]), [record(task, 0, of=0)])


def test_tasks_that_are_not_admitted_do_not_count() -> None:
    tasks = [make_task("a", "text_classification"), make_task("b", "text_classification")]
    flat = make_anchor(0.5, 0.5)
    found = overall([record(tasks[0], 2), record(tasks[1], 4, anchor=flat)])
    assert (found.gain.value, found.gain.n) == (0.5, 1)
    none = overall([record(task, 2, anchor=flat) for task in tasks])
    assert (none.gain.value, none.gain.why) == (None, "no admitted task in this group")


def test_groups_are_kinds_and_subsets_are_boards() -> None:
    tasks = [
        make_task("a", "text_classification", subsets=("full", "pro")),
        make_task("b", "text_classification", kind="reasoning"),
        make_task("c", "text_classification", kind="reasoning"),
    ]
    found = totals([record(task, right) for task, right in zip(tasks, (4, 2, 1), strict=True)])
    cells = {key[1:]: one.gain.value for key, one in found.items() if key[0] == "fine_tune"}
    assert cells == {
        ("full", "overall"): pytest.approx(1.75 / 3),
        ("full", "knowledge"): 1.0,
        ("full", "reasoning"): pytest.approx(0.375),
        ("pro", "overall"): 1.0,
        ("pro", "knowledge"): 1.0,
    }, "a group without tasks is no cell"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=9))
def test_the_mean_is_over_the_benchmark_not_over_what_was_delivered(rights: list[int | None]) -> None:
    tasks = [make_task(f"t{number}", "text_classification") for number in range(len(rights))]
    records = [
        missing(task) if right is None else record(task, right) for task, right in zip(tasks, rights, strict=True)
    ]
    found = overall(records).gain
    assert found.value == pytest.approx(sum((right or 0) / 4 for right in rights) / len(rights))


def test_every_score_has_its_number_of_items_and_an_interval_around_it() -> None:
    tasks = [make_task(f"t{number}", "text_classification") for number in range(6)]
    records = [record(task, 5 + 5 * number, of=40) for number, task in enumerate(tasks)]
    result = build_result(make_run(tasks), records)
    for task in result.tasks:
        for method in task.methods:
            for score in (method.score, method.gain):
                assert score.n == 40
                assert score.value is not None
                assert score.interval is not None
                assert 0 <= score.interval[0] < score.value < score.interval[1] <= 1
    for total in result.totals:
        assert total.gain.interval is not None
        assert total.gain.value is not None
        assert total.gain.interval[0] < total.gain.value < total.gain.interval[1]


def seeded(record: TaskRecord, *rights: int) -> TaskRecord:
    """The record with measured ends: a base that knows nothing, and trainings that know so many of the rows."""
    texts = [row.output for row in record.questions]
    trained = tuple(tuple(text if place < right else "" for place, text in enumerate(texts)) for right in rights)
    answers = AnchorAnswers(base=("",) * len(texts), reference=trained)
    anchor = compute_anchor(record.build_eval_set(make_protocol().metrics), answers, "0" * 64)
    return record.model_copy(update={"anchor": anchor, "end_answers": answers})


def test_seed_noise_is_on_the_scale_of_the_worth_and_stands_beside_the_interval() -> None:
    tasks = [make_task(name, "text_classification") for name in "ab"]
    noisy = [seeded(record(task, 10, of=20), 16, 18, 20) for task in tasks]
    still = [seeded(record(task, 10, of=20), 18, 18, 18) for task in tasks]
    found, without = totals(noisy), overall(still)
    mean = found["fine_tune", "full", "overall"]
    assert mean.seed_sd == pytest.approx((2 * (2 / 18) ** 2) ** 0.5 / 2)
    assert without.seed_sd == 0.0
    assert overall([record(task, 10, of=20) for task in tasks]).seed_sd is None, "imported anchors have no seeds"
    assert found["few_shot_1", "full", "overall"].seed_sd is None, "nothing is trained"
    result = build_result(make_run(tasks), noisy)
    assert [task.seed_sd for task in result.tasks] == [pytest.approx(0.1)] * 2


def test_a_missing_task_that_is_not_admitted_is_unscored_and_does_not_count() -> None:
    tasks = [make_task(name, "text_classification") for name in "ab"]
    gone = make_record(tasks[1], {}, rows=0, delivered=False, anchor=make_anchor(0.5, 0.5))
    result = build_result(make_run(tasks), [record(tasks[0], 4), gone])
    assert result.tasks[1].methods[-1].gain.value is None
    assert "not admitted" in str(result.tasks[1].methods[-1].gain.why)
    (total,) = (one for one in result.totals if (one.method, one.group) == ("fine_tune", "overall"))
    assert (total.gain.value, total.gain.n) == (1.0, 1)


def test_tasks_that_tell_no_spread_leave_a_total_the_doubt_of_each() -> None:
    tasks = [make_task(name, "text_classification") for name in "abcd"]
    for count in (1, 4):
        wrong = [record(task, 0, of=20) for task in tasks[:count]]
        interval = overall(wrong).gain.interval
        assert interval is not None
        assert interval[0] == 0.0
        assert interval[1] > 0.1, "20 wrong answers are no proof of 0"


@pytest.mark.integration
def test_many_answers_are_scored_by_several_processes_to_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [make_task(name, "text_classification") for name in "abc"]
    records = [record(task, place) for place, task in enumerate(tasks)]
    told: list[tuple[int, int]] = []
    alone = build_result(make_run(tasks), records, lambda done, of: told.append((done, of)))
    monkeypatch.setattr(scored, "PARALLEL_THRESHOLD", 1)
    assert build_result(make_run(tasks), records, lambda done, of: told.append((done, of))) == alone
    assert told == [(1, 3), (2, 3), (3, 3)] * 2


@pytest.mark.integration
def test_what_was_scored_while_others_were_trained_counts_as_it_is_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [make_task(name, "text_classification") for name in "ab"]
    records = [record(task, place) for place, task in enumerate(tasks, 1)]
    run = make_run(tasks)
    monkeypatch.setattr(scored, "PARALLEL_THRESHOLD", 1)
    with scored.ScoringPool(run.protocol, answers=1) as scoring:
        scoring.add(records[0])
        scoring.add(record(tasks[1], 0))  # something else came in the end
        assert build_result(run, records, scoring=scoring) == build_result(run, records)


@pytest.mark.integration
def test_a_machine_that_computes_the_last_bits_otherwise_publishes_the_same(tmp_path: Path) -> None:
    """The processor's kernels for logarithms and matrix products differ; what is published must not."""
    tasks = [make_task("t", "language_translation"), make_task("q")]
    texts = ["the committee meets again on a day", "nobody came to the house", "rain fell on the hill all night"]
    rows = tuple(Row(input="?", output=texts[place % 3]) for place in range(30))
    answers = tuple(" ".join(row.output.split()[: 2 + place % 5]) for place, row in enumerate(rows))
    protocol = AnchoredProtocol.model_validate(
        make_protocol().model_dump() | {"scale": {"kind": "ratio"}, "metrics": "paper-metrics@1"}
    )
    parts = tuple(Score(name=name, value=0.37, n=30) for name in ("unigram_precision", "sacrebleu"))
    records = [
        make_record(
            task,
            {},
            anchor=make_anchor(0.1, 0.37).model_copy(update={"reference_parts": parts if task.id == "t" else ()}),
            questions=rows,
            labels=(),
            answers=tuple(MethodAnswers(method=method, draws=(answers,)) for method in METHODS),
        )
        for task in tasks
    ]
    save_records(tmp_path, make_run(tasks, protocol), records)
    code = (
        "import sys; from pathlib import Path; "
        "from evaluator.stages.recompute import recompute_result; "
        "from submissions.storage.codec import to_json; folder = Path(sys.argv[1]); "
        "sys.stdout.buffer.write(to_json(recompute_result(folder)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    plain = {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX2 FMA3", "OPENBLAS_CORETYPE": "Nehalem"}
    found = {
        subprocess.run(command, cwd=ROOT, env={**os.environ, **extra}, check=True, capture_output=True).stdout
        for extra in ({}, plain)
    }
    assert len(found) == 1


def test_under_paper_1_the_scale_is_the_ratio_and_every_task_counts() -> None:
    tasks = [make_task(name, "text_classification") for name in "ab"]
    protocol = AnchoredProtocol.model_validate(
        make_protocol().model_dump() | {"scale": {"kind": "ratio"}, "metrics": "paper-metrics@1"}
    )
    records = [record(tasks[0], 4, anchor=make_anchor(0.0, 0.5)), record(tasks[1], 4, anchor=make_anchor(0.6, 0.0))]
    result = build_result(make_run(tasks, protocol), records)
    (total,) = (one for one in result.totals if (one.method, one.group) == ("fine_tune", "overall"))
    assert (total.gain.name, total.gain.value, total.gain.n) == ("mean_ratio", pytest.approx(1.0), 2)
