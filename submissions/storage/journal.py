"""Plan of a commit to a folder: written last into its journal, so that an interrupted commit can be completed."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from submissions.records.base import Record
from submissions.storage.repo import validate_path

PLAN = "changes.json"
"""Name of the plan in the journal."""
PlannedFile = tuple[
    Annotated[str, AfterValidator(validate_path)],
    Annotated[str, Field(pattern=r"^[0-9]+$")] | None,
    Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None,
]
"""A path, the name of its staged content, and its SHA-256; None twice to delete it."""


class JournalPlan(Record):
    """Content of changes.json: the head after a commit, and its files."""

    head: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    plan: tuple[PlannedFile, ...]
