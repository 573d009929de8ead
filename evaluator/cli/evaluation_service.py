"""One run of the coordinator, as `work` and `requeue` start it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from evaluator.cli.command_options import default_work_dir

if TYPE_CHECKING:
    from evaluator.config.protocol import Protocol
    from evaluator.stages.track_context import ToolSettings
    from submissions.arena.arena import Arena


@dataclass(frozen=True)
class EvaluationService:
    """One run of `work`."""

    arena: str
    benchmark: str
    """Empty for the one beside the arena."""
    protocols: tuple[Protocol, ...]
    settings: ToolSettings
    name: str = ""
    """Public name of this evaluator; empty for one made of its protocols and profile."""
    every: float | None = None
    """Seconds between polls for new submissions; None selects the arena's default."""
    requeue: bool = False
    """True to evaluate again what was measured under other rules or on another benchmark."""

    @property
    def owner(self) -> str:
        """Name of this evaluator in messages about its lease."""
        names = ", ".join(protocol.name for protocol in self.protocols)
        return self.name or f"{names} on {self.settings.profile.name}"

    def run(self, notifying: AbstractContextManager[Arena], *, forever: bool) -> int:
        """Run the coordinator to its end; return the number of failed submissions."""
        import time
        from dataclasses import replace
        from datetime import timedelta
        from functools import partial

        from evaluator.publishing.arena_session import open_session
        from evaluator.publishing.lease import load_nonce
        from evaluator.runtime.signals import sigterm_as_interrupt
        from evaluator.runtime.work_dir_lock import exclusive_lock
        from evaluator.service.coordinator import Coordinator
        from evaluator.service.submission_runner import SubmissionRunner
        from evaluator.tracks import get_scorer
        from evaluator.tracks.context_pool import ContextPool
        from submissions.arena.benchmark import open_benchmark
        from submissions.cli.runtime import show_progress
        from submissions.storage.commit_rate import CommitRateLimit
        from submissions.storage.locations import is_hub_url, sibling_location

        clock, on_hub, home = CommitRateLimit().clock, is_hub_url(self.arena), self.settings.work
        source = open_benchmark(self.benchmark or sibling_location(self.arena, "benchmark"))
        for protocol in self.protocols:
            get_scorer(protocol.track).check_tools(protocol, self.settings)
        with (
            sigterm_as_interrupt(),
            exclusive_lock(home),
            notifying as repositories,
            show_progress("waiting") as bar,
            ContextPool.from_settings(self.protocols, replace(self.settings, progress=bar)) as contexts,
        ):
            gap = timedelta(minutes=1) if on_hub else timedelta()
            nonce = load_nonce(home)
            coordinator = Coordinator(
                open_session=partial(open_session, repositories, self.owner, nonce, gap=gap, clock=clock),
                open_worker=lambda held: SubmissionRunner(
                    held, source, contexts, home / "results", requeue=self.requeue
                ),
                clock=clock,
                wait=time.sleep,
                say=typer.echo,
                every=self.every if self.every is not None else 60.0 if on_hub else 5.0,
            )
            coordinator.run(forever=forever)
        return len(coordinator.failed)


def build_service(
    arena: str,
    benchmark: str,
    protocols: Sequence[str],
    profile: str,
    work: Path | None,
    judge: Path | None,
    *,
    no_judge: bool,
    name: str,
    every: float | None = None,
    requeue: bool = False,
) -> EvaluationService:
    """Build a run from a command's options. Raises NotFound for a protocol or profile that does not exist."""
    from evaluator.config.profile import load_profile
    from evaluator.stages.track_context import ToolSettings
    from evaluator.tracks.protocols import load_protocol

    return EvaluationService(
        arena=arena,
        benchmark=benchmark,
        protocols=tuple(map(load_protocol, dict.fromkeys(protocols))),
        settings=ToolSettings(load_profile(profile), work or default_work_dir(arena), judge=judge, no_judge=no_judge),
        name=name,
        every=every,
        requeue=requeue,
    )
