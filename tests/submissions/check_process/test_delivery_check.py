"""The check in a process of its own: what ends the process is refused by name, and the rest is checked."""

from __future__ import annotations

import os
import random
import signal
from functools import partial
from pathlib import Path

import pytest

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.messages import Message, SampleRequest, SamplesFinished, StepBegun
from submissions.check_process.process import CheckCancelled, CheckProcess
from submissions.checking.limits import LOWEST_PRIORITY
from submissions.records.check_report import Report
from submissions.records.task import Task
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.parquet_attacks import (
    encode_table,
    encrypt_table,
    make_wide_table,
    repeat_long_text,
    understate_sizes,
)
from tests.support.submission_inputs import GOOD

pytestmark = pytest.mark.integration
TRACK = TRACKS["dataset_research"]
LONG = b"".join(b'{"input": "%s %d", "output": "y"}\n' % (b"x \\u00e9 " * 40, n) for n in range(100_000))
"""More rows than are read within a second."""
NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def make_tasks() -> list[Task]:
    return [make_task(name, "text_classification") for name in NAMES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("delivered", "into", "fixed"):
        (tmp_path / name).mkdir()
    return tmp_path


def check(folder: Path, reading: DeliveryCheck | None = None, **files: bytes) -> Report:
    for name, content in files.items():
        (folder / "delivered" / name.replace("_", ".")).write_bytes(content)
    with reading or DeliveryCheck() as reading:
        return reading.check_sources([folder / "delivered"], make_tasks(), into=folder / "into", track=TRACK)


def test_files_that_end_the_process_are_refused_and_the_others_checked(folder: Path) -> None:
    told: list[str] = []
    steps: list[tuple[str, int, int]] = []
    encrypted = encrypt_table(has_plain_footer=True)
    for name, content in {"one.jsonl": GOOD, "two.parquet": encrypted, "three.parquet": encode_table()}.items():
        (folder / "delivered" / name).write_bytes(content)
    with DeliveryCheck() as reading:
        report = reading.check_sources(
            [folder / "delivered"],
            make_tasks(),
            into=folder / "into",
            track=TRACK,
            tell=lambda problems: told.extend(problem.file for problem in problems),
            progress=lambda *step: steps.append(step),
        )
    assert [(problem.file, problem.what) for problem in report.errors] == [
        ("two.parquet", "It cannot be read: it is damaged or encrypted.")
    ]
    assert [file.task for file in report.files] == ["one", "three"]
    assert sorted(file.name for file in (folder / "into").iterdir()) == ["one.jsonl", "three.jsonl"]
    assert report.missing == ("four", "five", "six", "seven", "eight")
    assert sorted(told) == ["three.parquet", "two.parquet"]
    assert steps == [("one.jsonl", 1, 3), ("three.parquet", 2, 3)]


def test_after_several_such_files_the_rest_is_not_checked(folder: Path) -> None:
    encrypted = encrypt_table(has_plain_footer=True)
    report = check(folder, one_jsonl=GOOD, **{f"{name}_parquet": encrypted for name in NAMES[1:]})
    assert "6 files could not be read; the others were not checked." in [problem.what for problem in report.errors]
    assert len(report.errors) == 7


def test_a_table_that_grows_is_refused_before_it_is_written(folder: Path) -> None:
    report = check(folder, one_parquet=repeat_long_text(), two_jsonl=GOOD)
    (problem,) = report.errors
    assert problem.file == "one.parquet"
    assert "268,435,456 bytes as JSON lines" in problem.what
    assert [file.name for file in (folder / "into").iterdir()] == ["two.jsonl"]


def test_a_file_that_needs_too_much_memory_is_refused(folder: Path) -> None:
    large = encode_table(6, random.Random(0).randbytes(2**23).hex(), use_dictionary=False, write_statistics=False)
    reading = DeliveryCheck(partial(CheckProcess, max_memory_bytes=350 * 2**20))
    report = check(folder, reading, one_parquet=large, two_jsonl=GOOD)
    (problem,) = report.errors
    assert problem.file == "one.parquet"
    assert "more memory than a check may use" in problem.what
    assert [file.task for file in report.files] == ["two"]


def test_a_file_that_reaches_the_processor_limit_is_refused(folder: Path) -> None:
    reading = DeliveryCheck(partial(CheckProcess, file_cpu_seconds=0))  # the second in which it begins is its own
    report = check(folder, reading, one_jsonl=LONG, two_jsonl=GOOD)
    (problem,) = report.errors
    assert problem.file == "one.jsonl"
    assert "seconds of computing" in problem.what
    assert [file.task for file in report.files] == ["two"]


class StoppedProcess(CheckProcess):
    """Stops at its first file, and has no time left then."""

    is_stopped = False

    def receive(self, seconds: float) -> Message:
        message = super().receive(0 if self.is_stopped else seconds)
        if isinstance(message, StepBegun) and message.step.name == "one.jsonl":
            os.kill(self.pid, signal.SIGSTOP)
            self.is_stopped = True
        return message


def test_a_file_that_reaches_the_limit_by_the_clock_is_refused(folder: Path) -> None:
    report = check(folder, DeliveryCheck(StoppedProcess), one_jsonl=LONG, two_jsonl=GOOD)
    (problem,) = report.errors
    assert problem.file == "one.jsonl"
    assert "Reading it took longer than" in problem.what
    assert [file.task for file in report.files] == ["two"]


def test_a_footer_that_lies_ends_its_check_only(folder: Path) -> None:
    lying = understate_sizes(100, "zstd", is_dictionary=False)
    assert len(lying) < 2**20
    reading = DeliveryCheck(partial(CheckProcess, max_memory_bytes=300 * 2**20))
    report = check(folder, reading, one_parquet=lying, two_jsonl=GOOD)
    (problem,) = report.errors
    assert problem.file == "one.parquet"
    assert "more memory than a check may use" in problem.what
    assert [file.task for file in report.files] == ["two"]


@pytest.mark.full
def test_a_table_of_a_hundred_thousand_columns_has_a_verdict(folder: Path) -> None:
    report = check(folder, one_parquet=make_wide_table(100_000), two_jsonl=GOOD)
    assert {problem.file for problem in report.problems} == {"one.parquet"}
    assert report.errors == ()
    assert any("have other keys, which are not used" in problem.what for problem in report.problems)
    assert [file.task for file in report.files] == ["one", "two"]


def test_a_repair_leaves_out_what_ended_the_check(folder: Path) -> None:
    (folder / "delivered" / "one.jsonl").write_bytes(b"\xef\xbb\xbf" + GOOD)
    (folder / "delivered" / "two.parquet").write_bytes(encrypt_table(has_plain_footer=True))
    with DeliveryCheck() as reading:
        reading.check_sources([folder / "delivered"], make_tasks(), into=folder / "into", track=TRACK)
        fixed = reading.repair_sources([folder / "delivered"], make_tasks(), into=folder / "fixed", track=TRACK)
    assert [file.name for file in (folder / "fixed").iterdir()] == ["one.jsonl"]
    assert fixed.remaining is not None
    assert [problem.file for problem in fixed.remaining.errors] == ["two.parquet"]


def test_a_cancelled_check_ends_its_process(folder: Path) -> None:
    reading = DeliveryCheck()

    def cancel(*_: object) -> None:
        reading.cancel()

    for name in NAMES:
        (folder / "delivered" / f"{name}.jsonl").write_bytes(GOOD)
    with reading, pytest.raises(CheckCancelled):
        reading.check_sources([folder / "delivered"], make_tasks(), into=folder / "into", track=TRACK, progress=cancel)
    with reading, pytest.raises(CheckCancelled):
        reading.check_sources([folder / "delivered"], make_tasks(), into=folder / "fixed", track=TRACK)


def test_the_process_has_no_secret_and_the_lowest_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    process = CheckProcess(niceness=LOWEST_PRIORITY)
    try:
        process.send(SampleRequest(into="", track=TRACK.module, files=(), frames=()))
        assert isinstance(process.receive(60), SamplesFinished)
        assert b"hf_secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
        assert os.getpgid(process.pid) == process.pid
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == LOWEST_PRIORITY
        assert "Max core file size        0" in Path(f"/proc/{process.pid}/limits").read_text()
        assert process.is_alive
    finally:
        process.close()
    assert not process.is_alive
