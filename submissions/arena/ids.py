"""Submission ids: ULIDs, which contain their creation time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from submissions.errors import NotFound

TIME_BYTES, _TIME_LETTERS = 6, 10
"""Length of the time in a ULID, in its bytes and in its text."""


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


def new_id(now: datetime, seed: str = "") -> str:
    """Return a fresh ULID for a moment. With a seed, all but its time follows from the seed (`id_tail`)."""
    from ulid import ULID

    fresh = ULID.from_datetime(now)
    return str(ULID(fresh.bytes[:TIME_BYTES] + _hash_seed(seed)) if seed else fresh)


def id_tail(ulid: str) -> str:
    """Return the part of an id without its time: the same for two ids of one seed, and for no others."""
    return ulid[_TIME_LETTERS:]


def seed_tail(seed: str) -> str:
    """Return the `id_tail` of every id of a seed."""
    return id_tail(new_id(datetime.now(UTC), seed))


def find_tail(tail: str, ids: Iterable[str]) -> str | None:
    """Return the first id with a tail, or None."""
    return min((ulid for ulid in ids if id_tail(ulid) == tail), default=None)


def _hash_seed(seed: str) -> bytes:
    return hashlib.sha256(seed.encode(errors="surrogatepass")).digest()[: 16 - TIME_BYTES]
