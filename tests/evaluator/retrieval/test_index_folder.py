"""Index folders: whole or not at all, and refused where anything that shapes a ranking is another."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from evaluator.config.retriever_settings import RetrieverSettings
from evaluator.errors import IndexMismatch, InvalidCorpus, RetrieverError
from evaluator.retrieval import index_folder
from evaluator.retrieval.analyzer import ANALYZERS, Analyzer
from evaluator.retrieval.backends import ENGINES, RetrieverSource, make_engine
from evaluator.retrieval.engines.engine import WrittenIndex
from evaluator.retrieval.engines.tantivy_engine import TantivyEngine
from evaluator.retrieval.index_folder import build_index, default_index_folder, read_card
from evaluator.retrieval.retriever import Passage
from submissions.errors import NotFound
from tests.support.retrieval_corpora import list_ids, open_corpus, write_corpus

ROWS = [{"id": f"p{number}", "title": "T", "text": f"word{number} common"} for number in range(20)]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "passages.jsonl", ROWS)


def build(corpus: Path, backend: str = "tantivy", **settings: Any) -> Path:
    open_corpus(corpus, backend, **settings).close()
    return default_index_folder(corpus, backend)


def test_the_card_says_what_the_index_is_made_of(corpus: Path) -> None:
    card = read_card(build(corpus))
    assert (card.engine, card.analyzer, card.documents, card.mean_terms) == ("tantivy", "words@1", 20, 3.0)
    assert card.parameters == {"k1": 1.2, "b": 0.75}
    assert card.corpus_sha256 == index_folder.hash_corpus(corpus)
    assert card.analyzer_sha256 == ANALYZERS["words@1"].sha256


def test_the_id_is_that_of_the_corpus_and_the_settings_not_of_the_time(corpus: Path, tmp_path: Path) -> None:
    folder = build(corpus)
    first = read_card(folder)
    engine = make_engine(RetrieverSettings(), RetrieverSource())
    again = build_index(engine, corpus, tmp_path / "again")
    later = again.model_copy(update={"built_at": first.built_at.replace(year=2000)})
    assert first.index_id == again.index_id == later.index_id
    other = write_corpus(tmp_path / "other.jsonl", ROWS[1:])
    ids = {first.index_id, read_card(build(other)).index_id, read_card(build(corpus, "exact")).index_id}
    assert len(ids) == 3


def test_an_index_that_is_there_is_opened_not_built(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(corpus)
    monkeypatch.setattr(TantivyEngine, "write_index", lambda *_: pytest.fail("built again"))
    monkeypatch.setattr(index_folder, "hash_corpus", lambda _: pytest.fail("hashed again"))
    with closing(open_corpus(corpus)) as retriever:
        assert list_ids(retriever, "word7") == ["p7"]


@pytest.mark.parametrize("backend", ["tantivy", "exact"])
def test_an_index_of_another_corpus_is_refused(corpus: Path, backend: str) -> None:
    build(corpus, backend)
    write_corpus(corpus, [*ROWS[:-1], ROWS[-1] | {"text": "word91 common"}])
    with pytest.raises(IndexMismatch, match=r"passages.jsonl.* is of another corpus than .*--rebuild"):
        open_corpus(corpus, backend)


def test_a_change_of_the_corpus_is_seen_where_size_and_time_are_the_same(corpus: Path) -> None:
    build(corpus)
    before, content = corpus.stat(), corpus.read_bytes()
    corpus.write_bytes(content.replace(b"word7", b"word8"))
    os.utime(corpus, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IndexMismatch, match="of another corpus"):
        open_corpus(corpus)


def test_a_corpus_that_was_copied_is_the_same_corpus(corpus: Path) -> None:
    folder = build(corpus)
    shutil.copy(corpus, copy := corpus.with_name("copy.jsonl"))
    folder.rename(default_index_folder(copy, "tantivy"))
    open_corpus(copy).close()


def test_another_setting_is_refused_by_name(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(corpus, "exact")
    with pytest.raises(IndexMismatch, match=r"another parameters: .*'k1': 1.2.* wanted .*'k1': 0.9"):
        open_corpus(corpus, "exact", k1=0.9)
    with pytest.raises(IndexMismatch, match="another analyzer: 'words@1', wanted 'english@1'"):
        open_corpus(corpus, "exact", analyzer="english@1")
    changed = Analyzer("words@1", "split at blanks", str.split)
    monkeypatch.setattr("evaluator.retrieval.analyzer.ANALYZERS", {"words@1": changed})
    with pytest.raises(IndexMismatch, match="another definition of the analyzer"):
        open_corpus(corpus, "exact")


def test_an_index_of_another_engine_or_version_is_refused(corpus: Path) -> None:
    folder = build(corpus)
    card = json.loads((folder / "index.json").read_text())
    for change, message in (
        ({"engine": "exact"}, "another engine: 'exact', wanted 'tantivy'"),
        ({"engine_version": "0.1"}, "another engine version: '0.1'"),
        ({"format": 0}, "another format"),
        ({"documents": 0}, "is damaged"),
        ({"documents": 19}, "is damaged.*19 on its card, 20 stored, 20 indexed"),
    ):
        (folder / "index.json").write_text(json.dumps(card | change))
        with pytest.raises(IndexMismatch, match=message):
            open_corpus(corpus)


@pytest.mark.parametrize("backend", ["tantivy", "exact"])
def test_a_damaged_index_is_refused_whatever_is_missing(corpus: Path, backend: str) -> None:
    folder = build(corpus, backend)
    names = [file.name for file in folder.iterdir() if not file.name.startswith(".")]
    names = sorted({*names} - {"index.json", "corpus.json"})
    assert {"passages.jsonl", "offsets.npy"} < set(names)
    for name in names:
        whole = (folder / name).read_bytes()
        (folder / name).unlink()
        with pytest.raises(IndexMismatch, match="is damaged"):
            open_corpus(corpus, backend)
        (folder / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(IndexMismatch, match="is damaged"):
            open_corpus(corpus, backend)
        (folder / name).write_bytes(whole)
    open_corpus(corpus, backend).close()


def test_a_build_that_fails_leaves_nothing(corpus: Path, tmp_path: Path) -> None:
    with corpus.open("a") as file:
        file.write("{broken\n")
    with pytest.raises(InvalidCorpus, match=r"passages.jsonl:21 is no JSON object"):
        open_corpus(corpus)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".passages.jsonl.tantivy.lock", "passages.jsonl"]


def test_a_corpus_that_changes_during_the_build_has_no_index(corpus: Path) -> None:
    class Meddler(TantivyEngine):
        def write_index(self, passages: Iterator[Passage], folder: Path) -> WrittenIndex:  # type: ignore[override]
            corpus.write_bytes(corpus.read_bytes() + b"\n")
            return super().write_index(passages, folder)

    with pytest.raises(RetrieverError, match="was changed while its index was built"):
        build_index(Meddler(ANALYZERS["words@1"]), corpus, corpus.with_name("index"))
    assert not corpus.with_name("index").exists()


def test_an_index_is_replaced_on_request_and_other_folders_never(corpus: Path, tmp_path: Path) -> None:
    folder = build(corpus)
    write_corpus(corpus, ROWS[:5])
    engine = make_engine(RetrieverSettings(), RetrieverSource())
    with pytest.raises(IndexMismatch, match="of another corpus"):
        build_index(engine, corpus, folder)
    assert build_index(engine, corpus, folder, replace=True).documents == 5
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    with pytest.raises(IndexMismatch, match="has files and is no index"):
        build_index(engine, corpus, tmp_path / "thesis", replace=True)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "x"


def test_what_a_killed_build_left_is_replaced(corpus: Path) -> None:
    partial = corpus.with_name(".passages.jsonl.tantivy.partial")
    partial.mkdir()
    (partial / "passages.jsonl").write_text("half")
    build(corpus)
    assert not partial.exists()


def test_a_folder_without_a_card_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMismatch, match="is no index: build one"):
        read_card(tmp_path)


def test_settings_that_a_backend_cannot_serve_are_refused(corpus: Path) -> None:
    for settings, message in (
        ({"backend": "tantivy", "k1": 0.9}, "tantivy has k1 1.2 and b 0.75 only"),
        ({"backend": "dense"}, "'dense' needs a server"),
        ({"backend": "http"}, "'http' makes no index; these do: tantivy, exact, dense"),
    ):
        with pytest.raises(NotFound, match=message):
            make_engine(RetrieverSettings.model_validate(settings), RetrieverSource(corpus))
    assert set(ENGINES) == {"tantivy", "exact", "dense"}
