"""Retriever on a server of the Search-R1 family: ours, pyserini behind its launcher, or a colleague's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from evaluator.config.retriever_settings import RetrieverConnection
from evaluator.errors import IndexMismatch, InvalidRetrieverAnswer, RetrieverError
from evaluator.retrieval.json_client import JsonClient, RequestRefused
from evaluator.retrieval.retriever import DEFAULT_K, Hit, Passage, clamp_k, clean_query, round_score

_POLL_SECONDS = 2.0


class HttpRetriever:
    """Searches through `POST /retrieve`, in batches."""

    def __init__(self, client: JsonClient, index_id: str, documents: int | None, batch: int) -> None:
        self._client = client
        self._index_id = index_id
        self._documents = documents
        self._batch = batch

    @property
    def index_id(self) -> str:
        """Id that the server, or else the settings, name."""
        return self._index_id

    @property
    def documents(self) -> int | None:
        """Number of passages; None if the server does not tell it."""
        return self._documents

    def search(self, queries: Sequence[str], k: int = DEFAULT_K) -> list[tuple[Hit, ...]]:
        """Find the best passages of each query, by the rules of Retriever.

        Raises RetrieverError without an answer, InvalidRetrieverAnswer for half of one.
        """
        cleaned = [clean_query(query) for query in queries]
        asked = [query for query in cleaned if query.strip()]
        batches = (asked[start : start + self._batch] for start in range(0, len(asked), self._batch))
        hits = chain.from_iterable(self._search_batch(batch, clamp_k(k, self._documents)) for batch in batches)
        return [next(hits) if query.strip() else () for query in cleaned]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _search_batch(self, queries: Sequence[str], k: int) -> list[tuple[Hit, ...]]:
        # With scores always: the family's first server fails without (tracks.md 1.1).
        body = {"queries": queries, "topk": k, "return_scores": True}
        answer = self._client.request_json("POST", "/retrieve", body)
        lists = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(lists, list) or len(lists) != len(queries) or not all(isinstance(one, list) for one in lists):
            raise self._invalid_answer(f"wanted `result` with {len(queries)} lists, one for each query")
        return [self._order_hits(list(map(self._parse_hit, one)), k) for one in lists]

    def _parse_hit(self, item: Any) -> Hit:
        document = item.get("document", item) if isinstance(item, dict) else item
        if isinstance(document, str):
            document = {"contents": document}
        contents = (document.get("contents") or document.get("text")) if isinstance(document, dict) else None
        if not isinstance(contents, str) or not contents.strip():
            raise self._invalid_answer("a document without `contents` or `text`")
        id_, title = document.get("id", document.get("docid")), document.get("title")
        name = str(id_) if isinstance(id_, str | int) and not isinstance(id_, bool) and str(id_).strip() else None
        if isinstance(title, str) and title.strip() and not contents.startswith('"'):
            contents = f'"{" ".join(title.split())}"\n{contents}'
        return Hit(Passage.from_contents(name, contents), self._parse_score(item))

    def _parse_score(self, item: Any) -> float | None:
        score = item.get("score") if isinstance(item, dict) else None
        if score is None:
            return None
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            raise self._invalid_answer(f"the score {score!r} is no finite number")
        return round_score(score)

    @staticmethod
    def _order_hits(hits: list[Hit], k: int) -> tuple[Hit, ...]:
        if any(hit.score is None for hit in hits):
            return tuple(hits[:k])  # the server's order is all there is
        useful = [hit for hit in hits if (hit.score or 0) > 0]
        return tuple(sorted(useful, key=lambda hit: (-(hit.score or 0), hit.passage.id))[:k])

    def _invalid_answer(self, what: str) -> InvalidRetrieverAnswer:
        return InvalidRetrieverAnswer(
            "A retriever's server answered something else than passages.", f"{self._client.url}/retrieve: {what}."
        )


def open_http_retriever(
    connection: RetrieverConnection,
    environ: Mapping[str, str],
    index_id: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> HttpRetriever:
    """Connect to a server, waiting until it is ready; a server without /health is searched once instead.

    Raises RetrieverError if it is not ready in time, IndexMismatch if it serves another index than `index_id`.
    """
    client = JsonClient(connection, environ, sleep)
    try:
        health = _wait_until_ready(client, connection, sleep)
        served, documents = health.get("index_id"), health.get("docs")
        if isinstance(served, str) and index_id not in ("", served):
            raise IndexMismatch(f"{client.url} serves the index {served}, wanted {index_id}.")
        if not isinstance(served, str) and not index_id:
            raise IndexMismatch(
                f"{client.url} does not say which index it serves: state its id as index_id in the settings, "
                "so that results of two indexes are never mixed."
            )
        is_count = isinstance(documents, int) and not isinstance(documents, bool) and documents > 0
        name = served if isinstance(served, str) else index_id
        return HttpRetriever(client, name, documents if is_count else None, connection.batch)
    except BaseException:
        client.close()
        raise


def _wait_until_ready(
    client: JsonClient, connection: RetrieverConnection, sleep: Callable[[float], None]
) -> dict[str, Any]:
    deadline = time.monotonic() + connection.wait_seconds
    while True:
        try:
            return _read_health(client)
        except (InvalidRetrieverAnswer, RequestRefused):
            raise
        except RetrieverError:
            if time.monotonic() >= deadline:
                raise
            sleep(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _read_health(client: JsonClient) -> dict[str, Any]:
    """The answer of /health; empty from a server of the family that has none but answers searches."""
    try:
        health = client.request_json("GET", "/health", retries=0)
    except RequestRefused as error:
        if error.status not in (404, 405):
            raise
        client.request_json("POST", "/retrieve", {"queries": ["ready"], "topk": 1, "return_scores": True})
        return {}
    return health if isinstance(health, dict) else {}
