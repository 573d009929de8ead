"""Check process: reads requests on its input, and answers with messages on its output.

Run with few variables, as
`python -m submissions.check_process.child PARENT_PID MEMORY_BYTES NICENESS FILE_CPU_SECONDS [preload]`.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from submissions.check_process.messages import (
    OUT_OF_MEMORY,
    REQUESTS,
    CheckFault,
    CheckFinished,
    FileFinished,
    FileRepaired,
    LayoutReported,
    Message,
    ReadRequest,
    RepairFinished,
    Request,
    SampleRequest,
    SamplesFinished,
    SampleTaken,
    StepBegun,
    decode_path,
)
from submissions.check_process.process_limits import apply_limits, limit_next_file
from submissions.checking.check import scan_sources
from submissions.checking.payloads.payload import ReadablePayload
from submissions.checking.watcher import CheckStep, CheckWatcher
from submissions.errors import NotFound
from submissions.estimation.row_preview import sample_file
from submissions.repair.repair import rewrite_sources
from submissions.tracks import load_track

_MAX_TEXT = 10_000
Send = Callable[[Message], None]


def main() -> None:
    """Answer requests until the input ends."""
    apply_limits(*map(int, sys.argv[1:4]))
    # Whatever a library prints must not come between the messages.
    with os.fdopen(os.dup(1), "wb", buffering=0) as output:
        os.dup2(2, 1)
        if "preload" in sys.argv[5:]:
            import pyarrow.parquet  # noqa: F401  # a process that waits for its delivery has time for it
        serve_requests(sys.stdin.buffer, output, partial(limit_next_file, int(sys.argv[4])))


def serve_requests(source: BinaryIO, output: BinaryIO, limit_file: Callable[[], None]) -> None:
    """Answer each line of the input; a failure is the last answer. `limit_file` is called before each file."""

    def send(message: Message) -> None:
        data = memoryview(message.model_dump_json().encode() + b"\n")
        while data:
            data = data[output.write(data) :]

    for line in source:
        try:
            _answer_request(REQUESTS.validate_json(line), send, limit_file)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:  # noqa: BLE001  # the program that asked for the check raises it again
            send(_describe_failure(error))
            return


def _answer_request(request: Request, send: Send, limit_file: Callable[[], None]) -> None:
    if isinstance(request, SampleRequest):
        _sample_files(request, send, limit_file)
    elif request.kind == "check":
        _check_delivery(request, send, limit_file)
    else:
        _repair_delivery(request, send, limit_file)


def _check_delivery(request: ReadRequest, send: Send, limit_file: Callable[[], None]) -> None:
    watcher = _make_watcher(request, send, limit_file)
    scan = scan_sources(
        [decode_path(path) for path in request.sources],
        request.tasks,
        into=decode_path(request.into),
        track=load_track(request.track),
        watcher=watcher,
    )
    send(CheckFinished(problems=scan.problems, descriptions=scan.descriptions))


def _repair_delivery(request: ReadRequest, send: Send, limit_file: Callable[[], None]) -> None:
    rewritten = rewrite_sources(
        [decode_path(path) for path in request.sources],
        request.tasks,
        into=decode_path(request.into),
        track=load_track(request.track),
        watcher=_make_watcher(request, send, limit_file),
    )
    for repair in rewritten.corrections:
        send(FileRepaired(repair=repair))
    send(RepairFinished(problems=rewritten.problems))


def _sample_files(request: SampleRequest, send: Send, limit_file: Callable[[], None]) -> None:
    into, payloads = decode_path(request.into), load_track(request.track).payloads
    for file in request.files:
        limit_file()
        path, payload = into / file.path.removeprefix("data/"), payloads[file.kind]
        assert file.task
        assert isinstance(payload, ReadablePayload)
        sample = sample_file(file.task, partial(payload.read_rows, path), file.rows, request.frames)
        send(SampleTaken(sample=sample))
    send(SamplesFinished())


def _make_watcher(request: ReadRequest, send: Send, limit_file: Callable[[], None]) -> CheckWatcher:
    def begin(step: CheckStep) -> None:
        limit_file()
        send(StepBegun(step=step))

    return CheckWatcher(
        begin=begin,
        finish=lambda verdict, done, of: send(FileFinished(verdict=verdict, done=done, of=of)),
        report=lambda problems: send(LayoutReported(problems=problems)),
        finished=request.finished,
        refused=request.refused,
    )


def _describe_failure(error: Exception) -> CheckFault:
    if isinstance(error, NotFound):
        return CheckFault(fault="not_found", text=str(error)[:_MAX_TEXT])
    if isinstance(error, OSError):
        return CheckFault(fault="machine", number=error.errno or 0, text=(error.strerror or str(error))[:_MAX_TEXT])
    return CheckFault(fault="program", text="".join(traceback.format_exception(error))[-_MAX_TEXT:])


if __name__ == "__main__":
    main()
