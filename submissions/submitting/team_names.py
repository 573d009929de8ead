"""Team names: each belongs to the owner of its first submission, who may invite others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from submissions.arena.arena import Arena
from submissions.errors import TeamNameTaken, TheirError
from submissions.names.look_alikes import are_alike
from submissions.records.owner_requests import TeamInvitation
from submissions.submitting.attempts import SubmissionKey


def find_first_use(team: str, every: Iterable[SubmissionKey]) -> SubmissionKey | None:
    """Return the first submission under a name that looks like this one; `every` is oldest first."""
    return next((one for one in every if are_alike(one.team, team)), None)


def require_team_name(arena: Arena, one: SubmissionKey, every: Iterable[SubmissionKey]) -> None:
    """Raises TeamNameTaken if a submission's team name belongs to another owner who did not invite its owner."""
    first = find_first_use(one.team, every)
    if first is None or first.owner == one.owner:
        return
    if not is_invited(arena.read_team_invitations(), one.team, first.owner, one.owner):
        raise TeamNameTaken(one.team, first.team, first.id, one.owner)


def is_invited(invitations: Iterable[TeamInvitation], team: str, owner: str, guest: str) -> bool:
    """Return whether the latest valid request of a team's owner, or of an organiser, invites a guest."""
    kinds = [
        one.kind for one in invitations if one.guest == guest and one.by in ("", owner) and are_alike(one.team, team)
    ]
    return bool(kinds) and kinds[-1] == "invite"


def list_guests(invitations: Sequence[TeamInvitation], team: str, owner: str) -> list[str]:
    """Return the owners who are invited to a team."""
    guests = dict.fromkeys(one.guest for one in invitations)
    return [guest for guest in guests if is_invited(invitations, team, owner, guest)]


def store_invitation(
    arena: Arena,
    every: Iterable[SubmissionKey],
    team: str,
    guest: str,
    by: str,
    now: datetime,
    kind: Literal["invite", "revoke"] = "invite",
) -> None:
    """Store the request of a team's owner, or of an organiser (`by` is empty). Raises TheirError for others."""
    first = find_first_use(team, every)
    if first is None:
        raise TheirError(f"No submission has the team name {team[:80]!r}: its first submitter will own it.")
    if by not in ("", first.owner):
        raise TheirError(f"Only the owner of the team {first.team!r} may invite others to it.")
    if guest == first.owner:
        raise TheirError(f"The team {first.team!r} belongs to this account already.")
    arena.add_team_invitation(TeamInvitation(kind=kind, team=first.team, guest=guest, by=by, time=now))
