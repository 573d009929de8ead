"""Reader of the release's JSON files, with problems reported."""

from __future__ import annotations

import json
from pathlib import Path

from curation.records import make_error
from submissions.records.check_report import Problem

_DOWNLOAD = "Download the file again."


def read_json(path: Path, name: str, problems: list[Problem]) -> object:
    """Read a JSON file; None, with the reason in `problems`, if it is unreadable. `name` is for messages.

    NaN and Infinity are read as the numbers they stand for, because Python wrote them into these files.
    """
    if not path.is_file():
        problems.append(make_error(name, None, "The file is missing.", "Add it, as in the release."))
        return None
    content = path.read_bytes()
    if not content.strip():
        problems.append(make_error(name, None, "The file is empty.", _DOWNLOAD))
    elif b"git-lfs" in content[:100]:
        problems.append(
            make_error(name, None, "This is a pointer of Git LFS, not the file.", "Run `git lfs pull` in the clone.")
        )
    else:
        return _parse_json(content, name, problems)
    return None


def _parse_json(content: bytes, name: str, problems: list[Problem]) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as fault:
        what, line = f"Not JSON: {fault.msg}, at character {fault.colno} of the line.", fault.lineno
    except UnicodeDecodeError as fault:
        what, line = f"Not UTF-8: {fault.reason}.", content.count(b"\n", 0, fault.start) + 1
    except RecursionError:
        what, line = "Unreadable JSON: it is nested too deeply.", 1
    except ValueError as fault:  # an integer with thousands of digits
        what, line = f"Unreadable JSON: {fault}.", 1
    problems.append(make_error(name, line, what, _DOWNLOAD))
    return None


def as_text(value: object) -> str:
    """Convert a field to readable text: a text as it is, nothing as the empty text, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)


def quote_value(value: object, most: int = 60) -> str:
    """Format a value for a message, cut to `most` characters and without terminal control characters."""
    shown = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    return shown if len(shown) <= most else f"{shown[:most]}…"
