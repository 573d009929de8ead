"""A submission and its stored files."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from submissions.records.base import Key, Name, Record, Sha256, TaskId, Ulid
from submissions.records.owner_requests import Owner
from submissions.records.task import Metadata

SystemType = Key
"""Method by which a DataResearcher obtains its data; one of its track's."""


class Description(Record):
    """Submitter's description of one delivered data set: a line of metadata.jsonl."""

    task: TaskId
    metadata: Metadata


class DataFile(Record):
    """One stored file of a submission: an artifact of one of its track's payloads."""

    kind: str = Field(default="rows", pattern=r"^[a-z][a-z0-9_]{0,39}$", exclude_if=lambda kind: kind == "rows")
    """Key of the payload in the track; left out for rows."""
    task: TaskId | None
    """Task that the file is for; None for a file of the submission as a whole."""
    path: str
    """Path inside the submission's folder, for example `data/mc-en-science.jsonl`."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    rows: int = Field(ge=1)
    """Number of rows, or of items of another kind; 1 for a file that is one item."""


class DescriptionFile(Record):
    """The stored metadata.jsonl of a submission."""

    path: str
    """Path inside the submission's folder."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    tasks: int = Field(ge=0)


class PinnedFile(Record):
    """A file of a public data set on the Hub, at one commit."""

    repo: str = Field(max_length=200)
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    path: str = Field(max_length=1000)


class Provenance(Record):
    """Origin of the data, in the submitter's words."""

    description: str = Field(default="", max_length=4000)
    url: str = Field(default="", max_length=500, pattern=r"^(https?://\S+)?$")
    fetched: tuple[PinnedFile, ...] = ()
    """Source of files that were named instead of sent; verified by us, not claimed by the submitter."""


class Submission(Record):
    """A delivered set of data sets. Written once, by the web app or the command line."""

    id: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    submitter: Name
    files: tuple[DataFile, ...]
    descriptions: DescriptionFile | None = None
    """Submitter's data set descriptions, for the judge; without them the judge's model writes them."""
    provenance: Provenance = Provenance()
    owner: Owner = ""
    """Owner, who may withdraw, retry and publish it."""
    private: bool = False
    """True for a result that stays with its owner until they publish it."""
    created_at: datetime
