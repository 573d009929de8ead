"""Scores of short answers beside their gold answers, as metrics with one value per item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.exact_match.em_rules import EXACT_MATCH_RULES, get_exact_match_rule, is_empty
from evaluator.scoring.exact_match.hotpot_f1 import HOTPOT_F1, hotpot_f1
from evaluator.scoring.metrics.metric_result import MetricResult, build_mean_result
from evaluator.scoring.metrics.reading.verdicts import Verdict
from submissions.errors import NotFound


class AnswerKey:
    """Gold answers of a benchmark's questions, normalized once for each rule."""

    def __init__(self, golds: Sequence[Sequence[str]]) -> None:
        self._golds = golds
        self._accepted: dict[str, list[frozenset[str]]] = {}

    def __len__(self) -> int:
        return len(self._golds)

    def accepted_by(self, rule: str) -> list[frozenset[str]]:
        """Return the normalized answers of each question. Raises NotFound for an unknown rule."""
        if rule not in self._accepted:
            normalize = get_exact_match_rule(rule).normalize_golds
            self._accepted[rule] = [normalize(golds) for golds in self._golds]
        return self._accepted[rule]

    @cached_property
    def sorted_answers(self) -> list[tuple[str, ...]]:
        """Answers of each question as token F1 reads them, in a fixed order."""
        return [tuple(sorted(answers)) for answers in self.accepted_by("em/squad@1")]


def measure_short_answers(metric: str, predictions: Sequence[str], key: AnswerKey) -> MetricResult:
    """Score predictions in the order of the questions, by the id of a metric.

    Raises NotFound for an unknown id, UnscorableAnswers unless there is one text per question.
    """
    if metric not in SHORT_ANSWER_METRICS:
        raise NotFound(f"No metric {metric[:80]!r} of short answers; there are: {', '.join(SHORT_ANSWER_METRICS)}.")
    if len(predictions) != len(key):
        raise UnscorableAnswers(f"{len(predictions)} predictions to {len(key)} questions; nothing was scored.")
    for number, prediction in enumerate(predictions):
        if not isinstance(prediction, str):
            raise UnscorableAnswers(f"Prediction {number} is a {type(prediction).__name__}, not a text.")
    return SHORT_ANSWER_METRICS[metric](predictions, key)


def measure_exact_match(rule: str, predictions: Sequence[str], key: AnswerKey) -> MetricResult:
    """Score predictions by a rule of exact match, with a verdict on each."""
    is_match = get_exact_match_rule(rule).is_match
    right = [is_match(text, accepted) for text, accepted in zip(predictions, key.accepted_by(rule), strict=True)]
    verdicts = tuple(map(_judge_answer, predictions, right))
    return replace(build_mean_result(rule, right), verdicts=verdicts)


def measure_hotpot_f1(predictions: Sequence[str], key: AnswerKey) -> MetricResult:
    """Score predictions by token F1, with a verdict on each."""
    shared = list(map(hotpot_f1, predictions, key.sorted_answers))
    verdicts = tuple(
        "partial" if 0 < score < 1 else _judge_answer(text, score == 1)
        for text, score in zip(predictions, shared, strict=True)
    )
    return replace(build_mean_result(HOTPOT_F1, shared), verdicts=verdicts)


def _judge_answer(prediction: str, is_right: bool) -> Verdict:
    if is_right:
        return "exact"
    return "empty" if is_empty(prediction) else "different"


SHORT_ANSWER_METRICS: Mapping[str, Callable[[Sequence[str], AnswerKey], MetricResult]] = {
    **{rule: partial(measure_exact_match, rule) for rule in EXACT_MATCH_RULES},
    HOTPOT_F1: measure_hotpot_f1,
}
"""Metrics of short answers by id."""
