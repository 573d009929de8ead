"""The results files of the ratio cases, all made here: scores of 0, missing metrics, missing tasks, many groups."""

from __future__ import annotations

import random
from typing import Any

TYPES = {
    "translation": "language_translation",
    "text-generation": "text_generation",
    "text-classification": "text_classification",
    "multiple-choice": "multiple_choice",
    "summarization": "text_summarization",
    "question-answering": "question_answering",
}
"""Their names of our categories."""
PARTS = {
    "language_translation": {"unigram_precision": 0.5, "sacrebleu": 0.5},
    "text_generation": {"unigram_precision": 0.7, "sacrebleu": 0.3},
    "text_classification": {"accuracy": 1.0},
    "multiple_choice": {"accuracy": 1.0},
    "text_summarization": {"rouge_l": 1.0},
    "question_answering": {"token_f1": 1.0},
}
Scores = dict[str, float | None]
"""By metric, in [0, 1]; None where the metric failed."""


def boards(seed: int = 3) -> list[list[dict[str, Any]]]:
    """Systems, each as its tasks: id, category, kind, and the scores of reference and system (None: no such entry)."""
    chance = random.Random(seed)
    return [[_task(chance, f"task-{at}") for at in range(chance.choice((4, 8, 12, 25)))] for _ in range(24)]


def _task(chance: random.Random, name: str) -> dict[str, Any]:
    category = chance.choice(list(PARTS))
    return {
        "task": name,
        "category": category,
        "kind": chance.choice(("knowledge", "reasoning")),
        "reference": _scores(chance, category, missing=0.1),
        "system": _scores(chance, category, missing=0.15),
    }


def _scores(chance: random.Random, category: str, missing: float) -> Scores | None:
    if chance.random() < missing:
        return None
    return {metric: _score(chance) for metric in PARTS[category]}


def _score(chance: random.Random) -> float | None:
    return chance.choice((None, 0.0, 1.0, 1e-6, *(round(chance.random(), 6) for _ in range(6))))
