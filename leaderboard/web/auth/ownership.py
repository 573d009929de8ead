"""Ownership of submissions, and their owners' pending requests."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException

from submissions.records.owner_requests import OwnerRequest
from submissions.records.status import Status
from submissions.records.submission import Submission
from submissions.submitting.request_rules import FINAL_STATES


def is_owner(submission: Submission | None, visitor: str) -> bool:
    """Return whether a visitor owns a submission; always False for one stored without an owner."""
    return submission is not None and submission.owner != "" and submission.owner == visitor


def require_owner(submission: Submission | None, visitor: str) -> None:
    """Reject visitors other than the owner. Raises HTTPException 403."""
    if not is_owner(submission, visitor):
        what = "Only the browser or account that submitted it may do this. Open it there, or ask the organiser."
        raise HTTPException(403, what)


def pending_requests(wishes: Iterable[OwnerRequest], now: Status) -> list[OwnerRequest]:
    """Return the requests that the evaluator has not answered yet, oldest first."""
    return [wish for wish in wishes if _is_pending(wish, now)]


def _is_pending(wish: OwnerRequest, now: Status) -> bool:
    if wish.kind == "retry":
        return now.state == "failed" and wish.time > now.time
    return now.state not in (FINAL_STATES if wish.kind == "withdraw" else FINAL_STATES | {"published"})
