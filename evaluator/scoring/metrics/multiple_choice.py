"""Multiple choice: the option that an answer names by mark or text; none, or several, are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.scoring.metrics.reading.choice_reader import reader_of
from evaluator.scoring.metrics.reading.mentions import first_line, strip_signs
from evaluator.scoring.metrics.reading.options import parse_options
from evaluator.scoring.metrics.reading.verdicts import RIGHT_VERDICTS, Verdict, judge_reading

__all__ = ["accuracy", "extract_choice", "judge_choices", "parse_options"]


def accuracy(
    predictions: Sequence[str], references: Sequence[str], questions: Sequence[str], language: str = ""
) -> list[float]:
    """Return 1 or 0 per item. `references` are marks or option texts; `questions` contain marked options.

    A reference with several marks, as `A, B` or `ABD`, is a set: exactly these must be named. Where the reference
    names no option, the answer or its first line must equal the reference. An empty one never matches.
    """
    return [float(verdict in RIGHT_VERDICTS) for verdict in judge_choices(predictions, references, questions, language)]


def judge_choices(
    predictions: Sequence[str], references: Sequence[str], questions: Sequence[str], language: str = ""
) -> list[Verdict]:
    """Return the verdict on each answer."""
    return [
        _judge_choice(prediction, reference, parse_options(question), language)
        for prediction, reference, question in zip(predictions, references, questions, strict=True)
    ]


def extract_choice(answer: str, choices: Mapping[str, str], language: str = "") -> str | None:
    """Return the mark of the option that an answer names, or None for none or several."""
    reading = reader_of(choices, language).read(answer)
    return next(iter(reading.named)) if len(reading.named) == 1 and not reading.is_hedged else None


def _judge_choice(prediction: str, reference: str, choices: Mapping[str, str], language: str) -> Verdict:
    if not prediction.strip():
        return "empty"
    reader = reader_of(choices, language)
    gold = reader.read_gold(reference)
    if gold:
        return judge_reading(reader.read(prediction, is_set=len(gold) > 1), gold, "option")
    expected = strip_signs(reference, language)
    if expected and expected in (strip_signs(prediction, language), strip_signs(first_line(prediction), language)):
        return "right_text"
    return "unread"
