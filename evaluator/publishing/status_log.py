"""How the evaluator writes down where a submission stands."""

from __future__ import annotations

from datetime import UTC, datetime

from submissions.arena.arena import Arena
from submissions.records.status import History, Stage, State, Status
from submissions.storage.codec import to_json
from submissions.storage.repo import Change

WAITING: frozenset[State] = frozenset({"queued", "retrying"})
"""In the line; each place replaces the one before it."""


def progress_status(stage: Stage, done: int, of: int) -> Status:
    """So many tasks of a stage are done."""
    state: State = "checking" if stage == "check" else "evaluating"
    message = f"{stage.replace('_', ' ')}: {done} of {of} tasks"
    return Status(state=state, stage=stage, done=done, of=of, message=message, time=utc_now())


def failure_status(message: str, log_tail: str = "") -> Status:
    """It stopped through our fault."""
    return Status(state="failed", message=message, log_tail=log_tail, fault="evaluator", time=utc_now())


def final_status(state: State, message: str, stage: Stage | None = None) -> Status:
    """It came to an end, for good or for now."""
    return Status(state=state, stage=stage, message=message, time=utc_now())


def append_status(arena: Arena, ulid: str, status: Status) -> Change:
    """The change that adds a status; a place or progress in a stage replaces the one before it."""
    entries = arena.read_history(ulid).entries
    last = entries[-1]
    again = status.state in WAITING or bool(status.of)
    if again and (last.state, last.stage) == (status.state, status.stage) and _is_same_count(last, status):
        entries = entries[:-1]
    return Change(f"status/{ulid}.json", to_json(History(submission=ulid, entries=(*entries, status))))


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def _is_same_count(last: Status, status: Status) -> bool:
    """A stage over another number of tasks is another run; a line of another length is still the line."""
    return status.state in WAITING or last.of == status.of
