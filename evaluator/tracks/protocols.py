"""Protocol files of all tracks, each read as the class of its track."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from evaluator.config.protocol import Protocol
from evaluator.tracks import SCORERS, get_scorer
from submissions.errors import NotFound

P = TypeVar("P", bound=Protocol)


def load_protocol(name: str) -> Protocol:
    """Load a protocol by name. Raises NotFound with the names that exist."""
    files = list_protocol_files()
    if name not in files:
        raise NotFound(f"No protocol {name[:80]!r}; there are: {', '.join(files)}.")
    fields = tomllib.loads(files[name].read_text(encoding="utf-8"))
    kind: type[Protocol] = get_scorer(fields["track"]).protocol_type
    return kind.model_validate(fields)


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
    """Every protocol's file by its name, over all tracks."""
    folders = dict.fromkeys(scorer.protocols for scorer in SCORERS.values())
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}
