"""Windows over a long board: the first rows, and the next ones on scrolling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from leaderboard.board.query import BoardQuery
from submissions.errors import NotFound

STEP = 50
"""Rows per window; a browser lays them out in a few milliseconds."""
ALL = "all"


@dataclass(frozen=True)
class Page:
    """Rows from `start` up to `end`; a window that starts below the top is appended to the earlier rows."""

    start: int
    end: int | None
    """None for all rows."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Parse the window: `rows`, a number or `all`, and `after`, the rows already shown. Raises NotFound."""
        asked = query.get("rows") or str(STEP)
        if asked != ALL and not (_is_number(asked) and int(asked)):
            raise NotFound(f"No rows {asked[:40]!r}; write the number of rows to show, or all.")
        after = query.get("after") or "0"
        if not _is_number(after):
            raise NotFound(f"No rows after {after[:40]!r}; write a number.")
        return cls(int(after), None if asked == ALL else int(asked))

    def next_page(self, rows: int) -> Self | None:
        """The window after this one, for a board of `rows` rows; None at the end."""
        if self.end is None or self.end >= rows:
            return None
        return type(self)(self.end, self.end + STEP)


def page_query(choice: BoardQuery, default_protocol: str, **window: object) -> str:
    """Query string of a board view with a window."""
    named = {name: str(value) for name, value in window.items() if value}
    return f"?{urlencode(choice.differences(default_protocol) | named, safe=',')}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
