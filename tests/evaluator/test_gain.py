from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.gain import admitted, gain, totals
from evaluator.protocol import load_protocol
from submissions.models import Anchor, Method, MethodScore, Score, Task, TaskResult, Total
from tests.evaluator.worlds import a_task, an_anchor

RULES = load_protocol("demo@1").gain
ANCHOR = an_anchor(0.2, 0.6)


def scored(value: float) -> Score:
    return Score(name="accuracy", value=value, n=10)


def unscored(why: str) -> Score:
    return Score(name="accuracy", n=0, why=why)


def result(task: str, **gains: Score) -> TaskResult:
    """A task with these gains by method."""
    methods = tuple(
        MethodScore.model_validate({"method": method, "score": scored(0.5), "gain": found})
        for method, found in gains.items()
    )
    one = scored(1.0)
    return TaskResult(task=task, state="scored", rows=1, removed=0, base=one, reference=one, methods=methods)


def missing(task: str) -> TaskResult:
    """A task that nothing was delivered for."""
    return result(task, fine_tune=Score(name="gain", value=0.0, n=0)).model_copy(update={"state": "missing", "rows": 0})


def total(
    tasks: list[Task],
    results: list[TaskResult],
    anchors: dict[str, Anchor] | None = None,
    method: Method = "fine_tune",
    cell: tuple[str, str] = ("full", "overall"),
) -> Total:
    known = {task.id: ANCHOR for task in tasks} | (anchors or {})
    (found,) = (one for one in totals(tasks, results, known, [method]) if (one.subset, one.group) == cell)
    return found


@pytest.mark.parametrize(
    ("score", "expected"), [(0.2, 0.0), (0.6, 1.0), (0.4, 0.5), (0.1, -0.25), (1.0, 1.5), (0.7, 1.25), (0.0, -0.5)]
)
def test_gain_is_0_at_the_base_and_1_at_the_reference(score: float, expected: float) -> None:
    assert gain(scored(score), ANCHOR, RULES).value == pytest.approx(expected)


def test_gain_is_clipped_on_both_sides() -> None:
    narrow = an_anchor(0.5, 0.6)
    assert gain(scored(0.0), narrow, RULES).value == RULES.low == -1.0
    assert gain(scored(1.0), narrow, RULES).value == RULES.high == 1.5


@pytest.mark.parametrize(
    ("base", "reference", "noise", "counts"),
    [(0.25, 0.75, 0.25, True), (0.25, 0.75, 0.26, False), (0.5, 0.5, 0.0, False), (0.6, 0.2, 0.0, False)],
)
def test_a_task_counts_from_two_standard_errors_on(base: float, reference: float, noise: float, counts: bool) -> None:
    anchor = an_anchor(base, reference, noise)
    assert admitted(anchor) is counts
    assert (gain(scored(0.3), anchor, RULES).value is not None) is counts


def test_an_unscored_end_of_the_scale_admits_no_task() -> None:
    anchor = ANCHOR.model_copy(update={"reference": unscored("the engine failed")})
    assert not admitted(anchor)
    assert gain(scored(0.5), anchor, RULES).why == "the engine failed"


def test_an_unscored_score_is_no_gain_and_says_why() -> None:
    found = gain(unscored("no items to score"), ANCHOR, RULES)
    assert (found.value, found.why) == (None, "no items to score")


def test_a_missing_task_stays_in_the_mean_as_0() -> None:
    tasks = [a_task(name) for name in ("a", "b", "c", "d")]
    results = [result("a", fine_tune=scored(0.9)), result("b", fine_tune=scored(0.3)), missing("c"), missing("d")]
    found = total(tasks, results)
    assert found.gain.value == pytest.approx(1.2 / 4)
    assert (found.gain.n, found.median) == (4, pytest.approx(0.15))


def test_an_unscored_task_blocks_the_total_and_says_why() -> None:
    tasks = [a_task("a"), a_task("b")]
    found = total(tasks, [result("a", fine_tune=scored(1.0)), result("b", fine_tune=unscored("engine died"))])
    assert (found.gain.value, found.gain.why, found.median) == (None, "engine died", None)


def test_a_method_that_was_not_measured_blocks_its_total_alone() -> None:
    tasks = [a_task("a")]
    results = [result("a", fine_tune=scored(1.0))]
    assert total(tasks, results).gain.value == 1.0
    why = total(tasks, results, method="few_shot_1").gain.why
    assert why is not None
    assert "few_shot_1 was not measured on a" in why


def test_tasks_that_are_not_admitted_do_not_count() -> None:
    tasks = [a_task("a"), a_task("b")]
    results = [result("a", fine_tune=scored(0.5)), result("b", fine_tune=unscored("not admitted"))]
    found = total(tasks, results, {"b": an_anchor(0.5, 0.5)})
    assert (found.gain.value, found.gain.n) == (0.5, 1)
    none = total(tasks, results, {"a": an_anchor(0.5, 0.5), "b": an_anchor(0.5, 0.5)})
    assert (none.gain.value, none.gain.why) == (None, "no admitted task in this group")


def test_groups_are_kinds_and_subsets_are_boards() -> None:
    tasks = [a_task("a", subsets=("full", "pro")), a_task("b", kind="reasoning"), a_task("c", kind="reasoning")]
    results = [result(name, fine_tune=scored(value)) for name, value in (("a", 0.9), ("b", 0.4), ("c", 0.2))]
    cells = {
        (one.subset, one.group): one.gain.value
        for one in totals(tasks, results, {task.id: ANCHOR for task in tasks}, ["fine_tune"])
    }
    assert cells == {
        ("full", "overall"): pytest.approx(0.5),
        ("full", "knowledge"): 0.9,
        ("full", "reasoning"): pytest.approx(0.3),
        ("pro", "overall"): 0.9,
        ("pro", "knowledge"): 0.9,
    }, "a group without tasks is no cell"


@given(st.lists(st.none() | st.floats(-1, 1.5), min_size=1, max_size=12))
def test_the_mean_is_over_the_benchmark_not_over_what_was_delivered(gains: list[float | None]) -> None:
    tasks = [a_task(f"t{number}") for number in range(len(gains))]
    results = [
        missing(task.id) if value is None else result(task.id, fine_tune=scored(value))
        for task, value in zip(tasks, gains, strict=True)
    ]
    assert total(tasks, results).gain.value == pytest.approx(sum(value or 0.0 for value in gains) / len(gains))
