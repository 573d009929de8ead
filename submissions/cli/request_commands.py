"""The commands `withdraw`, `retry` and `publish`: an owner's requests to the evaluator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from submissions.arena.arena import open_arena
from submissions.cli.options import ArenaFolder, AsJson, Id
from submissions.cli.runtime import print_json
from submissions.errors import TheirError
from submissions.records.owner_requests import OwnerRequest, filter_authorized
from submissions.submitting import request_rules as asking
from submissions.submitting.request_rules import RequestKind


def withdraw(ulid: Id, arena: ArenaFolder, as_json: AsJson = False) -> None:
    """Withdraw a submission from the queue, or its result from the boards. This is final; its history stays."""
    _store_request(arena, ulid, "withdraw", as_json)


def retry(ulid: Id, arena: ArenaFolder, as_json: AsJson = False) -> None:
    """Retry a failed submission, before all that are queued."""
    _store_request(arena, ulid, "retry", as_json)


def publish(
    ulid: Id,
    arena: ArenaFolder,
    samples: Annotated[bool, typer.Option("--samples", help="Also show the first rows of each data set.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the result of a private submission."""
    _store_request(arena, ulid, "publish", as_json, samples=samples)


def _store_request(arena: str, ulid: str, kind: RequestKind, as_json: bool, *, samples: bool = False) -> None:
    """Store an owner request for the evaluator. Raises TheirError if it would have no effect."""
    where, ulid = open_arena(arena, is_checked=True), ulid.upper()
    submission, history = where.read_submission(ulid), where.read_history(ulid)
    wishes = filter_authorized(where.read_owner_requests(ulid), submission.owner)
    if refusal := asking.rejection_reason(kind, submission, history.now.state, wishes):
        raise TheirError(f"Cannot {kind} {ulid}: {refusal}")
    time = asking.request_time(datetime.now(UTC), history)
    # No requester: write access to the arena's folder allows every request.
    where.add_owner_request(ulid, OwnerRequest(kind=kind, by="", time=time, samples=samples))
    if as_json:
        print_json({"id": ulid, "asked": kind, "state": history.now.state})
    else:
        typer.echo(f"Requested: {kind} {ulid}. The evaluator handles it before its next task.")
