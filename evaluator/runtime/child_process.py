"""Child process that answers JSON messages over a Unix socket, and dies with its parent.

Trainer and engine run in children: their imports never enter the parent, a crash becomes an error message with
the end of the log, and one signal ends the whole group.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Self

from evaluator.errors import FAILURES, ChildFailed, Hung
from evaluator.runtime.child_environment import filter_environment
from evaluator.runtime.log_tail import public_tail
from submissions.storage.private_files import PRIVATE_DIR, make_dirs

_ADDRESS = "ARENA_CHILD_ADDRESS"
_KEY = "ARENA_CHILD_KEY"
_TAIL_LINES = 25
_NO_MEMORY = ("can't allocate memory", "CUDA Error: out of memory")
"""Out-of-memory messages without their own exception class.

They are torch's for RAM, and vLLM's for waking a sleeping engine without enough memory.
"""


class ChildExited(Exception):  # not yet a failure: its reader decides which
    """The child could not receive a message because it has exited."""


class ChildProcess:
    """One child process group, with an environment without secrets. Use it as a context manager."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str], start_seconds: float):
        self.name = name
        self.log = log
        self._folder = Path(tempfile.mkdtemp(prefix="arena-"))
        key = secrets.token_hex(16)
        listener = Listener(str(self._folder / "socket"), "AF_UNIX", authkey=key.encode())
        make_dirs(log.parent, PRIVATE_DIR)
        with log.open("ab") as out:
            self._logged = out.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**filter_environment(os.environ), **env, _ADDRESS: str(self._folder / "socket"), _KEY: key},
            )
        self._connection: Connection | None = None
        try:
            with listener:
                self._connection = self._accept(listener, time.monotonic() + start_seconds)
        except BaseException:
            self.close()
            raise

    def send(self, message: Mapping[str, Any], seconds: float | None = None, *, read: bool = True) -> None:
        """Send the child a message. Raises ChildFailed if it is gone, Hung if it does not read for that long.

        If the child is gone, reads the cause of its death; without `read`, for callers with another reader, raises
        ChildExited.
        """
        assert self._connection is not None
        if seconds is not None:
            with socket.socket(fileno=os.dup(self.fileno())) as same:
                whole = int(seconds)
                limit = struct.pack("@ll", whole, int((seconds - whole) * 1e6))
                same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        try:
            self._connection.send_bytes(json.dumps(message).encode())
        except BlockingIOError as error:
            raise self.timeout_error(seconds or 0) from error
        except (BrokenPipeError, ConnectionError) as error:
            if not read:
                raise ChildExited from error
            self.receive(0)  # its last report, if it had time to send one
            raise self._build_error("went away") from error

    def fileno(self) -> int:
        """File descriptor, readable once the child sends a message or dies, to wait for several children."""
        assert self._connection is not None
        return self._connection.fileno()

    def timeout_error(self, seconds: float) -> ChildFailed:
        """Build the error for a child that was silent for that long."""
        return self._build_error(f"was silent for {seconds:g} s", Hung)

    def receive(self, seconds: float) -> dict[str, Any]:
        """Receive the child's next message. Raises ChildFailed if it dies or reports a failure, Hung if silent."""
        assert self._connection is not None
        try:
            if not self._connection.poll(seconds):
                raise self.timeout_error(seconds)
            message: dict[str, Any] = json.loads(self._connection.recv_bytes())
        except (EOFError, ConnectionError) as error:
            raise self._build_error("went away") from error
        except ValueError as error:
            raise self._build_error("sent an unreadable message") from error
        if "failed" in message:
            raise self._build_error(f"failed: {message['said']}", FAILURES[message["failed"]])
        return message

    def close(self) -> None:
        """End the whole process group, first gently, then by force."""
        if self._connection is not None:
            self._connection.close()
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 30.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _accept(self, listener: Listener, deadline: float) -> Connection:
        accepting = listener._listener._socket  # type: ignore[attr-defined]  # the only way to give accept a time limit
        accepting.settimeout(0.2)
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise self._build_error(f"ended with {self._process.returncode} before it was ready")
            with contextlib.suppress(TimeoutError):
                return listener.accept()
        raise self._build_error("was not ready in time")

    def _build_error(self, what: str, kind: type[ChildFailed] = ChildFailed) -> ChildFailed:
        log = self.log.read_bytes() if self.log.exists() else b""
        lines = log.decode(errors="replace").splitlines()[-_TAIL_LINES:]
        tail = "\n".join(f"  | {line[:400]}" for line in lines)
        detail = f"Its log is {self.log}; its last lines:\n{tail}"
        return kind(f"The {self.name} {what}.", detail, public_tail(log[self._logged :]))


def error_name(error: BaseException) -> str | None:
    """Name of an error in errors.FAILURES; None for any other."""
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "OutOfMemory"):
        return "out_of_memory"  # torch's is no MemoryError, and this module knows no torch
    if isinstance(error, RuntimeError) and any(said in str(error) for said in _NO_MEMORY):
        return "out_of_memory"
    return "disk_full" if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) else None


class ParentConnection:
    """The child's side of the connection."""

    def __init__(self) -> None:
        self._connection = Client(os.environ[_ADDRESS], "AF_UNIX", authkey=os.environ[_KEY].encode())

    def send(self, message: Mapping[str, Any]) -> None:
        self._connection.send_bytes(json.dumps(message).encode())

    def receive(self) -> dict[str, Any] | None:
        """Receive the parent's next message; None after the parent's exit."""
        try:
            message: dict[str, Any] = json.loads(self._connection.recv_bytes())
        except (EOFError, ConnectionError):
            return None
        return message


def child_folder() -> Path:
    """Return this child's private folder (mode 0700), which its parent removes after the child's end."""
    return Path(os.environ[_ADDRESS]).parent


def die_with_parent(parent: int | None = None) -> None:
    """Have Linux kill this process when the thread that started it ends, even by SIGKILL.

    `parent` is the process that started it, which in a container may be the first; else that one means it is gone.
    """
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent if parent else os.getppid() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
