"""`work`: evaluates the pending submissions of an arena and publishes their results."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.command_options import (
    ArenaPlace,
    BesideArena,
    JudgeFile,
    NoJudge,
    ProfileName,
    ProtocolName,
    default_work_dir,
)

if TYPE_CHECKING:
    from evaluator.stages.judge_factory import JudgeOpener
    from submissions.arena.arena import Arena


def evaluate_arena(
    arena: ArenaPlace,
    profile: ProfileName = "cpu",
    protocol: ProtocolName = "demo@1",
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
    from evaluator.config.protocol import load_protocol
    from evaluator.notifications.notifier import notifying_arena, parse_board_webhooks
    from evaluator.notifications.webhook_client import WebhookClient
    from evaluator.service.submission_queue import MAX_ATTEMPTS
    from evaluator.stages.judge_factory import judge_opener
    from submissions.arena.arena import open_arena
    from submissions.errors import OurError
    from submissions.records.webhook_address import parse_webhook_ports

    client = WebhookClient(ports=parse_webhook_ports(webhook_ports))
    boards = parse_board_webhooks(webhook or ())
    notifying = notifying_arena(open_arena(arena), boards, webhook_secret, site, client)
    home = work or default_work_dir(arena)
    judges = judge_opener(load_protocol(protocol), judge, left_out=no_judge, work=home)
    service = EvaluationService(arena, benchmark, protocol, profile, home, name or f"{protocol} on {profile}", every)
    failed = service.run(notifying, judges, forever=forever)
    if failed:
        raise OurError(
            f"{failed} submission(s) failed. The next `work` retries, up to {MAX_ATTEMPTS} times in all; "
            "after that, and at any time, `python -m submissions retry ID` does."
        )


@dataclass(frozen=True)
class EvaluationService:
    """One run of `work`."""

    arena: str
    benchmark: str
    """Empty for the one beside the arena."""
    protocol: str
    profile: str
    home: Path
    owner: str
    every: float | None
    """Seconds between polls for new submissions; None selects the arena's default."""
    requeue: bool = False
    """True to evaluate again what was measured under other rules or on another benchmark."""

    def run(self, notifying: AbstractContextManager[Arena], judges: JudgeOpener, *, forever: bool) -> int:
        """Run the coordinator to its end; return the number of failed submissions."""
        import time
        from datetime import timedelta
        from functools import partial

        from evaluator.publishing.arena_session import open_session
        from evaluator.publishing.lease import load_nonce
        from evaluator.runtime.signals import sigterm_as_interrupt
        from evaluator.runtime.work_dir_lock import exclusive_lock
        from evaluator.service.coordinator import Coordinator
        from evaluator.service.submission_runner import SubmissionRunner
        from evaluator.stages.context import open_context
        from submissions.arena.benchmark import open_benchmark
        from submissions.cli.runtime import show_progress
        from submissions.storage.commit_rate import CommitRateLimit
        from submissions.storage.locations import is_hub_url, sibling_location

        clock, on_hub = CommitRateLimit().clock, is_hub_url(self.arena)
        source = open_benchmark(self.benchmark or sibling_location(self.arena, "benchmark"))
        with (
            sigterm_as_interrupt(),
            exclusive_lock(self.home),
            notifying as repositories,
            show_progress("waiting") as bar,
            open_context(self.protocol, self.profile, self.home, bar) as context,
        ):
            gap = timedelta(minutes=1) if on_hub else timedelta()
            nonce = load_nonce(self.home)
            coordinator = Coordinator(
                open_session=partial(open_session, repositories, self.owner, nonce, gap=gap, clock=clock),
                open_worker=lambda held: SubmissionRunner(
                    held, source, context, self.home / "results", judges, requeue=self.requeue
                ),
                clock=clock,
                wait=time.sleep,
                say=typer.echo,
                every=self.every if self.every is not None else 60.0 if on_hub else 5.0,
            )
            coordinator.run(forever=forever)
        return len(coordinator.failed)
