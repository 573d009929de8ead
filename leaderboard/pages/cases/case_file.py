"""A written case: a Markdown file with front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

import yaml
from markupsafe import Markup
from pydantic import Field, ValidationError, model_validator

from leaderboard.pages.cases.markdown import UnsafeMarkdown, render_markdown
from submissions.errors import OurError
from submissions.records.base import Name, Record, TaskId, Ulid
from submissions.records.submission import SystemType
from submissions.records.task import Row

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
MAX_BYTES = 200_000
Line = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")]
Language = Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")]
"""BCP 47 tag, by which browsers choose fonts and line breaks; empty if unknown."""


class InvalidCase(OurError):
    """A case file that cannot be shown. The message names the location and the fix."""


class CaseSource(Record):
    """Publication of a case's figures."""

    name: Line
    url: str = Field(max_length=500, pattern=r"^https?://\S+$")
    where: Line
    """Table, figure or section."""


class CaseDelivery(Record):
    """One system's delivery elsewhere, in the organiser's words."""

    system: Name
    system_type: SystemType | None = None
    """None for the real data set."""
    team: Name | None = None
    score: float | None = Field(default=None, ge=0, le=1)
    interval: tuple[float, float] | None = None
    what: Annotated[str, Field(min_length=1, max_length=2000)]
    samples: tuple[Row, ...] = Field(default=(), max_length=5)
    language: Language = ""
    """Language of the samples."""


class CaseFrontMatter(Record):
    """Front matter of a case file."""

    title: Line
    summary: Line
    date: date
    author: str = Field(default="", max_length=200)
    task: TaskId | None = None
    """A task of the benchmark, whose demand and scores the case shows."""
    protocol: str = Field(default="", pattern=r"^([a-z0-9_-]+@[0-9]+)?$")
    """Empty for the site's first protocol."""
    systems: tuple[Ulid, ...] = Field(default=(), max_length=6)
    """Submissions to compare; if empty, the best of each type on the task."""
    demand: str = Field(default="", max_length=8000)
    """Set only if the task is not in the benchmark."""
    language: Language = ""
    """Language of that demand."""
    metric: str = Field(default="", max_length=100)
    """Metric of the scores in `delivered`."""
    source: CaseSource | None = None
    delivered: tuple[CaseDelivery, ...] = Field(default=(), max_length=6)

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if bool(self.task) == bool(self.demand):
            raise ValueError("set either `task`, a task of the benchmark, or `demand`, the text of another demand")
        if self.systems and not self.task:
            raise ValueError("`systems` requires a `task` of the benchmark: set `task`")
        if self.delivered and not self.source:
            raise ValueError("`delivered` contains external figures: set their `source`")
        return self


@dataclass(frozen=True)
class CaseFile:
    """A parsed case."""

    slug: str
    front: CaseFrontMatter
    account: Markup
    """The text below the front matter, as safe HTML."""


def slug_of_path(path: str) -> str:
    """Return the case's URL slug, its file's name. Raises InvalidCase."""
    name = path.rpartition("/")[2]
    slug = name.removesuffix(".md")
    if not _SLUG.fullmatch(slug):
        raise InvalidCase(
            f"{name[:120]}: a case file name has only lowercase letters, digits and hyphens, then .md: rename it."
        )
    return slug


def read_case(path: str, content: bytes) -> CaseFile:
    """Parse a case file. Raises InvalidCase."""
    slug = slug_of_path(path)
    name = f"{slug}.md"
    if len(content) > MAX_BYTES:
        raise InvalidCase(f"{name}: {len(content)} bytes exceed the limit of {MAX_BYTES} for a case: shorten it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidCase(f"{name}: byte {error.start} is not UTF-8: save the file as UTF-8.") from error
    found = _FRONT.match(text)
    if not found:
        raise InvalidCase(f"{name}: line 1: front matter is missing: begin with a line `---`, and end it with another.")
    front = _parse_front_matter(name, found[1])
    try:
        account = render_markdown(text[found.end() :], first_line=text[: found.end()].count("\n") + 1)
    except UnsafeMarkdown as error:
        raise InvalidCase(f"{name}: {error}") from error
    if not account.strip():
        raise InvalidCase(f"{name}: no text below the front matter: explain the scores there.")
    return CaseFile(slug, front, account)


def _parse_front_matter(name: str, text: str) -> CaseFrontMatter:
    try:
        fields: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 2}" if error.problem_mark else "front matter"
        raise InvalidCase(f"{name}: {line}: the front matter is not YAML: {error.problem or error.context}.") from error
    except yaml.YAMLError as error:
        raise InvalidCase(f"{name}: the front matter is not YAML: {' '.join(str(error).split())}.") from error
    try:
        return CaseFrontMatter.model_validate(fields)
    except ValidationError as error:
        faults = "; ".join(_describe_fault(fault["loc"], fault["msg"]) for fault in error.errors()[:5])
        raise InvalidCase(f"{name}: {faults}. docs/organiser-reference.md lists the fields.") from error


def _describe_fault(place: tuple[int | str, ...], what: str) -> str:
    return f"{'.'.join(map(str, place)) or 'the front matter'}: {what.removeprefix('Value error, ')}"
