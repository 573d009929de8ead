"""Dense indexes: flat and graph find the same, and answers of embedding servers are not trusted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from evaluator.config.retriever_settings import EmbeddingSettings, RetrieverConnection
from evaluator.errors import IndexMismatch, InvalidRetrieverAnswer, RetrieverError
from evaluator.retrieval.engines.dense_engine import DenseEngine
from evaluator.retrieval.engines.embedding_client import EmbeddingClient
from evaluator.retrieval.index_folder import open_index_retriever, read_card
from evaluator.retrieval.json_client import JsonClient
from evaluator.retrieval.retriever import Hit
from tests.support.retrieval_corpora import make_rows, write_corpus
from tests.support.retrieval_servers import ScriptedServer, embed_words, run_scripted

pytestmark = pytest.mark.integration

SETTINGS = EmbeddingSettings(name="words", query_prefix="query: ", passage_prefix="passage: ")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with run_scripted(embed_words) as script:
        yield script


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "passages.jsonl", make_rows(passages=40))


def make_engine(server: ScriptedServer, settings: EmbeddingSettings = SETTINGS, **limits: int) -> DenseEngine:
    client = JsonClient(RetrieverConnection(url=server.url, retries=0), {})
    return DenseEngine(EmbeddingClient(client, settings.name, batch=16), settings, **limits)


def name_hits(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.id for hit in hits]


def test_a_graph_finds_what_all_vectors_do(server: ScriptedServer, corpus: Path) -> None:
    flat_folder, graph_folder = corpus.with_name("flat"), corpus.with_name("graph")
    with (
        closing(open_index_retriever(make_engine(server), corpus, flat_folder)) as flat,
        closing(open_index_retriever(make_engine(server, max_flat=20), corpus, graph_folder)) as graph,
    ):
        queries = [f"word{number} word{number + 3}" for number in range(20)]
        ours, exact = graph.search(queries, 5), flat.search(queries, 5)
        assert [[hit.passage.id for hit in hits] for hits in ours] == [
            [hit.passage.id for hit in hits] for hits in exact
        ]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: graph.search(queries, 5), range(20))) == [ours] * 20
    assert read_card(flat_folder).parameters["search"] == "faiss-flat"
    assert read_card(graph_folder).parameters["search"] == "usearch-hnsw"
    with closing(open_index_retriever(make_engine(server, max_flat=20), corpus, graph_folder)) as again:
        assert again.search(queries, 5) == ours


def test_prefixes_and_cuts_are_sent_and_on_the_card(server: ScriptedServer, corpus: Path) -> None:
    settings = SETTINGS.model_copy(update={"max_characters": 12})
    with closing(open_index_retriever(make_engine(server, settings), corpus, corpus.with_name("index"))) as retriever:
        retriever.search(["word1", " ", "word2"])
    bodies = [body for _, body in server.requests]
    assert bodies[0]["input"][0].startswith("passage: Page 0\n")
    assert len(bodies[0]["input"][0]) == len("passage: ") + 12
    assert max(len(body["input"]) for body in bodies) == 16
    assert bodies[-1] == {"model": "words", "input": ["query: word1", "query: word2"], "encoding_format": "float"}
    card = read_card(corpus.with_name("index"))
    assert (card.analyzer, card.parameters["model"], card.parameters["max_characters"]) == ("", "words", 12)
    with pytest.raises(IndexMismatch, match="another parameters"):
        open_index_retriever(make_engine(server, SETTINGS), corpus, corpus.with_name("index"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0, 2.0]}, {"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [math.nan]}, {"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": [1.0]}]},
    ],
    ids=range(8),
)
def test_an_answer_without_one_vector_for_each_text_is_refused(server: ScriptedServer, answer: Any) -> None:
    client = JsonClient(RetrieverConnection(url=server.url), {})
    server.script(200, answer)
    with (
        closing(EmbeddingClient(client, "words", 8)) as embeddings,
        pytest.raises(InvalidRetrieverAnswer, match="one vector for each text"),
    ):
        embeddings.embed_texts(["a", "b"])


def test_a_model_of_other_vectors_than_the_index_is_refused(server: ScriptedServer, corpus: Path) -> None:
    with closing(open_index_retriever(make_engine(server), corpus, corpus.with_name("index"))) as retriever:
        server.script(200, {"data": [{"index": 0, "embedding": [1.0, 0.5]}]})
        with pytest.raises(IndexMismatch, match="not that of the index"):
            retriever.search(["word1"])


def test_a_model_that_changes_its_vectors_has_no_index(server: ScriptedServer, corpus: Path) -> None:
    server.script(200, {"data": [{"index": number, "embedding": [1.0, 0.5]} for number in range(16)]})
    with pytest.raises(InvalidRetrieverAnswer, match="changed the length of its vectors"):
        open_index_retriever(make_engine(server), corpus, corpus.with_name("index"))
    assert not corpus.with_name("index").exists()


def test_a_search_fails_by_name_where_the_server_does(server: ScriptedServer, corpus: Path) -> None:
    with closing(open_index_retriever(make_engine(server), corpus, corpus.with_name("index"))) as retriever:
        server.script(500, "out of memory")
        with pytest.raises(RetrieverError, match="answered 500, in each of 1 tries"):
            retriever.search(["word1"])
        assert retriever.search(["word1"])[0]
