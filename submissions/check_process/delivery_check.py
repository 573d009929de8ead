"""Check, samples and repair of one delivery in a process of its own, which files of the delivery may end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from submissions.check_process.messages import (
    CheckFault,
    CheckFinished,
    Message,
    RepairFinished,
    Request,
    SampleRequest,
    SamplesFinished,
    SampleTaken,
    encode_path,
)
from submissions.check_process.process import CheckCancelled, CheckFailed, CheckProcess, CheckProcessEnded
from submissions.check_process.read_progress import Progress, ReadProgress, Tell
from submissions.checking.limits import CHECK_SECONDS, FILE_SECONDS, MAX_RESTARTS
from submissions.checking.payloads.payload import ReadablePayload
from submissions.errors import NotFound
from submissions.estimation.row_preview import TaskSample
from submissions.records.base import Record
from submissions.records.check_report import FileVerdict, Report
from submissions.records.prompt_frame import PromptFrame
from submissions.records.task import Task
from submissions.repair.repair import RepairResult, build_repair_result, require_repair
from submissions.storage.temp_folder import TempFolder
from submissions.tracks import get_track
from submissions.tracks.track import Track


class DeliveryCheck:
    """Reads one delivery. Use it as a context manager; its process ends with it.

    A file that ends the process is refused, and another process reads the rest. Methods raise CheckFailed if the
    fault is not the delivery's, and CheckCancelled after `cancel`.
    """

    def __init__(self, start_process: Callable[[], CheckProcess] = CheckProcess) -> None:
        self._start_process = start_process
        self._process: CheckProcess | None = None
        self._lock = threading.Lock()
        self.is_cancelled = False
        """True after `cancel`."""
        self._deadline = time.monotonic() + CHECK_SECONDS
        self._ended: dict[int, FileVerdict] = {}
        """Verdicts on files that ended a process, by index."""

    def check_sources(
        self,
        sources: Sequence[Path],
        tasks: Sequence[Task],
        *,
        into: Path,
        track: Track,
        progress: Progress | None = None,
        tell: Tell | None = None,
    ) -> Report:
        """Check a delivery and write its accepted files, as `submissions.checking.check.check_sources` does.

        `progress` receives a file's name, the number of files done, and the total; `tell` the problems of each file.
        Raises NotFound for a source that does not exist, or when the track has no tasks, and ValueError for a track
        that is not its module's.
        """
        if any(into.iterdir()):
            raise ValueError(f"{into} is not empty")
        state = ReadProgress("check", tuple(sources), tuple(tasks), into, track, progress, tell)
        self._read_delivery(state)
        self._ended = state.ended
        return state.build_report()

    def sample_rows(self, report: Report, frames: Sequence[PromptFrame], *, into: Path) -> list[TaskSample]:
        """Sample the rows that the check wrote `into` a folder, and count their tokens; nothing without rows."""
        track = get_track(report.track)
        readable = {kind for kind, payload in track.payloads.items() if isinstance(payload, ReadablePayload)}
        files = tuple(file for file in report.files if file.task and file.kind in readable)
        if not files:
            return []
        self._deadline = time.monotonic() + CHECK_SECONDS
        request = SampleRequest(into=encode_path(into), track=track.module, files=files, frames=tuple(frames))
        answers, tasks = self._exchange(request, SamplesFinished), {file.task for file in files}
        return [answer.sample for answer in answers if isinstance(answer, SampleTaken) and answer.sample.task in tasks]

    def repair_sources(
        self,
        sources: Sequence[Path],
        tasks: Sequence[Task],
        *,
        into: Path,
        track: Track,
        report: Report | None = None,
    ) -> RepairResult:
        """Write a repaired delivery into an empty folder and check it, as `submissions.repair.repair_sources` does.

        Files that ended the process of an earlier check of the same sources are left out. Raises NotFound, and
        TheirError for a track without rows.
        """
        require_repair(track)
        state = ReadProgress("repair", tuple(sources), tuple(tasks), into, track)
        state.ended = dict(self._ended)
        self._read_delivery(state)
        rewritten = state.build_rewritten()
        if not rewritten.corrections and report:
            return RepairResult(corrections=(), remaining=report)
        copy = [into] if rewritten.corrections else sources
        with TempFolder() as folder:
            report = self.check_sources(copy, tasks, into=folder, track=track)
        return build_repair_result(rewritten, report)

    def cancel(self) -> None:
        """End the check from another thread; its method then raises CheckCancelled."""
        with self._lock:
            self.is_cancelled = True
            if self._process:
                self._process.kill("cancelled")

    @property
    def pid(self) -> int | None:
        """Id of the process; None before it was started and after it ended."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_delivery(self, state: ReadProgress) -> None:
        """Read a delivery, in another process for each file that ends one, up to a limit."""
        self._deadline = time.monotonic() + CHECK_SECONDS
        for _ in range(MAX_RESTARTS + 1):
            try:
                for message in self._exchange(state.make_request(), CheckFinished, RepairFinished):
                    state.take_message(message)
            except CheckProcessEnded as end:
                self.close()
                if time.monotonic() > self._deadline:
                    break
                if not state.refuse_step(end.cause):
                    raise CheckFailed(f"Its process ended at no file: {end.cause}.") from end
                if state.closing:
                    return
            else:
                return
        state.give_up(is_late=time.monotonic() > self._deadline)

    def _exchange(self, request: Request, *last: type[Record]) -> Iterator[Message]:
        """Send a request and yield the answers, up to one of the last kinds."""
        process = self.get_process()
        try:
            process.send(request)
            while True:
                message = process.receive(min(FILE_SECONDS, self._deadline - time.monotonic()))
                if isinstance(message, CheckFault):
                    raise _make_error(message)
                yield message
                if isinstance(message, last):
                    return
        except CheckProcessEnded as end:
            self.close()
            if self.is_cancelled or end.cause == "cancelled":
                raise CheckCancelled from end
            raise

    def get_process(self) -> CheckProcess:
        """Return the process, started if need be."""
        if self._process is None:
            process = self._start_process()
            with self._lock:
                self._process = process
                if self.is_cancelled:
                    process.kill("cancelled")
        return self._process


def _make_error(fault: CheckFault) -> Exception:
    if fault.fault == "not_found":
        return NotFound(fault.text)
    if fault.fault == "machine":
        return OSError(fault.number, fault.text)
    return CheckFailed(fault.text)
