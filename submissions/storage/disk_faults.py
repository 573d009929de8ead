"""Explains the operating system's errors of a disk: full, over quota, read-only, failing."""

from __future__ import annotations

import errno
import re

from submissions.errors import DiskFault

_RESULT = "Nothing was stored, and nothing is wrong with the data:"
_PERMISSION = f"The arena's folders may not be written. {_RESULT} the organiser has to correct their permissions."
_BUSY = f"Too many files are open on this machine. {_RESULT} try again in a minute."
_CAUSES = {
    errno.ENOSPC: f"The disk of this machine is full. {_RESULT} try again later.",
    errno.EDQUOT: f"The disk quota of this machine is used up. {_RESULT} try again later.",
    errno.EROFS: f"The disk of this machine is read-only. {_RESULT} the organiser has to make it writable.",
    errno.EIO: f"The disk of this machine reports an error. {_RESULT} the organiser has to look at the disk.",
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EMFILE: _BUSY,
    errno.ENFILE: _BUSY,
}
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors that end when there is space again."""


def explain_disk_fault(error: OSError) -> DiskFault | None:
    """Return the fault of the disk that an error reports; None for errors of another kind."""
    number = error.errno if error.errno is not None else _written_errno(str(error))
    if number not in _CAUSES:
        return None
    paths = [str(path) for path in (error.filename, error.filename2) if path is not None]
    return DiskFault(_CAUSES[number], " to ".join(paths) or str(error), is_full=number in FULL)


def _written_errno(message: str) -> int | None:
    """Return the error number in the text of a library's error (shutil, pyarrow), which has no field for it."""
    match = re.search(r"(?i)\[errno (\d+)\]", message)
    return int(match[1]) if match else None
