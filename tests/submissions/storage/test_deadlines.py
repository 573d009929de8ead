"""A clock that is set back prolongs no wait: rate limits, quotas, the outbox, refreshes, leases, retries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

from evaluator.publishing.buffered_repo import BufferedRepo
from evaluator.publishing.lease import LEASE_DURATION, Lease, LeaseHeld, read_lease
from evaluator.publishing.status_log import append_status
from evaluator.service.submission_queue import retry_requested
from leaderboard.submit.rate_limit import check_hourly_limit
from submissions.records.owner_requests import OwnerRequest
from submissions.records.status import History, Status
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.deadlines import Deadline, has_elapsed, select_recent
from submissions.storage.local_repo import LocalRepo
from submissions.submitting.request_rules import request_time
from tests.support.submission_records import arena_with_tasks, stored

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def test_a_deadline_is_over_when_its_beginning_is_in_the_future() -> None:
    deadline = Deadline(NOW, NOW + MINUTE)
    moments = {NOW: False, NOW + 0.9 * MINUTE: False, NOW + MINUTE: True, NOW - MINUTE: True, NOW - DAY: True}
    assert {moment: deadline.is_over(moment) for moment in moments} == moments
    assert has_elapsed(NOW, MINUTE, NOW - DAY)
    assert not has_elapsed(NOW, MINUTE, NOW)


def test_times_in_the_future_are_not_recent() -> None:
    times = [NOW + DAY, NOW + MINUTE, NOW, NOW - MINUTE, NOW - DAY]
    assert select_recent(times, timedelta(hours=1), NOW) == [NOW - MINUTE, NOW, NOW]


def test_who_sent_twenty_before_the_clock_was_set_back_may_send() -> None:
    now = datetime.now(UTC)
    for ahead in (timedelta(hours=1), DAY, 365 * DAY):
        check_hourly_limit([now + ahead] * 20, 20, "You made 20.")
    with pytest.raises(HTTPException) as limited:
        check_hourly_limit([now + MINUTE] * 20, 20, "You made 20.")
    assert int((limited.value.headers or {})["Retry-After"]) <= 3600


def test_commits_of_the_future_close_no_repository() -> None:
    pace = CommitRateLimit(per_hour=3, clock=lambda: NOW)
    assert pace.next_commit_at([NOW + DAY] * 5) == NOW
    assert pace.next_commit_at([NOW - MINUTE] * 3) == NOW - MINUTE + timedelta(hours=1)
    assert pace.next_commit_at([NOW + MINUTE] * 3) == NOW + timedelta(hours=1)


def test_a_lease_of_the_future_may_be_taken_over_and_a_present_one_may_not(tmp_path: Path) -> None:
    now = NOW
    repo = LocalRepo(tmp_path / "results")
    first = BufferedRepo(repo, "first", lambda: now)
    first.acquire_lease()
    second = BufferedRepo(repo, "second", lambda: now - MINUTE)
    with pytest.raises(LeaseHeld):
        second.acquire_lease()
    now -= DAY
    BufferedRepo(repo, "third", lambda: now).acquire_lease()
    lease = Lease(owner="a", nonce="b", until=NOW + LEASE_DURATION, heartbeat=NOW)
    assert [lease.is_over(moment) for moment in (NOW, NOW + LEASE_DURATION, NOW - DAY)] == [False, True, True]


def test_a_writer_whose_clock_was_set_back_writes_and_renews_on(tmp_path: Path) -> None:
    now = NOW
    repo = LocalRepo(tmp_path / "results")
    writer = BufferedRepo(repo, "one", lambda: now, gap=MINUTE)
    writer.acquire_lease()
    head = writer.repo.head()
    now -= DAY
    writer.heartbeat()
    assert repo.head() != head
    lease = read_lease(repo)
    assert lease
    assert lease.heartbeat == now


def test_a_retry_counts_after_a_failure_of_the_future_and_only_once(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    ulid = stored(arena, tmp_path).id

    def append(state: str, moment: datetime) -> History:
        status = Status(state=state, message="m", time=moment)  # type: ignore[arg-type]
        arena.results.commit([append_status(arena, ulid, status)], arena.results.head())
        return arena.read_history(ulid)

    history = append("failed", NOW + 400 * DAY)
    wish = OwnerRequest(kind="retry", by="", time=request_time(NOW, history))
    assert retry_requested(history, [wish])
    append("evaluating", NOW)
    history = append("failed", NOW)
    assert not retry_requested(history, [wish])
    assert [entry.time for entry in history.entries] == sorted(entry.time for entry in history.entries)
