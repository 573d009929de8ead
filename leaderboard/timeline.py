"""What of an evaluation is done, what is being done, and what is still to come: a submission's history by stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from submissions.models import History, Stage, Status

FINAL = frozenset({"refused", "published", "withdrawn"})
"""States that nothing follows."""
WAITING = frozenset({"received", "queued", "retrying"})
"""States between two tries."""
RUNNING = frozenset({"checking", "evaluating"})
ADVICE: Mapping[tuple[str, str | None], str] = {
    ("received", None): "Nothing is asked of you: the evaluator gives it a place in the queue.",
    ("failed", "evaluator"): (
        "The fault is ours and costs no attempt. The evaluator takes it up again; its owner may ask for that at once."
    ),
    ("failed", "submission"): "Mend what the message names, check the data again, and submit anew.",
    ("retrying", None): "A failure of ours came before. What was finished is kept; nothing is asked of you.",
    ("refused", "submission"): "Mend what the message names, check the data again, and submit anew.",
    ("refused", "evaluator"): "The fault is ours and costs no attempt. Please tell the organiser.",
    ("evaluated", None): "All is scored. Only its owner sees the result, until they publish it.",
    ("withdrawn", None): "Its owner took it back. Nothing of it is evaluated or published.",
}
"""What to do, by state and whose fault it is."""


@dataclass(frozen=True)
class Step:
    """One stage of an evaluation, or the wait before it."""

    name: Stage | Literal["queue"]
    state: Literal["done", "doing", "failed", "left out", "to come", "not reached"]
    began: datetime | None = None
    ended: datetime | None = None
    done: int | None = None
    """Tasks that are finished, out of `of`."""
    of: int | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs, or where its beginning was not written down."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else None


def timeline(history: History) -> list[Step]:
    """The wait and the seven stages, in order; of several tries the latest.

    A history holds of each stage the last word alone, so a stage began when the word before it was spoken.
    """
    start = _start(history.entries)
    tried = history.entries[start:]
    last = max((place for place, entry in enumerate(tried) if _is_told(entry)), default=-1)
    steps = [_step(history, start, stage, last) for stage in get_args(Stage)]
    reached = max((place for place, step in enumerate(steps) if step.state in ("done", "doing", "failed")), default=-1)
    return [_queue(history, start), *(_placed(step, place, reached, history) for place, step in enumerate(steps))]


def advice(status: Status) -> str:
    """What to do now, in a sentence; empty where the message says all."""
    return ADVICE.get((status.state, status.fault), "")


def _start(entries: Sequence[Status]) -> int:
    """Where the latest try begins: behind the last time of waiting, or behind an earlier failure."""
    for place in range(len(entries) - 1, -1, -1):
        if entries[place].state in WAITING or (entries[place].state == "failed" and place < len(entries) - 1):
            return place + 1
    return 0


def _is_told(entry: Status) -> bool:
    """Whether an entry says that its stage was worked on."""
    return entry.stage is not None and entry.state in RUNNING | {"failed", "refused", "published"}


def _step(history: History, start: int, stage: Stage, last: int) -> Step:
    tried, now = history.entries[start:], history.now
    places = [place for place, entry in enumerate(tried) if entry.stage == stage and _is_told(entry)]
    if not places:
        return Step(stage, "to come")
    first, end = start + places[0], tried[places[-1]]
    is_last = places[-1] == last
    # What an owner publishes days later did not take days.
    began = history.entries[first - 1].time if first and stage != "publish" else None
    counted = [tried[place] for place in places if tried[place].of]
    done, of = (counted[-1].done or 0, counted[-1].of) if counted else (None, None)
    if is_last and now.state in RUNNING:
        return Step(stage, "doing", began, None, done, of)
    if is_last and now.state in ("failed", "refused"):
        return Step(stage, "failed", began, now.time, done, of)
    if is_last and now.state == "withdrawn" and done != of:
        return Step(stage, "not reached", began, now.time, done, of)
    return Step(stage, "done", began, end.time, done, of)


def _placed(step: Step, place: int, reached: int, history: History) -> Step:
    """A stage without a word is left out if a later one was reached, and not reached if the end came before."""
    if step.state != "to come":
        return step
    if place < reached:
        return Step(step.name, "left out")
    return Step(step.name, "not reached") if history.now.state in FINAL else step


def _queue(history: History, start: int) -> Step:
    received, tried = history.entries[0].time, history.entries[start:]
    if tried:
        waited = history.entries[start - 1].time if start else received
        return Step("queue", "done", received, waited)
    return Step("queue", "doing", received)
