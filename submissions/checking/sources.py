"""Safe reading of what a stranger delivers: a folder, a zip, or single files, as named files that can be opened.

Files lie at the top, or all in one folder; nothing lies deeper. Links, devices and pipes are never opened. A folder is
walked by handles, not by paths, so that a name swapped for a link while we look is still not followed.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from submissions.checking.folder_layout import settled
from submissions.checking.limits import MOST_ENTRIES
from submissions.checking.problem_list import Listing, shown
from submissions.checking.source_file import Entry, opened, refusing, unfit
from submissions.checking.zip_source import archived
from submissions.errors import NotFound, Unfit
from submissions.records.check_report import Problem
from submissions.tracks.track import Track


@dataclass(frozen=True)
class Gathered:
    """What was delivered: the files that may be data, and what is wrong with the rest."""

    files: tuple[Entry, ...]
    problems: tuple[Problem, ...]


@contextmanager
def gathered(sources: Sequence[Path], track: Track) -> Iterator[Gathered]:
    """The files of folders, zips and single files; they can be opened inside the `with`. Raises NotFound."""
    files: list[Entry] = []
    listing = Listing("")
    with ExitStack() as stack:
        for source in sources:
            try:
                files += settled(_entries(source, track, stack), listing)
            except Unfit as unfit:
                listing.error(unfit.what, unfit.fix, file=shown(source.name))
        yield Gathered(tuple(files), tuple(listing.problems()))


def _entries(source: Path, track: Track, stack: ExitStack) -> list[Entry]:
    """What lies in a source. A folder that is named by a link is followed: its caller chose it. Raises Unfit."""
    if source.is_dir():
        return list(_in_folder(source, None, "", stack))
    if not os.path.lexists(source):
        raise NotFound(f"No file or folder {source}: check the name.")
    if source.suffix.lower() == ".zip":
        return archived(stack.enter_context(opened(source)), track, stack)
    return [Entry(source.name, partial(opened, source))]


def _in_folder(folder: Path | str, parent: int | None, prefix: str, stack: ExitStack) -> Iterator[Entry]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if prefix else 0)
    with refusing():
        handle = os.open(folder, flags, dir_fd=parent)
    stack.callback(os.close, handle)
    with os.scandir(handle) as scan:
        found = sorted(itertools.islice(scan, MOST_ENTRIES + 1), key=lambda entry: entry.name)
    if len(found) > MOST_ENTRIES:
        raise Unfit(f"The folder holds more than {MOST_ENTRIES:,} files.", "Leave out what is no data.")
    for entry in found:
        status = entry.stat(follow_symlinks=False)
        is_folder = stat.S_ISDIR(status.st_mode)
        fault = None if is_folder else unfit(status)
        yield Entry(prefix + entry.name, partial(opened, entry.name, handle), fault, is_folder)
        if is_folder and not prefix and not entry.name.startswith("."):
            yield from _in_folder(entry.name, handle, f"{entry.name}/", stack)
