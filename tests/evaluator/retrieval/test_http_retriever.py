"""The client of the Search-R1 family: other shapes, half answers, servers that are slow, down or loading."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic import ValidationError

from evaluator.config.retriever_settings import RetrieverConnection
from evaluator.errors import IndexMismatch, InvalidRetrieverAnswer, RetrieverError
from evaluator.retrieval.http_retriever import HttpRetriever, open_http_retriever
from evaluator.retrieval.json_client import JsonClient
from submissions.errors import OurError
from tests.support.retrieval_servers import ScriptedServer, run_scripted

pytestmark = pytest.mark.integration

HEALTH = {"ready": True, "docs": 3, "index_id": "tantivy-0123456789abcdef"}


def answer_search(path: str, body: Any) -> object:
    """A server whose documents have no id, as Search-R1's BM25 server sends them."""
    if path == "/health":
        return HEALTH
    document = {"title": "T", "text": "x", "contents": '"T"\nx'}
    return {"result": [[{"document": document, "score": 2.5}] for _ in body["queries"]]}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with run_scripted(answer_search) as script:
        yield script


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def retriever(server: ScriptedServer, pauses: list[float]) -> Iterator[HttpRetriever]:
    connection = RetrieverConnection(url=server.url, batch=2, timeout_seconds=20)
    with closing(open_http_retriever(connection, {}, sleep=pauses.append)) as opened:
        server.requests.clear()
        yield opened


def test_queries_are_sent_in_batches_with_scores_requested(server: ScriptedServer, retriever: HttpRetriever) -> None:
    results = retriever.search(["a", " ", "b", "c\0\ud800"], 5)
    assert [body for _, body in server.requests] == [
        {"queries": ["a", "b"], "topk": 3, "return_scores": True},
        {"queries": ["c ?"], "topk": 3, "return_scores": True},
    ]
    assert [len(hits) for hits in results] == [1, 0, 1, 1]


def test_a_document_without_an_id_is_named_by_its_contents(server: ScriptedServer, retriever: HttpRetriever) -> None:
    (hits,) = retriever.search(["a"])
    again = retriever.search(["b"])[0]
    assert hits[0].passage.id.startswith("sha256:")
    assert hits == again
    server.script(200, {"result": [[{"document": {"contents": "y"}, "score": 1}]]})
    assert retriever.search(["a"])[0][0].passage.id != hits[0].passage.id


@pytest.mark.parametrize(
    ("item", "name", "title", "text", "score"),
    [
        ({"document": {"id": "7", "contents": '"T"\nx'}, "score": 1}, "7", "T", "x", 1.0),
        ({"document": {"id": 7, "contents": '"T"\nx'}, "score": 1.5}, "7", "T", "x", 1.5),
        ({"id": "7", "contents": '"T"\nx'}, "7", "T", "x", None),
        ({"docid": "7", "document": {"docid": "8", "title": "T", "text": "x"}, "score": 2}, "8", "T", "x", 2.0),
        ({"document": {"id": "7", "title": " T\nU ", "text": "x"}, "score": 2}, "7", "T U", "x", 2.0),
        ({"document": "plain", "score": 2}, None, "", "plain", 2.0),
        ("plain", None, "", "plain", None),
    ],
    ids=range(7),
)
def test_documents_of_other_shapes_are_read(
    server: ScriptedServer, retriever: HttpRetriever, item: Any, name: str | None, title: str, text: str, score: float
) -> None:
    server.script(200, {"result": [[item]]})
    ((hit,),) = retriever.search(["a"])
    assert (hit.passage.title, hit.passage.text, hit.score) == (title, text, score)
    assert hit.passage.id == name or (name is None and hit.passage.id.startswith("sha256:"))


def test_zero_scores_surplus_hits_and_other_orders_are_put_right(
    server: ScriptedServer, retriever: HttpRetriever
) -> None:
    scores = {"d": 1, "b": 2, "a": 2, "z": 0, "n": -1, "c": 1}
    items = [{"document": {"id": name, "contents": "x"}, "score": score} for name, score in scores.items()]
    server.script(200, {"result": [items]})
    (hits,) = retriever.search(["a"], 3)
    assert [hit.passage.id for hit in hits] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"results": []},
        {"result": []},
        {"result": [[]]},
        {"result": [[], [], []]},
        {"result": [[], None]},
        {"result": [[], [{"document": {"id": "7"}, "score": 1}]]},
        {"result": [[], [{"document": {"contents": " "}, "score": 1}]]},
        {"result": [[], [{"document": {"contents": "x"}, "score": "high"}]]},
        {"result": [[], [{"document": {"contents": "x"}, "score": float("nan")}]]},
        {"result": [[], [None]]},
    ],
    ids=range(11),
)
def test_half_an_answer_is_no_answer(
    server: ScriptedServer, retriever: HttpRetriever, pauses: list[float], answer: Any
) -> None:
    server.script(200, answer)
    with pytest.raises(InvalidRetrieverAnswer, match="something else than passages"):
        retriever.search(["a", "b"])
    assert pauses == []


def test_something_else_than_json_is_no_answer(server: ScriptedServer, retriever: HttpRetriever) -> None:
    server.script(200, b"<html>busy</html>")
    with pytest.raises(InvalidRetrieverAnswer, match="begins with b'<html>busy"):
        retriever.search(["a"])


def test_a_server_that_fails_is_asked_twice_again(
    server: ScriptedServer, retriever: HttpRetriever, pauses: list[float]
) -> None:
    server.script(500, "CUDA out of memory")
    server.script(503, "", Retry_After="7")
    assert retriever.search(["a"])[0]
    assert 0.5 <= pauses[0] <= 0.75
    assert pauses[1] == 7
    for _ in range(3):
        server.script(502)
    with pytest.raises(RetrieverError, match="answered 502, in each of 3 tries"):
        retriever.search(["a"])


def test_an_answer_that_is_cut_is_requested_again(server: ScriptedServer, retriever: HttpRetriever) -> None:
    server.script(200, b'{"result": [[', Content_Length="1000", Connection="close")
    assert retriever.search(["a"])[0]
    assert len(server.requests) == 2


def test_a_refusal_is_not_repeated(server: ScriptedServer, retriever: HttpRetriever, pauses: list[float]) -> None:
    server.script(413, {"error": "too many queries"})
    with pytest.raises(RetrieverError, match=r"answered 413: .*too many queries"):
        retriever.search(["a"])
    assert pauses == []


def test_a_silent_server_ends_the_search_in_time(server: ScriptedServer) -> None:
    connection = RetrieverConnection(url=server.url, timeout_seconds=0.2)
    with closing(open_http_retriever(connection, {}, sleep=lambda _: None)) as retriever:
        for _ in range(3):
            server.script(0)
        with pytest.raises(RetrieverError, match=r"no whole answer within 0.2 seconds, in each of 3 tries") as raised:
            retriever.search(["a"])
    assert isinstance(raised.value, OurError)
    assert server.url not in raised.value.public


def test_an_answer_that_trickles_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = RetrieverConnection(url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_seconds=0.4)
        client = JsonClient(connection.model_copy(update={"retries": 0}), {})
        import threading

        def trickle() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1 << 16)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not done.wait(0.05):
                    peer.sendall(b" ")

        done = threading.Event()
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with closing(client), pytest.raises(RetrieverError, match="no whole answer"):
                client.request_json("GET", "/health")
        finally:
            done.set()
            thread.join()


def test_an_answer_without_end_is_refused(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_http_retriever(RetrieverConnection(url=server.url), {})) as retriever:
        monkeypatch.setattr("evaluator.retrieval.json_client.MAX_ANSWER_BYTES", 1000)
        server.script(200, b" " * 2000)
        with pytest.raises(InvalidRetrieverAnswer, match="too long an answer"):
            retriever.search(["a"])


def test_a_server_that_is_down_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(RetrieverError, match=rf"{url} could not be reached.*in each of 1 tries"):
            open_http_retriever(RetrieverConnection(url=url), {})


def test_it_waits_for_a_server_that_loads(server: ScriptedServer, pauses: list[float]) -> None:
    for _ in range(3):
        server.script(503, {"ready": False}, Retry_After="5")
    connection = RetrieverConnection(url=server.url, wait_seconds=600)
    with closing(open_http_retriever(connection, {}, sleep=pauses.append)) as retriever:
        assert (retriever.index_id, retriever.documents) == (HEALTH["index_id"], 3)
    assert len(pauses) == 3
    server.script(503, {"ready": False})
    with pytest.raises(RetrieverError, match="answered 503"):
        open_http_retriever(RetrieverConnection(url=server.url), {})


def test_the_index_of_the_server_must_be_the_one_of_the_settings(server: ScriptedServer) -> None:
    connection = RetrieverConnection(url=server.url)
    open_http_retriever(connection, {}, HEALTH["index_id"]).close()
    with pytest.raises(IndexMismatch, match="serves the index tantivy-0123456789abcdef, wanted wiki-18"):
        open_http_retriever(connection, {}, "wiki-18")


def test_a_server_without_health_needs_the_id_of_its_index(server: ScriptedServer) -> None:
    connection = RetrieverConnection(url=server.url)
    server.script(404)
    with closing(open_http_retriever(connection, {}, "wiki-18-bm25")) as retriever:
        assert (retriever.index_id, retriever.documents) == ("wiki-18-bm25", None)
        assert retriever.search(["a"], 10**6)[0]
        assert server.requests[-1][1]["topk"] == 100
    server.script(404)
    with pytest.raises(IndexMismatch, match="does not say which index it serves"):
        open_http_retriever(connection, {})


def test_the_key_is_sent_and_never_shown(server: ScriptedServer) -> None:
    connection = RetrieverConnection(url=server.url, key_variable="RETRIEVER_KEY")
    with closing(open_http_retriever(connection, {"RETRIEVER_KEY": "s3cret"})) as retriever:
        assert server.headers[-1]["authorization"] == "Bearer s3cret"
        server.script(401, "no such key s3cret")
        with pytest.raises(RetrieverError, match=r"no such key \[key\]"):
            retriever.search(["a"])
    with pytest.raises(RetrieverError, match="RETRIEVER_KEY contains no key"):
        open_http_retriever(connection, {})


@pytest.mark.parametrize("url", ["127.0.0.1:8001", "ftp://host", "http://user:word@host", "http://host/?key=1", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="wanted http"):
        RetrieverConnection(url=url)
