"""Status entries of submissions, as the evaluator writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from submissions.arena.arena import Arena
from submissions.records.status import History, Stage, State, Status
from submissions.storage.codec import to_json
from submissions.storage.repo import Change

WAITING: frozenset[State] = frozenset({"queued", "retrying"})
"""Queued states; each new position replaces the previous one."""


def progress_status(stage: Stage, done: int, of: int) -> Status:
    """Build a progress status: tasks done of a stage."""
    state: State = "checking" if stage == "check" else "evaluating"
    message = f"{stage.replace('_', ' ')}: {done} of {of} tasks"
    return Status(state=state, stage=stage, done=done, of=of, message=message, time=utc_now())


def failure_status(message: str, log_tail: str = "") -> Status:
    """Build the status of a failure on our side."""
    return Status(state="failed", message=message, log_tail=log_tail, fault="evaluator", time=utc_now())


def final_status(state: State, message: str, stage: Stage | None = None) -> Status:
    """Build the status of an end state, permanent or temporary."""
    return Status(state=state, stage=stage, message=message, time=utc_now())


def append_status(arena: Arena, ulid: str, status: Status) -> Change:
    """Build the change that appends a status; a queue position or stage progress replaces the previous one."""
    entries = arena.read_history(ulid).entries
    last = entries[-1]
    again = status.state in WAITING or bool(status.of)
    if again and (last.state, last.stage) == (status.state, status.stage) and _is_same_count(last, status):
        entries = entries[:-1]
    if entries and status.time < entries[-1].time:  # the clock was set back: the order must stay
        status = status.model_copy(update={"time": entries[-1].time + timedelta(milliseconds=1)})
    return Change(f"status/{ulid}.json", to_json(History(submission=ulid, entries=(*entries, status))))


def utc_now() -> datetime:
    """Current time in UTC."""
    return datetime.now(UTC)


def _is_same_count(last: Status, status: Status) -> bool:
    """Return whether two statuses count the same total.

    A stage with another number of tasks is a new run; a queue of another length is still the queue.
    """
    return status.state in WAITING or last.of == status.of
