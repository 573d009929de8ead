"""Forms that programs send: addresses and fields, for openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leaderboard.submit.check_job import FIELDS


@dataclass(frozen=True)
class ProgramForm:
    """One form for programs."""

    about: str
    fields: Mapping[str, str]
    """Description of each text field, by name."""
    required: tuple[str, ...]
    statuses: Mapping[str, str]
    """Meaning of each status of success."""
    takes_files: bool = False


_SUBMIT_FIELDS = dict.fromkeys(FIELDS, "As in the submit form.") | {
    "track": "Which board.",
    "action": "`submit`, or `check` to store nothing.",
    "publish": "`on_request` or `at_once`.",
    "hub_data": "Data sets on the Hub, instead of files.",
    "idempotency_key": "The same key returns the first submission instead of a second one.",
}
FORMS: Mapping[str, ProgramForm] = {
    "/api/submit": ProgramForm(
        "Check files or data sets on the Hub, and submit them.",
        _SUBMIT_FIELDS,
        ("track", "action"),
        {"200": "The data passes the check.", "201": "It is stored.", "202": "It waits to be stored."},
        takes_files=True,
    ),
    "/api/teams": ProgramForm(
        "Invite an account to a team, or end its invitation; for the team's owner.",
        {
            "team": "The team's name, in any spelling that looks like it.",
            "guest": "The account's id, as its page /teams shows it.",
            "kind": "`invite`, or `revoke` to end the invitation.",
        },
        ("team", "guest"),
        {"201": "The stored request."},
    ),
}
"""Forms by path."""
