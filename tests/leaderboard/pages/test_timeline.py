"""A submission's history as stages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leaderboard.pages.submission.timeline import build_timeline, status_advice
from leaderboard.templates import format_elapsed
from submissions.records.status import History, Status
from submissions.tracks import get_track
from tests.support.arena_fixture import START, now, stages

STAGES = get_track("dataset_research").stages
RECEIVED = Status(state="received", message="Stored.", time=START)
QUEUED = Status(state="queued", message="Next.", place=1, of=3, time=START + timedelta(minutes=4))


def at(state: str, minutes: int, **more: object) -> Status:
    return now(state, "", **more).model_copy(update={"time": START + timedelta(minutes=minutes)})


def states(*entries: Status) -> dict[str, str]:
    return {step.name: step.state for step in build_timeline(History(submission="0" * 26, entries=entries), STAGES)}


def test_a_stage_takes_from_the_word_before_it_to_its_own_last() -> None:
    steps = build_timeline(
        History(submission="0" * 26, entries=(RECEIVED, QUEUED, *stages(QUEUED.time, upto=3))), STAGES
    )
    by_name = {step.name: step for step in steps}
    assert [step.name for step in steps][:3] == ["queue", "check", "screen"]
    assert by_name["queue"].seconds == 240
    assert (by_name["check"].seconds, by_name["screen"].seconds) == (180, 180)
    assert by_name["few_shot"].state == "doing"
    assert by_name["few_shot"].began == by_name["screen"].ended
    assert by_name["few_shot"].seconds is None
    assert by_name["metadata"].state == "left out", "a later stage was reached"
    assert by_name["fine_tune"].state == by_name["publish"].state == "to come"


def test_what_waits_has_everything_before_it() -> None:
    found = states(RECEIVED, QUEUED)
    assert found.pop("queue") == "doing"
    assert set(found.values()) == {"to come"}


def test_what_an_earlier_turn_finished_stays_done_while_it_waits_for_the_next() -> None:
    again = at("queued", 60, place=2, of=3)
    found = states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=3), again)
    assert (found["queue"], found["few_shot"], found["fine_tune"]) == ("doing", "done", "to come")
    steps = build_timeline(
        History(submission="0" * 26, entries=(RECEIVED, QUEUED, *stages(QUEUED.time, upto=3), again)), STAGES
    )
    assert steps[0].began == again.time


def test_a_failure_marks_the_stage_it_names_or_else_the_last() -> None:
    cut = at("evaluating", 30, stage="few_shot", done=2, of=6)
    unnamed = states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=2), cut, at("failed", 31, fault="evaluator"))
    assert (unnamed["screen"], unnamed["few_shot"], unnamed["fine_tune"]) == ("done", "failed", "to come")
    named = at("failed", 31, stage="few_shot", fault="evaluator")
    assert states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=2), named)["few_shot"] == "failed"
    between = states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=2), at("failed", 31, fault="evaluator"))
    assert "failed" not in between.values(), "what was finished did not fail"
    retried = states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=2), cut, named, at("retrying", 40))
    assert (retried["queue"], retried["screen"], retried["few_shot"]) == ("doing", "done", "to come")


def test_what_is_final_has_nothing_to_come() -> None:
    for state in ("refused", "withdrawn"):
        found = states(RECEIVED, QUEUED, *stages(QUEUED.time, upto=1), at(state, 31))
        assert "to come" not in found.values()
        assert found["fine_tune"] == "not reached"
    published = states(RECEIVED, QUEUED, *stages(QUEUED.time), at("published", 90, stage="publish"))
    assert published["publish"] == "done"


def test_days_until_its_owner_publishes_are_no_part_of_a_stage() -> None:
    entries = (RECEIVED, QUEUED, *stages(QUEUED.time), at("evaluated", 30), at("published", 9000, stage="publish"))
    last = build_timeline(History(submission="0" * 26, entries=entries), STAGES)[-1]
    assert (last.state, last.seconds) == ("done", None)


def test_a_failure_of_ours_is_said_to_cost_nothing() -> None:
    assert "costs no attempt" in status_advice(at("failed", 1, fault="evaluator"))
    assert "submit again" in status_advice(at("refused", 1, fault="submission"))
    assert status_advice(at("evaluating", 1)) == ""


def test_a_submission_that_no_evaluator_queues_is_not_promised_a_place() -> None:
    assert "will add it to the queue" in status_advice(RECEIVED)
    assert "serves no protocol of the track" in status_advice(RECEIVED, is_served=False)
    assert status_advice(QUEUED, is_served=False) == status_advice(QUEUED)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90000, "1 d 1 h"), (86400, "1 d"), (-3, "0 s")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert format_elapsed(seconds) == words
