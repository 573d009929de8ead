"""`work`: evaluates the pending submissions of an arena and publishes their results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.command_options import (
    DEMO,
    ArenaPlace,
    BesideArena,
    JudgeFile,
    NoJudge,
    ProfileName,
    ProtocolNames,
)


def evaluate_arena(
    arena: ArenaPlace,
    profile: ProfileName = "cpu",
    protocol: ProtocolNames = [DEMO],  # noqa: B006  # typer copies it
    benchmark: BesideArena = "",
    judge: JudgeFile = None,
    no_judge: NoJudge = False,
    forever: Annotated[
        bool, typer.Option("--forever/--once", help="Run until stopped, or stop when nothing is pending.")
    ] = True,
    every: Annotated[
        float | None, typer.Option(help="Seconds between polls for new submissions; default: 5, or 60 on the Hub.")
    ] = None,
    work: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for finished work.")] = None,
    webhook: Annotated[
        list[str] | None,
        typer.Option(envvar="ARENA_WEBHOOK", metavar="URL", help="Receives events of all tracks; TRACK=URL: of one."),
    ] = None,
    webhook_secret: Annotated[
        str, typer.Option(envvar="ARENA_WEBHOOK_SECRET", help="Secret that signs notifications.", show_default=False)
    ] = "",
    webhook_ports: Annotated[
        str,
        typer.Option(
            envvar="ARENA_WEBHOOK_PORTS", help="Further ports for submitters' webhooks, for example 8080,9443."
        ),
    ] = "",
    site: Annotated[
        str, typer.Option(envvar="ARENA_SITE", metavar="URL", help="Address of the leaderboard, for links in messages.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name of this evaluator in messages about its lease. Public.")] = "",
) -> None:
    """Take pending submissions, evaluate them, publish their results."""
    from evaluator.cli.evaluation_service import build_service
    from evaluator.notifications.notifier import notifying_arena, parse_board_webhooks
    from evaluator.notifications.webhook_client import WebhookClient
    from evaluator.service.submission_queue import MAX_ATTEMPTS
    from submissions.arena.arena import open_arena
    from submissions.errors import OurError
    from submissions.records.webhook_address import parse_webhook_ports

    client = WebhookClient(ports=parse_webhook_ports(webhook_ports))
    boards = parse_board_webhooks(webhook or ())
    notifying = notifying_arena(open_arena(arena), boards, webhook_secret, site, client)
    service = build_service(arena, benchmark, protocol, profile, work, judge, no_judge=no_judge, name=name, every=every)
    failed = service.run(notifying, forever=forever)
    if failed:
        raise OurError(
            f"{failed} submission(s) failed. The next `work` retries, up to {MAX_ATTEMPTS} times in all; "
            "after that, and at any time, `python -m submissions retry ID` does."
        )
