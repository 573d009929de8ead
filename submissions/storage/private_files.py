"""Modes of private files: readable by their owner only, whatever the umask."""

from __future__ import annotations

import logging
import os
import shlex
from pathlib import Path

PRIVATE_FILE, PRIVATE_DIR = 0o600, 0o700
PUBLIC_FILE, PUBLIC_DIR = 0o644, 0o755
_UMASK = 0o077
_GROUP, _OTHERS = 0o070, 0o007
_reported: set[Path] = set()
log = logging.getLogger(__name__)


def set_private_umask() -> None:
    """Have this process and its children create private files, also through libraries that set no mode."""
    os.umask(_UMASK)


def make_private_dir(folder: Path) -> None:
    """Create a private folder and its missing parents; warn of one that is there and that other users can enter."""
    if folder.is_dir():
        warn_if_exposed(folder)
    make_dirs(folder, PRIVATE_DIR)


def make_dirs(folder: Path, mode: int) -> None:
    """Create a folder and its missing parents with a mode, whatever the umask."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        try:
            one.mkdir(mode=PRIVATE_DIR)
        except FileExistsError:  # by another process, meanwhile
            continue
        if mode != PRIVATE_DIR:
            one.chmod(mode)
    if not folder.is_dir():
        folder.mkdir()  # raises what is wrong: a file, or a broken link


def warn_if_exposed(folder: Path) -> None:
    """Log once for each folder that its private files can be read by other users, and the command that changes it."""
    place = folder.absolute()
    if place not in _reported and is_exposed(place):
        _reported.add(place)
        log.warning(
            "Other users of this machine can enter %s, which has private files. Remove their access: chmod -R go= %s",
            place,
            shlex.quote(str(place)),
        )


def is_exposed(folder: Path) -> bool:
    """Return whether the group or others may enter an existing folder, through all folders above it."""
    try:
        modes = [one.stat().st_mode for one in (folder.absolute(), *folder.absolute().parents)]
    except OSError:  # missing, or not ours to see
        return False
    return any(modes[0] & who and all(mode & who & 0o011 for mode in modes[1:]) for who in (_GROUP, _OTHERS))
