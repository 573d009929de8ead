"""Rules that hold for every backend: the three embedded ones, and a server of ours over loopback."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.config.retriever_settings import DenseSettings, RetrieverConnection, RetrieverSettings
from evaluator.llm.fake_server import FakeChatServer
from evaluator.retrieval.backends import RETRIEVERS, RetrieverSource, open_retriever
from evaluator.retrieval.retriever import MAX_K, Retriever
from evaluator.retrieval.server.retrieval_server import RetrievalServer
from submissions.errors import NotFound
from tests.support.retrieval_corpora import TWINS, list_ids, make_rows, write_corpus
from tests.support.retrieval_servers import EMBEDDING_KEYS, connect_embeddings, embed_words

pytestmark = pytest.mark.integration

WORDS = EmbeddingSettings(name="words", snapshot="words-1")
NO_TERMS = ("", "  \n", "*:*", "(((", '"', "!!!", "\0", "\ud800", "?" * 5000, "zzzqqq unheard")
HOSTILE = (
    *NO_TERMS,
    "a AND (",
    "alpha AND NOT beta",
    "O'Brien's cat",
    "title:foo",
    "terms:alpha row:3",
    '"alpha beta"~2^5',
    "alpha* b?ta [a TO z] {x} \\ / + - && ||",
    "alpha\0beta\ud800gamma",
    "word1 " * 200_000,
    "x" * 1_000_000,
    " ".join(f"word{number}" for number in range(5000)),
    "東京タワー",
    "\u202ealpha\u202c \u200b beta",
    "'; DROP TABLE passages; --",
    "<answer>alpha</answer>",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "passages.jsonl", make_rows())


@pytest.fixture(scope="module", params=list(RETRIEVERS))
def retriever(request: pytest.FixtureRequest, corpus: Path) -> Iterator[Retriever]:
    with ExitStack() as stack:
        source, settings = RetrieverSource(corpus), RetrieverSettings(backend=request.param)
        if request.param == "dense":
            connection = connect_embeddings(stack.enter_context(FakeChatServer(embed=embed_words)))
            source = RetrieverSource(corpus, connection=connection, environ=EMBEDDING_KEYS)
            settings = RetrieverSettings(backend="dense", dense=DenseSettings(model=WORDS))
        elif request.param == "http":
            server = stack.enter_context(RetrievalServer()).serve_in_background()
            server.load(lambda: open_retriever(RetrieverSettings(), source))
            source = RetrieverSource(connection=RetrieverConnection(url=server.url, batch=16))
        yield stack.enter_context(closing(open_retriever(settings, source)))


def test_it_finds_what_was_asked_for(retriever: Retriever) -> None:
    (hits,) = retriever.search(["a poem by Poe"])
    assert hits[0].passage.id == "quoted"
    assert (hits[0].passage.title, hits[0].passage.text) == ('The "Raven"', "A poem\nby Poe, not an operator")
    assert hits[0].passage.contents == '"The "Raven""\nA poem\nby Poe, not an operator'


def test_titles_and_contents_are_searched_alike(retriever: Retriever) -> None:
    (hits,) = retriever.search(["Ravens, birds of a genus"])
    assert (hits[0].passage.id, hits[0].passage.title, hits[0].passage.text) == (
        "contents",
        "Ravens",
        "Birds of the genus Corvus",
    )
    assert list_ids(retriever, "17", 1) == ["p17"]


def test_hits_are_ordered_by_score_and_have_one(retriever: Retriever) -> None:
    for hits in retriever.search([f"word{number} word{number + 7}" for number in range(20)], 10):
        scores = [hit.score or 0 for hit in hits]
        assert hits
        assert scores == sorted(scores, reverse=True)
        assert min(scores) > 0
        assert len({hit.passage.id for hit in hits}) == len(hits)


@pytest.mark.parametrize("k", [1, 3, 4, 5])
def test_equal_scores_are_ordered_by_id(retriever: Retriever, k: int) -> None:
    assert list_ids(retriever, "alpha beta gamma", k) == sorted(TWINS)[:k]


@pytest.mark.parametrize(("k", "wanted"), [(-1, 1), (0, 1), (2, 2), (10**9, MAX_K)])
def test_the_number_of_hits_is_clamped(retriever: Retriever, k: int, wanted: int) -> None:
    assert len(list_ids(retriever, "word0 word1 word2", k)) == wanted


def test_a_rare_term_has_fewer_hits_than_requested(retriever: Retriever) -> None:
    assert list_ids(retriever, "Corvus", 50) == ["contents"]


@pytest.mark.parametrize("query", NO_TERMS, ids=range(len(NO_TERMS)))
def test_a_query_without_any_term_of_the_corpus_has_no_hits(retriever: Retriever, query: str) -> None:
    assert retriever.search([query], 5) == [()]


def test_no_text_is_an_operator_and_none_breaks_a_search(retriever: Retriever) -> None:
    results = retriever.search(HOSTILE, 5)
    assert len(results) == len(HOSTILE)
    assert results == [retriever.search([query], 5)[0] for query in HOSTILE]
    for query, plain in (
        ("alpha AND (NOT beta", "alpha and not beta"),
        ("title:alpha", "title alpha"),
        ('"alpha gamma"', "alpha gamma"),
        ("-alpha +word3*", "alpha word3"),
    ):
        assert retriever.search([query], 9) == retriever.search([plain], 9) != [()]


def test_a_script_without_spaces_is_searched(retriever: Retriever) -> None:
    assert list_ids(retriever, "東京タワー") == ["7"]


def test_results_are_in_the_order_of_the_queries(retriever: Retriever) -> None:
    queries = [str(number) for number in range(40)]
    results = retriever.search([*queries, "", *queries[::-1]], 1)
    ids = [f"p{number}" for number in range(40)]
    assert [hit.passage.id for hits in results for hit in hits] == ids + ids[::-1]
    assert results[40] == ()
    assert retriever.search([]) == []


def test_searches_at_once_find_the_same(retriever: Retriever) -> None:
    queries = [f"word{number % 60} word{number * 7 % 60}" for number in range(64)]
    alone = retriever.search(queries, 5)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: retriever.search([query], 5)[0], queries)) == alone
        assert list(pool.map(lambda _: retriever.search(queries, 5), range(8))) == [alone] * 8


def test_it_names_its_index(retriever: Retriever, corpus: Path) -> None:
    assert retriever.documents == len(make_rows())
    engine, _, digest = retriever.index_id.partition("-")
    assert engine in ("tantivy", "exact", "dense")
    assert len(digest) == 16
    assert corpus.is_file()


def test_an_unknown_backend_names_those_that_exist() -> None:
    with pytest.raises(NotFound, match="No retriever 'lucene'; there are: tantivy, exact, dense, http"):
        open_retriever(RetrieverSettings(backend="lucene"), RetrieverSource())
