"""Reading of pasted answers: how the metrics read each, and why.

Categories of arena@1 have one metric each; `exact_match` shows every rule of short answers, one reading for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evaluator.scoring.exact_match import (
    EXACT_MATCH_RULES,
    SHORT_ANSWER_METRICS,
    AnswerKey,
    find_gold_faults,
    measure_short_answers,
)
from evaluator.scoring.metrics import Answers, measure_answers
from evaluator.scoring.metrics.reading.choice_reader import reader_of
from evaluator.scoring.metrics.reading.label_reader import LabelReader
from evaluator.scoring.metrics.reading.options import parse_options
from evaluator.scoring.metrics.text import select_article_free_tokenizer
from submissions.errors import TheirError
from submissions.records.base import Record
from submissions.records.task import Row, Task

Category = Literal["multiple_choice", "text_classification", "question_answering", "exact_match"]
Golds = Annotated[tuple[str, ...], BeforeValidator(lambda gold: (gold,) if isinstance(gold, str) else gold)]
"""One gold answer or a list of them."""


class InvalidProbe(TheirError):
    """Error: a line of a probe's file is no answer to read."""


class ProbeCase(BaseModel):
    """One answer with its expected output. Further fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    category: Category
    language: str = ""
    """Language tag of the task; empty if unknown."""
    question: str = ""
    """Question with its options, for multiple choice."""
    answer: str = Field(validation_alias=AliasChoices("answer", "prediction"))
    golds: Golds = Field(validation_alias=AliasChoices("gold", "expected_output", "output", "golden_answers"))
    """Expected output; several for exact match only."""
    labels: tuple[str, ...] = ()
    """All labels of the task, for classification."""

    @property
    def gold(self) -> str:
        """First gold answer."""
        return self.golds[0]

    @model_validator(mode="after")
    def _check_golds(self) -> Self:
        if self.category != "exact_match" and len(self.golds) != 1:
            raise ValueError("gold: write one text; a list of answers is for category exact_match")
        if self.category == "exact_match":
            for fault in find_gold_faults({"probe": self.golds}, ["em/ci@1"]):
                raise ValueError(str(fault).removeprefix("question probe: "))
        return self


class ProbeReading(Record):
    """How one answer is read."""

    category: Category
    metric: str
    """Id of the metric that read the answer."""
    language: str
    answer: str
    gold: str
    """Expected output; several are separated by ` | `."""
    read_as: str
    """Options or labels that the answer names, or its tokens; empty if none."""
    gold_read_as: str
    verdict: str
    score: float


def parse_probe(text: str) -> list[ProbeCase]:
    """Parse one JSON object a line. Raises InvalidProbe with the line and its faults."""
    cases = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            cases.append(ProbeCase.model_validate_json(line))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'the line'}: {fault['msg']}" for fault in error.errors()
            )
            raise InvalidProbe(
                f"Line {number}: {faults}. Write one JSON object a line with category, answer and gold; "
                "with question for multiple_choice, labels for text_classification, language for any."
            ) from error
    if not cases:
        raise InvalidProbe("The file has no line. Write one JSON object a line with category, answer and gold.")
    return cases


def read_probe(cases: list[ProbeCase]) -> Iterator[ProbeReading]:
    """Read each answer as the metrics do."""
    for case in cases:
        if case.category == "exact_match":
            yield from _read_short_answer(case)
            continue
        measured = measure_answers(_build_answers(case))
        named, expected = _NAMED[case.category](case)
        yield ProbeReading(
            category=case.category,
            metric=measured.name,
            language=case.language,
            answer=case.answer,
            gold=case.gold,
            read_as=named,
            gold_read_as=expected,
            verdict=measured.verdicts[0],
            score=measured.items[0],
        )


def _read_short_answer(case: ProbeCase) -> Iterator[ProbeReading]:
    key = AnswerKey([case.golds])
    for metric in SHORT_ANSWER_METRICS:
        measured = measure_short_answers(metric, [case.answer], key)
        rule = EXACT_MATCH_RULES.get(metric, EXACT_MATCH_RULES["em/squad@1"])
        yield ProbeReading(
            category=case.category,
            metric=metric,
            language=case.language,
            answer=case.answer,
            gold=" | ".join(case.golds),
            read_as=rule.normalize(case.answer),
            gold_read_as=" | ".join(sorted(rule.normalize_golds(case.golds))),
            verdict=measured.verdicts[0],
            score=measured.items[0],
        )


def _build_answers(case: ProbeCase) -> Answers:
    task = Task(
        id="probe",
        track="",
        title="probe",
        category=case.category,
        kind="probe",
        language=case.language,
        metric="",
        demand="probe",
    )
    return Answers(task, [Row(input=case.question, output=case.gold)], case.labels, [case.answer])


def _name_options(case: ProbeCase) -> tuple[str, str]:
    reader = reader_of(parse_options(case.question), case.language)
    gold = reader.read_gold(case.gold)
    return ", ".join(sorted(reader.read(case.answer, is_set=len(gold) > 1).named)), ", ".join(sorted(gold))


def _name_labels(case: ProbeCase) -> tuple[str, str]:
    reader = LabelReader([*case.labels, case.gold], case.language)
    return ", ".join(sorted(reader.read(case.answer).named)), ", ".join(sorted(reader.read_gold(case.gold)))


def _name_tokens(case: ProbeCase) -> tuple[str, str]:
    cut = select_article_free_tokenizer(case.language)
    return " ".join(cut(case.answer)), " ".join(cut(case.gold))


_NAMED = {
    "multiple_choice": _name_options,
    "text_classification": _name_labels,
    "question_answering": _name_tokens,
}
