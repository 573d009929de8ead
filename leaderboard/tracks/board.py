"""What a track's board shows: its words, columns and charts."""

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
    """How a cell is set."""
    help: str = ""
    usual: bool = True
    """Whether it stands there when the URL names no columns."""


@dataclass(frozen=True)
class BoardLayout:
    """One track's page."""

    track: str
    lead: str
    """What the board answers, in one sentence."""
    columns: tuple[Column, ...]
    dimensions: tuple[str, ...]
    """What the metadata judge compares: the spokes of the radar chart, each 0 to 10."""
