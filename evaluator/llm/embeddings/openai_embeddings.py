"""Embedding model at any OpenAI-compatible address."""

from __future__ import annotations

from collections.abc import Sequence

import openai

from evaluator.config.llm_settings import EmbeddingSettings
from evaluator.llm.embeddings.embedding_client import EmbeddingAnswer
from evaluator.llm.embeddings.parse_embeddings import parse_embeddings
from evaluator.llm.openai_connection import OpenAIConnection


class OpenAIEmbeddings(OpenAIConnection[EmbeddingSettings]):
    """Embedding client on the openai package."""

    def embed(self, texts: Sequence[str]) -> EmbeddingAnswer:
        model = self._model
        return self.send_request(
            lambda: self._client.embeddings.with_raw_response.create(
                model=model.name,
                input=list(texts),
                encoding_format="float",  # every server has it, unlike base64
                dimensions=openai.omit if model.dimensions is None else model.dimensions,
            ),
            lambda content: parse_embeddings(content, model, len(texts)),
            lambda why, retries: EmbeddingAnswer(None, why, retries=retries),
        )
