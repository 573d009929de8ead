"""Records of curation, and a JSON lines reader that reports every fault at once."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from submissions.records.base import Record, Sha256, TaskId
from submissions.records.check_report import Problem
from submissions.records.language_tags import canonicalize_tag
from submissions.records.task import Kind, Metadata
from submissions.tracks import TRACKS

R = TypeVar("R", bound=Record)
DEFAULT_TRACK = next(iter(TRACKS))
"""Track of a task that names none."""
Text = Annotated[str, Field(pattern=r"\S")]
"""Text that is not empty and not only white space."""

_FIXES = {
    "missing": "Add the field.",
    "extra_forbidden": "Remove the field.",
    "json_invalid": "Write one JSON object on each line, in UTF-8.",
    "string_pattern_mismatch": "Write a value of that form.",
}


class FlatTask(Record):
    """One line of the flat layout's tasks.jsonl: a task with its metadata and origin."""

    id: TaskId
    track: str = Field(default=DEFAULT_TRACK, exclude_if=lambda name: name == DEFAULT_TRACK)
    title: Text
    category: str
    kind: Kind
    language: Annotated[str, AfterValidator(canonicalize_tag)]
    """BCP 47 tag of the outputs; any valid form is read, the canonical one is stored."""
    subsets: Annotated[tuple[Text, ...], Field(min_length=1)] = ("full",)
    demand: Text
    metadata: Metadata | None = Field(default=None, exclude_if=lambda metadata: metadata is None)
    """Description of the data set; a task whose reference is rows needs one."""
    source: Text
    """Source of the rows."""
    licence: Text

    @field_validator("track")
    @classmethod
    def _check_track(cls, name: str) -> str:
        if name not in TRACKS:
            raise ValueError(f"there is no track {name[:80]!r}; there are: {', '.join(TRACKS)}")
        return name

    @field_validator("kind")
    @classmethod
    def _check_group(cls, kind: str, info: ValidationInfo) -> str:
        groups = [group.key for group in TRACKS[info.data["track"]].groups] if "track" in info.data else []
        if groups and kind not in groups:
            raise ValueError(f"{kind!r} is not one of {', '.join(groups)}")
        return kind


class Checksums(Record):
    """Files written by an import: checksums.json."""

    split: str
    """The rule that made the halves, for example `hash-split@2`."""
    files: dict[str, Sha256]
    """Path to digest, sorted by path; anchors measured later are not listed."""


def make_error(file: str, line: int | None, what: str, fix: str) -> Problem:
    """Build a problem that stops the work."""
    return Problem(level="error", file=file, line=line, what=what, fix=fix)


def make_warning(file: str, what: str, fix: str) -> Problem:
    """Build a problem that does not stop the work."""
    return Problem(level="warning", file=file, what=what, fix=fix)


def parse_record(content: bytes, kind: type[R], file: str, line: int | None = None) -> R | list[Problem]:
    """Parse a record; return all of its problems if it is invalid."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as invalid:
        return list_faults(invalid, file, line)


def list_faults(invalid: ValidationError, file: str, line: int | None = None, entry: str = "") -> list[Problem]:
    """List all schema violations of a record; `entry` identifies it in a file not read line by line."""
    return [
        make_error(
            file,
            line,
            f"{entry}{'.'.join(map(str, fault['loc'])) or 'the line'}: {fault['msg']}.",
            _FIXES.get(fault["type"], "Correct the value."),
        )
        for fault in invalid.errors(include_url=False, include_input=False)
    ]


def parse_lines(content: bytes, kind: type[R], file: str, problems: list[Problem]) -> dict[int, R]:
    """Return records by line number, counted from 1; add errors to `problems`."""
    records: dict[int, R] = {}
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    for number, line in enumerate(lines, 1):
        parsed = parse_record(line, kind, file, number)
        if isinstance(parsed, list):
            problems += parsed
        else:
            records[number] = parsed
    if not lines:
        problems.append(make_error(file, None, "The file is empty.", "Write one JSON object on each line."))
    return records
