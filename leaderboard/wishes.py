"""What the owner of a submission may ask of the evaluator, and what they asked for and wait to see done."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException

from submissions.models import State, Status, Submission
from submissions.wishes import Wish

GONE = frozenset({"refused", "withdrawn"})
"""States in which nothing is left to ask for."""


def is_owner(submission: Submission | None, visitor: str) -> bool:
    """Whether a visitor is who delivered a submission; nobody owns what was stored without an owner."""
    return submission is not None and submission.owner != "" and submission.owner == visitor


def must_own(submission: Submission | None, visitor: str) -> None:
    """Turn away whoever is not the owner. Raises HTTPException 403."""
    if not is_owner(submission, visitor):
        what = "Only the browser or account that submitted it may do this. Open it there, or ask the organiser."
        raise HTTPException(403, what)


def pending(wishes: Iterable[Wish], now: Status) -> list[Wish]:
    """The wishes that the evaluator has not answered yet, oldest first."""
    return [wish for wish in wishes if _waits(wish, now)]


def refusal(kind: str, submission: Submission, state: State, waiting: Iterable[Wish]) -> str | None:
    """Why a wish makes no sense now; None if it does."""
    if kind != "withdraw" and any(wish.kind == "withdraw" for wish in waiting):
        return "You asked to withdraw this submission, so nothing else can be asked for it."
    if state in GONE:
        return f"It is {state}, which is final: nothing can be asked for it."
    if kind == "retry" and state != "failed":
        return f"It is {state}: only what failed can be tried again."
    if kind == "publish" and not submission.private:
        return "It was not submitted as private: its result is published by itself."
    if kind == "publish" and state != "evaluated":
        return f"It is {state}: a result can be published when all is evaluated."
    return None


def _waits(wish: Wish, now: Status) -> bool:
    if wish.kind == "retry":
        return now.state == "failed" and wish.time > now.time
    return now.state not in (GONE if wish.kind == "withdraw" else GONE | {"published"})
