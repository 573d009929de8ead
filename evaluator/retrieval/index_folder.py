"""Index folders: built whole or not at all, and opened only for the corpus that they were made from."""

from __future__ import annotations

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from evaluator.errors import IndexMismatch, RetrieverError
from evaluator.retrieval.corpus import hash_corpus, read_passages, require_corpus
from evaluator.retrieval.engines.engine import Engine
from evaluator.retrieval.index_card import FORMAT, IndexCard
from evaluator.retrieval.index_retriever import IndexRetriever
from evaluator.retrieval.passage_store import PassageStore, store_passages
from submissions.records.base import Record, Sha256
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json

_CARD, _FILES, _SEEN_CORPUS = "index.json", "files.json", "corpus.json"
Q = TypeVar("Q")
log = logging.getLogger(__name__)


class SeenCorpus(Record):
    """State of a corpus file when it was last hashed: while it is the same, the hash is."""

    sha256: Sha256
    size: int = Field(ge=0)
    """Bytes."""
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def from_file(cls, corpus: Path, sha256: str) -> SeenCorpus:
        """Build it from the file as it is now."""
        state = corpus.stat()
        return cls(
            sha256=sha256,
            size=state.st_size,
            mtime_ns=state.st_mtime_ns,
            ctime_ns=state.st_ctime_ns,
            inode=state.st_ino,
        )


class IndexFiles(Record):
    """Files of an index when it was built, which nothing writes to later."""

    bytes_of: dict[str, int]

    @classmethod
    def from_folder(cls, folder: Path) -> IndexFiles:
        """List them; hidden files are locks."""
        files = (file for file in sorted(folder.iterdir()) if not file.name.startswith("."))
        own = {_CARD, _FILES, _SEEN_CORPUS}
        return cls(bytes_of={file.name: file.stat().st_size for file in files if file.name not in own})


def default_index_folder(corpus: Path, backend: str) -> Path:
    """The folder of a corpus's index, beside it, where no other is named."""
    return corpus.with_name(f"{corpus.name}.{backend}")


def open_index_retriever(engine: Engine[Q], corpus: Path, folder: Path) -> IndexRetriever[Q]:
    """Open the index of a corpus; build it if there is none. Raises IndexMismatch if it fits not."""
    require_corpus(corpus)
    if not (folder / _CARD).is_file():
        build_index(engine, corpus, folder)
    card = read_card(folder)
    _require_fitting(card, engine, corpus, folder)
    try:
        _require_whole(folder)
        store = PassageStore(folder)
        searcher = engine.open_index(folder, card.parameters)
    except (OSError, ValueError, RuntimeError, EOFError) as error:
        raise _damaged_index(folder, str(error)) from error
    if {len(store), searcher.documents} != {card.documents}:
        counts = f"{card.documents} on its card, {len(store)} stored, {searcher.documents} indexed"
        raise _damaged_index(folder, f"passages: {counts}")
    return IndexRetriever(card, store, searcher)


def build_index(engine: Engine[Q], corpus: Path, folder: Path, *, replace: bool = False) -> IndexCard:
    """Build the index of a corpus; of two builds at once the second waits, and uses the result of the first.

    An index that is there is left as it is. Raises InvalidCorpus, and IndexMismatch if the folder has something else.
    """
    sha256 = hash_corpus(corpus)
    seen = SeenCorpus.from_file(corpus, sha256)
    partial = folder.with_name(f".{folder.name}.partial")
    with _lock_build(folder):
        if not replace and (folder / _CARD).is_file():
            card = read_card(folder)
            _require_fitting(card, engine, corpus, folder)
            return card
        if folder.exists() and any(folder.iterdir()) and not (folder / _CARD).is_file():
            raise IndexMismatch(f"{folder} has files and is no index: name another folder with --index.")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            card = _write_index(engine, corpus, sha256, partial)
            if SeenCorpus.from_file(corpus, sha256) != seen:
                raise RetrieverError(f"{corpus} was changed while its index was built: build it again.")
            atomic_write(partial / _SEEN_CORPUS, to_json(seen))
            atomic_write(partial / _FILES, to_json(IndexFiles.from_folder(partial)))
            atomic_write(partial / _CARD, to_json(card))
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return card


def read_card(folder: Path) -> IndexCard:
    """Read the card of an index. Raises IndexMismatch without one."""
    try:
        return IndexCard.model_validate_json((folder / _CARD).read_bytes())
    except FileNotFoundError as error:
        raise IndexMismatch(f"{folder} is no index: build one with `python -m evaluator index`.") from error
    except ValidationError as error:
        raise _damaged_index(folder, f"{_CARD}: {error.errors()[0]['msg']}") from error


def _write_index(engine: Engine[Q], corpus: Path, sha256: str, folder: Path) -> IndexCard:
    passages = store_passages(read_passages(corpus), folder)
    written = engine.write_index(passages, folder)
    with PassageStore(folder) as store:
        documents = len(store)
    return IndexCard(
        engine=engine.name,
        engine_version=engine.version,
        analyzer=engine.analyzer.name if engine.analyzer else "",
        analyzer_sha256=engine.analyzer.sha256 if engine.analyzer else "",
        parameters={**engine.parameters, **written.parameters},
        corpus_sha256=sha256,
        documents=documents,
        mean_terms=round(written.terms / documents, 3),
        built_at=datetime.now(UTC).replace(microsecond=0),
    )


def _require_fitting(card: IndexCard, engine: Engine[Q], corpus: Path, folder: Path) -> None:
    """Raise IndexMismatch, which names the first difference, unless an index would be built alike today."""
    parameters = {name: value for name, value in card.parameters.items() if name in engine.parameters}
    pairs = (
        ("format", card.format, FORMAT),
        ("engine", card.engine, engine.name),
        ("engine version", card.engine_version, engine.version),
        ("analyzer", card.analyzer, engine.analyzer.name if engine.analyzer else ""),
        ("definition of the analyzer", card.analyzer_sha256, engine.analyzer.sha256 if engine.analyzer else ""),
        ("parameters", parameters, dict(engine.parameters)),
    )
    remedy = "Build it again with `python -m evaluator index --rebuild`, or name another folder with --index."
    for name, there, wanted in pairs:
        if there != wanted:
            raise IndexMismatch(f"The index {folder} has another {name}: {there!r}, wanted {wanted!r}. {remedy}")
    if card.corpus_sha256 != (sha256 := _hash_unless_seen(corpus, folder)):
        raise IndexMismatch(
            f"The index {folder} is of another corpus than {corpus}: sha256 {card.corpus_sha256[:16]}… on its card, "
            f"{sha256[:16]}… of the file. {remedy}"
        )


def _require_whole(folder: Path) -> None:
    """Raise ValueError, which names a file, if one is missing or has another size: engines see it late, or never."""
    built = IndexFiles.model_validate_json((folder / _FILES).read_bytes()).bytes_of.items()
    there = IndexFiles.from_folder(folder).bytes_of.items()
    if changed := sorted(name for name, _ in built ^ there):
        raise ValueError(f"{changed[0]} is not as it was built")


def _hash_unless_seen(corpus: Path, folder: Path) -> str:
    """The corpus's hash: the stored one while the file is untouched, since hashing a large file takes seconds."""
    try:
        seen = SeenCorpus.model_validate_json((folder / _SEEN_CORPUS).read_bytes())
    except (FileNotFoundError, ValidationError):
        seen = None
    if seen is not None and SeenCorpus.from_file(corpus, seen.sha256) == seen:
        return seen.sha256
    sha256 = hash_corpus(corpus)
    try:
        atomic_write(folder / _SEEN_CORPUS, to_json(SeenCorpus.from_file(corpus, sha256)))
    except OSError as error:  # an index that others built and may be read only
        log.info("The hash of %s is computed at every start: %s", corpus, error)
    return sha256


def _damaged_index(folder: Path, why: str) -> IndexMismatch:
    return IndexMismatch(
        f"The index {folder} is damaged: build it again with `python -m evaluator index --rebuild`.", why
    )


@contextmanager
def _lock_build(folder: Path) -> Iterator[None]:
    """Wait until no other process builds the same index."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
