"""What every model of a task is asked, and how its answers are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.config.protocol import DecodingSettings
from evaluator.runtime.stage_cache import cache_key
from evaluator.scoring.metrics import METRICS, Answers, MetricResult
from submissions.records.base import Record
from submissions.records.task import Row, Task


class ModelAnswers(Record):
    """What a model said to a task's test rows. Private, for it stands beside hidden rows."""

    task: str
    texts: tuple[str, ...]
    tokens: int
    """Generated tokens in all."""


@dataclass(frozen=True)
class EvalSet:
    """A task's questions, the same for every model."""

    task: Task
    rows: tuple[Row, ...]
    """The test rows that are asked."""
    labels: tuple[str, ...]
    """All distinct outputs of the reference, for classification."""
    limit: int
    """How long an answer may be, in tokens."""
    metrics: str
    """How answers are scored, for example `arena-metrics@1`."""
    sha256: str
    """The hash of all that is asked."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The expected outputs, in order."""
        return tuple(row.output for row in self.rows)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs, in order."""
        return tuple(row.input for row in self.rows)

    @property
    def scored_sha256(self) -> str:
        """The hash of how answers become a score: version of the metrics, category, language."""
        return cache_key(self.metrics, self.task.category, self.task.language)

    def score(self, texts: Sequence[str]) -> MetricResult:
        """The score of answers in the order of the rows."""
        return METRICS[self.metrics](Answers(self.task, self.rows, self.labels, texts))


def answer_token_limit(decoding: DecodingSettings, longest: Callable[[float], float]) -> int:
    """How long an answer may be, in tokens (SCORING.md, arena@1, rule 3).

    `longest` tells the longest reference answer's tokens; any number from the one that it is handed on is enough.
    """
    times, most = decoding.times_longest_reference, decoding.max_new_tokens
    return most if times is None else min(most, round(times * longest(most / times)))


def hash_rows(rows: Sequence[Row]) -> str:
    """The hash of rows in their order."""
    return cache_key([text for row in rows for text in (row.input, row.output)])
