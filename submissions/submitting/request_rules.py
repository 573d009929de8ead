"""Rules for owner requests: checks that a request would have an effect before it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from submissions.records.owner_requests import OwnerRequest
from submissions.records.status import History, State
from submissions.records.submission import Submission

RequestKind = Literal["withdraw", "retry", "publish"]
FINAL_STATES: frozenset[State] = frozenset({"refused", "withdrawn"})
"""States without any possible request."""


def rejection_reason(
    kind: RequestKind, submission: Submission, state: State, wishes: Iterable[OwnerRequest]
) -> str | None:
    """Return the reason why a request would change nothing; None if it would.

    `wishes` are the valid requests. A result may be published before it exists: then it is never private.
    """
    if state in FINAL_STATES:
        return f"It is {state}, which is final."
    if kind != "withdraw" and any(wish.kind == "withdraw" for wish in wishes):
        return "Its withdrawal is requested, so nothing else can be requested."
    if kind == "retry" and state != "failed":
        return f"It is {state}: only a failed submission can be retried."
    if kind == "publish" and not submission.private:
        return "It was not submitted as private: its result is public as soon as there is one."
    if kind == "publish" and state == "published":
        return "It is already published."
    return None


def request_time(now: datetime, history: History) -> datetime:
    """Return the time for a request: now, but after the latest status, also if a clock was set back meanwhile."""
    return max(now, history.now.time + timedelta(microseconds=1))


def describe_next_step(history: History) -> str:
    """Describe the submitter's next possible step in a sentence; empty if they can only wait."""
    known: dict[State, str] = {
        "failed": "The failure is on our side and costs no attempt. `retry` starts it again at once.",
        "evaluated": "Only its owner sees the result: `publish` makes it public, `withdraw` removes it.",
    }
    return known.get(history.now.state, "")
