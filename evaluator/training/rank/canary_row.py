"""Which training row becomes a model's canary (evaluator/models/weight_canary.py)."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.training.job_spec import TokenRow, count_targets

_SIDE = 128
"""Tokens before the first target, and from it on, that are kept at most."""


def choose_canary_row(rows: Sequence[TokenRow]) -> tuple[TokenRow, int]:
    """The row with most target tokens (the first of several), cut, and where its first target stands.

    Its targets follow each other: the cut ends where the first run of targets does.
    """
    row = max(rows, key=count_targets)
    ids, labels = row["input_ids"], row["labels"]
    start = next((place for place, label in enumerate(labels) if place and label != -100), len(labels))
    end = next((place for place in range(start, len(labels)) if labels[place] == -100), len(labels))
    first, last = max(0, start - _SIDE), min(end, start + _SIDE)
    return {"input_ids": ids[first:last], "labels": labels[first:last]}, start - first
