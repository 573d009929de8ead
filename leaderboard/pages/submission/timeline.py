"""Timeline of an evaluation by stages, from a submission's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from submissions.records.status import History, Stage, Status

FINAL = frozenset({"refused", "published", "withdrawn"})
"""Final states."""
WAITING = frozenset({"received", "queued", "retrying"})
"""States between two tries."""
RUNNING = frozenset({"checking", "evaluating"})
ADVICE: Mapping[tuple[str, str | None], str] = {
    ("received", None): "No action needed: the evaluator will add it to the queue.",
    ("failed", "evaluator"): (
        "The failure is our fault and costs no attempt. Finished work is reused. The evaluator retries a few times "
        "automatically; the owner may request a retry at any time."
    ),
    ("failed", "submission"): "Fix the error that the message names, check the data again, and submit again.",
    ("retrying", None): "An earlier failure was our fault. Finished work is reused; no action needed.",
    ("refused", "submission"): "Fix the error that the message names, check the data again, and submit again.",
    ("refused", "evaluator"): "The failure is our fault and costs no attempt. Please notify the organiser.",
    ("evaluated", None): "Only the owner can see the result until publishing it.",
    ("withdrawn", None): "Withdrawn by its owner.",
}
"""Advice by state and by the party at fault."""
UNSERVED = "This arena's evaluator serves no protocol of the track yet: the submission waits until one is served."
"""Advice for a submission that no evaluator has added to its queue, nor will."""


@dataclass(frozen=True)
class TimelineStep:
    """One stage of an evaluation, or the time in the queue before it."""

    name: Stage
    state: Literal["done", "doing", "failed", "left out", "to come", "not reached"]
    began: datetime | None = None
    ended: datetime | None = None
    done: int | None = None
    """Finished tasks, out of `of`."""
    of: int | None = None

    @property
    def seconds(self) -> float | None:
        """Duration; None while the stage runs, or if its start was not recorded."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else None


def build_timeline(history: History, stages: Sequence[Stage]) -> list[TimelineStep]:
    """Build the queue step and the track's stages, in order: the latest try, and stages that earlier tries finished.

    A history has only the last entry of each stage, so a stage starts at the time of the entry before it.
    """
    start = _latest_try_start(history.entries)
    told = [place for place, entry in enumerate(history.entries) if _is_stage_entry(entry)]
    steps = [_stage_step(history, start, [place for place in told if history.entries[place].stage == stage], stage)
             for stage in stages]  # fmt: skip
    reached = max((place for place, step in enumerate(steps) if step.state in ("done", "doing", "failed")), default=-1)
    return [
        _queue_step(history, start),
        *(_resolve_step(step, place, reached, history) for place, step in enumerate(steps)),
    ]


def status_advice(status: Status, *, is_served: bool = True) -> str:
    """Return the next action in a sentence; empty if the message is sufficient."""
    if status.state == "received" and not is_served:
        return UNSERVED
    return ADVICE.get((status.state, status.fault), "")


def _latest_try_start(entries: Sequence[Status]) -> int:
    """Find the start of the latest try: after the last waiting entry or an earlier failure."""
    for place in range(len(entries) - 1, -1, -1):
        if entries[place].state in WAITING or (entries[place].state == "failed" and place < len(entries) - 1):
            return place + 1
    return 0


def _is_stage_entry(entry: Status) -> bool:
    """Return whether an entry records work on its stage."""
    return entry.stage is not None and entry.state in RUNNING | {"failed", "refused", "published"}


def _stage_step(history: History, start: int, places: Sequence[int], stage: Stage) -> TimelineStep:
    """Build a stage's step from its entries' positions; the latest try begins at `start`."""
    entries, now = history.entries, history.now
    mine = [place for place in places if place >= start]
    if not mine:
        kept = [place for place in places if entries[place].of and entries[place].done == entries[place].of]
        return _finished_step(entries, kept[-1:], stage) if kept else TimelineStep(stage, "to come")
    step = _finished_step(entries, mine, stage)
    if any(_is_stage_entry(entry) for entry in entries[mine[-1] + 1 :]):
        return step
    if now.state in RUNNING:
        return replace(step, state="doing", ended=None)
    # One that was finished is not what failed, unless the failure names it.
    if now.state in ("failed", "refused") and (now.stage == stage or step.done != step.of):
        return replace(step, state="failed", ended=now.time)
    return replace(step, state="not reached") if now.state == "withdrawn" and step.done != step.of else step


def _finished_step(entries: Sequence[Status], places: Sequence[int], stage: Stage) -> TimelineStep:
    before = entries[places[0] - 1] if places[0] else None
    # Nobody said when the work on what was only received began; what an owner publishes days later took no days.
    began = before.time if before and before.state not in ("received", "evaluated") else None
    counted = [entries[place] for place in places if entries[place].of]
    done, of = (counted[-1].done or 0, counted[-1].of) if counted else (None, None)
    return TimelineStep(stage, "done", began, entries[places[-1]].time, done, of)


def _resolve_step(step: TimelineStep, place: int, reached: int, history: History) -> TimelineStep:
    """Mark a stage without entries: left out if a later one was reached, not reached if the evaluation ended."""
    if step.state != "to come":
        return step
    if place < reached:
        return TimelineStep(step.name, "left out")
    return TimelineStep(step.name, "not reached") if history.now.state in FINAL else step


def _queue_step(history: History, start: int) -> TimelineStep:
    entries = history.entries
    first = next((place + 1 for place in range(start - 1, -1, -1) if entries[place].state not in WAITING), 0)
    if start == len(entries):
        return TimelineStep("queue", "doing", entries[first].time)
    if not start or first == start:  # a failure was taken up again at once
        return TimelineStep("queue", "done")
    last = entries[start - 1]
    return TimelineStep(
        "queue", "done", entries[first].time, entries[start].time if last.state == "received" else last.time
    )
