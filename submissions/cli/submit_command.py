"""The command `submit`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from submissions.arena.arena import open_arena
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.cli import console as terminal
from submissions.cli.inputs import check_with_progress, fetch_sources
from submissions.cli.options import DEFAULT_TRACK, ArenaFolder, AsJson, Sources, Track
from submissions.cli.runtime import print_json
from submissions.errors import TheirError
from submissions.records.submission import SystemType
from submissions.records.webhook_address import parse_webhook_ports
from submissions.storage.temp_folder import TempFolder
from submissions.submitting.bulk_commit import commit_submission
from submissions.submitting.submit import SubmissionForm, build_submission, write_sidecar_files
from submissions.tracks import get_track


def submit(
    source: Sources,
    arena: ArenaFolder,
    system: Annotated[str, typer.Option(help="Name of the system that made the data.")],
    system_type: Annotated[SystemType, typer.Option(help="How the system gets its data.")],
    team: Annotated[str, typer.Option(help="Team that built the system.")],
    submitter: Annotated[str | None, typer.Option(help="Contact; default: the team.")] = None,
    description: Annotated[str, typer.Option(help="How the data was found or made.")] = "",
    url: Annotated[str, typer.Option(help="Page that describes the system.")] = "",
    webhook: Annotated[str, typer.Option(metavar="URL", help="https address for notifications.")] = "",
    webhook_secret: Annotated[
        str,
        typer.Option(envvar="ARENA_WEBHOOK_SECRET", help="Secret that signs the notifications.", show_default=False),
    ] = "",
    webhook_ports: Annotated[
        str, typer.Option(envvar="ARENA_WEBHOOK_PORTS", help="Further ports that this arena allows for webhooks.")
    ] = "",
    private: Annotated[bool, typer.Option("--private", help="Hide the result until `publish`.")] = False,
    track: Track = DEFAULT_TRACK,
    as_json: AsJson = False,
) -> None:
    """Check a delivery and, if it has no errors, store it for the evaluator."""
    form = {
        "system": system,
        "system_type": system_type,
        "team": team,
        "submitter": team if submitter is None else submitter,
        "description": description,
        "url": url,
        "webhook": webhook,
        "webhook_secret": webhook_secret,
    }
    delivery = SubmissionForm.from_form(form, parse_webhook_ports(webhook_ports), track=get_track(track))
    where = open_arena(arena, is_checked=True)
    tasks = where.read_tasks()
    with DeliveryCheck() as reading, TempFolder() as into:
        with fetch_sources(source, tasks, track) as (paths, pins):
            report = check_with_progress(reading, paths, tasks, into, track)
        now, data = datetime.now(UTC), into
        provenance = delivery.provenance.model_copy(update={"fetched": pins})
        delivery = delivery.model_copy(update={"provenance": provenance})
        stored = build_submission(report, delivery, now, private=private) if report.accepted else None
        if stored:
            write_sidecar_files(data, delivery)
            report = commit_submission(where, stored, data, report)
    if as_json:
        print_json({"id": stored.id if stored else None, "report": report.model_dump(mode="json")})
    else:
        typer.echo(terminal.format_report(report))
    if stored is None:
        raise typer.Exit(TheirError.exit_code)
    if not as_json:
        typer.echo(f"\nStored as {stored.id}. Track it with:")
        typer.echo(f"  python -m submissions status {stored.id} --arena {arena}")
