"""The embedded index beside the exact one, and on real questions."""

from __future__ import annotations

import json
import random
from contextlib import closing
from pathlib import Path

import pytest

from evaluator.config.retriever_settings import RetrieverSettings
from evaluator.retrieval.backends import RetrieverSource, open_retriever
from evaluator.retrieval.index_folder import default_index_folder
from evaluator.retrieval.retriever import Hit, Retriever
from tests.support.paths import SHARED_DATA
from tests.support.retrieval_corpora import make_rows, open_corpus, write_corpus


def compare_pair(ours: tuple[Hit, ...], exact: tuple[Hit, ...]) -> None:
    """The same scores for the same passages; those that differ by less than 32-bit sums do may change places."""
    wanted = {hit.passage.id: hit.score for hit in exact}
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in exact], rel=2e-5)
    for hit in ours:
        if hit.passage.id in wanted:
            assert hit.score == pytest.approx(wanted[hit.passage.id], rel=2e-5)
        else:
            assert hit.score == pytest.approx(exact[-1].score, rel=2e-5)


def test_rankings_are_those_of_the_exact_oracle(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c.jsonl", make_rows(passages=600, words=200, seed=3))
    chance = random.Random(4)
    queries = [" ".join(f"word{chance.randrange(200)}" for _ in range(chance.randint(1, 8))) for _ in range(300)]
    with closing(open_corpus(corpus)) as embedded, closing(open_corpus(corpus, "exact")) as exact:
        for ours, oracle in zip(embedded.search(queries, 10), exact.search(queries, 10), strict=True):
            assert ours
            compare_pair(ours, oracle)


def test_more_ties_than_are_fetched_at_first_are_ordered_by_id(tmp_path: Path) -> None:
    rows = [{"id": f"{number:04}", "text": "same words"} for number in range(900)]
    random.Random(0).shuffle(rows)
    corpus = write_corpus(tmp_path / "c.jsonl", [*rows, {"id": "best", "text": "same same"}])
    for backend in ("tantivy", "exact"):
        with closing(open_corpus(corpus, backend)) as retriever:
            (hits,) = retriever.search(["same"], 5)
            assert [hit.passage.id for hit in hits] == ["best", "0000", "0001", "0002", "0003"]


@pytest.mark.integration
def test_an_index_of_several_segments_ranks_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_rows(passages=20_000, words=3000, seed=5)
    monkeypatch.setattr("evaluator.retrieval.engines.tantivy_engine.WRITER_BYTES", 15 << 20)
    corpus = write_corpus(tmp_path / "c.jsonl", rows)
    queries = [f"word{number} word{number * 2} word{number + 900}" for number in range(20)]
    with closing(open_corpus(corpus)) as embedded, closing(open_corpus(corpus, "exact")) as exact:
        assert len(list(default_index_folder(corpus, "tantivy").glob("*.idx"))) > 1
        for ours, oracle in zip(embedded.search(queries, 5), exact.search(queries, 5), strict=True):
            compare_pair(ours, oracle)


def read_questions() -> list[tuple[str, set[str]]]:
    file = SHARED_DATA / "corpus" / "questions.jsonl"
    if not file.is_file():
        pytest.skip(f"NO REAL CORPUS: {file} is absent; set ARENA_SHARED_DATA to measure the retriever on it")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [(row["question"], {row["passage_id"], *row["other_passage_ids"]}) for row in rows]


def find_passages(retriever: Retriever, questions: list[str], k: int) -> list[list[str]]:
    return [[hit.passage.id for hit in hits] for hits in retriever.search(questions, k)]


@pytest.mark.integration
def test_recall_and_rankings_on_the_real_corpus(tmp_path: Path) -> None:
    questions = read_questions()
    texts, corpus = [question for question, _ in questions], SHARED_DATA / "corpus" / "passages.jsonl"
    found = {}
    for backend in ("tantivy", "exact"):
        source = RetrieverSource(corpus, tmp_path / backend)
        with closing(open_retriever(RetrieverSettings(backend=backend), source)) as retriever:
            assert retriever.documents == 5776
            found[backend] = find_passages(retriever, texts, 3)
    recalled = [bool(wanted & set(ids)) for (_, wanted), ids in zip(questions, found["tantivy"], strict=True)]
    assert sum(recalled) / len(recalled) >= 0.8
    # tantivy keeps lengths over 40 words in one byte, so that scores of long passages are off by some per cent.
    pairs = list(zip(found["tantivy"], found["exact"], strict=True))
    assert sum(ours[0] == exact[0] for ours, exact in pairs) / len(pairs) >= 0.95
    assert sum(len(set(ours) & set(exact)) for ours, exact in pairs) / (3 * len(pairs)) >= 0.95
