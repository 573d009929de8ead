"""Locks on a work folder: exclusive for one evaluator, shared between the shares of one run.

`flock` on files of the work folder, which ends with the process, even when it is killed. Across nodes it works on NFS
and on Lustre mounted with `flock`. A file is open for reading and writing, since NFS wants one for each kind of lock.
"""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from evaluator.runtime.stage_cache import remove_partial_files
from submissions.errors import EvaluatorError
from submissions.storage.private_files import make_private_dir

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def exclusive_lock(work: Path) -> Iterator[None]:
    """Lock the work folder for this process. Raises EvaluatorError if another evaluator, or a share, has it."""
    with _open_lock_file(work / ".lock") as lock:
        if not _try_lock(lock, fcntl.LOCK_EX):
            raise EvaluatorError(f"Another evaluator uses {work}: wait for it, or stop it first.")
        remove_partial_files(work / "stages")
        yield


@contextmanager
def shared_lock(work: Path, run: str, name: str) -> Iterator[None]:
    """Lock one part of a run, beside its other parts. Raises EvaluatorError if anything else uses the folder.

    The parts of one run have nothing in common; what two runs would do at once may be the same.
    """
    with _open_lock_file(work / ".lock") as folder, _open_lock_file(work / "shares" / run / f"{name}.lock") as part:
        if not _try_lock(folder, fcntl.LOCK_SH):
            raise EvaluatorError(f"An evaluator uses {work} exclusively: wait for it, or stop it first.")
        if not _try_lock(part, fcntl.LOCK_EX):
            raise EvaluatorError(f"Share {name} of {run} already runs in {work}.")
        for other in sorted(
            (work / "shares").glob("*/*.lock")
        ):  # after its own lock: of two runs at least one sees the other
            if other.parent.name != run and not _is_unlocked(other):
                raise EvaluatorError(f"Shares of {other.parent.name} run in {work}: wait for them.")
        yield


@contextmanager
def blocking_lock(file: Path) -> Iterator[None]:
    """Wait until no other process has a lock on the same file, then lock it."""
    with _open_lock_file(file) as lock:
        _lock_file(lock, fcntl.LOCK_EX)
        yield


def _open_lock_file(file: Path) -> IO[str]:
    make_private_dir(file.parent)
    return file.open("a+")


def _is_unlocked(file: Path) -> bool:
    with _open_lock_file(file) as lock:
        return _try_lock(lock, fcntl.LOCK_EX)


def _try_lock(lock: IO[str], kind: int) -> bool:
    try:
        _lock_file(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(lock: IO[str], kind: int) -> None:
    try:
        fcntl.flock(lock, kind)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise EvaluatorError(
                "The file system of the work folder has no locks, without which two evaluators could do the same work.",
                f"Mount it with locks (Lustre: -o flock), or name another folder with --work: {lock.name}.",
            ) from error
        raise
