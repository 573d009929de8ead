"""The queue before the check processes: turns of accounts and strangers, bounds, and visitors who leave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from leaderboard.submit.check_queue import CheckQueue, CheckQueueFull
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.messages import SampleRequest, SamplesFinished
from submissions.check_process.pool import CheckPool
from submissions.check_process.process import CheckCancelled

pytestmark = pytest.mark.integration


@pytest.fixture
def pool() -> Iterator[CheckPool]:
    pool = CheckPool(max_running=1)
    yield pool
    pool.close()


def make_job(done: list[str], name: str) -> Callable[[DeliveryCheck], None]:
    return lambda _: done.append(name)


def block_queue(queue: CheckQueue) -> threading.Event:
    """Have a job run until the event is set."""
    free, begun = threading.Event(), threading.Event()

    def wait_until_free(_: DeliveryCheck) -> None:
        begun.set()
        assert free.wait(60)

    queue.submit(wait_until_free, is_account=True)
    assert begun.wait(60)
    return free


def test_an_account_waits_for_one_stranger_at_most(pool: CheckPool) -> None:
    queue, done = CheckQueue(pool, max_running=1), list[str]()
    free = block_queue(queue)
    waiting = [queue.submit(make_job(done, f"stranger {n}"), is_account=False) for n in range(4)]
    waiting += [queue.submit(make_job(done, f"account {n}"), is_account=True) for n in range(2)]
    free.set()
    for check in waiting:
        check.future.result(60)
    assert done == ["stranger 0", "account 0", "stranger 1", "account 1", "stranger 2", "stranger 3"]


def test_strangers_fill_only_their_own_queue(pool: CheckPool) -> None:
    queue, done = CheckQueue(pool, max_running=1, max_waiting=2), list[str]()
    free = block_queue(queue)
    strangers = [queue.submit(make_job(done, "stranger"), is_account=False) for _ in range(2)]
    with pytest.raises(CheckQueueFull):
        queue.submit(make_job(done, "stranger"), is_account=False)
    account = queue.submit(make_job(done, "account"), is_account=True)
    assert strangers[0].cancel(), "its visitor has left"
    queue.submit(make_job(done, "last"), is_account=False)
    free.set()
    account.future.result(60)
    strangers[1].future.result(60)
    assert sorted(done[:2]) == ["account", "stranger"], "the cancelled one never began"


def test_an_error_ends_one_check(pool: CheckPool) -> None:
    queue, done = CheckQueue(pool, max_running=1), list[str]()

    def fail(_: DeliveryCheck) -> None:
        raise OSError("disk")

    broken = queue.submit(fail, is_account=False)
    after = queue.submit(make_job(done, "after"), is_account=False)
    with pytest.raises(OSError, match="disk"):
        broken.future.result(60)
    after.future.result(60)
    assert done == ["after"]


def test_an_abandoned_check_is_not_begun_or_ends_with_its_process(pool: CheckPool) -> None:
    queue, done = CheckQueue(pool, max_running=1), list[str]()
    begun, request = (
        threading.Event(),
        SampleRequest(into="", track="submissions.tracks.dataset_research", files=(), frames=()),
    )

    def wait_for_process(reading: DeliveryCheck) -> None:
        reading.get_process()
        begun.set()
        while True:  # the process answers each request until it is ended
            list(reading._exchange(request, SamplesFinished))

    running = queue.submit(wait_for_process, is_account=False)
    waiting = queue.submit(make_job(done, "waiting"), is_account=False)
    after = queue.submit(make_job(done, "after"), is_account=False)
    assert begun.wait(60)
    waiting.abandon()
    running.abandon()
    with pytest.raises(CheckCancelled):
        running.future.result(60)
    with pytest.raises(CancelledError):
        waiting.future.result(60)
    after.future.result(60)
    assert done == ["after"]
