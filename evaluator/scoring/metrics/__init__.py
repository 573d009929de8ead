"""arena-metrics@1: metrics by category. Each stores the contribution of every item (metric_result.py).

Beside an empty expected output, an empty answer scores 1 as a label, in token F1, exact match and ROUGE-L; in
multiple choice it scores 0, as it names no option; chrF++ and BLEU count nothing for such a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.metrics import classification, multiple_choice, overlap, translation
from evaluator.scoring.metrics.metric_result import (
    MetricResult,
    average_results,
    build_judged_result,
    build_mean_result,
)
from evaluator.scoring.metrics.paper import measure_paper
from submissions.errors import NotFound
from submissions.records.task import Row, Task

__all__ = [
    "BY_CATEGORY",
    "METRICS",
    "Answers",
    "MetricResult",
    "average_results",
    "build_mean_result",
    "measure_answers",
]


@dataclass(frozen=True)
class Answers:
    """A model's answers to a task's test rows."""

    task: Task
    rows: Sequence[Row]
    labels: Sequence[str]
    """All distinct outputs of the task's reference, for classification."""
    texts: Sequence[str]

    @property
    def targets(self) -> list[str]:
        """Expected outputs."""
        return [row.output for row in self.rows]


def measure_answers(answers: Answers) -> MetricResult:
    """Score a task's answers by its category.

    Raises UnscorableAnswers if there is not one text per row, NotFound if the category has no metric.
    """
    _check_answers(answers)
    task = answers.task
    if task.category not in BY_CATEGORY:
        raise NotFound(f"{task.id}: no metric for category {task.category!r}; there are: {', '.join(BY_CATEGORY)}.")
    return BY_CATEGORY[task.category](answers)


def measure_as_published(answers: Answers) -> MetricResult:
    """Score a task's answers as the published code does (paper/__init__.py). Raises like `measure_answers`."""
    _check_answers(answers)
    return measure_paper(answers)


def _check_answers(answers: Answers) -> None:
    task = answers.task
    if len(answers.texts) != len(answers.rows):
        raise UnscorableAnswers(
            f"{task.id}: {len(answers.texts)} answers to {len(answers.rows)} test rows. "
            "Let the model answer this task again; nothing was scored."
        )
    for number, text in enumerate(answers.texts):
        if not isinstance(text, str):
            raise UnscorableAnswers(
                f"{task.id}: answer {number} is a {type(text).__name__}, not a text. Let the model answer again."
            )


def _measure_multiple_choice(answers: Answers) -> MetricResult:
    questions = [row.input for row in answers.rows]
    verdicts = multiple_choice.judge_choices(answers.texts, answers.targets, questions, answers.task.language)
    return build_judged_result("accuracy", verdicts)


def _measure_classification(answers: Answers) -> MetricResult:
    language = answers.task.language
    verdicts = classification.judge_labels(answers.texts, answers.targets, answers.labels, language)
    return build_judged_result("accuracy", verdicts)


def _measure_question_answering(answers: Answers) -> MetricResult:
    language = answers.task.language
    exact = overlap.exact_match(answers.texts, answers.targets, language)
    shared = overlap.token_f1(answers.texts, answers.targets, language)
    measured = build_mean_result("token_f1", shared, (build_mean_result("exact_match", exact),))
    return replace(measured, verdicts=tuple(map(overlap.judge_overlap, answers.texts, exact, shared)))


def _measure_summarization(answers: Answers) -> MetricResult:
    return build_mean_result("rouge_l", overlap.rouge_l(answers.texts, answers.targets, answers.task.language))


def _measure_translation(answers: Answers) -> MetricResult:
    bleu = translation.bleu(answers.texts, answers.targets, answers.task.language)
    return replace(translation.chrf_pp(answers.texts, answers.targets), others=(bleu,))


BY_CATEGORY: dict[str, Callable[[Answers], MetricResult]] = {
    "multiple_choice": _measure_multiple_choice,
    "text_classification": _measure_classification,
    "question_answering": _measure_question_answering,
    "text_summarization": _measure_summarization,
    "language_translation": _measure_translation,
    "text_generation": _measure_translation,
}

METRICS: dict[str, Callable[[Answers], MetricResult]] = {
    "arena-metrics@1": measure_answers,
    "paper-metrics@1": measure_as_published,
}
"""Versions of the metrics, by their name in a protocol."""
