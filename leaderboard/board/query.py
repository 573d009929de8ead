"""A board's view as chosen by its URL, and the URLs of other views."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Self
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, create_model

from leaderboard.data.published.publication_dates import parse_day
from leaderboard.data.task_filter import TaskFilter
from submissions.errors import NotFound
from submissions.tracks import get_track

NAMES: Mapping[str, tuple[str, ...]] = {"badge": ("evaluated", "published", "self-reported"), "best": ("team",)}
"""Values of every board."""
FILTERS = ("q", "system_type", "kind", "category", "language", "badge", "best", "asof")
"""Parameters set by the form above the board."""
LISTS = ("columns", "pin")
"""Parameters with several comma-separated names, or the same name repeated, as check boxes send it."""
MAX_PINS = 5


class BoardQuery(BaseModel):
    """One view of a board; `query_class` has the defaults of a track. The default view's URL has no query."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = Field(default="", description="How the data was used; by default the method that ranks.")
    subset: str = Field(default="", description="Subset of the benchmark's tasks; by default all.")
    protocol: str = Field(
        default="", description="Evaluation protocol, for example `arena@1`; by default the site's default."
    )
    sort: str = Field(default="", description="A column; a leading `-` sorts in descending order.")
    """A column; with a leading `-` in descending order. Empty for the best headline figure first."""
    q: str = Field(default="", description="Part of the name.")
    """Part of a system's or team's name, case-insensitive."""
    system_type: str = Field(default="", description="Only systems of this type.")
    badge: str = Field(default="", description="Only rows with this badge.")
    best: str = Field(default="", description="The best row of each team.")
    """`team`, or empty for all rows."""
    kind: str = Field(default="", description="Only this kind of task.")
    category: str = Field(default="", description="Only this category.")
    language: str = Field(default="", description="Only this language, for example `en`.")
    columns: str = Field(
        default="", description="Comma-separated names of columns; identifying columns are always included."
    )
    """Comma-separated names; empty for the board's default columns."""
    pin: str = Field(default="", description="Comma-separated `key` values of up to five rows, which are listed first.")
    asof: str = Field(default="", description="A day, YYYY-MM-DD: only results published by the end of it (UTC).")
    """Last day (YYYY-MM-DD, UTC) whose results count; empty for today."""

    @classmethod
    def from_query(
        cls,
        query: Mapping[str, str],
        *,
        protocols: tuple[str, ...],
        columns: Collection[str],
        shown: tuple[str, ...] = (),
        content: Mapping[str, tuple[str, ...]] | None = None,
        keys: Collection[str] = (),
    ) -> Self:
        """Parse a query; missing or empty values take the defaults. Raises NotFound.

        `columns` are sortable and `shown` are selectable; `content` lists the values of every other parameter that is
        limited to some; `keys` are the keys of all pinnable rows.
        """
        given = {name: query[name].strip() for name in cls.model_fields if query.get(name)}
        for name in LISTS:
            given[name] = ",".join(dict.fromkeys(part for part in given.get(name, "").split(",") if part))
        choice = cls(**given)
        choice = choice.with_changes(
            protocol=choice.protocol or protocols[0], asof=choice.asof and parse_day(choice.asof)
        )
        names = {**NAMES, "category": (), "language": (), **(content or {}), "protocol": protocols}
        for name, values in names.items():
            if given.get(name):
                _require_one_of(name, given[name], values)
        if choice.sort:
            _require_one_of("sort", choice.sort.removeprefix("-"), columns)
        for column in choice.column_names:
            _require_one_of("column", column, shown)
        _check_pins(choice.pins, keys)
        return choice.to_canonical()

    @property
    def scope(self) -> TaskFilter:
        """Filter for the tasks that the headline averages."""
        return TaskFilter(self.kind, self.category, self.language)

    @property
    def order(self) -> str:
        """Sort order of the rows: the chosen column, else the headline."""
        return self.sort or f"-{self.scope.headline}"

    @property
    def is_by_rank(self) -> bool:
        """True if the rows are in rank order."""
        return self.order in (f"-{self.scope.headline}", "rank_first")

    @property
    def column_names(self) -> tuple[str, ...]:
        """The chosen columns; empty for the board's default columns."""
        return tuple(self.columns.split(",")) if self.columns else ()

    @property
    def pins(self) -> tuple[str, ...]:
        """Keys of the pinned rows."""
        return tuple(self.pin.split(",")) if self.pin else ()

    @property
    def is_filtered(self) -> bool:
        """True if some rows of the board may be hidden."""
        return any((self.q, self.system_type, self.badge, self.best))

    def with_changes(self, **changes: str) -> Self:
        """A copy with other values. Raises ValidationError for a name that a view has not."""
        return type(self)(**{**self.model_dump(), **changes})

    def to_canonical(self) -> Self:
        """The canonical form of this view: no default sort, and no sort by a column that this view lacks."""
        headline = self.scope.headline
        lost = self.sort.removeprefix("-") == "selected" != headline
        return self.with_changes(sort="") if lost or self.sort == f"-{headline}" else self

    def differences(self, default_protocol: str, **changes: str) -> dict[str, str]:
        """Query parameters, by name, of this view with changes; defaults are left out."""
        default = type(self)(protocol=default_protocol)
        chosen = self.with_changes(**changes).to_canonical()
        return {name: value for name, value in chosen if value != getattr(default, name)}

    def query(self, default_protocol: str, **changes: str) -> str:
        """Query string of this view with changes: `?…`, or empty for the default view."""
        differs = self.differences(default_protocol, **changes)
        return f"?{urlencode(differs, safe=',')}" if differs else ""

    def unfiltered_query(self, default_protocol: str) -> str:
        """Query string of the same view without any filter."""
        return self.query(default_protocol, **dict.fromkeys(FILTERS, ""))

    def without_pin(self, key: str) -> str:
        """The pins without one key."""
        return ",".join(one for one in self.pins if one != key)

    def toggle_sort(self, column: str, *, text: bool) -> str:
        """Sort order after a click on a column's header: the useful direction first, then the other."""
        first, then = (column, f"-{column}") if text else (f"-{column}", column)
        return then if self.order == first else first

    def aria_sort(self, column: str) -> str | None:
        """The aria-sort value of the column's header."""
        if self.order.removeprefix("-") != column:
            return None
        return "descending" if self.order.startswith("-") else "ascending"


def query_class(track: str) -> type[BoardQuery]:
    """Return the views of a track's board, whose defaults are its ranking method and its first subset."""
    known = get_track(track)
    return _make_query_class(known.headline, known.subsets[0])


@lru_cache(maxsize=64)
def _make_query_class(method: str, subset: str) -> type[BoardQuery]:
    fields = BoardQuery.model_fields
    return create_model(
        "TrackQuery",
        __base__=BoardQuery,
        method=(str, Field(default=method, description=fields["method"].description)),
        subset=(str, Field(default=subset, description=fields["subset"].description)),
    )


def value_names(track: str) -> dict[str, tuple[str, ...]]:
    """Values of a board's parameters that never depend on the arena's content, by parameter."""
    known = get_track(track)
    kinds = tuple(group.key for group in known.groups)
    return {
        "method": known.method_keys,
        "subset": known.subsets,
        "system_type": known.system_type_keys,
        **NAMES,
        "kind": kinds,
    }


def parse_query(query_text: str) -> dict[str, str]:
    """Parse a query string. Repeated names in LISTS (check boxes) are joined; else the last value counts."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query_text):
        found[name] = f"{found[name]},{value}" if name in LISTS and name in found else value
    return found


def _require_one_of(what: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise NotFound(f"No {what} {name[:80]!r}; there are: {', '.join(names) or 'none yet'}.")


def _check_pins(pins: tuple[str, ...], keys: Collection[str]) -> None:
    for pin in pins:
        if pin not in keys:
            raise NotFound(f"No row {pin[:80]!r} to pin; the .json file of a board lists the `key` of each row.")
    if len(pins) > MAX_PINS:
        raise NotFound(f"{len(pins)} pinned rows are too many; the limit is {MAX_PINS}.")
