"""Settings files of organisers: TOML that fits a record, with errors that name the field."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from submissions.errors import NotFound
from submissions.records.base import Record

S = TypeVar("S", bound=Record)


def load_settings(file: Path, kind: type[S], page: str) -> S:
    """Load a file; `page` is the document that describes it. Raises NotFound for one that is missing or invalid."""
    try:
        return kind.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise NotFound(f"No file {file}: {page} describes it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotFound(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise NotFound(f"{file}: {field}: {fault['msg']}. {page} has an example.") from error
