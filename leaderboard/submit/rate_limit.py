"""Hourly rate limit of requests that cost a Hub commit, since all visitors share the Hub's limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from starlette.exceptions import HTTPException

from submissions.storage.deadlines import select_recent

HOUR = timedelta(hours=1)


def check_hourly_limit(times: Iterable[datetime], most: int, what: str) -> None:
    """Raise HTTPException 429 with the retry time if `most` of these times lie within the last hour."""
    now = datetime.now(UTC)
    recent = select_recent(list(times), HOUR, now)
    if len(recent) >= most:
        until = recent[-most] + HOUR
        wait = max(1, math.ceil((until - now).total_seconds()))
        again = f"Please try again after {until + timedelta(minutes=1):%H:%M} UTC."
        raise HTTPException(429, f"{what} {again}", {"Retry-After": str(wait)})
