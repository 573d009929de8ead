from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest
import torch

from evaluator.errors import ChildFailed, Hung, OutOfMemory
from evaluator.runtime.child_process import ChildProcess, error_name
from submissions.errors import OurError
from tests.support.paths import ROOT
from tests.support.processes import all_end, is_alive

pytestmark = pytest.mark.integration

ECHO = """
from evaluator.runtime.child_process import ParentConnection
parent = ParentConnection()
while message := parent.receive():
    parent.send({"heard": message})
print("the parent has gone", flush=True)
"""
PAUSE = "import signal; signal.pause()"
FAMILY = f"""
import signal, subprocess, sys
from evaluator.runtime.child_process import ParentConnection
stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
ready = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
ready.stdout.readline()
polite = subprocess.Popen([sys.executable, "-c", {PAUSE!r}])
ParentConnection().send({{"pids": [ready.pid, polite.pid]}})
signal.pause()
"""
Start = Callable[..., ChildProcess]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def started(code: str, start_seconds: float = 60.0) -> ChildProcess:
        command = [sys.executable, "-c", code]
        return ChildProcess(
            "parrot", command, tmp_path / "logs" / "parrot.log", {"PYTHONPATH": str(ROOT)}, start_seconds
        )

    return started


def test_a_child_answers_in_any_script_and_size(start: Start) -> None:
    with start(ECHO) as child:
        for message in ({"text": "câu hỏi 数据 😀"}, {"ids": list(range(300_000))}, {"nested": [{"a": None}]}):
            child.send(message)
            assert child.receive(60) == {"heard": message}


def test_a_child_that_does_not_read_a_long_message_is_hung(start: Start) -> None:
    deaf = "from evaluator.runtime.child_process import ParentConnection\nparent = ParentConnection()\n" + PAUSE
    with start(deaf) as child, pytest.raises(Hung, match=r"The parrot was silent for 0\.3 s"):
        child.send({"ids": list(range(300_000))}, seconds=0.3)


def test_what_a_child_died_of_is_heard_though_it_left_a_long_message_unread(start: Start) -> None:
    code = (
        "import os\nfrom evaluator.runtime.child_process import ParentConnection\nparent = ParentConnection()\n"
        "os.read(parent._connection.fileno(), 9)\n"
        'parent.send({"failed": "out_of_memory", "said": "no room"})'
    )
    with start(code) as child, pytest.raises(OutOfMemory, match="The parrot failed: no room"):
        child.send({"ids": list(range(3_000_000))})


def test_torch_has_no_class_for_too_little_ram() -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert error_name(failed.value) == "out_of_memory"
    assert error_name(RuntimeError("something else")) is None


def test_a_child_hears_that_its_parent_has_gone(start: Start) -> None:
    with start(ECHO) as child:
        process = psutil.Process(child._process.pid)
        child._connection.close()  # type: ignore[union-attr]
        all_end([process.pid])
    assert "the parent has gone" in child.log.read_text()


def test_what_dies_is_named_with_the_end_of_its_log(start: Start) -> None:
    code = (
        "from evaluator.runtime.child_process import ParentConnection\n"
        "parent = ParentConnection()\nparent.receive()\n[print(n) for n in range(99)]\n1 / 0"
    )
    with start(code) as child, pytest.raises(ChildFailed) as failed:
        child.send({})
        child.receive(60)
    said = str(failed.value)
    assert "The parrot went away" in said
    assert str(child.log) in said
    assert "ZeroDivisionError" in said
    assert "| 98" in said
    assert failed.value.public == "The parrot went away."
    assert "| 12\n" not in said
    assert isinstance(failed.value, OurError)


def test_what_is_gone_cannot_be_sent_to(start: Start) -> None:
    with start("from evaluator.runtime.child_process import ParentConnection; ParentConnection()") as child:
        all_end([child._process.pid])
        with pytest.raises(ChildFailed, match="went away"):
            child.send({"a": 1})


def test_what_ends_before_it_is_ready_is_named_with_its_code(start: Start) -> None:
    with pytest.raises(ChildFailed, match=r"ended with 3 before it was ready(.|\n)*no such device"):
        start("print('no such device', flush=True); raise SystemExit(3)")


def test_what_is_never_ready_is_ended(start: Start, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="was not ready in time"):
        start(f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); {PAUSE}", start_seconds=2.0)
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_silence_is_a_failure(start: Start) -> None:
    with start(ECHO) as child, pytest.raises(ChildFailed, match=r"was silent for 0.01 s"):
        child.receive(0.01)


def test_nonsense_is_a_failure(start: Start) -> None:
    code = (
        "from evaluator.runtime.child_process import ParentConnection; "
        "ParentConnection()._connection.send_bytes(b'{\\xff')"
    )
    with start(code) as child, pytest.raises(ChildFailed, match="sent an unreadable message"):
        child.receive(60)


def test_closing_ends_the_whole_family(start: Start) -> None:
    with start(FAMILY) as child:
        pids = [child._process.pid, *child.receive(60)["pids"]]
        assert all(map(is_alive, pids))
    all_end(pids)
    assert not child._folder.exists()


def test_a_failure_in_the_parent_ends_the_family_too(start: Start) -> None:
    with pytest.raises(RuntimeError, match="mine"), start(FAMILY) as child:
        pids = child.receive(60)["pids"]
        raise RuntimeError("mine")
    all_end(pids)


def test_a_log_is_continued_not_begun_anew(start: Start) -> None:
    for word in ("first", "second"):
        with start(
            "from evaluator.runtime.child_process import ParentConnection; "
            f"print({word!r}, flush=True); ParentConnection().send({{}})"
        ) as child:
            child.receive(60)
    assert child.log.read_text().split() == ["first", "second"]


def test_a_child_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    child = """
from evaluator.runtime.child_process import ParentConnection, die_with_parent
import os, signal
die_with_parent()
parent = ParentConnection()
parent.send({"pid": os.getpid()})
signal.pause()
"""
    parent = f"""
import sys
from pathlib import Path
from evaluator.runtime.child_process import ChildProcess
command = [sys.executable, "-c", {child!r}]
with ChildProcess("orphan", command, Path({str(tmp_path / "orphan.log")!r}), {{}}, 60.0) as child:
    print(child.receive(60)["pid"], flush=True)
    child.receive(600)
"""
    run = partial(subprocess.Popen, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    with run([sys.executable, "-c", parent]) as process:
        pid = int(process.stdout.readline())  # type: ignore[union-attr]
        assert is_alive(pid)
        process.send_signal(signal.SIGKILL)
        all_end([pid])
