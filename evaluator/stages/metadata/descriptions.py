"""Descriptions of data sets: their form for the judge, and generation from the data if a submission has none."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from evaluator.llm.quoting import truncate
from evaluator.llm.schema import llm_form
from submissions.records.base import Record
from submissions.records.task import Metadata, Row


class GeneratedDescription(Record):
    """Facts about a data set that its first rows and its note reveal. Null for unknown ones."""

    model_config = llm_form(
        "Description",
        "What can be told of a data set from its first rows and its note. Null for what cannot be told.",
    )

    introduction: str | None
    task: str | None
    domain: str | None
    question: str | None
    input: str | None
    output: str | None
    source: str | None


class DatasetFacts(Record):
    """Inputs of a generated description. Not the demand, which states the request and not the delivered data."""

    rows: tuple[Row, ...]
    """First rows, with long texts cut."""
    samples_count: int
    """Number of all delivered rows."""
    provenance: str


def collect_facts(rows: Sequence[Row], provenance: str, shown_rows: int, shown_characters: int) -> DatasetFacts:
    """Collect the facts of a delivered data set."""
    return DatasetFacts(
        rows=tuple(_cut_row(row, shown_characters) for row in rows[:shown_rows]),
        samples_count=len(rows),
        provenance=truncate(provenance, shown_characters),
    )


def prompt_values(facts: DatasetFacts) -> dict[str, JsonValue]:
    """Values for the fields of the `describe` prompt."""
    plain: dict[str, JsonValue] = facts.model_dump(mode="json")
    return plain


def to_metadata(description: GeneratedDescription, facts: DatasetFacts) -> Metadata:
    """Convert a description to metadata. Example and count are facts that no model generates."""
    told = {name: value or "" for name, value in description.model_dump().items()}
    return Metadata(**told, example=facts.rows[0] if facts.rows else None, samples_count=facts.samples_count)


def correct_facts(metadata: Metadata, rows: Sequence[Row]) -> Metadata:
    """Correct the facts of a submitted description: the count of rows, and an example among them.

    The first row replaces an example that is missing, or no row of the data.
    """
    example = metadata.example if metadata.example in rows else next(iter(rows), None)
    return metadata.model_copy(update={"example": example, "samples_count": len(rows)})


def as_prompt_text(metadata: Metadata, most: int) -> JsonValue:
    """Format metadata for the judge, with every text cut to `most` characters."""
    plain: dict[str, JsonValue] = metadata.model_dump(mode="json")
    texts: dict[str, JsonValue] = {
        name: truncate(value, most) for name, value in plain.items() if isinstance(value, str)
    }
    if metadata.example:
        texts["example"] = _cut_row(metadata.example, most).model_dump(mode="json")
    return plain | texts


def _cut_row(row: Row, most: int) -> Row:
    return Row(input=truncate(row.input, most), output=truncate(row.output, most))
