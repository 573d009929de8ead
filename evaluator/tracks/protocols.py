"""Protocol files of all tracks, each read as the class of its track."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict

from evaluator.config.protocol import Protocol
from evaluator.config.settings_file import load_settings
from evaluator.tracks import SCORERS, get_scorer
from submissions.errors import NotFound
from submissions.records.base import Record

P = TypeVar("P", bound=Protocol)
PAGE = "docs/contributor.md"
"""Document that describes a protocol's file."""


class ProtocolHead(Record):
    """Name and track of a protocol's file, whatever else it has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    track: str


def load_protocol(name: str) -> Protocol:
    """Load a protocol by name. Raises NotFound with the names that exist."""
    files = list_protocol_files()
    if name not in files:
        raise NotFound(f"No protocol {name[:80]!r}; there are: {', '.join(files)}.")
    return read_protocol(files[name])


def read_protocol(file: Path) -> Protocol:
    """Read a protocol's file as the class of its track. Raises NotFound with file and field for an invalid one."""
    head = load_settings(file, ProtocolHead, PAGE)
    if head.track not in SCORERS:
        raise NotFound(f"{file}: track: no scorer for {head.track[:80]!r}; there are: {', '.join(SCORERS)}.")
    if head.name != file.stem:
        raise NotFound(f"{file}: name: {head.name[:80]!r} is not the name of the file, {file.stem!r}.")
    kind: type[Protocol] = get_scorer(head.track).protocol_type
    return load_settings(file, kind, PAGE)


def load_protocol_as(name: str, kind: type[P]) -> P:
    """Load a protocol of a known track. Raises NotFound for a name that does not exist, or is of another track."""
    found = load_protocol(name)
    if not isinstance(found, kind):
        raise NotFound(f"{name} is a protocol of {found.track}: choose one of another track.")
    return found


def is_shipped_protocol(name: str) -> bool:
    """Return whether the evaluator ships a protocol of this name."""
    return name in list_protocol_files()


def list_protocol_files() -> dict[str, Path]:
    """Every protocol's file by its name, over all tracks. Raises NotFound for a name that two files have."""
    files: dict[str, Path] = {}
    for folder in dict.fromkeys(scorer.protocols for scorer in SCORERS.values()):
        for file in sorted(folder.glob("*.toml")):
            if file.stem in files:
                raise NotFound(f"{files[file.stem]} and {file} have one name, which must be unique across tracks.")
            files[file.stem] = file
    return files
