"""What a track's entry is: the limits and words that its check needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Track:
    """One board's rules for what may be submitted."""

    name: str
    title: str
    subsets: tuple[str, ...]
    """Of its tasks, each with a board of its own; the first is shown by default."""
    categories: dict[str, str]
    """Category of a task to its headline metric under arena@1."""
    min_rows: int
    """Fewer rows than this are warned about."""
    max_rows: int
    """Rows after this many are not used, which is warned about."""
    row_limit: int
    """A file with more rows than this is refused."""
    max_characters: int
    """A row whose input and output are longer together is refused."""
    max_file_bytes: int
    """A larger file is refused unread."""
    attempts: int | None = None
    """Attempts of a team where the organiser sets no other limit; None for as many as they like."""
