"""Evaluation set of a task, and the scoring of answers to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.config.protocol import DecodingSettings
from evaluator.runtime.stage_cache import cache_key
from evaluator.scoring.metrics import METRICS, Answers, MetricResult
from submissions.records.base import Record
from submissions.records.task import Row, Task


class ModelAnswers(Record):
    """A model's answers to a task's test rows. Private, as it is stored beside hidden rows."""

    task: str
    texts: tuple[str, ...]
    tokens: int
    """Total of generated tokens."""


@dataclass(frozen=True)
class EvalSet:
    """Questions of a task, the same for every model."""

    task: Task
    rows: tuple[Row, ...]
    """Test rows of the evaluation."""
    labels: tuple[str, ...]
    """All distinct outputs of the reference, for classification."""
    limit: int
    """Limit of an answer, in tokens."""
    metrics: str
    """Name of the metrics, for example `arena-metrics@1`."""
    sha256: str
    """Hash of all prompt inputs."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Expected outputs, in order."""
        return tuple(row.output for row in self.rows)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs, in order."""
        return tuple(row.input for row in self.rows)

    @property
    def scored_sha256(self) -> str:
        """Hash of the scoring rules: version of the metrics, category, language."""
        return cache_key(self.metrics, self.task.category, self.task.language)

    def score(self, texts: Sequence[str]) -> MetricResult:
        """Score answers in the order of the rows."""
        return METRICS[self.metrics](Answers(self.task, self.rows, self.labels, texts))


def answer_token_limit(decoding: DecodingSettings, longest: Callable[[float], float]) -> int:
    """Limit of an answer, in tokens (SCORING.md, arena@1, rule 3).

    `longest` returns the longest reference answer's tokens; it need not be exact above its argument.
    """
    times, most = decoding.times_longest_reference, decoding.max_new_tokens
    return most if times is None else min(most, round(times * longest(most / times)))


def hash_rows(rows: Sequence[Row]) -> str:
    """Hash rows in their order."""
    return cache_key([text for row in rows for text in (row.input, row.output)])
