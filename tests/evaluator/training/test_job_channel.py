from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from evaluator.errors import ChildFailed, DiskFull, Hung
from evaluator.runtime.child_process import ChildProcess
from evaluator.training.job_channel import JobChannel

pytestmark = pytest.mark.integration

CHILD = """
import json, sys
from evaluator.runtime.child_process import ParentConnection
parent = ParentConnection()
while order := parent.receive():
    for message in order["work"]["say"]:
        parent.send(message)
"""


def a_group(folder: Path, silent: float = 60.0) -> JobChannel:
    return JobChannel(ChildProcess("trainer", [sys.executable, "-c", CHILD], folder / "log", {}, 60), silent)


def begin(group: JobChannel, *say: dict[str, object]) -> int:
    return group.submit("work", {"say": say})


def test_messages_of_two_jobs_find_their_readers(tmp_path: Path) -> None:
    """The first job is written while the second trains, and each has a thread that waits for it."""
    group = a_group(tmp_path)
    first = begin(group, {"job": 1, "trained": True})
    assert group.next_message(first) == {"job": 1, "trained": True}
    group.expect_save(first)
    waiting = threading.Thread(target=group.wait_saved, args=(first,))
    waiting.start()
    second = begin(
        group, {"job": 2, "step": 1}, {"job": 1, "saved": True}, {"job": 2, "step": 2}, {"job": 2, "step": 3}
    )
    assert [group.next_message(second)["step"] for _ in range(3)] == [1, 2, 3]
    waiting.join(60)
    assert not waiting.is_alive()
    group.wait_saved(first)
    assert not group.has_failed_job
    group.close(written=True)


def test_a_model_that_was_not_written_spoils_the_group_for_the_next_job_alone(tmp_path: Path) -> None:
    group = a_group(tmp_path)
    first = begin(group, {"job": 1, "unsaved": "disk_full", "said": "no room"}, {"job": 1, "unread": True})
    second = begin(group, {"job": 2, "unsaved": None, "said": "odd"}, {"job": 2, "trained": True})
    assert group.next_message(second)["trained"]
    with pytest.raises(DiskFull, match="could not write a model: no room"):
        group.wait_saved(first)
    with pytest.raises(ChildFailed, match="could not write a model: odd") as failed:
        group.wait_saved(second)
    assert type(failed.value) is ChildFailed
    assert group.has_failed_job
    group.close(written=True)


def test_what_was_heard_outlives_the_child(tmp_path: Path) -> None:
    group = a_group(tmp_path)
    first = begin(group, {"job": 1, "saved": True}, {"job": 1, "trained": True})
    assert group.next_message(first)["trained"]
    group.expect_save(first)
    group.close(written=False)
    group.wait_saved(first)
    with pytest.raises(ChildFailed, match=r"The trainer (was closed|went away)"):
        group.next_message(first)


def test_closing_waits_for_what_is_being_written(tmp_path: Path) -> None:
    group = a_group(tmp_path)
    first = begin(group, {"job": 1, "trained": True}, {"job": 1, "saved": True})
    assert group.next_message(first)["trained"]
    group.expect_save(first)
    group.close(written=True)
    group.wait_saved(first)


def test_silence_is_an_error_for_all_who_wait(tmp_path: Path) -> None:
    group = a_group(tmp_path, silent=0.2)
    first, second = begin(group), begin(group)
    heard: list[type[BaseException]] = []

    def wait() -> None:
        try:
            group.wait_saved(first)
        except ChildFailed as error:
            heard.append(type(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with pytest.raises(Hung, match="was silent"):
        group.next_message(second)
    waiting.join(60)
    assert heard == [Hung]
    group.close(written=False)
