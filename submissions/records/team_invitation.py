"""Invitation of another account to submit under a team's name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from submissions.records.base import Name, Record
from submissions.records.owner_requests import Owner


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
