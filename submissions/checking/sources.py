"""Safe reader of untrusted deliveries: a folder, a zip, or single files, as named files.

Files lie at the top, or all in one folder; nothing lies deeper than the track's payloads need. Links, devices and pipes
are never opened. A folder is walked by handles, not by paths, so that a name swapped for a link while we look is still
not followed.
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

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.folder_layout import select_data_files
from submissions.checking.formats.recognition import recognize_content
from submissions.checking.limits import MAX_ENTRIES
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.source_file import SourceFile, as_invalid_file, find_rejection, open_regular_file
from submissions.checking.watcher import CheckStep, CheckWatcher
from submissions.checking.zip_source import list_members
from submissions.errors import InvalidFile, NotFound
from submissions.records.check_report import Problem
from submissions.tracks.track import Track


@dataclass(frozen=True)
class SourceFiles:
    """A delivery: the potential data files, and the problems of the rest."""

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]


@contextmanager
def open_sources(
    sources: Sequence[Path], track: Track, watcher: CheckWatcher, budget: DeliveryBudget
) -> Iterator[SourceFiles]:
    """Yield the files of folders, zips and single files, usable inside the `with`. Raises NotFound."""
    files: list[SourceFile] = []
    listing = ProblemList("")
    refused = tuple(watcher.refused.values())
    with ExitStack() as stack:
        for index, source in enumerate(sources):
            if index in watcher.refused:
                continue
            watcher.begin(CheckStep(kind="source", index=index, name=escape_text(source.name)))
            try:
                files += select_data_files(_list_source(source, track, budget, stack), listing, track)
            except InvalidFile as unfit:
                listing.add_error(unfit.what, unfit.fix, file=escape_text(source.name))
        yield SourceFiles(tuple(files), (*refused, *listing.list_problems()))


def _list_source(source: Path, track: Track, budget: DeliveryBudget, stack: ExitStack) -> list[SourceFile]:
    """List the entries of a source. A link to a folder is followed: its caller chose it. Raises InvalidFile."""
    if source.is_dir():
        return list(_list_folder(source, None, "", track.folders + 1, budget, stack))
    if not os.path.lexists(source):
        raise NotFound(f"No file or folder {source}: check the name.")
    if source.suffix.lower() == ".zip":
        file = stack.enter_context(open_regular_file(source))
        if fault := recognize_content(file, magics=(b"PK\x03\x04",)):
            raise fault
        file.seek(0)
        return list_members(file, track.max_file_bytes, budget, stack)
    budget.count_entries(1)
    return [SourceFile(source.name, partial(open_regular_file, source))]


def _list_folder(
    folder: Path | str, parent: int | None, prefix: str, levels: int, budget: DeliveryBudget, stack: ExitStack
) -> Iterator[SourceFile]:
    """Yield the entries of a folder, and of folders in it down to so many levels."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if prefix else 0)
    with as_invalid_file():
        handle = os.open(folder, flags, dir_fd=parent)
    stack.callback(os.close, handle)
    with os.scandir(handle) as scan:
        found = sorted(itertools.islice(scan, MAX_ENTRIES + 1), key=lambda entry: entry.name)
    if len(found) > MAX_ENTRIES:
        raise InvalidFile(f"The folder has more than {MAX_ENTRIES:,} files.", "Remove files that are not data.")
    budget.count_entries(len(found))
    for entry in found:
        status = entry.stat(follow_symlinks=False)
        is_folder = stat.S_ISDIR(status.st_mode)
        fault = None if is_folder else find_rejection(status)
        yield SourceFile(prefix + entry.name, partial(open_regular_file, entry.name, handle), fault, is_folder)
        if is_folder and levels and not entry.name.startswith("."):
            yield from _list_folder(entry.name, handle, f"{prefix}{entry.name}/", levels - 1, budget, stack)
