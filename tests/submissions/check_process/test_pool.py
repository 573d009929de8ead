"""The pool of check processes: bounded, one process for one check, and nothing left when its program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.pool import CheckPool, CheckPoolFull
from submissions.check_process.process import CheckCancelled
from submissions.records.check_report import Report
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.paths import ROOT
from tests.support.submission_inputs import GOOD

pytestmark = pytest.mark.integration


@pytest.fixture
def pool() -> Iterator[CheckPool]:
    pool = CheckPool(max_running=1, max_waiting=1)
    yield pool
    pool.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "one.jsonl").write_bytes(GOOD)
    return tmp_path / "one.jsonl"


def check(reading: DeliveryCheck, source: Path, into: Path) -> Report:
    into.mkdir()
    tasks = [make_task("one", "text_classification")]
    return reading.check_sources([source], tasks, into=into, track=TRACKS["dataset_research"])


def test_each_check_has_a_process_of_its_own(pool: CheckPool, source: Path, tmp_path: Path) -> None:
    pids = set()
    for number in range(3):

        def job(reading: DeliveryCheck, number: int = number) -> bool:
            accepted = check(reading, source, tmp_path / str(number)).accepted
            assert reading.pid is not None
            pids.add(reading.pid)
            return accepted

        assert pool.submit(job).future.result()
    assert len(pids) == 3
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_too_many_waiting_checks_are_refused(pool: CheckPool) -> None:
    gate = threading.Event()
    queued = [pool.submit(lambda _: gate.wait(60)) for _ in range(2)]
    with pytest.raises(CheckPoolFull):
        pool.submit(lambda _: gate.wait(60))
    gate.set()
    assert all(one.future.result() for one in queued)
    assert pool.submit(lambda _: True).future.result()


def test_a_waiting_check_is_cancelled_before_it_begins(pool: CheckPool) -> None:
    gate = threading.Event()
    running = pool.submit(lambda _: gate.wait(60))
    waiting = pool.submit(lambda _: pytest.fail("it was cancelled"))
    assert waiting.cancel()
    gate.set()
    assert running.future.result()
    assert pool.submit(lambda _: True).future.result()


def test_a_running_check_is_cancelled_with_its_process(pool: CheckPool, source: Path, tmp_path: Path) -> None:
    begun, gate = threading.Event(), threading.Event()

    def job(reading: DeliveryCheck) -> Report:
        check(reading, source, tmp_path / "first")
        begun.set()
        gate.wait(60)
        return check(reading, source, tmp_path / "second")

    queued = pool.submit(job)
    assert begun.wait(60)
    assert not queued.cancel()
    gate.set()
    with pytest.raises(CheckCancelled):
        queued.future.result()


def test_no_process_outlives_a_killed_program() -> None:
    code = (
        "import sys, threading; from submissions.check_process.pool import CheckPool;"
        "pool = CheckPool(max_running=1);"
        "pool.submit(lambda reading: reading.get_process().pid).future.result();"
        "pool.submit(lambda reading: (print(reading.get_process().pid, flush=True), threading.Event().wait()));"
        "threading.Event().wait()"
    )
    program = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    program.stdout.readline()
    children = psutil.Process(program.pid).children(recursive=True)
    assert children
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
