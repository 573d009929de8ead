"""Candidates: pairs of a delivered row and a near test row, the most similar first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evaluator.config.model_screen_settings import EmbeddingStage, ModelScreenSettings
from evaluator.llm.embeddings.embedding_client import EmbeddingClient, Vectors
from evaluator.scoring.shared_context import find_groups
from evaluator.stages.model_screen.letter_vectors import LetterVectors
from evaluator.stages.model_screen.nearest_rows import NearestRows, VectorBlock, find_nearest
from evaluator.stages.model_screen.text_embedder import TextEmbedder
from submissions.records.task import Row

Measure = Literal["embedding", "letters"]
_LEAST = 1e-4
"""Minimum share of letters in common."""
TextVectors = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Candidate:
    """Pair of row numbers, from 0, with the cosine of their vectors."""

    row: int
    test_row: int
    similarity: float


@dataclass(frozen=True)
class Candidates:
    """Candidates of a task."""

    measure: Measure
    pairs: tuple[Candidate, ...]
    threshold: float | None = None
    """Minimum cosine of a pair; None if the most similar ones are taken whatever their cosine is."""
    left_out: int = 0
    """Further pairs that reach the threshold, beyond the limit."""
    unread_rows: dict[int, str] = field(default_factory=dict)
    """Delivered rows without a vector, with the reason: nothing is known of them."""
    unread_test_rows: dict[int, str] = field(default_factory=dict)
    cut_rows: tuple[int, ...] = ()
    """Delivered rows of which the model read only the beginning."""
    cut_test_rows: tuple[int, ...] = ()


def propose_pairs(
    rows: Sequence[Row], test: Sequence[Row], settings: ModelScreenSettings, client: EmbeddingClient | None
) -> Candidates:
    """Propose pairs by the vectors of a client's model, or without one by letters in common."""
    mine, theirs = ([_select_text(row, settings) for row in side] for side in (rows, test))
    if client is None or settings.embedding is None:
        letters = LetterVectors(theirs)
        near = _search_rows(mine, theirs, letters.embed_texts, settings.neighbours)
        pairs = _list_pairs(near, _LEAST)
        return Candidates("letters", tuple(pairs[: settings.max_pairs]), None, max(0, len(pairs) - settings.max_pairs))
    embedder = TextEmbedder(client, settings.embedding)
    threshold = _choose_threshold(test, theirs, embedder, settings.embedding)
    pairs = _list_pairs(_search_rows(mine, theirs, embedder.embed_texts, settings.neighbours), threshold)
    return Candidates(
        measure="embedding",
        pairs=tuple(pairs[: settings.max_pairs]),
        threshold=threshold,
        left_out=max(0, len(pairs) - settings.max_pairs),
        unread_rows=_select_reasons(mine, embedder),
        unread_test_rows=_select_reasons(theirs, embedder),
        cut_rows=_select_long(mine, settings.embedding),
        cut_test_rows=_select_long(theirs, settings.embedding),
    )


def _select_text(row: Row, settings: ModelScreenSettings) -> str:
    return row.input if settings.compared == "input" else f"{row.input}\n{row.output}"


def _choose_threshold(test: Sequence[Row], texts: list[str], embedder: TextEmbedder, stage: EmbeddingStage) -> float:
    """Return the threshold of the settings, or the cosine that few test rows exceed with another test row.

    If delivered rows resemble test rows no more than these resemble each other, a share of about `chance` of them
    reaches it. Rows of one passage are not compared: their questions differ, and their texts hardly do. With fewer
    than two test rows that have vectors there is nothing to learn: every pair is a candidate.
    """
    if stage.threshold is not None:
        return stage.threshold
    block = _block_of(texts, embedder.embed_texts)
    near = find_nearest(len(test), len(test), block, block, 1, np.array(find_groups(test), np.int64))
    usual = near.cosines[np.isfinite(near.cosines)]
    return float(np.quantile(usual, 1 - stage.chance, method="higher")) if len(usual) else -1.0


def _search_rows(mine: list[str], theirs: list[str], embed: TextVectors, wanted: int) -> NearestRows:
    return find_nearest(len(mine), len(theirs), _block_of(mine, embed), _block_of(theirs, embed), wanted)


def _block_of(texts: list[str], embed: TextVectors) -> VectorBlock:
    return lambda start, end: embed(texts[start:end])


def _list_pairs(near: NearestRows, threshold: float) -> list[Candidate]:
    """List the pairs that reach the threshold, the most similar first, in the order of the rows where equal."""
    rows, ranks = np.nonzero(near.cosines >= threshold)
    pairs = [
        Candidate(int(row), int(near.others[row, rank]), round(float(near.cosines[row, rank]), 4))
        for row, rank in zip(rows, ranks, strict=True)
    ]
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.row, pair.test_row))


def _select_reasons(texts: list[str], embedder: TextEmbedder) -> dict[int, str]:
    return {number: embedder.reasons[text] for number, text in enumerate(texts) if text in embedder.reasons}


def _select_long(texts: list[str], stage: EmbeddingStage) -> tuple[int, ...]:
    return tuple(number for number, text in enumerate(texts) if len(text) > stage.model.max_characters)
