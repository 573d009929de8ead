"""Fetch of named data sets in a process of its own, which ends with its time, its check or its program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from submissions.check_process.hub_fetch_messages import FetchReply, FetchRequest
from submissions.check_process.messages import encode_path
from submissions.check_process.process import CheckCancelled, CheckFailed
from submissions.checking.hub_datasets import FetchedFiles, HubDataset
from submissions.checking.limits import HUB_FETCH_SECONDS
from submissions.errors import InvalidFile, Unreachable
from submissions.records.task import Task
from submissions.tracks import find_module
from submissions.tracks.track import Track

_CANCEL_SECONDS = 0.5
"""Most seconds until a cancelled fetch ends."""
_VARIABLES = re.compile(r"PATH|LANG|HF_ENDPOINT|HF_HUB_\w+|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
"""Variables that decide how the Hub is reached; no token of ours is among them."""


def fetch_datasets(
    named: Sequence[HubDataset],
    tasks: Sequence[Task],
    into: Path,
    limit: int,
    *,
    track: Track,
    is_cancelled: Callable[[], bool] = lambda: False,
    seconds: float = HUB_FETCH_SECONDS,
) -> FetchedFiles:
    """Download the named data files into a folder, as `download_datasets` does, within a time by the clock.

    Raises InvalidFile; Unreachable, also when the time is over; CheckCancelled once `is_cancelled` returns true.
    """
    if not named:
        return FetchedFiles((), ())
    ids = tuple(task.id for task in tasks if task.track == track.name)
    request = FetchRequest(named=tuple(named), track=find_module(track), ids=ids, into=encode_path(into), limit=limit)
    deadline = time.monotonic() + seconds
    module = "submissions.check_process.hub_fetch_child"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_make_environment(os.environ, into),
    )
    with process:
        try:
            reply = _wait_for_reply(process, request, deadline, is_cancelled)
        finally:
            process.kill()
    if reply is None:
        raise Unreachable(
            f"The Hugging Face Hub did not deliver the named files within {seconds:.0f} seconds. "
            "Try again later, name fewer or smaller files, or send them."
        )
    if process.returncode:
        raise CheckFailed(f"The fetch from the Hub ended with {process.returncode}.")
    return _unpack_reply(FetchReply.model_validate_json(reply), into)


def _wait_for_reply(
    process: subprocess.Popen[bytes], request: FetchRequest, deadline: float, is_cancelled: Callable[[], bool]
) -> bytes | None:
    """Return the output; None if it is not complete at the deadline."""
    sent: bytes | None = request.model_dump_json().encode()
    while (left := deadline - time.monotonic()) > 0:
        try:
            return process.communicate(sent, min(left, _CANCEL_SECONDS))[0]
        except subprocess.TimeoutExpired:
            sent = None  # `communicate` goes on with what it was given first
            if is_cancelled():
                raise CheckCancelled from None
    return None


def _unpack_reply(reply: FetchReply, into: Path) -> FetchedFiles:
    match reply.fault:
        case "invalid":
            raise InvalidFile(reply.what, reply.fix)
        case "unreachable":
            raise Unreachable(reply.what)
        case "machine":
            raise OSError(reply.number, reply.what)
        case "program":
            raise CheckFailed(reply.what)
    return FetchedFiles(tuple(into / file for file in reply.files), reply.pins)


def _make_environment(environ: Mapping[str, str], into: Path) -> dict[str, str]:
    """Return the environment of the process: no secret of ours; what the client caches ends with the fetch."""
    kept = {name: value for name, value in environ.items() if _VARIABLES.fullmatch(name)}
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)]),
        "TMPDIR": tempfile.gettempdir(),
        "HF_HOME": str(into / "hub-client"),
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
