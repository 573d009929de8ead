"""Limits of a file of rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowLimits:
    """How many rows of which length a file may have."""

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
