"""Requests of a submitter for a stored submission or a team, and the submission's owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from submissions.records.base import Name, Record

Owner = Annotated[str, Field(pattern=r"^((hf|key):[A-Za-z0-9_-]{1,128})?$")]
"""Owner of a submission: `hf:<sub>`, an account of the Hub; `key:<sha256>`, the holder of a browser's key; or
empty, for nobody but those with write access to the arena's folder.
"""


class OwnerRequest(Record):
    """One request to the evaluator, in a separate file, so that no two can overwrite each other."""

    kind: Literal["withdraw", "retry", "publish"]
    by: Owner
    time: datetime
    samples: bool = False
    """For `publish`: permission to show the first rows of each data set in public."""


class TeamInvitation(Record):
    """One request of a team's owner, in a separate file: teams/<ulid>.json in `submissions`."""

    kind: Literal["invite", "revoke"] = "invite"
    team: Name
    """Name of the team, in any spelling that looks like its own."""
    guest: Owner
    """Owner who may submit under the name; empty for those with write access to the arena's folder."""
    by: Owner
    """Owner of the team; empty for those with write access to the arena's folder, who may invite for any team."""
    time: datetime


def filter_authorized(wishes: Iterable[OwnerRequest], owner: str) -> list[OwnerRequest]:
    """Return the valid requests: by the submission's owner, or by anyone with write access to the arena's folder."""
    return [wish for wish in wishes if wish.by in ("", owner)]


def can_show_samples(wishes: Iterable[OwnerRequest], owner: str) -> bool:
    """Return whether a submission's first rows may be public: by the latest publish request, if not withdrawn."""
    counted = filter_authorized(wishes, owner)
    published = [wish for wish in counted if wish.kind == "publish"]
    # A withdrawal is permanent, whatever was requested after it.
    return bool(published) and published[-1].samples and not any(wish.kind == "withdraw" for wish in counted)
