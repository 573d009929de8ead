"""Codec of records as stored JSON and JSON lines."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import ValidationError

from submissions.errors import CorruptRecord
from submissions.records.base import Record
from submissions.storage.repo import Repo

R = TypeVar("R", bound=Record)


def to_json(record: Record) -> bytes:
    """Encode a record as stored JSON."""
    return (record.model_dump_json(indent=1) + "\n").encode()


def to_jsonl(records: Iterable[Record]) -> bytes:
    """Encode records as JSON lines."""
    return "".join(record.model_dump_json() + "\n" for record in records).encode()


def read_record(repo: Repo, path: str, kind: type[R]) -> R:
    """Read one stored record. Raises NotFound, or CorruptRecord with the path and the first fault."""
    return parse_record(path, repo.read(path), kind)


def parse_record(path: str, content: bytes, kind: type[R]) -> R:
    """Parse a stored record; `path` is for messages. Raises CorruptRecord with the path and the first fault."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise CorruptRecord(_describe_invalid_record(path, None, kind, error)) from error


def read_lines(repo: Repo, path: str, kind: type[R]) -> tuple[R, ...]:
    """Read stored JSON lines. Raises NotFound, or CorruptRecord with the path, the line and the first fault."""
    return parse_lines(path, repo.read(path), kind)


def parse_lines(path: str, content: bytes, kind: type[R]) -> tuple[R, ...]:
    """Parse JSON lines; `path` is for messages. Raises CorruptRecord with path, line and first fault."""
    return tuple(iter_lines(path, content, kind))


def iter_lines(path: str, content: bytes, kind: type[R]) -> Iterator[R]:
    """Parse JSON lines one by one, as `parse_lines` does."""
    # Not split, which would copy a content that can be large.
    for number, line in enumerate(io.BytesIO(content), 1):
        if line != b"\n":
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                raise CorruptRecord(_describe_invalid_record(path, number, kind, error)) from error


def _describe_invalid_record(path: str, line: int | None, kind: type[Record], error: ValidationError) -> str:
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"]) or "the record"
    where = f"{path}:{line}" if line else path
    return f"{where} is not a {kind.__name__}: {field}: {fault['msg']}. Restore it from the repository's history."
