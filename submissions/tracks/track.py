"""Definition of a track: the limits and words that its check needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Track:
    """One board's rules for what may be submitted."""

    name: str
    title: str
    subsets: tuple[str, ...]
    """Subsets of its tasks, each with a separate board; the first is shown by default."""
    categories: dict[str, str]
    """Category of a task to its headline metric under arena@1."""
    min_rows: int
    """Minimum rows without a warning."""
    max_rows: int
    """Number of rows used; further rows are not used, with a warning."""
    row_limit: int
    """Row limit of a file; one with more rows is rejected."""
    max_characters: int
    """Character limit of a row's input and output together; a longer row is rejected."""
    max_file_bytes: int
    """Byte limit of a file; a larger file is rejected unread."""
    attempts: int | None = None
    """Attempts of a team unless the organiser sets another limit; None for no limit."""
