"""The command `invite`: who may submit under a team's name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from submissions.arena.arena import open_arena
from submissions.cli.options import ArenaFolder, AsJson
from submissions.cli.runtime import print_json
from submissions.records.owner_requests import Owner
from submissions.submitting.attempts import read_keys
from submissions.submitting.bulk_commit import read_briefs
from submissions.submitting.team_names import store_invitation


def invite(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="Name of the team, which has a submission.")],
    arena: ArenaFolder,
    guest: Annotated[
        str, typer.Option("--account", metavar="ID", help="Id of the account, as its /teams page shows; default: you.")
    ] = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="End the invitation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let another account, or the command line, submit under a team's name; for organisers."""
    try:
        TypeAdapter(Owner).validate_python(guest)
    except ValidationError as error:
        raise typer.BadParameter(f"{guest[:80]!r} is no account's id: it begins with hf: or key:") from error
    where = open_arena(arena, is_checked=True)
    kind: Literal["invite", "revoke"] = "revoke" if revoke else "invite"
    # No requester: write access to the arena's folder allows every request.
    store_invitation(where, read_keys(where, read_briefs(where)), team, guest, "", datetime.now(UTC), kind)
    if as_json:
        print_json({"team": team, "account": guest, "kind": kind})
    else:
        typer.echo(f"Stored: {kind} {guest or 'the command line'} for the team {team}.")
