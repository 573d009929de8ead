"""Answers that need no model: what a task's reference must beat for the task to count.

They are computed from the reference's train rows alone, and scored like any other answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from submissions.records.anchors import TrivialAnswer
from submissions.records.task import Row

COPY = "copy of the input"
CONSTANT = {
    "multiple_choice": "most frequent option",
    "text_classification": "majority label",
}
"""Name of the most frequent output by category; elsewhere it is a constant answer."""


def find_trivial_answers(category: str, train: Sequence[Row]) -> tuple[TrivialAnswer, ...]:
    """Return the trivial baselines of a task: the most frequent train output, and the input where it can be an answer.

    Of outputs that are equally frequent, the first in the order of the text. None without train rows.
    """
    if not train:
        return ()
    counts = Counter(row.output for row in train)
    output = min(counts, key=lambda text: (-counts[text], text))
    constant = TrivialAnswer(name=CONSTANT.get(category, "constant answer"), answer=output)
    return (constant,) if category in CONSTANT else (constant, TrivialAnswer(name=COPY, answer=None))


def trivial_texts(trivial: TrivialAnswer, questions: Sequence[Row]) -> tuple[str, ...]:
    """Return a trivial baseline's answers to questions."""
    return tuple(row.input if trivial.answer is None else trivial.answer for row in questions)
