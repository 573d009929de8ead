"""Submission ids: ULIDs, which contain their creation time."""

from __future__ import annotations

from datetime import UTC, datetime

from submissions.errors import NotFound


def submission_dir(ulid: str) -> str:
    """Return a submission's folder, `<yyyy>/<mm>/<ulid>`, by its id's time. Raises NotFound for an invalid ULID."""
    return f"{parse_id_time(ulid):%Y/%m}/{ulid}"


def parse_id_time(ulid: str) -> datetime:
    """Return the creation time of an id. Raises NotFound for an invalid ULID."""
    from ulid import ULID

    try:
        return ULID.from_str(ulid).datetime.astimezone(UTC)
    except ValueError as error:
        raise NotFound(f"{ulid[:40]!r} is not a submission id: an id has 26 characters of 0-9 and A-Z.") from error


def new_id(now: datetime) -> str:
    """Return a fresh ULID for a moment."""
    from ulid import ULID

    return str(ULID.from_datetime(now))
