"""Names of untrusted files: accepted or ignored."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from submissions.checking.formats import READERS
from submissions.checking.problem_list import quote_text
from submissions.errors import InvalidFile
from submissions.names.look_alikes import describe_look_alikes

_ENDINGS = ", ".join(f".{ending}" for ending in READERS)
_TAKEN = re.compile(rf"([A-Za-z0-9][A-Za-z0-9._-]*)\.({'|'.join(READERS)})", re.ASCII)
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.ASCII | re.IGNORECASE)
_PASSED_OVER = re.compile(r"readme(\..*)?|licen[cs]e(\..*)?|.*\.md|thumbs\.db|desktop\.ini", re.IGNORECASE)
COPY_MARK = re.compile(
    r"^copy( \(?\d{1,3}\)?)? of |( ?\(\d{1,3}\)| - copy( ?\(\d{1,3}\))?| copy( ?\(?\d{1,3}\)?)?| \(copy( \d{1,3})?\))$",
    re.IGNORECASE,
)
"""Marks that browsers and file managers add to the name of a second copy, without its ending."""
_MAX_NAME_LENGTH = 128
"""Longest file name: a task id of 120 characters and the longest ending."""
MAX_HINTS = 50
"""Limit of hints in one delivery."""


@dataclass(frozen=True)
class DataName:
    """Task and format in a data file's name."""

    task: str
    ending: str


def parse_data_name(name: str) -> DataName:
    """Return the task and format in a file name. Raises InvalidFile."""
    match = _TAKEN.fullmatch(name)
    if match is None:
        raise _explain_invalid_name(name)
    _check_portable(name, match[1], "jsonl")
    return DataName(task=match[1], ending=match[2])


def parse_task_name(name: str, ending: str) -> str:
    """Return the task in a file name `<task id>.<ending>`. Raises InvalidFile."""
    match = _STEM.fullmatch(name.removesuffix(f".{ending}"))
    if match is None or not name.endswith(f".{ending}"):
        raise InvalidFile(
            f"The file name is not <task id>.{ending}.", "Rename the file; remove files that are no data."
        )
    _check_portable(name, match[0], ending)
    return match[0]


def _check_portable(name: str, stem: str, ending: str) -> None:
    """Require a name that every system can store. Raises InvalidFile."""
    fix = f"Name it <task id>.{ending} with an id of the task list."
    if len(name) > _MAX_NAME_LENGTH:
        raise InvalidFile(f"The file name has {len(name)} characters.", fix)
    if _DEVICE.fullmatch(stem):
        raise InvalidFile(f"{stem} is the name of a device on Windows.", fix)


def has_data_suffix(name: str) -> bool:
    """Return whether a name has the ending of a data file."""
    return name.rpartition(".")[2].lower() in READERS


def is_ignored(name: str) -> bool:
    """Return whether a file is documentation or a file manager's, and no data."""
    return name.startswith(".") or _PASSED_OVER.fullmatch(name) is not None


class UnknownTaskHints:
    """Explains unknown task ids of one delivery; the first few errors name the closest known id."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._hints_left = MAX_HINTS

    def make_error(self, task: str) -> InvalidFile:
        hint = "Rename the file to an id of the task list"
        if self._hints_left:  # the search for the closest id takes milliseconds, and a submission may have 10,000 files
            self._hints_left -= 1
            if close := difflib.get_close_matches(task[:_MAX_NAME_LENGTH], self._known, n=1):
                hint = f"Did you mean {close[0]}? Rename the file"
        return InvalidFile(f"There is no task {quote_text(task)}.", f"{hint}, or leave it out.")


def _explain_invalid_name(name: str) -> InvalidFile:
    if not name.isascii():
        return InvalidFile(
            "The file name has other characters than letters, digits, dot, hyphen and underscore: "
            f"{describe_look_alikes(name)}.",
            "Name it <task id>.jsonl with an id of the task list; `fix` does, where one id looks the same.",
        )
    if name != name.strip():
        return InvalidFile("The file name begins or ends with a blank.", "Remove the blank; `fix` does.")
    if not has_data_suffix(name):
        return InvalidFile("This is not a data file.", f"Deliver files that end in {_ENDINGS}; remove others.")
    if _TAKEN.fullmatch(f"{name.rpartition('.')[0]}.jsonl"):
        return InvalidFile("The ending is not in lower case.", f"Use one of {_ENDINGS}.")
    if COPY_MARK.search(name.rpartition(".")[0]):
        return InvalidFile("The file name is marked as a copy.", "Name it <task id>.jsonl; `fix` does.")
    return InvalidFile(
        "The file name has other characters than letters, digits, dot, hyphen and underscore.",
        "Name it <task id>.jsonl with an id of the task list.",
    )
