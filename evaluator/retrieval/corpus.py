"""Reader of corpora: JSON lines or Parquet with `id`, `title`, and `text` or `contents`.

Streams: memory is bounded by the longest line, and eight bytes for each passage, which find ids that occur twice.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from evaluator.errors import InvalidCorpus
from evaluator.retrieval.retriever import Passage
from submissions.errors import NotFound

MAX_LINE_BYTES = 16 << 20
MAX_ID_CHARACTERS = 1000
_BATCH_ROWS = 1000
_FIELDS = ("id", "title", "text", "contents")


def read_passages(file: Path) -> Iterator[Passage]:
    """Yield all passages. Raises NotFound without the file, and InvalidCorpus, which names file and line."""
    hashes = array("Q")
    for where, row in _read_rows(file):
        passage = _parse_row(where, row)
        hashes.append(_hash_id(passage.id))
        yield passage
    if not hashes:
        raise InvalidCorpus(f"{file} has no passage: write one JSON object with id, title and text a line.")
    _require_unique_ids(file, hashes)


def hash_corpus(file: Path) -> str:
    """The SHA-256 of a corpus file, as `sha256sum` prints it. Raises NotFound without the file."""
    require_corpus(file)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_corpus(file: Path) -> None:
    """Raise NotFound if the corpus is no file."""
    if not file.is_file():
        raise NotFound(f"No corpus {file}: name a file of JSON lines, or a Parquet file, of passages.")


def _read_rows(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield each row with its place, for messages."""
    require_corpus(file)
    if file.suffix == ".parquet":
        return _read_parquet(file)
    if file.suffix in (".jsonl", ".json", ".ndjson"):
        return _read_lines(file)
    raise InvalidCorpus(f"{file} is no corpus: its name must end with .jsonl or .parquet.")


def _read_lines(file: Path) -> Iterator[tuple[str, Any]]:
    with file.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            where = f"{file}:{number}"
            if len(line) > MAX_LINE_BYTES:
                raise InvalidCorpus(f"{where} is longer than {MAX_LINE_BYTES >> 20} MiB: write one passage a line.")
            if line.isspace():
                continue
            try:
                yield where, json.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except (ValueError, RecursionError) as error:
                raise InvalidCorpus(f"{where} is no JSON object: {error}.") from error


def _read_parquet(file: Path) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(file) as table:
            columns = [name for name in table.schema_arrow.names if name in _FIELDS]
            for batch in table.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{file}, row {number}", row
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise InvalidCorpus(f"{file} cannot be read after row {number}: {error}.") from error


def _parse_row(where: str, row: Any) -> Passage:
    if not isinstance(row, dict):
        raise InvalidCorpus(f"{where} is no JSON object with id, title and text.")
    name = row.get("id")
    name = str(name) if isinstance(name, int) and not isinstance(name, bool) else name
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_ID_CHARACTERS:
        raise InvalidCorpus(f"{where} has no id: wanted a text of 1 to {MAX_ID_CHARACTERS} characters, or a number.")
    title = row.get("title") or ""
    field = "text" if row.get("text") is not None else "contents"
    text = row.get(field)
    if not isinstance(title, str) or not isinstance(text, str) or not text.strip():
        raise InvalidCorpus(f"{where} is no passage: wanted a text in `text` or `contents`, and in `title` if any.")
    for value in (name, title, text):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidCorpus(f"{where} has half a surrogate pair (\\ud800 … \\udfff): {error.reason}.") from error
    if not title and field == "contents":
        return Passage.from_contents(name, text)
    return Passage(name, _flatten_title(title), text.removeprefix(f'"{title}"\n') if field == "contents" else text)


def _flatten_title(title: str) -> str:
    """Bring a title into one line: the first line of a passage's contents ends it."""
    return " ".join(title.split())


def _hash_id(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _require_unique_ids(file: Path, hashes: array[int]) -> None:
    """Raise InvalidCorpus with the places of an id that occurs twice."""
    values, counts = np.unique(np.frombuffer(hashes, dtype=np.uint64), return_counts=True)
    repeated = set(values[counts > 1].tolist())
    places: dict[str, str] = {}
    for where, row in _read_rows(file) if repeated else ():
        name = _parse_row(where, row).id
        if _hash_id(name) in repeated and places.setdefault(name, where) != where:
            raise InvalidCorpus(f"{where} has the id {name!r} of {places[name]}: ids must be unique.")
