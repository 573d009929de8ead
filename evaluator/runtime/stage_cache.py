"""Stage cache: finished work under a hash of all its inputs, so that a restart continues from there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from submissions.records.base import Record
from submissions.storage.atomic import atomic_write

R = TypeVar("R", bound=Record)


def cache_key(*parts: Record | str | int | float | list[str]) -> str:
    """Hash values, with their order and boundaries."""
    plain = [part.model_dump(mode="json") if isinstance(part, Record) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class StageCache:
    """Folder of `<stage>/<key>.json`, each file written atomically."""

    folder: Path

    def entry_path(self, stage: str, key: str) -> Path:
        """Return the path of a stage's output, present or not."""
        return self.folder / stage / f"{key}.json"

    def get(self, stage: str, key: str, kind: type[R]) -> R | None:
        """Return a finished output, or None. An unreadable file counts as unfinished work."""
        path = self.entry_path(stage, key)
        if not path.exists():
            return None
        try:
            return kind.model_validate_json(path.read_bytes())
        except ValidationError:
            return None

    def put(self, stage: str, key: str, record: R) -> R:
        """Store an output and return it."""
        atomic_write(self.entry_path(stage, key), record.model_dump_json(indent=1).encode())
        return record


def remove_partial_files(folder: Path) -> None:
    """Remove partial files of killed writers below a folder; only for a process that alone writes there."""
    for file in folder.rglob(".part-*"):
        if file.is_file():
            file.unlink()
