"""Dense indexes: flat and graph find the same, and answers of embedding servers are not trusted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.config.retriever_settings import DenseSettings, RetrieverSettings
from evaluator.errors import IndexMismatch, RetrieverError
from evaluator.llm.fake_server import CannedReply, FakeChatServer, ReceivedRequest, embedding_reply, error_reply
from evaluator.retrieval.backends import RetrieverSource, open_retriever
from evaluator.retrieval.engines import dense_engine
from evaluator.retrieval.index_folder import read_card
from evaluator.retrieval.retriever import Hit, Retriever
from tests.support.retrieval_corpora import make_rows, write_corpus
from tests.support.retrieval_servers import EMBEDDING_KEYS, connect_embeddings, embed_words

pytestmark = pytest.mark.integration

MODEL = EmbeddingSettings(name="words", snapshot="words-1", prefix="passage: ")


@pytest.fixture
def server() -> Iterator[FakeChatServer]:
    with FakeChatServer(embed=embed_words) as running:
        yield running


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "passages.jsonl", make_rows(passages=40))


def open_dense(server: FakeChatServer, corpus: Path, folder: str = "index", **model: object) -> Retriever:
    settings = DenseSettings(model=MODEL.model_copy(update=model), query_prefix="query: ")
    connection = connect_embeddings(server, batch=16, retries=0)
    source = RetrieverSource(corpus, corpus.with_name(folder), connection, EMBEDDING_KEYS)
    return open_retriever(RetrieverSettings(backend="dense", dense=settings), source)


def name_hits(results: list[tuple[Hit, ...]]) -> list[list[str]]:
    return [[hit.passage.id for hit in hits] for hits in results]


def test_a_graph_finds_what_all_vectors_do(
    server: FakeChatServer, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [f"word{number} word{number + 3}" for number in range(20)]
    with closing(open_dense(server, corpus, "flat")) as flat:
        exact = flat.search(queries, 5)
    monkeypatch.setattr(dense_engine, "MAX_FLAT_PASSAGES", 20)
    with closing(open_dense(server, corpus, "graph")) as graph:
        ours = graph.search(queries, 5)
        assert name_hits(ours) == name_hits(exact)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: graph.search(queries, 5), range(20))) == [ours] * 20
    assert read_card(corpus.with_name("flat")).parameters["search"] == "faiss-flat"
    assert read_card(corpus.with_name("graph")).parameters["search"] == "usearch-hnsw"
    with closing(open_dense(server, corpus, "graph")) as again:
        assert again.search(queries, 5) == ours


def test_prefixes_and_cuts_are_sent_and_on_the_card(server: FakeChatServer, corpus: Path) -> None:
    with closing(open_dense(server, corpus, max_characters=100)) as retriever:
        retriever.search(["word1", " ", "word2"])
    texts = [request.body["input"] for request in server.embedding_requests]
    assert texts[0][0].startswith("passage: Page 0\n")
    assert max(len(text) for batch in texts for text in batch) == len("passage: ") + 100
    assert max(map(len, texts)) == 16
    assert texts[-1] == ["query: word1", "query: word2"]
    card = read_card(corpus.with_name("index"))
    assert (card.analyzer, card.parameters["snapshot"], card.parameters["max_characters"]) == ("", "words-1", 100)
    with pytest.raises(IndexMismatch, match="another parameters"):
        open_dense(server, corpus, snapshot="words-2")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (CannedReply(body={"data": []}), "0 embeddings for 1 texts"),
        (embedding_reply([[1.0, 0.5]]), "vectors of another length"),
        (embedding_reply([[0.0] * 2048]), "no usable vector"),
        (error_reply(500, "out of memory"), "answered 500"),
        (CannedReply(body="<html>busy</html>"), "no list of embeddings"),
    ],
    ids=range(5),
)
def test_a_search_fails_as_ours_where_the_server_does(
    server: FakeChatServer, corpus: Path, reply: CannedReply, message: str
) -> None:
    with closing(open_dense(server, corpus)) as retriever:
        server.embed = lambda _: reply
        with pytest.raises(RetrieverError, match=message):
            retriever.search(["word1"])
        server.embed = embed_words
        assert retriever.search(["word1"])[0]


def test_a_passage_without_a_vector_or_vectors_that_change_leave_no_index(server: FakeChatServer, corpus: Path) -> None:
    def embed_some(asked: ReceivedRequest) -> CannedReply:
        return embedding_reply([[0.0 if "Page 33\n" in text else 1.0] for text in asked.texts])

    def embed_longer(asked: ReceivedRequest) -> CannedReply:
        return embedding_reply([[1.0] * (asked.number + 1) for _ in asked.texts])

    for embed, message in ((embed_some, "missing for passage 'p33'"), (embed_longer, "vectors of another length")):
        server.embedding_requests.clear()
        server.embed = embed
        with pytest.raises(RetrieverError, match=message):
            open_dense(server, corpus)
        assert not corpus.with_name("index").exists()
