"""Small corpora for retrievers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evaluator.config.retriever_settings import RetrieverSettings
from evaluator.retrieval.backends import RetrieverSource, open_retriever
from evaluator.retrieval.retriever import Retriever

TWINS = ("twin-3", "twin-1", "twin-5", "twin-2", "twin-4")
"""Ids of equal passages, in the order of the corpus."""


def write_corpus(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Rows as JSON lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def make_rows(passages: int = 150, words: int = 60, seed: int = 0) -> list[dict[str, Any]]:
    """Passages of 5 to 35 words: so short that no engine rounds their length; some alike, some in other scripts."""
    chance = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(words)]
    weights = [1 / (number + 1) for number in range(words)]
    rows: list[dict[str, Any]] = [
        {
            "id": f"p{number}",
            "title": f"Page {number}",
            "text": " ".join(chance.choices(vocabulary, weights, k=chance.randint(5, 35))),
        }
        for number in range(passages)
    ]
    rows += [{"id": twin, "title": "", "text": "alpha beta gamma"} for twin in TWINS]
    rows += [
        {"id": 7, "title": "Tokyo", "text": "東京タワーは高い"},
        {"id": "quoted", "title": 'The "Raven"', "text": "A poem\nby Poe, not an operator"},
        {"id": "marks", "title": "Marks", "text": "!!! ((( ***"},
        {"id": "contents", "contents": '"Ravens"\nBirds of the genus Corvus'},
    ]
    return rows


def open_corpus(corpus: Path, backend: str = "tantivy", **settings: Any) -> Retriever:
    """An embedded retriever with its index beside the corpus."""
    return open_retriever(RetrieverSettings(backend=backend, **settings), RetrieverSource(corpus=corpus))


def list_ids(retriever: Retriever, query: str, k: int = 3) -> list[str]:
    """Ids of the hits of one query."""
    (hits,) = retriever.search([query], k)
    return [hit.passage.id for hit in hits]
