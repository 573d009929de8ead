"""Self-reported figures of a team's system, not run here: an organiser writes them, no evaluator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import Field, ValidationError, ValidationInfo, model_validator

from submissions.errors import CorruptRecord
from submissions.names.look_alikes import are_alike
from submissions.records.base import Key, Name, Record
from submissions.records.result import Method
from submissions.records.submission import SystemType

Figure = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
"""Figure in the boards' unit for the protocol: a gain, or percent of the reference score under paper@…."""


class SelfReported(Record):
    """One system's figures under one protocol, method and subset."""

    system: Name
    team: Name
    system_type: SystemType
    protocol: str = Field(pattern=r"^[a-z0-9_-]{1,40}@[0-9]{1,6}$")
    method: Method
    subset: str = Field(default="full", max_length=40)
    overall: Figure | None = None
    groups: dict[Key, Figure] = Field(default={})
    """Figure of each group of tasks; a file may name the groups beside `overall` instead."""
    url: str = Field(max_length=500, pattern=r"^https?://\S+$")
    """Page with the team's report."""
    date: date
    """Date of the team's report."""

    @model_validator(mode="before")
    @classmethod
    def _collect_groups(cls, value: object, info: ValidationInfo) -> object:
        """Move the track's groups that stand beside `overall` into `groups`."""
        if not isinstance(value, dict):
            return value
        names = (info.context or {}).get("groups", value.keys())
        beside = {name: value[name] for name in value.keys() - cls.model_fields.keys() if name in names}
        fields = {name: value[name] for name in value if name not in beside}
        figures = {name: figure for name, figure in beside.items() if figure is not None}
        return {**fields, "groups": {**fields.get("groups", {}), **figures}} if beside else fields

    @model_validator(mode="after")
    def _says_something(self, info: ValidationInfo) -> Self:
        names = (info.context or {}).get("groups", self.groups)
        if unknown := [name for name in self.groups if name not in names]:
            raise ValueError(
                f"{self.system!r} reports {unknown[0]!r}; the track has: {', '.join(names) or 'no groups'}"
            )
        if self.overall is None and not self.groups:
            raise ValueError(f"{self.system!r} reports no figure: {', '.join(('overall', *names))}")
        return self


class SelfReports(Record):
    """File of one track."""

    rows: tuple[SelfReported, ...]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        seen: dict[tuple[str, str, str], list[SelfReported]] = {}
        for row in self.rows:
            view = (row.protocol, row.method, row.subset)
            for other in (others := seen.setdefault(view, [])):
                if are_alike(row.team, other.team) and are_alike(row.system, other.system):
                    spelled = (
                        ""
                        if (row.team, row.system) == (other.team, other.system)
                        else (f", spelled {other.team} · {other.system} before")
                    )
                    raise ValueError(
                        f"{' · '.join((row.team, row.system, *view))} occurs twice{spelled}: keep the newer row"
                    )
            others.append(row)
        return self


def reports_path(track: str) -> str:
    """Return the path of a track's file in the results."""
    return f"self_reported/{track}.json"


def read_reports(name: str, content: bytes, groups: Sequence[str]) -> SelfReports:
    """Parse a file's content, for a track with these groups of tasks. Raises CorruptRecord with the first fault."""
    try:
        return SelfReports.model_validate_json(content, context={"groups": tuple(groups)})
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise CorruptRecord(
            f"{name}: {field}: {fault['msg']}. docs/organiser-reference.md lists the fields."
        ) from error
