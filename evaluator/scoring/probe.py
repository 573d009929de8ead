"""Reading of pasted answers: how the metrics of arena@1 read each, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from evaluator.scoring.metrics import Answers, measure_answers
from evaluator.scoring.metrics.reading.choice_reader import reader_of
from evaluator.scoring.metrics.reading.label_reader import LabelReader
from evaluator.scoring.metrics.reading.options import parse_options
from evaluator.scoring.metrics.text import select_article_free_tokenizer
from submissions.errors import TheirError
from submissions.records.base import Record
from submissions.records.task import Row, Task

Category = Literal["multiple_choice", "text_classification", "question_answering"]


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
    gold: str = Field(validation_alias=AliasChoices("gold", "expected_output", "output"))
    labels: tuple[str, ...] = ()
    """All labels of the task, for classification."""


class ProbeReading(Record):
    """How one answer is read."""

    category: Category
    language: str
    answer: str
    gold: str
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
        measured = measure_answers(_build_answers(case))
        named, expected = _NAMED[case.category](case)
        yield ProbeReading(
            category=case.category,
            language=case.language,
            answer=case.answer,
            gold=case.gold,
            read_as=named,
            gold_read_as=expected,
            verdict=measured.verdicts[0],
            score=measured.items[0],
        )


def _build_answers(case: ProbeCase) -> Answers:
    task = Task(
        id="probe",
        track="dataset_research",
        title="probe",
        category=case.category,
        kind="knowledge",
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
