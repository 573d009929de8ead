"""Who waits for the evaluator, in which order, and when each turn may come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from submissions.records.owner_requests import OwnerRequest
from submissions.records.status import History, Status

MAX_ATTEMPTS = 3
"""A submission that failed so often in a row, through our fault, waits until someone asks for another try."""
_WORK = frozenset({"checking", "evaluating"})
_ENDS = frozenset({"evaluated", "published"})
MIN_START_SHIFT = timedelta(minutes=1)
"""An expected start that moved by less, or by less than a tenth of the wait, is not told anew: that costs a commit."""


@dataclass(frozen=True)
class QueuedSubmission:
    """A submission that has no result under the protocol."""

    ulid: str
    history: History
    asked_again: bool
    """Whether it failed, and another try was asked for since."""


def retry_requested(history: History, wishes: Iterable[OwnerRequest]) -> bool:
    """Whether a retry was wished for since the last failure. Clocks of both sides must agree to a few seconds."""
    failed = [entry.time for entry in history.entries if entry.state == "failed"]
    return bool(failed) and any(wish.kind == "retry" and wish.time > failed[-1] for wish in wishes)


def consecutive_failures(history: History) -> int:
    """How often it failed since it last came to an end."""
    count = 0
    for entry in history.entries:
        if entry.state == "failed":
            count += 1
        elif entry.state in _ENDS:
            count = 0
    return count


def queue_order(waiting: Sequence[QueuedSubmission], aside: Collection[str] = ()) -> list[QueuedSubmission]:
    """Whose turn comes, in order: first where another try was asked for, then oldest first.

    What failed stands aside where its id is given, and after TRIES failures, until another try is asked for.
    """
    line = [
        one
        for one in waiting
        if one.asked_again
        or one.history.now.state != "failed"
        or (one.ulid not in aside and consecutive_failures(one.history) < MAX_ATTEMPTS)
    ]
    return sorted(line, key=lambda one: not one.asked_again)


def work_durations(history: History, until: datetime | None = None) -> tuple[timedelta | None, timedelta]:
    """How long its last finished evaluation took, None if there is none; and how long the running one, until now.

    Failures, waiting, and the time that a killed evaluator was down are left out.
    """
    finished, running = None, timedelta()
    for before, after in pairwise(history.entries):
        if before.state in _WORK and after.state in _WORK | _ENDS:
            running += after.time - before.time
        if after.state in _ENDS:
            finished, running = running or finished, timedelta()
    if until is not None and history.now.state in _WORK:
        running += max(timedelta(), until - history.now.time)
    return finished, running


def median_duration(histories: Iterable[History]) -> timedelta | None:
    """How long an evaluation takes: the median of those; None where none came to its end."""
    known = [finished.total_seconds() for history in histories if (finished := work_durations(history)[0]) is not None]
    return timedelta(seconds=median(known)) if known else None


def queue_positions(
    line: Sequence[QueuedSubmission], each: timedelta | None, moment: datetime, running: History | None = None
) -> list[tuple[str, Status]]:
    """What to tell those in the line whose place or expected start is not what they were told last."""
    start = None
    if each is not None:
        start = moment if running is None else moment + max(timedelta(), each - work_durations(running, moment)[1])
    told = []
    for place, one in enumerate(line, 1):
        expected = None if start is None or each is None else start + (place - 1) * each
        status = _position_status(one, place, len(line), expected, moment)
        if not _is_same_position(one.history.now, status):
            told.append((one.ulid, status))
    return told


def _position_status(one: QueuedSubmission, place: int, of: int, expected: datetime | None, moment: datetime) -> Status:
    message = f"Number {place} of {of}"
    if expected is not None:
        expected = expected.replace(microsecond=0)
        message += f", expected to start about {expected:%Y-%m-%d %H:%M} UTC"
    again = consecutive_failures(one.history) > 0
    return Status(
        state="retrying" if again else "queued",
        place=place,
        of=of,
        expected_start=expected,
        message=f"To be tried again after our failure. {message}." if again else f"{message}.",
        time=moment,
    )


def _is_same_position(last: Status, status: Status) -> bool:
    if (last.state, last.place, last.of) != (status.state, status.place, status.of):
        return False
    if last.expected_start is None or status.expected_start is None:
        return last.expected_start == status.expected_start
    wait = status.expected_start - status.time
    return abs(last.expected_start - status.expected_start) <= max(MIN_START_SHIFT, wait / 10)
