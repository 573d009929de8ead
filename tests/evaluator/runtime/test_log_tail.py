"""What a log may tell a submitter, and what it must not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evaluator.errors import ChildFailed
from evaluator.runtime.child_process import ChildProcess
from evaluator.runtime.log_tail import MAX_BYTES, public_tail

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"
HIDDEN = "Which bank froze Mrs Ito's account?"
RAISES = f"""
import json

def training(rows):
    raise ValueError("cannot use the row " + json.dumps(rows[0]))

print("reading", {HIDDEN!r}, flush=True)
training([{{"input": {HIDDEN!r}, "output": "the hidden answer"}}])
"""


@pytest.mark.integration
def test_a_traceback_is_shown_without_its_message_its_source_and_the_machine_s_folders(tmp_path: Path) -> None:
    program = tmp_path / "secret-folder" / "sft.py"
    program.parent.mkdir()
    program.write_text(RAISES)
    command = [sys.executable, str(program)]
    with pytest.raises(ChildFailed) as caught:
        ChildProcess("trainer", command, tmp_path / "trainer.log", {}, 60.0)
    assert caught.value.log_tail.splitlines() == [
        "Traceback (most recent call last):",
        '  File "sft.py", line 8, in <module>',
        '  File "sft.py", line 5, in training',
        "ValueError",
    ]
    assert HIDDEN in str(caught.value), "the organiser sees all of it"
    assert HIDDEN not in caught.value.public


@pytest.mark.integration
def test_a_child_is_not_blamed_for_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    log.write_text("OSError: No space left on device\n")
    with pytest.raises(ChildFailed) as caught:
        ChildProcess("trainer", [sys.executable, "-c", "print('Segmentation fault')"], log, {}, 60.0)
    assert caught.value.log_tail == "Segmentation fault"


def test_what_the_engine_and_torch_put_before_a_line_hides_nothing_of_it() -> None:
    log = f"""(EngineCore_0 pid=4711) ERROR 11-20 14:47:25 [core.py:708] Traceback (most recent call last):
(EngineCore_0 pid=4711) ERROR 11-20 14:47:25 [core.py:708]   File "{__file__}", line 12, in answer
(EngineCore_0 pid=4711) ERROR 11-20 14:47:25 [core.py:708]     outputs = llm.generate("{HIDDEN}")
(EngineCore_0 pid=4711) ERROR 11-20 14:47:25 [core.py:708] torch.OutOfMemoryError: {FULL}. GPU 0 of host-17
[rank1]: Traceback (most recent call last):
[rank1]:   File "{__file__}", line 158, in main
[rank1]: RuntimeError: {HIDDEN}
  exitcode   : -9 (pid: 4711)
"""
    assert public_tail(log.encode()).splitlines() == [
        "Traceback (most recent call last):",
        '  File "test_log_tail.py", line 12, in answer',
        f"torch.OutOfMemoryError: {FULL}",
        "Traceback (most recent call last):",
        '  File "test_log_tail.py", line 158, in main',
        "RuntimeError",
        "exitcode   : -9",
    ]


@pytest.mark.parametrize(
    "line",
    [
        HIDDEN,
        f"ValueError: {HIDDEN}",
        f"INFO 11-20 14:47:25 [core.py:1] model='/srv/arena/work/base' row={HIDDEN!r}",
        'Traceback (most recent call last):\n  File "/srv/hidden/place.py", line 1, in answer\nHiddenAnswer: yes',
        f"Traceback (most recent call last):\n{HIDDEN}",
        '  File "/etc/hostname", line 1, in answer',
        f'Traceback (most recent call last):\n  File "{__file__}", line 1, in what the row says\nHidden: yes',
        "\x00\ud7ff" + "é" * 100,
    ],
)
def test_a_row_comes_through_in_no_disguise(line: str) -> None:
    assert public_tail(f"{line}\n".encode()) == ""


def test_the_end_is_kept_of_a_long_one() -> None:
    block = f'Traceback (most recent call last):\n  File "{__file__}", line %d, in main\nKeyError: 1\n'
    shown = public_tail("".join(block % number for number in range(999)).encode())
    assert len(shown) <= MAX_BYTES
    assert shown.splitlines()[-2:] == ['  File "test_log_tail.py", line 998, in main', "KeyError"]
    assert public_tail(b"") == ""
