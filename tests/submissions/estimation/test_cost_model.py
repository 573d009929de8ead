"""What an evaluation should take where nothing was measured: reckoned by hand for small numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from submissions.estimation.cost_model import (
    Plan,
    count_delivered,
    estimate_evaluation,
    plan_from_speeds,
)
from submissions.estimation.estimate import Range, fit_cost_model
from submissions.estimation.stage_load import DeliveredTokens
from submissions.records.prompt_frame import EvalSetLoad, PromptFrame
from submissions.records.task import Row
from submissions.tracks import TRACKS
from tests.support.cost_records import EXAM, FRAME, PAST, PLANNING

WORKLOAD = TRACKS["dataset_research"].workload
assert WORKLOAD is not None
ONE = DeliveredTokens(rows=40, tokens_trained=3000, row_tokens=25)


def plan(count: int = 1, stations: int = 1, exams: dict[str, EvalSetLoad] | None = None) -> Plan:
    return plan_from_speeds({f"t{number}": ONE for number in range(count)}, FRAME, PLANNING, WORKLOAD, exams, stations)


def seconds(found: Plan) -> dict[str, float]:
    return {phase.name: phase.seconds.middle for phase in found.phases}


def test_every_phase_is_its_tokens_at_the_speed_of_the_profile() -> None:
    """Shots of 25 and, with no more room than 70 tokens beside a question, 70; each read once in each of two draws."""
    read, written = 2 * 10 * 2 * 30 + 2 * (25 + 70), 2 * 10 * 2 * 4
    assert seconds(plan()) == pytest.approx(
        {
            "start-up": 100,
            "screen": 40 / 10,
            "few_shot": read / 1000 + written / 20,
            "train": 3000 / 50,
            "swap": 7,
            "generate": 10 * 30 / 1000 + 10 * 4 / 20,
        }
    )


def test_one_station_takes_all_phases_one_after_the_other() -> None:
    found = plan(3)
    assert found.estimate.seconds.middle == pytest.approx(sum(seconds(found).values()))
    assert found.estimate.seconds.high == pytest.approx(sum(phase.seconds.high for phase in found.phases))
    assert found.estimate.tokens_trained == 9000


def test_the_most_is_every_answer_at_its_limit_with_nothing_shared_on_a_machine_half_as_fast() -> None:
    by_name = {phase.name: phase for phase in plan().phases}
    few = by_name["few_shot"]
    assert few.most.written == 2 * few.expected.written == 2 * 10 * 2 * 8
    assert few.most.read == 2 * 10 * (2 * 30 + 25 + 70)
    assert few.seconds.high == pytest.approx(2 * (few.most.read / 1000 + few.most.written / 20))
    assert by_name["train"].seconds == Range(30, 60, 120)


def test_stations_share_tasks_but_none_shares_a_training() -> None:
    def after_start(found: Plan) -> float:
        return found.estimate.seconds.middle - seconds(found)["start-up"] - seconds(found)["screen"]

    alone, two, many = plan(4), plan(4, stations=2), plan(4, stations=100)
    tuned = sum(seconds(plan())[name] for name in ("train", "swap", "generate"))
    few = seconds(plan())["few_shot"]
    assert after_start(two) == pytest.approx(after_start(alone) / 2)
    assert after_start(many) == pytest.approx(tuned + few / 4)  # the longest training, one of four exams after shots
    assert two.estimate.devices == 16
    assert many.estimate.seconds.low <= many.estimate.seconds.middle <= many.estimate.seconds.high


def test_devices_hold_the_price() -> None:
    found = plan().estimate
    assert found.price is not None
    assert found.price.middle == pytest.approx(found.seconds.middle * 8 / 3600 * 3)
    assert found.evaluations == 0


def test_a_task_s_own_exam_is_taken_before_the_mean_one() -> None:
    long = EXAM.model_copy(update={"items": 1000})
    assert seconds(plan(exams={"t0": long}))["generate"] == pytest.approx(100 * seconds(plan())["generate"])


def test_a_file_whose_rows_are_all_gone_is_neither_trained_nor_asked() -> None:
    found = plan_from_speeds({"a": DeliveredTokens(0, 0, 0.0)}, FRAME, PLANNING, WORKLOAD)
    assert [phase.seconds.middle for phase in found.phases[1:]] == [0, 0, 0, 0, 0]


def test_rows_are_reckoned_from_bytes_no_more_of_them_than_count() -> None:
    frame = FRAME.model_copy(update={"max_rows": 2})
    rows = [Row(input="ab", output="c"), Row(input="x" * 500, output="y"), Row(input="", output="z")]
    short = round(len("<user>ab<bot>c<end>") / 2)
    assert count_delivered(rows, 3, frame) == DeliveredTokens(3, 3 * (short + 20), (short + 20) / 2)


def test_what_was_measured_goes_before_what_is_planned() -> None:
    judge = fit_cost_model(PAST)
    assert judge is not None
    measured = estimate_evaluation({"a": ONE}, FRAME, judge, WORKLOAD)
    guessed = estimate_evaluation({"a": ONE}, FRAME, None, WORKLOAD)
    assert measured is not None
    assert guessed is not None
    assert (measured.evaluations, measured.profile) == (len(PAST), "cpu")
    assert guessed == plan_from_speeds({"a": ONE}, FRAME, PLANNING, WORKLOAD).estimate
    shared = estimate_evaluation({"a": ONE}, FRAME, judge, WORKLOAD, stations=2)
    assert shared is not None
    assert shared == replace(measured, seconds=measured.seconds.scale_by(1 / 2), devices=2)


def test_without_figures_nothing_is_foretold() -> None:
    assert estimate_evaluation({"a": ONE}, FRAME, None, None) is None
    assert estimate_evaluation({"a": ONE}, FRAME.model_copy(update={"planning": None}), None, WORKLOAD) is None
    assert estimate_evaluation({}, FRAME, None, WORKLOAD) is None


def test_a_frame_of_an_older_evaluator_is_still_read() -> None:
    older = FRAME.model_copy(update={"planning": None}).model_dump_json(exclude={"planning"})
    assert PromptFrame.model_validate_json(older).planning is None
