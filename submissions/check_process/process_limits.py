"""Limits that a check process sets on itself before it reads anything of a stranger's."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from submissions.checking import limits

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_MAX_OPEN_FILES = 4096
"""Each folder and zip of a delivery stays open while it is read."""
_WRITE_SLACK = 2**20
_SHARED_BYTES = 2**30
"""Address space of libraries and files, which is not counted as memory."""


def apply_limits(parent: int, max_memory_bytes: int, niceness: int) -> None:
    """Limit memory, file size, processor time and priority of this process, which ends with its parent."""
    end_with_parent(parent)
    _limit_resource(resource.RLIMIT_CORE, 0)
    _limit_resource(resource.RLIMIT_DATA, max_memory_bytes)
    _limit_resource(resource.RLIMIT_AS, max_memory_bytes + _SHARED_BYTES)
    _limit_resource(resource.RLIMIT_FSIZE, limits.MAX_FILE_BYTES + _WRITE_SLACK)
    _limit_resource(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit_resource(resource.RLIMIT_CPU, int(limits.CHECK_SECONDS))
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    _prefer_for_memory_kill()


def limit_next_file(seconds: int) -> None:
    """Allow the next file some processor time, within that of the process; more ends the process by SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _limit_resource(kind: int, most: int) -> None:
    """Lower a limit; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def end_with_parent(parent: int) -> None:
    """Let the kernel end this process with the thread that started it, and gain no rights by any program."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)


def _prefer_for_memory_kill() -> None:
    """Let the kernel, when memory runs out, end this process before others."""
    with suppress(OSError):  # no such file in some sandboxes
        Path("/proc/self/oom_score_adj").write_text("1000")
