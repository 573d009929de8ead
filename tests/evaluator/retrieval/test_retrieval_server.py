"""The server: both forms of answers, health while it loads, limits, and clients that misbehave."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from evaluator.errors import RetrieverError
from evaluator.retrieval.retriever import MAX_QUERY_CHARACTERS, Hit, Passage
from evaluator.retrieval.server import retrieval_server
from evaluator.retrieval.server.connection_deadlines import ConnectionDeadlines
from evaluator.retrieval.server.retrieval_server import RetrievalServer, is_loopback_host
from evaluator.retrieval.server.retrieve_request import MAX_BODY_BYTES, MAX_HITS, MAX_QUERIES
from tests.support.retrieval_corpora import make_rows, open_corpus, write_corpus

pytestmark = pytest.mark.integration


@dataclass
class CountingRetriever:
    """As many hits as requested; what it was asked; waits, or fails, on request."""

    index_id: str = "counting-1"
    documents: int | None = 1000
    asked: list[tuple[list[str], int]] = field(default_factory=list)
    gate: threading.Event | None = None
    arrivals: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    failure: Exception | None = None
    is_closed: bool = False

    def search(self, queries: Sequence[str], k: int = 3) -> list[tuple[Hit, ...]]:
        self.asked.append((list(queries), k))
        self.arrivals.release()
        if self.gate:
            assert self.gate.wait(60)
        if self.failure:
            raise self.failure
        return [tuple(Hit(Passage(f"p{rank}", "T", "x"), 1 / (rank + 1)) for rank in range(k)) for _ in queries]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def retriever() -> CountingRetriever:
    return CountingRetriever()


@pytest.fixture
def server(retriever: CountingRetriever) -> Iterator[RetrievalServer]:
    with RetrievalServer(default_k=3) as running:
        running.serve_in_background()
        running.load(lambda: retriever)
        yield running


@pytest.fixture
def client(server: RetrievalServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=30, trust_env=False, verify=False) as opened:
        yield opened


def search(client: httpx2.Client, **body: Any) -> Any:
    answer = client.post("/retrieve", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_both_forms_of_answers(client: httpx2.Client) -> None:
    document = {"id": "p0", "contents": '"T"\nx'}
    assert (
        search(client, queries=["a", "b"], topk=1, return_scores=True) == [[{"document": document, "score": 1.0}]] * 2
    )
    assert search(client, queries=["a"], topk=1, return_scores=False) == [[document]]
    assert search(client, queries=["a"], topk=1) == [[document]]
    assert search(client, queries=[], topk=1) == []


TOPKS = (({}, 3), ({"topk": None}, 3), ({"topk": 0}, 3), ({"topk": 5}, 5), ({"topk": 10**9}, 100))


@pytest.mark.parametrize(("topk", "wanted"), TOPKS, ids=range(5))
def test_the_number_of_hits_has_a_default_and_a_limit(client: httpx2.Client, topk: dict[str, Any], wanted: int) -> None:
    assert len(search(client, queries=["a"], **topk)[0]) == wanted


def test_a_real_index_is_served_as_it_is(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c.jsonl", make_rows(passages=30))
    with RetrievalServer() as server, closing(open_corpus(corpus)) as retriever:
        server.serve_in_background().load(lambda: open_corpus(corpus))
        with httpx2.Client(base_url=server.url, trust_env=False, verify=False) as client:
            (got,) = search(client, queries=["word1 word2"], return_scores=True)
            assert client.get("/health").json() == {"ready": True, "docs": 39, "index_id": retriever.index_id}
        assert [(item["document"]["id"], item["document"]["contents"], item["score"]) for item in got] == [
            (hit.passage.id, hit.passage.contents, hit.score) for hit in retriever.search(["word1 word2"])[0]
        ]


def test_health_while_it_loads_and_after() -> None:
    loading, loaded = threading.Event(), CountingRetriever()

    def open_slowly() -> CountingRetriever:
        assert loading.wait(60)
        return loaded

    with RetrievalServer() as server, httpx2.Client(base_url=server.url, trust_env=False, verify=False) as client:
        server.serve_in_background()
        thread = threading.Thread(target=server.load, args=(open_slowly,))
        thread.start()
        health, answer = client.get("/health"), client.post("/retrieve", json={"queries": ["a"]})
        assert (health.status_code, health.headers["retry-after"]) == (503, "5")
        assert health.json() == {"ready": False, "docs": None, "index_id": None}
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert loaded.asked == []
        loading.set()
        thread.join()
        assert client.get("/health").json() == {"ready": True, "docs": 1000, "index_id": "counting-1"}
        assert client.post("/retrieve", json={"queries": ["a"]}).status_code == 200
    assert loaded.is_closed


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "Wanted JSON such as"),
        (b"{", 400, "Wanted JSON such as"),
        (b"[" * 100_000, 400, "Wanted JSON such as"),
        (b"[]", 400, "Wanted JSON such as"),
        (b'{"queries": "a"}', 400, "queries: "),
        (b'{"queries": [1]}', 400, "queries.0: "),
        (b'{"topk": 3}', 400, "queries: "),
        (b'{"queries": ["a"], "topk": "3"}', 400, "topk: "),
        (b'{"queries": ["a"], "topk": -1}', 400, "topk: "),
        (b'{"queries": ["a"], "topk": 1.5}', 400, "topk: "),
        (b'{"queries": ["a"], "topk": NaN}', 400, "topk: "),
        (b'{"queries": ["a"], "return_scores": "no"}', 400, "return_scores: "),
        (b'{"queries": ["\\ud800"]}', 400, "Wanted JSON"),
        (b'{"queries": ["\xff"]}', 400, "Wanted JSON"),
        (json.dumps({"queries": ["a"] * (MAX_QUERIES + 1)}).encode(), 413, f"at most {MAX_QUERIES} in a request"),
        (json.dumps({"queries": ["a" * (MAX_QUERY_CHARACTERS + 1)]}).encode(), 413, "A query of 4097 characters"),
        (json.dumps({"queries": ["a"] * (MAX_HITS // 100 + 1), "topk": 100}).encode(), 413, "Queries times topk"),
    ],
    ids=range(17),
)
def test_a_request_that_is_none_is_refused(
    client: httpx2.Client, retriever: CountingRetriever, body: bytes, status: int, message: str
) -> None:
    answer = client.post("/retrieve", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert message in answer.json()["error"]
    assert retriever.asked == []
    assert search(client, queries=["a"])  # the connection lives on


def test_the_longest_request_is_served(client: httpx2.Client, retriever: CountingRetriever) -> None:
    assert len(search(client, queries=["e" * MAX_QUERY_CHARACTERS] * MAX_QUERIES, topk=1)) == MAX_QUERIES
    assert retriever.asked[0][1] == 1


def test_fields_of_other_servers_are_ignored(client: httpx2.Client) -> None:
    assert search(client, queries=["a"], k=7, session="x")


def test_other_paths_and_methods_name_those_that_exist(client: httpx2.Client) -> None:
    wrong = (("GET", "/", 404), ("POST", "/search", 404), ("GET", "/retrieve", 405), ("POST", "/health", 405))
    for method, path, status in wrong:
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["error"]) == (status, "There are: POST /retrieve, GET /health.")
    assert client.delete("/retrieve").status_code == 501
    assert "Python" not in client.get("/health").headers["server"]


def talk(server: RetrievalServer, text: str | bytes) -> bytes:
    """What is answered to these bytes, until the server hangs up."""
    with socket.create_connection(server.server_address[:2], timeout=30) as connection:
        connection.sendall(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
        return answer


HEAD = "POST /retrieve HTTP/1.1\nHost: x\nContent-Type: application/json\n"


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (HEAD + "\n", 411),
        (HEAD + "Transfer-Encoding: chunked\n\n0\n\n", 411),
        (HEAD + "Content-Length: 2\nContent-Length: 3\n\n{}", 400),
        (HEAD + "Content-Length: -2\n\n{}", 400),
        (HEAD + "Content-Length: 1_0\n\n{}", 400),
        (HEAD + "Content-Length: ²\n\n{}", 400),
        (HEAD + f"Content-Length: {MAX_BODY_BYTES + 1}\n\n", 413),
        (HEAD + "Content-Length: " + "9" * 5000 + "\n\n", 413),
        (HEAD + f"Content-Length: {MAX_BODY_BYTES + 1}\nExpect: 100-continue\n\n", 413),
        ("POST /retrieve HTTP/1.1\nHost: x\nContent-Type: text/plain\nContent-Length: 2\n\n{}", 415),
        ("GARBAGE\n\n", 400),
        ("GET /health HTTP/9.9\n\n", 505),
        ("GET /" + "x" * 70_000 + " HTTP/1.1\n\n", 414),
        (HEAD + "".join(f"X-{number}: 1\n" for number in range(200)) + "\n", 431),
    ],
    ids=range(14),
)
def test_malformed_requests_are_refused_and_end_the_connection(
    server: RetrievalServer, client: httpx2.Client, request_text: str, status: int
) -> None:
    answer = talk(server, request_text)
    assert f" {status} ".encode() in answer.splitlines()[0]
    assert b"Connection: close" in answer
    assert b'{"error": ' in answer
    assert client.get("/health").status_code == 200


def test_a_body_that_is_expected_is_asked_for(server: RetrievalServer) -> None:
    answer = talk(
        server, HEAD + 'Content-Length: 16\nExpect: 100-continue\nConnection: close\n\n{"queries": [""]}'[:-1]
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ")


def test_a_client_that_sends_too_much_reads_why(client: httpx2.Client) -> None:
    answer = client.post("/retrieve", content=b" " * (MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ("HEAD_SECONDS", "GET /health HTTP/1.1\nHost"),
        ("HEAD_SECONDS", ""),
        ("BODY_SECONDS", HEAD + 'Content-Length: 20\n\n{"queries"'),
    ],
)
def test_a_client_that_stops_is_disconnected(
    server: RetrievalServer, monkeypatch: pytest.MonkeyPatch, limit: str, text: str
) -> None:
    monkeypatch.setattr(retrieval_server, limit, 0.05)
    answer = talk(server, text)
    assert answer == b"" or b" 400 " in answer.splitlines()[0]


def test_a_client_that_trickles_is_disconnected(server: RetrievalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval_server, "HEAD_SECONDS", 0.3)
    with socket.create_connection(server.server_address[:2], timeout=0.02) as connection:
        for _ in range(1000):
            try:
                connection.sendall(b"x")
                if connection.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("still connected")


def test_our_own_time_counts_against_no_client(
    server: RetrievalServer, retriever: CountingRetriever, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval_server, "BODY_SECONDS", 0.2)
    retriever.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.post, "/retrieve", json={"queries": ["a"]})
        with pytest.raises(TimeoutError):
            answer.result(timeout=0.8)
        retriever.gate.set()
        assert answer.result().status_code == 200
    assert server.deadlines.end_overdue() == 0


def test_too_many_connections_are_refused_and_room_is_found_again(retriever: CountingRetriever) -> None:
    retriever.gate = threading.Event()
    with RetrievalServer(max_connections=2) as server, ThreadPoolExecutor(2) as pool:
        server.serve_in_background().load(lambda: retriever)
        body = {"queries": ["a"]}
        waiting = [
            pool.submit(httpx2.post, f"{server.url}/retrieve", json=body, trust_env=False, verify=False)
            for _ in range(2)
        ]
        assert all(retriever.arrivals.acquire(timeout=60) for _ in waiting)
        answer = httpx2.get(f"{server.url}/health", trust_env=False, verify=False)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        retriever.gate.set()
        assert [one.result().status_code for one in waiting] == [200, 200]
        while httpx2.get(f"{server.url}/health", trust_env=False, verify=False).status_code == 503:
            pass


def test_a_search_that_fails_is_our_failure_and_shows_nothing_private(
    retriever: CountingRetriever, client: httpx2.Client
) -> None:
    retriever.failure = RetrieverError("The server of embeddings is down.", "http://10.0.0.7 refused the key")
    answer = client.post("/retrieve", json={"queries": ["a"]})
    assert (answer.status_code, answer.json()) == (502, {"error": "The server of embeddings is down."})
    retriever.failure = None
    assert search(client, queries=["a"])


def test_a_bug_ends_one_connection_and_is_logged(
    retriever: CountingRetriever, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    retriever.failure = ZeroDivisionError("bug")
    with caplog.at_level(logging.ERROR), pytest.raises(httpx2.RemoteProtocolError):
        client.post("/retrieve", json={"queries": ["a"]})
    assert "A request failed" in caplog.text
    retriever.failure = None
    assert search(client, queries=["a"])


def test_many_clients_at_once_are_served(server: RetrievalServer) -> None:
    def ask(number: int) -> int:
        with httpx2.Client(base_url=server.url, timeout=30, trust_env=False, verify=False) as client:
            return sum(len(search(client, queries=[f"q{number}"], topk=2)[0]) for _ in range(5))

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(48))) == [10] * 48


def test_a_port_in_use_is_named(server: RetrievalServer) -> None:
    port = server.server_address[1]
    with pytest.raises(RetrieverError, match=rf"Cannot listen on 127.0.0.1, port {port}: .*in use.* --port"):
        RetrievalServer(port=int(port))


def test_the_server_has_an_address_of_ipv6_too(retriever: CountingRetriever) -> None:
    with RetrievalServer("::1") as server:
        server.serve_in_background().load(lambda: retriever)
        assert server.url.startswith("http://[::1]:")
        assert httpx2.get(f"{server.url}/health", trust_env=False, verify=False).status_code == 200


def test_loopback_hosts() -> None:
    assert all(map(is_loopback_host, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback_host, ("0.0.0.0", "::", "node7", "")))


def test_deadlines_end_what_is_overdue_only() -> None:
    now = 0.0
    deadlines = ConnectionDeadlines(lambda: now)
    ours, theirs = zip(*(socket.socketpair() for _ in range(3)), strict=True)
    assert [deadlines.add_connection(one, 3) for one in ours] == [True] * 3
    assert not deadlines.add_connection(theirs[0], 3)
    for connection, seconds in zip(ours, (5, 10, 10), strict=True):
        deadlines.set_deadline(connection, seconds)
    deadlines.remove_connection(ours[2])
    assert deadlines.end_overdue() == 0
    now = 7.0
    assert deadlines.end_overdue() == 1
    assert theirs[0].recv(1) == b""
    now = 20.0
    assert deadlines.end_overdue() == 1
    assert deadlines.end_overdue() == 0
    theirs[2].sendall(b"x")
    assert ours[2].recv(1) == b"x"
    for one in (*ours, *theirs):
        one.close()
