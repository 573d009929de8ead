"""A submission and its stored files."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from submissions.records.base import Name, Record, Sha256, TaskId, Ulid
from submissions.records.owner_requests import Owner
from submissions.records.task import Metadata

SystemType = Literal["search", "synthesis", "deep_research", "hybrid"]
"""How a DataResearcher comes by its data."""


class Description(Record):
    """What a submitter says of one delivered data set: a line of metadata.jsonl."""

    task: TaskId
    metadata: Metadata


class DataFile(Record):
    """One stored data file of a submission."""

    task: TaskId
    path: str
    """Inside the submission's folder, for example `data/mc-en-science.jsonl`."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    rows: int = Field(ge=1)


class DescriptionFile(Record):
    """The stored metadata.jsonl of a submission."""

    path: str
    """Inside the submission's folder."""
    sha256: Sha256
    bytes: int = Field(ge=0)
    tasks: int = Field(ge=0)


class PinnedFile(Record):
    """A file of a public data set on the Hub, as of one commit."""

    repo: str = Field(max_length=200)
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    path: str = Field(max_length=1000)


class Provenance(Record):
    """Where the data came from, in the submitter's words."""

    description: str = Field(default="", max_length=4000)
    url: str = Field(default="", max_length=500, pattern=r"^(https?://\S+)?$")
    fetched: tuple[PinnedFile, ...] = ()
    """Where the files were fetched from, if they were named instead of sent; this is known, not said."""


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
    """What the submitter says of the data sets, for the judge; without it the judge's model describes them."""
    provenance: Provenance = Provenance()
    owner: Owner = ""
    """Who may withdraw, retry and publish it."""
    private: bool = False
    """Whether its result stays with its owner until they publish it."""
    created_at: datetime
