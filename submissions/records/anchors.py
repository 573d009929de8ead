"""Anchors: base and reference score of each task, and the setup that measured them."""

from __future__ import annotations

from statistics import stdev
from typing import Literal

from pydantic import Field

from submissions.records.base import Record, Score, Sha256, TaskId


class Setup(Record):
    """Machine and software that produced a number, besides the protocol."""

    model: str
    model_sha256: Sha256
    """Hash over the base model's weights, configuration and tokenizer."""
    packages: dict[str, str]
    """Version of each library that computes: name to version."""
    hardware: str
    seed: int
    pipeline: int = 1
    """Version of the evaluator's pipeline, raised whenever a change to its code moves numbers."""


class TrivialAnswer(Record):
    """A baseline without a model: one answer to all questions, or the question itself."""

    name: str
    answer: str | None
    """Answer to every question; None answers with the input."""


class TrivialAnchor(Record):
    """Score of a trivial baseline on a task."""

    score: Score
    """Named like the baseline, for example `majority label`."""
    noise: float = Field(ge=0, allow_inf_nan=False)
    """Standard error of reference minus this score."""


class Anchor(Record):
    """Base and reference score of a task: the untouched model, and the model trained on the real data."""

    base: Score
    reference: Score
    """Mean over the trainings of `seeds`."""
    base_parts: tuple[Score, ...] = ()
    """Metrics of a combined base score (paper@1: translation and generation), in the metric's order."""
    reference_parts: tuple[Score, ...] = ()
    seeds: tuple[float, ...] = ()
    """The reference's score for each training seed; empty if imported."""
    noise: float = Field(ge=0, allow_inf_nan=False)
    """Standard error of reference minus base: over the test items, and over the seeds."""
    trivial: tuple[TrivialAnchor, ...] = Field(default=(), exclude_if=lambda scores: not scores)
    """Baselines without a model; empty if imported, or measured under rules without them."""
    origin: Literal["measured", "official"] = "measured"
    """Measured by this arena, or imported from the official release's score files."""
    exam_sha256: Sha256
    """Hash of the questions asked; other test rows need other anchors."""
    train_sha256: Sha256
    """Hash of the rows that the reference model was trained on."""
    scored_sha256: Sha256
    """Hash of the scoring rules: metrics, category, language."""

    @property
    def seed_sd(self) -> float | None:
        """Standard deviation of the reference's score between training seeds; None with fewer than two."""
        return stdev(self.seeds) if len(self.seeds) > 1 else None


class Anchors(Record):
    """All anchors of a benchmark under one protocol."""

    protocol: str
    protocol_sha256: Sha256
    setup: Setup
    tasks: dict[TaskId, Anchor]
