"""What a board's URL chooses, and the URL of any other choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from submissions.errors import NotFound
from submissions.models import METHODS

SUBSETS = ("full", "pro")


@dataclass(frozen=True)
class Choice:
    """One view of a board. The default is the view whose URL has no query."""

    method: str = "fine_tune"
    subset: str = "full"
    protocol: str = ""
    """Empty for the protocol that the site shows by default."""
    sort: str = "-overall"
    """A column; with a leading `-` in falling order."""

    @classmethod
    def of(cls, query: Mapping[str, str], *, protocols: tuple[str, ...], columns: tuple[str, ...]) -> Self:
        """The choice in a query; what it leaves out, or leaves empty, is the default. Raises NotFound."""
        given = {field.name: query[field.name] for field in fields(cls) if query.get(field.name)}
        choice = cls(**given)
        choice = replace(choice, protocol=choice.protocol or protocols[0])
        _one_of("method", choice.method, METHODS)
        _one_of("subset", choice.subset, SUBSETS)
        _one_of("protocol", choice.protocol, protocols)
        _one_of("sort", choice.sort.removeprefix("-"), columns)
        return choice

    def query(self, default_protocol: str, **changes: str) -> str:
        """The query of this choice with changes: `?…`, or nothing for the default view."""
        default = Choice(protocol=default_protocol)
        chosen = replace(self, **changes)
        differs = {
            field.name: getattr(chosen, field.name)
            for field in fields(chosen)
            if getattr(chosen, field.name) != getattr(default, field.name)
        }
        return f"?{urlencode(differs)}" if differs else ""

    def resorted(self, column: str, *, text: bool) -> str:
        """The sort that a click on a column's head asks for: the useful direction first, then the other."""
        first, then = (column, f"-{column}") if text else (f"-{column}", column)
        return then if self.sort == first else first

    def aria_sort(self, column: str) -> str | None:
        """The column head's aria-sort."""
        if self.sort.removeprefix("-") != column:
            return None
        return "descending" if self.sort.startswith("-") else "ascending"


def _one_of(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise NotFound(f"No {what} {name[:80]!r}; there are: {', '.join(names)}.")
