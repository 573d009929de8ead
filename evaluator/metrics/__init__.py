"""arena-metrics@1: how answers are scored, by category. Every metric keeps one value per item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.metrics import classification, multiple_choice, overlap, translation
from evaluator.metrics.measured import Measured, average, of_items
from submissions.errors import NotFound
from submissions.models import Row, Task

__all__ = ["BY_CATEGORY", "Answers", "Measured", "average", "measure", "of_items"]


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


def measure(answers: Answers) -> Measured:
    """Score a task's answers by its category. Raises ValueError if there is not one answer per row."""
    if len(answers.texts) != len(answers.rows):
        raise ValueError(f"{answers.task.id}: {len(answers.texts)} answers to {len(answers.rows)} test rows")
    try:
        return BY_CATEGORY[answers.task.category](answers)
    except KeyError:
        raise NotFound(
            f"No metric for category {answers.task.category!r}; there are: {', '.join(BY_CATEGORY)}."
        ) from None


def _multiple_choice(answers: Answers) -> Measured:
    questions = [row.input for row in answers.rows]
    return of_items("accuracy", multiple_choice.accuracy(answers.texts, answers.gold, questions))


def _classification(answers: Answers) -> Measured:
    return of_items("accuracy", classification.accuracy(answers.texts, answers.gold, answers.labels))


def _question_answering(answers: Answers) -> Measured:
    exact = of_items("exact_match", overlap.exact_match(answers.texts, answers.gold))
    return of_items("token_f1", overlap.token_f1(answers.texts, answers.gold, answers.task.language), (exact,))


def _summarization(answers: Answers) -> Measured:
    return of_items("rouge_l", overlap.rouge_l(answers.texts, answers.gold, answers.task.language))


def _translation(answers: Answers) -> Measured:
    language = answers.task.language
    bleu = translation.bleu(answers.texts, answers.gold, language)
    return of_items("chrf_pp", translation.chrf_pp(answers.texts, answers.gold), (bleu,))


BY_CATEGORY: dict[str, Callable[[Answers], Measured]] = {
    "multiple_choice": _multiple_choice,
    "text_classification": _classification,
    "question_answering": _question_answering,
    "text_summarization": _summarization,
    "language_translation": _translation,
    "text_generation": _translation,
}
