"""Requests and answers of `POST /retrieve`, as the Search-R1 family writes them, with limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluator.retrieval.retriever import MAX_K, MAX_QUERY_CHARACTERS, Hit, clamp_k

MAX_BODY_BYTES = 8 << 20
MAX_QUERIES = 1024
MAX_HITS = 10_000
"""Of a request: queries times hits of each."""

_EXAMPLE = '{"queries": ["..."], "topk": 3, "return_scores": true}'


class InvalidRequest(Exception):
    """Request that is refused: the status, and what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RetrieveRequest(BaseModel):
    """Body of a request. Unknown fields are ignored: other servers of the family have further ones."""

    model_config = ConfigDict(frozen=True, strict=True)

    queries: list[str]
    topk: int | None = Field(default=None, ge=0)
    """Hits of each query; None and 0 mean the server's default. Larger than MAX_K is lowered to it."""
    return_scores: bool = False

    def clamp_topk(self, default: int) -> int:
        """Hits to look for."""
        return clamp_k(self.topk or default)


def parse_request(body: bytes, default_k: int) -> RetrieveRequest:
    """Parse a body. Raises InvalidRequest for another document, and for one over a limit."""
    try:
        request = RetrieveRequest.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in fault["loc"]) or "the body"
        raise InvalidRequest(400, f"{field}: {fault['msg']}. Wanted JSON such as {_EXAMPLE}.") from error
    if len(request.queries) > MAX_QUERIES:
        raise InvalidRequest(413, f"{len(request.queries)} queries; at most {MAX_QUERIES} in a request.")
    if longest := max((len(query) for query in request.queries if len(query) > MAX_QUERY_CHARACTERS), default=0):
        raise InvalidRequest(413, f"A query of {longest} characters; at most {MAX_QUERY_CHARACTERS} in each.")
    if len(request.queries) * request.clamp_topk(default_k) > MAX_HITS:
        raise InvalidRequest(413, f"Queries times topk may be {MAX_HITS} at most (topk {MAX_K}): send fewer at once.")
    return request


def format_answer(results: Sequence[Sequence[Hit]], *, with_scores: bool) -> dict[str, Any]:
    """The answer: one list for each query, of documents with scores or bare."""
    return {"result": [[_format_hit(hit, with_scores) for hit in hits] for hits in results]}


def _format_hit(hit: Hit, with_scores: bool) -> dict[str, Any]:
    document = {"id": hit.passage.id, "contents": hit.passage.contents}
    return {"document": document, "score": hit.score} if with_scores else document
