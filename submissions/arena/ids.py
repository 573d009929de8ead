"""Submission ids: ULIDs, which say when they were given."""

from __future__ import annotations

from datetime import UTC, datetime

from submissions.errors import NotFound


def submission_dir(ulid: str) -> str:
    """Where a submission lies: `<yyyy>/<mm>/<ulid>`, from the time in its id. Raises NotFound for no ULID."""
    return f"{parse_id_time(ulid):%Y/%m}/{ulid}"


def parse_id_time(ulid: str) -> datetime:
    """When an id was given. Raises NotFound for no ULID."""
    from ulid import ULID

    try:
        return ULID.from_str(ulid).datetime.astimezone(UTC)
    except ValueError as error:
        raise NotFound(f"{ulid[:40]!r} is not a submission id: 26 characters of 0-9 and A-Z.") from error


def new_id(now: datetime) -> str:
    """A fresh ULID for a moment."""
    from ulid import ULID

    return str(ULID.from_datetime(now))
