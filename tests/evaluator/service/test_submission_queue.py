"""The order of the line, and what is told of each turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evaluator.service.submission_queue import (
    MAX_ATTEMPTS,
    QueuedSubmission,
    consecutive_failures,
    median_duration,
    queue_order,
    queue_positions,
    retry_requested,
    work_durations,
)
from submissions.arena.ids import new_id
from submissions.records.owner_requests import OwnerRequest
from submissions.records.status import History, State, Status

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def history(*entries: tuple[State, int], ulid: str = "0" * 26) -> History:
    """What happened, with minutes since NOW."""
    found = [Status(state=state, message="", time=NOW + timedelta(minutes=at)) for state, at in entries]
    return History(submission=ulid, entries=tuple(found))


def waiting(name: int, *entries: tuple[State, int], asked: bool = False) -> QueuedSubmission:
    ulid = new_id(NOW + timedelta(seconds=name))
    return QueuedSubmission(ulid, history(*(entries or (("received", 0),)), ulid=ulid), (), asked)


MINUTES = [
    ([("received", 0), ("queued", 1), ("checking", 10), ("evaluating", 12), ("published", 40)], 30),
    (
        [("received", 0), ("checking", 10), ("evaluating", 20), ("queued", 500), ("checking", 500), ("evaluated", 505)],
        15,
    ),
    ([("checking", 0), ("evaluating", 5), ("failed", 90), ("retrying", 90), ("checking", 95), ("published", 97)], 7),
    ([("checking", 0), ("evaluated", 20), ("published", 900)], 20),
    ([("checking", 0), ("published", 20), ("queued", 30), ("checking", 40), ("published", 49)], 9),
    ([("received", 0), ("checking", 1), ("failed", 9)], None),
]


@pytest.mark.parametrize(("entries", "minutes"), MINUTES)
def test_only_work_counts_and_only_where_it_came_to_an_end(
    entries: list[tuple[State, int]], minutes: int | None
) -> None:
    assert work_durations(history(*entries))[0] == (None if minutes is None else timedelta(minutes=minutes))


def test_the_usual_time_is_the_median() -> None:
    runs = [history(("checking", 0), ("published", took)) for took in (10, 1, 600)]
    assert median_duration(runs) == timedelta(minutes=10)
    assert median_duration([history(("received", 0))]) is None


def test_a_turn_comes_after_the_running_one_and_those_before() -> None:
    line = [waiting(1), waiting(2), waiting(3)]
    running = history(("queued", -30), ("checking", -20), ("evaluating", -15))
    told = queue_positions(line, timedelta(minutes=50), NOW, running)
    starts = [(status.place, status.of, status.expected_start) for _, status in told]
    assert starts == [(k, 3, NOW + timedelta(minutes=30 + 50 * (k - 1))) for k in (1, 2, 3)]
    assert told[1][1].message == "Number 2 of 3, expected to start about 2026-03-04 13:20 UTC."


def test_a_running_one_that_takes_longer_than_usual_may_end_any_moment() -> None:
    running = history(("checking", -90))
    ((_, status),) = queue_positions([waiting(1)], timedelta(minutes=50), NOW, running)
    assert status.expected_start == NOW


def test_without_experience_no_time_is_named() -> None:
    ((_, status),) = queue_positions([waiting(1)], None, NOW)
    assert (status.expected_start, status.message) == (None, "Number 1 of 1.")


@pytest.mark.parametrize(("minutes", "told"), [(0.5, []), (4, [1]), (7, [1, 2]), (-7, [1, 2])])
def test_small_shifts_are_not_told(minutes: float, told: list[int]) -> None:
    each = timedelta(minutes=50)
    line = [waiting(1), waiting(2)]
    before = dict(queue_positions(line, each, NOW))
    again = [
        QueuedSubmission(one.ulid, History(submission=one.ulid, entries=(before[one.ulid],)), (), False) for one in line
    ]
    moved = queue_positions(again, each, NOW + timedelta(minutes=minutes))
    assert [status.place for _, status in moved] == told, "the wait of the second is longer"
    assert queue_positions(again, each, NOW) == []


def test_who_asked_goes_first_and_who_failed_too_often_waits() -> None:
    new, once = waiting(1), waiting(2, ("failed", 1))
    often = waiting(3, *[("failed", at) for at in range(MAX_ATTEMPTS)])
    asked = waiting(4, *[("failed", at) for at in range(MAX_ATTEMPTS)], asked=True)
    everyone = [new, once, often, asked]
    assert queue_order(everyone) == [asked, new, once]
    assert queue_order(everyone, aside=[one.ulid for one in everyone]) == [asked, new]


def test_failures_count_since_the_last_end() -> None:
    assert consecutive_failures(history(("failed", 1), ("published", 2), ("failed", 3))) == 1
    assert consecutive_failures(history(("failed", 1), ("retrying", 2), ("checking", 3), ("failed", 4))) == 2


def test_only_a_wish_after_the_failure_asks_for_another_try() -> None:
    wishes = [
        OwnerRequest(kind="retry", by="", time=NOW),
        OwnerRequest(kind="withdraw", by="", time=NOW + timedelta(minutes=9)),
    ]
    assert retry_requested(history(("failed", -1)), wishes)
    assert not retry_requested(history(("failed", 1)), wishes)
    assert not retry_requested(history(("queued", -1)), wishes)
