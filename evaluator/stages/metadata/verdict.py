"""Verdict on one task: the form that the judge fills in, and the rules that derive scores from it.

Our code decides which side has a value (`has_value`), not the judge. So the judge's null is 0 where both sides have a
value: it is asked for a number there, and null must not be a way out of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from evaluator.llm.schema import llm_form
from submissions.records.base import Record, Score, TaskId
from submissions.records.findings import Origin
from submissions.records.task import Metadata, Row


def _reject_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no scores")  # Python takes them for 1 and 0
    return value


Points = Annotated[Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], BeforeValidator(_reject_boolean)]


class Assessment(Record):
    """One dimension: first the reason, then the score that follows from it."""

    model_config = llm_form("Assessment", "One dimension: first the reason, then the score that follows from it.")

    reason: str
    score: Points | None


class Comparison(Record):
    """Fit of the submitted description with the reference, dimension by dimension."""

    model_config = llm_form(
        "Comparison", "How well the submitted description fits the reference, dimension by dimension."
    )

    introduction: Assessment
    task: Assessment
    domain: Assessment
    question: Assessment
    input: Assessment
    output: Assessment
    source: Assessment
    example: Assessment
    samples_count: Assessment


DIMENSIONS: tuple[str, ...] = tuple(Comparison.model_fields)
AVERAGED = ("introduction", "task", "question", "input", "output", "example")
"""Dimensions in the average (paper, Table 2); the other three are shown beside it."""
_NOTHING = frozenset({"unknown", "n/a", "n.a", "none", "null", "not specified", "unspecified", "not available"})
"""Texts that count as no value, ignoring case, blanks and full stops at their end."""


class MetadataVerdict(Record):
    """Judge's verdict on one task. Private: reasons and description may mention the hidden reference."""

    task: TaskId
    origin: Origin
    scores: tuple[Score, ...]
    """One score per dimension, 0 to 10, in the order of DIMENSIONS."""
    unread: str | None = None
    """Reason for a missing verdict; then no dimension has a score, and nothing may be published."""
    reasons: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Reasons by dimension, one per repeat."""
    described: Metadata | None = None
    """Generated description, if the submission had none."""


def read_verdict(
    task: str, reference: Metadata, submitted: Metadata, origin: Origin, comparisons: Sequence[Comparison]
) -> MetadataVerdict:
    """Build the verdict from one or more equal comparisons."""
    return MetadataVerdict(
        task=task,
        origin=origin,
        scores=tuple(_score_dimension(name, reference, submitted, comparisons) for name in DIMENSIONS),
        reasons={name: tuple(_get_assessment(one, name).reason for one in comparisons) for name in DIMENSIONS},
        described=submitted if origin == "generated" else None,
    )


def missing_verdict(task: str, reference: Metadata) -> MetadataVerdict:
    """Build the verdict of a task without a data set: 0 wherever the reference has a value."""
    scores = tuple(_zero_score(name) if has_value(reference, name) else _unstated_score(name) for name in DIMENSIONS)
    return MetadataVerdict(task=task, origin="missing", scores=scores)


def unread_verdict(task: str, origin: Origin, why: str) -> MetadataVerdict:
    """Build the verdict of a failed judgement: unscored, never a default."""
    return MetadataVerdict(
        task=task, origin=origin, scores=tuple(Score(name=name, n=0, why=why) for name in DIMENSIONS), unread=why
    )


def has_value(metadata: Metadata, dimension: str) -> bool:
    """Return whether a description has a value in a dimension; "unknown" or a text without a letter is none."""
    value: str | int | Row | None = getattr(metadata, dimension)
    if not isinstance(value, str):
        return bool(value)
    text = " ".join(value.casefold().split()).rstrip(". ")
    return text not in _NOTHING and any(letter.isalnum() for letter in text)


def _score_dimension(name: str, reference: Metadata, submitted: Metadata, comparisons: Sequence[Comparison]) -> Score:
    """Score a dimension (SCORING.md): null is 0 if the reference has a value; otherwise the dimension is unscored."""
    if not has_value(reference, name):
        return _unstated_score(name)
    if not has_value(submitted, name):
        return _zero_score(name)
    points = [_get_assessment(one, name).score or 0 for one in comparisons]
    return Score(name=name, value=sum(points) / len(points), n=1)


def _get_assessment(comparison: Comparison, name: str) -> Assessment:
    found: Assessment = getattr(comparison, name)
    return found


def _zero_score(name: str) -> Score:
    return Score(name=name, value=0.0, n=1)


def _unstated_score(name: str) -> Score:
    return Score(name=name, n=0, why=f"the reference does not say its {name}")
