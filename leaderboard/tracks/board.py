"""Layout of a track's board: its texts, columns and charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One column of a board."""

    key: str
    """Name in the table and in `?sort=`."""
    label: str
    kind: Literal["rank", "text", "type", "score", "spread", "count", "badge", "date"]
    """Cell format."""
    help: str = ""
    usual: bool = True
    """True if the column is shown when the URL names none."""


@dataclass(frozen=True)
class BoardLayout:
    """One track's page."""

    track: str
    lead: str
    """The board's question, in one sentence."""
    columns: tuple[Column, ...]
    dimensions: tuple[str, ...]
    """Dimensions scored by the metadata judge: the spokes of the radar chart, each 0 to 10."""
