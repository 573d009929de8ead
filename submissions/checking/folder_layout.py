"""Allowed layout of a folder or zip: data files at the top, or all in one folder.

Nothing lies deeper, but for the folders in the names of a track's payloads, for example one for each task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from submissions.checking.file_names import has_data_suffix, is_ignored
from submissions.checking.problem_list import ProblemList, escape_text
from submissions.checking.source_file import SourceFile
from submissions.tracks.track import Track

_PATH_FIX = "Make the zip from inside the folder of your files, so that it contains plain names."
_FOLDER_FIX = "Put all files at the top, or all in one folder."
_NAMED_FOLDER_FIX = "Use no other folders than those that the names of this track's files have."
_DRIVE = re.compile(r"[A-Za-z]:")


def select_data_files(entries: Sequence[SourceFile], listing: ProblemList, track: Track) -> list[SourceFile]:
    """Return the entries that may be data files, with their names; the rest is listed, or skipped with one warning."""
    kept: list[SourceFile] = []
    skipped: list[str] = []
    for entry in entries:
        if (fault := _find_path_fault(entry.path)) is not None:
            listing.add_error(fault, _PATH_FIX, file=escape_text(entry.path))
        elif _is_hidden(entry):
            skipped.append(entry.path)
        elif entry.folder:
            _report_folder(entry, listing, track.folders)
        elif entry.unfit is not None:
            listing.add_error(entry.unfit.what, entry.unfit.fix, file=escape_text(entry.path))
        elif is_ignored(_path_parts(entry)[-1]) and len(_path_parts(entry)) <= 2 + track.folders:
            skipped.append(entry.path)
        else:
            kept.append(entry)
    if skipped:
        names = ", ".join(escape_text(path, 40) for path in skipped[:5]) + (", …" if len(skipped) > 5 else "")
        listing.add_warning(f"{len(skipped):,} file(s) are not data files and were ignored: {names}.", "Nothing to do.")
    if track.folders:
        return list(_check_named_folders(kept, listing, track))
    return [replace(entry, name=_path_parts(entry)[-1]) for entry in _check_depth(kept, listing)]


def _check_named_folders(entries: list[SourceFile], listing: ProblemList, track: Track) -> Iterator[SourceFile]:
    """Yield entries whose names may have folders, without a folder that is around all of them and names nothing."""
    tops = {_path_parts(entry)[0] if len(_path_parts(entry)) > 1 else "" for entry in entries}
    has_claimed = any(track.claims_name("/".join(_path_parts(entry))) for entry in entries)
    skipped = 1 if len(tops) == 1 and "" not in tops and not has_claimed else 0
    for entry in entries:
        parts = _path_parts(entry)[skipped:]
        if len(parts) > track.folders + 1:
            listing.add_error("The file is in a nested folder.", _NAMED_FOLDER_FIX, file=escape_text(entry.path))
        else:
            yield replace(entry, name="/".join(parts))


def _check_depth(entries: list[SourceFile], listing: ProblemList) -> Iterator[SourceFile]:
    tops = {
        _path_parts(entry)[0] if len(_path_parts(entry)) > 1 else ""
        for entry in entries
        if len(_path_parts(entry)) <= 2
    }
    for entry in entries:
        parts = _path_parts(entry)
        like_data = next((part for part in parts[:-1] if has_data_suffix(part)), None)
        if like_data is not None:
            listing.add_error(
                f"{escape_text(like_data)} is a folder, not a file.", _FOLDER_FIX, file=escape_text(entry.path)
            )
        elif len(parts) > 2:
            listing.add_error("The file is in a nested folder.", _FOLDER_FIX, file=escape_text(entry.path))
        elif len(parts) == 2 and len(tops) > 1:
            listing.add_error(
                "Some files are in this folder, others elsewhere.", _FOLDER_FIX, file=escape_text(entry.path)
            )
        else:
            yield entry


def _find_path_fault(path: str) -> str | None:
    if "\\" in path:
        return "The path has a backslash."
    if path.startswith("/") or _DRIVE.match(path):
        return "The path is absolute."
    if "\0" in path or any(part in ("", ".", "..") for part in _split_path(path)):
        return "The path leaves its folder, or is not plain."
    return None


def _report_folder(entry: SourceFile, listing: ProblemList, folders: int) -> None:
    parts = _path_parts(entry)
    if has_data_suffix(parts[-1]):
        listing.add_error("It is a folder, not a file.", _FOLDER_FIX, file=escape_text(entry.path))
    elif len(parts) > 1 + folders:
        listing.add_error("It is a nested folder.", _FOLDER_FIX, file=escape_text(entry.path))


def _is_hidden(entry: SourceFile) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in _path_parts(entry))


def _path_parts(entry: SourceFile) -> list[str]:
    return _split_path(entry.path)


def _split_path(path: str) -> list[str]:
    return path.removeprefix("./").removesuffix("/").split("/")
