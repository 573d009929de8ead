from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.protocol import Protocol
from evaluator.records import TaskRecord
from evaluator.total import result_of
from submissions.errors import EvaluatorError
from submissions.models import Method, Task, Total
from tests.evaluator.worlds import a_record, a_run, a_task, an_anchor, demo

METHODS: tuple[Method, ...] = ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune")


def record(task: Task, right: int, of: int = 4, **fields: object) -> TaskRecord:
    return a_record(task, dict.fromkeys(METHODS, right), of, **fields)


def missing(task: Task) -> TaskRecord:
    return a_record(task, {}, rows=0, delivered=False)


def totals(records: list[TaskRecord]) -> dict[tuple[str, str, str], Total]:
    result = result_of(a_run([one.task for one in records]), records)
    return {(one.method, one.subset, one.group): one for one in result.totals}


def overall(records: list[TaskRecord]) -> Total:
    return totals(records)["fine_tune", "full", "overall"]


def test_a_missing_task_stays_in_the_mean_as_0() -> None:
    tasks = [a_task(name, "text_classification") for name in "abcd"]
    found = overall([record(tasks[0], 4), record(tasks[1], 1), missing(tasks[2]), missing(tasks[3])])
    assert found.gain.value == pytest.approx(1.25 / 4)
    assert (found.gain.n, found.median) == (4, pytest.approx(0.125))


def test_a_method_that_was_not_measured_blocks_the_result() -> None:
    task = a_task("a", "text_classification")
    with pytest.raises(EvaluatorError, match="a could not be scored by few_shot_1: few_shot_1 was not measured"):
        result_of(a_run([task]), [a_record(task, {"fine_tune": 4})])


def test_an_unscored_number_blocks_the_result() -> None:
    task = a_task("a", "text_classification")
    with pytest.raises(EvaluatorError, match="a could not be scored by few_shot_1: no items to score"):
        result_of(a_run([task]), [record(task, 0, of=0)])


def test_tasks_that_are_not_admitted_do_not_count() -> None:
    tasks = [a_task("a", "text_classification"), a_task("b", "text_classification")]
    flat = an_anchor(0.5, 0.5)
    found = overall([record(tasks[0], 2), record(tasks[1], 4, anchor=flat)])
    assert (found.gain.value, found.gain.n) == (0.5, 1)
    none = overall([record(task, 2, anchor=flat) for task in tasks])
    assert (none.gain.value, none.gain.why) == (None, "no admitted task in this group")


def test_groups_are_kinds_and_subsets_are_boards() -> None:
    tasks = [
        a_task("a", "text_classification", subsets=("full", "pro")),
        a_task("b", "text_classification", kind="reasoning"),
        a_task("c", "text_classification", kind="reasoning"),
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
    tasks = [a_task(f"t{number}", "text_classification") for number in range(len(rights))]
    records = [
        missing(task) if right is None else record(task, right) for task, right in zip(tasks, rights, strict=True)
    ]
    found = overall(records).gain
    assert found.value == pytest.approx(sum((right or 0) / 4 for right in rights) / len(rights))


def test_every_score_has_its_number_of_items_and_an_interval_around_it() -> None:
    tasks = [a_task(f"t{number}", "text_classification") for number in range(6)]
    records = [record(task, 5 + 5 * number, of=40) for number, task in enumerate(tasks)]
    result = result_of(a_run(tasks), records)
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


def test_seed_noise_stands_beside_the_interval_and_not_in_it() -> None:
    tasks = [a_task(name, "text_classification") for name in "ab"]
    plain = [record(task, 2, of=20) for task in tasks]
    seeded = [
        one.model_copy(update={"anchor": one.anchor.model_copy(update={"seeds": (0.9, 1.0, 1.1)})}) for one in plain
    ]
    found, without = totals(seeded), overall(plain)
    noisy = found["fine_tune", "full", "overall"]
    assert noisy.seed_sd == pytest.approx((0.1**2 * 2) ** 0.5 / 2)
    assert without.seed_sd is None
    assert noisy.gain == without.gain
    assert found["few_shot_1", "full", "overall"].seed_sd is None, "nothing is trained"


def test_under_paper_1_the_scale_is_the_ratio_and_every_task_counts() -> None:
    tasks = [a_task(name, "text_classification") for name in "ab"]
    protocol = Protocol.model_validate(demo().model_dump() | {"scale": {"kind": "ratio"}, "metrics": "paper-metrics@1"})
    records = [record(tasks[0], 4, anchor=an_anchor(0.0, 0.5)), record(tasks[1], 4, anchor=an_anchor(0.6, 0.0))]
    result = result_of(a_run(tasks, protocol), records)
    (total,) = (one for one in result.totals if (one.method, one.group) == ("fine_tune", "overall"))
    assert (total.gain.name, total.gain.value, total.gain.n) == ("mean_ratio", pytest.approx(1.0), 2)
