"""JSON schema of a record, in the strict form that servers can enforce."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict

from submissions.records.base import Record


def llm_form(title: str, description: str) -> ConfigDict:
    """Settings of a record that a model fills in: title and description in the schema sent to the model.

    Both shape answers, and their hash names stored answers, so they must not follow the class's name and docstring.
    """
    return ConfigDict(title=title, json_schema_extra={"description": description})


def strict_schema(record: type[Record]) -> dict[str, Any]:
    """Build the strict schema: every field required, no others. Raises ValueError for a record with a default value."""
    schema = record.model_json_schema()
    for part in _iter_objects(schema):
        optional = part.get("properties", {}).keys() - set(part.get("required", []))
        if optional or part.get("additionalProperties") is not False:
            raise ValueError(f"{record.__name__} is not strict: {sorted(optional) or 'unknown fields are allowed'}")
    return schema


def schema_text(record: type[Record]) -> str:
    """Serialize the schema to one line, for hashes and token counts."""
    return json.dumps(strict_schema(record), sort_keys=True)


def _iter_objects(part: object) -> Iterator[dict[str, Any]]:
    """Iterate over all object schemas in a schema."""
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        for inner in part.values():
            yield from _iter_objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _iter_objects(inner)
