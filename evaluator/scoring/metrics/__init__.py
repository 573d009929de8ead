"""arena-metrics@1: how answers are scored, by category. Every metric keeps what each item adds (measured.py).

Beside an empty expected output, an empty answer scores 1 as a label, in token F1, exact match and ROUGE-L; in multiple
choice it scores 0, for there is no option to name; chrF++ and BLEU count nothing for such a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.metrics import classification, multiple_choice, overlap, translation
from evaluator.scoring.metrics.metric_result import MetricResult, average_results, of_items
from evaluator.scoring.metrics.paper import measure_paper
from submissions.errors import NotFound
from submissions.records.task import Row, Task

__all__ = ["BY_CATEGORY", "METRICS", "Answers", "MetricResult", "average_results", "measure", "of_items"]


@dataclass(frozen=True)
class Answers:
    """What a model answered to a task's test rows."""

    task: Task
    rows: Sequence[Row]
    labels: Sequence[str]
    """All distinct outputs of the task's reference, for classification."""
    texts: Sequence[str]

    @property
    def gold(self) -> list[str]:
        """The expected outputs."""
        return [row.output for row in self.rows]


def measure(answers: Answers) -> MetricResult:
    """Score a task's answers by its category.

    Raises Unscorable if there is not one text per row, NotFound if the category has no metric.
    """
    _refuse_unfit(answers)
    task = answers.task
    if task.category not in BY_CATEGORY:
        raise NotFound(f"{task.id}: no metric for category {task.category!r}; there are: {', '.join(BY_CATEGORY)}.")
    return BY_CATEGORY[task.category](answers)


def measure_as_published(answers: Answers) -> MetricResult:
    """Score a task's answers as the published code does (paper/__init__.py). Raises like `measure`."""
    _refuse_unfit(answers)
    return measure_paper(answers)


def _refuse_unfit(answers: Answers) -> None:
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


def _multiple_choice(answers: Answers) -> MetricResult:
    questions = [row.input for row in answers.rows]
    return of_items("accuracy", multiple_choice.accuracy(answers.texts, answers.gold, questions))


def _classification(answers: Answers) -> MetricResult:
    return of_items("accuracy", classification.accuracy(answers.texts, answers.gold, answers.labels))


def _question_answering(answers: Answers) -> MetricResult:
    exact = of_items("exact_match", overlap.exact_match(answers.texts, answers.gold))
    return of_items("token_f1", overlap.token_f1(answers.texts, answers.gold, answers.task.language), (exact,))


def _summarization(answers: Answers) -> MetricResult:
    return of_items("rouge_l", overlap.rouge_l(answers.texts, answers.gold, answers.task.language))


def _translation(answers: Answers) -> MetricResult:
    bleu = translation.bleu(answers.texts, answers.gold, answers.task.language)
    return replace(translation.chrf_pp(answers.texts, answers.gold), others=(bleu,))


BY_CATEGORY: dict[str, Callable[[Answers], MetricResult]] = {
    "multiple_choice": _multiple_choice,
    "text_classification": _classification,
    "question_answering": _question_answering,
    "text_summarization": _summarization,
    "language_translation": _translation,
    "text_generation": _translation,
}

METRICS: dict[str, Callable[[Answers], MetricResult]] = {
    "arena-metrics@1": measure,
    "paper-metrics@1": measure_as_published,
}
"""Every version of the metrics, by the name that a protocol gives."""
