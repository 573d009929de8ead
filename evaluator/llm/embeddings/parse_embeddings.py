"""Parser of embedding replies: unit vectors in the order of the texts. It never repairs or pads a vector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.llm.client import TokenUsage
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer, Vectors
from evaluator.llm.parse_reply import MAX_TOKENS


class _Embedding(BaseModel):
    index: int
    embedding: list[float] = Field(min_length=1)


class _EmbeddingUsage(BaseModel):
    prompt_tokens: int = Field(ge=0, le=MAX_TOKENS)


class _EmbeddingReply(BaseModel):
    """The fields used of a reply; servers add others."""

    model: str | None = None
    data: list[_Embedding]
    usage: _EmbeddingUsage | None = None


def parse_embeddings(body: bytes, model: EmbeddingSettings, texts: int) -> EmbeddingAnswer | str:
    """Parse the vectors of so many texts; a str result is the reason why this server cannot be used."""
    try:
        reply = _EmbeddingReply.model_validate_json(body)
    except ValidationError:
        return "the reply is no list of embeddings"
    if reply.model not in (None, model.name, model.snapshot):
        return f"another model answered: {reply.model[:80]!r}"
    if sorted(one.index for one in reply.data) != list(range(texts)):
        return f"the reply has {len(reply.data)} embeddings for {texts} texts, or numbers them otherwise"
    sizes = {len(one.embedding) for one in reply.data}
    if len(sizes) != 1 or model.dimensions not in (None, *sizes):
        wanted = "all vectors of one length" if model.dimensions is None else f"vectors of {model.dimensions} numbers"
        return f"wanted {wanted}; the reply has lengths {', '.join(map(str, sorted(sizes)))}"
    ordered = sorted(reply.data, key=lambda one: one.index)
    usage = None if reply.usage is None else TokenUsage(prompt=reply.usage.prompt_tokens, completion=0)
    return EmbeddingAnswer(normalize_vectors(np.array([one.embedding for one in ordered])), usage=usage)


def normalize_vectors(numbers: NDArray[np.floating]) -> Vectors:
    """Scale each row to length 1; a row of zeros, or with a number that is not finite, becomes NaN."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
        is_usable = np.isfinite(lengths) & (lengths > 0)
        return np.where(is_usable, numbers / lengths, np.nan).astype(np.float32)
