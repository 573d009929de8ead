"""Owner lookup and outcome for programs that submit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from leaderboard.data.tables.attempts import attempt_number
from leaderboard.submit.check_sessions import CheckSession
from leaderboard.web.auth.oauth import UnknownToken, account_of_token
from leaderboard.web.fault_answers import public_message
from leaderboard.web.site import Site
from submissions.errors import InvalidForm, Unreachable

JsonObject = dict[str, Any]
"""One object of a JSON answer."""
WAIT_SECONDS = 5.0
"""Seconds to wait for the Hub to store an accepted submission before answering."""


class TokenRejected(InvalidForm):
    """A token without a valid user account."""


def token_owner(site: Site, token: str) -> str:
    """Look up the owner of a token; without a token, an empty owner if sign-in is disabled.

    Raises TokenRejected, Unreachable.
    """
    if not token and not site.settings.sign_in:
        return ""
    try:
        return account_of_token(token).owner
    except UnknownToken as error:
        raise TokenRejected({"token": str(error)}) from None
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        what = "The Hub cannot verify the token now. Try again in a minute."
        raise Unreachable(what) from error


def check_outcome(site: Site, check: CheckSession) -> JsonObject:
    """Return a check's outcome as plain data, and discard the check."""
    report = check.report
    told: JsonObject = {
        "id": check.submission,
        "state": "refused",
        "problems": [problem.model_dump(mode="json") for problem in report.problems] if report else [],
        "faults": dict(check.faults),
    }
    if check.broken:
        told |= {"state": "broken"} | ({"error": public_message(check.failure)} if check.failure else {})
    elif check.submission:
        site.storing.wait_until_settled(check.submission, WAIT_SECONDS)
        told |= _storage_outcome(site, check.submission)
    elif not check.refused:
        told["state"] = "passed"
    site.checks.discard(check)
    return told


def _storage_outcome(site: Site, ulid: str) -> JsonObject:
    held = site.storing.find_pending(ulid)
    if held is None:
        attempt = attempt_number(site.reader.snapshot(), ulid, site.settings.limits)
        counted = {"attempt": attempt.number, "attempts": attempt.limit} if attempt else {}
        return {"state": "stored", "page": f"/submissions/{ulid}", **counted}
    if held.until is None:
        return {"state": "refused", "faults": {"track": held.why}}
    until = held.until.astimezone(UTC).isoformat(timespec="seconds")
    return {"state": "waiting", "page": f"/received/{ulid}", "until": until}


def pending_status(site: Site, ulid: str) -> JsonObject | None:
    """Return the status of a submission not yet in the arena, in the format of `status`."""
    held = site.storing.find_pending(ulid)
    if held is None:
        return None
    told: Mapping[str, object] = {"submission": ulid, "entries": [], "has_result": False}
    return {**told, **_storage_outcome(site, ulid)}
