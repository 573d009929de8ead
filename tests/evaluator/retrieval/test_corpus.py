"""Corpora: both formats, every broken line by its place, memory that does not grow with the file."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from evaluator.errors import InvalidCorpus
from evaluator.retrieval.corpus import MAX_LINE_BYTES, hash_corpus, read_passages
from evaluator.retrieval.passage_store import PassageStore, store_passages
from evaluator.retrieval.retriever import Passage
from submissions.errors import NotFound
from tests.support.retrieval_corpora import write_corpus

GOOD = {"id": "a", "title": "T", "text": "x"}


def read_row(tmp_path: Path, **row: Any) -> Passage:
    (passage,) = read_passages(write_corpus(tmp_path / "c.jsonl", [row]))
    return passage


def test_fields_of_both_shapes(tmp_path: Path) -> None:
    wanted = Passage("a", "T", "x\ny")
    assert read_row(tmp_path, id="a", title="T", text="x\ny", links=["b"]) == wanted
    assert read_row(tmp_path, id="a", title="T", contents="x\ny") == wanted
    assert read_row(tmp_path, id="a", title="T", contents='"T"\nx\ny') == wanted
    assert read_row(tmp_path, id="a", contents='"T"\nx\ny') == wanted
    assert read_row(tmp_path, id="a", title=None, contents='"T"\nx\ny') == wanted
    assert read_row(tmp_path, id=12, title=" two\nlines ", text="x") == Passage("12", "two lines", "x")
    assert read_row(tmp_path, id="a", contents="no title\nx") == Passage("a", "", "no title\nx")
    assert read_row(tmp_path, id="a", contents='"only a title"') == Passage("a", "", '"only a title"')


def test_blank_lines_and_a_byte_order_mark_are_no_passages(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\n  \n")
    assert [passage.id for passage in read_passages(tmp_path / "c.jsonl")] == ["a"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"id": "b", "text": "x"', "c.jsonl:3 is no JSON object"),
        (b"\xff\xfe{", "c.jsonl:3 is no JSON object"),
        (b"[" * 100_000, "c.jsonl:3 is no JSON object"),
        (b'["b"]', "c.jsonl:3 is no JSON object with id, title and text"),
        (b'{"text": "x"}', "c.jsonl:3 has no id"),
        (b'{"id": " ", "text": "x"}', "c.jsonl:3 has no id"),
        (b'{"id": true, "text": "x"}', "c.jsonl:3 has no id"),
        (b'{"id": NaN, "text": "x"}', "c.jsonl:3 has no id"),
        (b'{"id": "b"}', "c.jsonl:3 is no passage"),
        (b'{"id": "b", "text": "  "}', "c.jsonl:3 is no passage"),
        (b'{"id": "b", "text": 5}', "c.jsonl:3 is no passage"),
        (b'{"id": "b", "title": ["x"], "text": "x"}', "c.jsonl:3 is no passage"),
        (b'{"id": "b", "text": "\\ud800"}', "c.jsonl:3 has half a surrogate pair"),
        (b'{"id": "a", "text": "x"}', r"c.jsonl:3 has the id 'a' of .*c.jsonl:1"),
        (b" " * (MAX_LINE_BYTES + 1), "c.jsonl:3 is longer than 16 MiB"),
    ],
)
def test_a_broken_line_is_refused_with_its_place(tmp_path: Path, line: bytes, message: str) -> None:
    (tmp_path / "c.jsonl").write_bytes(json.dumps(GOOD).encode() + b"\n\n" + line + b"\n")
    with pytest.raises(InvalidCorpus, match=message):
        list(read_passages(tmp_path / "c.jsonl"))


def test_a_file_without_passages_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("\n")
    (tmp_path / "c.csv").write_text("id,text\n")
    (tmp_path / "c.parquet").write_text("PAR1 but not really")
    for name, message in (("c.jsonl", "has no passage"), ("c.csv", "name must end"), ("c.parquet", "cannot be read")):
        with pytest.raises(InvalidCorpus, match=message):
            list(read_passages(tmp_path / name))
    for reader in (hash_corpus, lambda file: list(read_passages(file))):
        with pytest.raises(NotFound, match=r"No corpus .*missing.jsonl"):
            reader(tmp_path / "missing.jsonl")


def test_parquet_is_read_as_json_lines_are(tmp_path: Path) -> None:
    rows = [{"id": f"p{number}", "title": "T", "text": f"text {number}", "more": [1]} for number in range(2500)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "c.parquet")
    lines = list(read_passages(write_corpus(tmp_path / "c.jsonl", rows)))
    assert list(read_passages(tmp_path / "c.parquet")) == lines
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([*rows, {"id": None, "text": "x"}]), tmp_path / "c.parquet")
    with pytest.raises(InvalidCorpus, match=r"c.parquet, row 2501 has no id"):
        list(read_passages(tmp_path / "c.parquet"))


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    file = write_corpus(tmp_path / "c.jsonl", [GOOD])
    assert hash_corpus(file) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_large_corpus_is_never_whole_in_memory(tmp_path: Path) -> None:
    rows = ({"id": f"p{number}", "title": "T", "text": "x" * 10_000} for number in range(2000))
    file = write_corpus(tmp_path / "c.jsonl", rows)
    tracemalloc.start()
    count = sum(1 for _ in read_passages(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2000
    assert peak < file.stat().st_size / 10


def test_stored_passages_are_read_back_by_number(tmp_path: Path) -> None:
    passages = [Passage(f"p{number}", "é" * (number % 3), "line\n東京 \0" * number + "end") for number in range(50)]
    assert list(store_passages(passages, tmp_path)) == passages
    with PassageStore(tmp_path) as store:
        assert len(store) == 50
        assert [store.read_passage(number) for number in (49, 0, 7)] == [passages[49], passages[0], passages[7]]


def test_a_store_that_was_cut_is_refused(tmp_path: Path) -> None:
    list(store_passages([Passage("a", "", "x")], tmp_path))
    (tmp_path / "passages.jsonl").write_bytes(b"[")
    with pytest.raises(ValueError, match="not as long as its offsets say"):
        PassageStore(tmp_path)
