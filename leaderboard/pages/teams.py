"""Teams of a visitor, and their invitations: who may submit under a team's name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from leaderboard.data.same_names import team_spellings
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.pages.submit.api_outcome import TokenRejected, token_owner
from leaderboard.web.auth.visitor import visitor_owner
from leaderboard.web.site import PageRequest, Site, View, page_route, site_of
from leaderboard.web.uploads import limit_body
from submissions.errors import TheirError
from submissions.records.owner_requests import Owner
from submissions.submitting.attempts import read_keys
from submissions.submitting.team_names import list_guests, store_invitation

MAX_BYTES = 10_000
"""Maximum bytes of a sent form, which has three short fields."""
MAX_INVITATIONS = 60
"""Maximum requests of one owner within a day."""


def teams_page(visit: PageRequest) -> View:
    """Render the visitor's id, their teams, and the guests of each."""
    invitations = visit.site.reader.arena.read_team_invitations() if visit.owner else ()
    teams = owned_teams(visit.snapshot, visit.owner)
    guests = {team: list_guests(invitations, team, visit.owner) for team in teams}
    return View("teams.html", {"owner": visit.owner, "guests": guests, "is_account": visit.owner.startswith("hf:")})


def owned_teams(snapshot: Snapshot, owner: str) -> list[str]:
    """Return the teams whose first submission is by an owner, in their first spelling."""
    spellings = team_spellings(snapshot)
    firsts: dict[str, str] = {}
    for _, one in sorted(snapshot.briefs.items()):
        firsts.setdefault(spellings[one.team], one.owner)
    return [team for team, first in firsts.items() if owner and first == owner]


async def post_team(request: Request) -> Response:
    """Store an invitation of the form, and show the page again. Raises HTTPException."""
    values = await _read_form(request)
    await asyncio.to_thread(invite_guest, site_of(request), visitor_owner(request), values)
    return RedirectResponse("/teams", 303)


async def post_api_team(request: Request) -> Response:
    """Store an invitation for the owner of a token: the fields team, guest and kind of a form."""
    values = await _read_form(request)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    site = site_of(request)
    try:
        owner = await asyncio.to_thread(token_owner, site, token.strip() if kind.lower() == "bearer" else "")
    except TokenRejected as error:
        return JSONResponse({"error": str(error)}, 401, {"WWW-Authenticate": "Bearer"})
    await asyncio.to_thread(invite_guest, site, owner, values)
    return JSONResponse({name: values.get(name, "") for name in ("team", "guest")} | {"kind": _parse_kind(values)}, 201)


def invite_guest(site: Site, owner: str, values: Mapping[str, str]) -> None:
    """Store the request of a team's owner. Raises HTTPException 403, 422 or 429."""
    if not owner:
        raise HTTPException(403, "Only the owner of a team may invite others to it: sign in, or open the page there.")
    guest = values.get("guest", "").strip()
    try:
        TypeAdapter(Owner).validate_python(guest)
    except ValidationError as error:
        raise HTTPException(
            422, "This is no account's id: it begins with hf: or key:, as its /teams page shows."
        ) from error
    if not guest:
        raise HTTPException(422, "Give the id of the account to invite, which its /teams page shows.")
    arena, now = site.reader.arena, datetime.now(UTC)
    recent = [
        one for one in arena.read_team_invitations() if one.by == owner and abs(now - one.time) < timedelta(days=1)
    ]
    if len(recent) >= MAX_INVITATIONS:
        raise HTTPException(429, f"You made {MAX_INVITATIONS} requests within a day.", {"Retry-After": "3600"})
    every = read_keys(arena, site.reader.last_briefs())
    try:
        store_invitation(arena, every, values.get("team", ""), guest, owner, now, _parse_kind(values))
    except TheirError as error:
        raise HTTPException(403, str(error)) from error


def _parse_kind(values: Mapping[str, str]) -> Literal["invite", "revoke"]:
    return "revoke" if values.get("kind") == "revoke" else "invite"


async def _read_form(request: Request) -> dict[str, str]:
    async with limit_body(request, MAX_BYTES).form(max_files=0, max_fields=10) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


ROUTES = [
    page_route("/teams", teams_page, personal=True),
    Route("/teams", post_team, methods=["POST"]),
    Route("/api/teams", post_api_team, methods=["POST"]),
]
