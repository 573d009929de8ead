"""Handle of one check process: starts it, exchanges messages with it, ends its process group."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from submissions.check_process.messages import (
    MAX_MESSAGE_BYTES,
    MAX_REPLY_BYTES,
    MESSAGES,
    OUT_OF_MEMORY,
    Message,
    Request,
)
from submissions.checking.limits import FILE_CPU_SECONDS, MAX_MEMORY_BYTES
from submissions.errors import OurError

Cause = Literal["damaged", "memory", "processor", "slow", "disk", "cancelled"]
_CRASHES = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS}
_CHUNK = 2**16


class CheckProcessEnded(Exception):
    """A check process ended before its answer was complete."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class CheckCancelled(Exception):
    """A check was cancelled."""


class CheckFailed(OurError):
    """A check process that failed through no fault of the delivery; `detail` is for the log."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The check failed. {detail}")
        self.detail = detail

    @property
    def public(self) -> str:
        return "The check failed."


class CheckProcess:
    """One process for one delivery. Close it; until then it waits for requests."""

    def __init__(
        self,
        *,
        is_preloaded: bool = False,
        max_memory_bytes: int = MAX_MEMORY_BYTES,
        niceness: int = 0,
        file_cpu_seconds: int = FILE_CPU_SECONDS,
    ) -> None:
        # The kernel ends the process with the thread that started it, so that thread lives as long as the program.
        numbers = (max_memory_bytes, niceness, file_cpu_seconds)
        self._process = _starter().submit(_start_process, numbers, is_preloaded).result()
        self._buffer = bytearray()
        self._received = 0
        self._lock = threading.Lock()
        self._cause: Cause | None = None

    @property
    def pid(self) -> int:
        """Process id, which is that of its group as well."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """True while it may still answer."""
        return self._process.poll() is None

    def send(self, request: Request) -> None:
        """Send a request. Raises CheckProcessEnded."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._find_end() from error

    def receive(self, seconds: float) -> Message:
        """Return the next message. Raises CheckProcessEnded after so many seconds, or if the process ended."""
        deadline = time.monotonic() + seconds
        while (end := self._buffer.find(b"\n")) < 0:
            self._read_more(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            return MESSAGES.validate_json(line)
        except ValidationError as error:
            self.kill("damaged")
            raise CheckProcessEnded("damaged") from error

    def kill(self, cause: Cause) -> None:
        """End the process group at once, for a cause that its reader then learns."""
        with self._lock:
            self._cause = self._cause or cause
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, and wait until it is gone."""
        self.kill("cancelled")
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    def _read_more(self, deadline: float) -> None:
        assert self._process.stdout is not None
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            self.kill("slow")
            raise self._find_end()
        data = os.read(self._process.stdout.fileno(), _CHUNK)
        if not data:
            raise self._find_end()
        self._buffer += data
        self._received += len(data)
        if len(self._buffer) > MAX_MESSAGE_BYTES + _CHUNK or self._received > MAX_REPLY_BYTES:
            self.kill("damaged")
            raise CheckProcessEnded("damaged")

    def _find_end(self) -> CheckProcessEnded | CheckFailed:
        """Wait for the end of the process and return its cause."""
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:  # it closed its output and goes on
            self.kill("damaged")
            code = self._process.wait()
        if self._cause:
            return CheckProcessEnded(self._cause)
        if code == OUT_OF_MEMORY:
            return CheckProcessEnded("memory")
        if -code in _CRASHES:
            return CheckProcessEnded("damaged")
        if -code == signal.SIGXCPU:
            return CheckProcessEnded("processor")
        if -code == signal.SIGXFSZ:
            return CheckProcessEnded("disk")
        if -code == signal.SIGKILL:  # by the kernel, which has run out of memory
            return CheckProcessEnded("memory")
        return CheckFailed(f"Its process ended with {code}.")


def _start_process(numbers: tuple[int, ...], is_preloaded: bool) -> subprocess.Popen[bytes]:
    module = "submissions.check_process.child"
    command = [sys.executable, "-P", "-m", module, str(os.getpid()), *map(str, numbers)]
    return subprocess.Popen(
        [*command, "preload"] if is_preloaded else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A group, not a session: with a session of its own, its priority would not count against ours.
        process_group=0,
        env=_make_environment(),
    )


def _make_environment() -> dict[str, str]:
    """Return the environment of a check process: no variable of ours, where secrets may be."""
    return {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)]),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TMPDIR": tempfile.gettempdir(),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@cache
def _starter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="check-starter")
