"""Metrics of paper@1, equal to the published code of DatasetResearch, including its faults.

Equal to it on every case of tests/evaluator/conformance, with one documented exception (rouge_l.py). The faults are
intended: figures made with these metrics are comparable to the published ones. arena@1 has sound metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evaluator.scoring.metrics.metric_result import MetricResult, build_mean_result
from evaluator.scoring.metrics.paper import accuracy, rouge_l, token_f1
from evaluator.scoring.metrics.paper import paper_translation as translation
from submissions.errors import NotFound

if TYPE_CHECKING:
    from evaluator.scoring.metrics import Answers

__all__ = ["BY_CATEGORY", "measure_paper"]


def measure_paper(answers: Answers) -> MetricResult:
    """Score a task's answers by its category (SCORING.md, paper@1, rule 4), in [0, 1].

    Where the published code divides by nothing (all answers empty) and counts the task as 0, the score is 0.
    Raises ValueError if there is not one answer per row: the published code would drop the rest.
    """
    try:
        metric = BY_CATEGORY[answers.task.category]
    except KeyError:
        raise NotFound(
            f"No metric of paper@1 for category {answers.task.category!r}; there are: {', '.join(BY_CATEGORY)}."
        ) from None
    return metric(answers)


def _measure_classification(answers: Answers) -> MetricResult:
    return build_mean_result("accuracy", accuracy.accuracy(answers.texts, answers.targets))


def _measure_question_answering(answers: Answers) -> MetricResult:
    return build_mean_result("token_f1", token_f1.token_f1(answers.texts, answers.targets))


def _measure_summarization(answers: Answers) -> MetricResult:
    return build_mean_result("rouge_l", rouge_l.rouge_l(answers.texts, answers.targets))


def _measure_translation(answers: Answers) -> MetricResult:
    return translation.blend_metrics(0.5, 0.5, answers.texts, answers.targets)


def _measure_generation(answers: Answers) -> MetricResult:
    return translation.blend_metrics(0.7, 0.3, answers.texts, answers.targets)


BY_CATEGORY: dict[str, Callable[[Answers], MetricResult]] = {
    "multiple_choice": _measure_classification,
    "text_classification": _measure_classification,
    "question_answering": _measure_question_answering,
    "text_summarization": _measure_summarization,
    "language_translation": _measure_translation,
    "text_generation": _measure_generation,
}
