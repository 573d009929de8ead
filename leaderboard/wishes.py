"""What the owner of a submission may ask of the evaluator, and what they asked for and wait to see done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.exceptions import HTTPException

from leaderboard.timeline import FINAL, RUNNING
from submissions.models import History, State, Submission
from submissions.wishes import Wish

ANSWERS: Mapping[str, frozenset[str]] = {
    "withdraw": FINAL,
    "publish": FINAL,
    "retry": FINAL | RUNNING | {"retrying", "queued", "evaluated"},
}
"""The states that end the wait for a wish."""


def is_owner(submission: Submission | None, visitor: str) -> bool:
    """Whether a visitor is who delivered a submission; nobody owns what was stored without an owner."""
    return submission is not None and submission.owner != "" and submission.owner == visitor


def must_own(submission: Submission | None, visitor: str) -> None:
    """Turn away whoever is not the owner. Raises HTTPException 403."""
    if not is_owner(submission, visitor):
        raise HTTPException(403, "Only the browser that submitted it may do this. Open it there, or ask the organiser.")


def pending(wishes: Iterable[Wish], history: History) -> list[Wish]:
    """The wishes that nothing answers yet, oldest first."""
    return [wish for wish in wishes if not _is_answered(wish, history)]


def refusal(kind: str, submission: Submission, state: State, waiting: Iterable[Wish]) -> str | None:
    """Why a wish makes no sense now; None if it does."""
    if kind != "withdraw" and any(wish.kind == "withdraw" for wish in waiting):
        return "You asked to withdraw this submission, so nothing else can be asked for it."
    if kind == "withdraw" and state in FINAL:
        return f"It is {state}, which is final: there is nothing to withdraw."
    if kind == "retry" and state != "failed":
        return f"It is {state}: only what failed can be tried again."
    if kind == "publish" and not submission.private:
        return "It was not submitted as private: its result is published by itself."
    if kind == "publish" and state != "evaluated":
        return f"It is {state}: a result can be published when all is evaluated."
    return None


def _is_answered(wish: Wish, history: History) -> bool:
    return any(entry.time >= wish.time and entry.state in ANSWERS[wish.kind] for entry in history.entries)
