"""Preview of a checked delivery: its prompts, and an estimate of its evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.submit.check_sessions import CheckSession
from submissions.errors import NotFound
from submissions.estimation.cost_model import estimate_evaluation
from submissions.estimation.estimate import (
    MIN_PAST_RUNS,
    WAITING,
    CostModel,
    Estimate,
    estimate_start,
    fit_cost_model,
    select_history,
)
from submissions.estimation.row_preview import RowPreview
from submissions.records.ledger import Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.records.task import Task
from submissions.tracks import get_track

NEWEST = 100
"""Evaluations considered for costs; the estimate uses the matching ones."""


@dataclass(frozen=True)
class CheckPreview:
    """Lower half of a check's page."""

    task: Task
    tasks: tuple[str, ...]
    """Selectable tasks: those with a file that passed."""
    sample: RowPreview
    protocol: str
    protocols: tuple[str, ...]
    """Selectable protocols: those with a known frame."""
    frame: PromptFrame | None
    """Prompt frame of the protocol; None until an evaluator has published it."""
    estimate: Estimate | None
    measured: int
    """Evaluations under the protocol with known costs."""
    least: int
    """Minimum number of evaluations for an estimate."""
    start: datetime | None
    """Estimated start of its evaluation; None if the queue is empty or the start is unknown."""
    waiting: int
    """Submissions ahead of it in the queue."""


def build_preview(
    check: CheckSession, snapshot: Snapshot, query: Mapping[str, str], default: str
) -> CheckPreview | None:
    """Build the preview of a finished check; None if no file passed.

    Raises NotFound for an unknown task or protocol.
    """
    if not any(task in snapshot.tasks for task in check.samples):
        return None
    tasks = tuple(task for task in check.samples if task in snapshot.tasks)
    task = _require_known("task", query.get("task") or tasks[0], tasks)
    known = tuple(name for name in snapshot.frames if name in check.delivered)
    first = default if default in known or not known else known[0]
    protocol = _require_known("protocol", query.get("protocol") or first, known or (first,))
    past, judge = _history_and_model(snapshot, protocol)
    frame = snapshot.frames.get(protocol) if known else None
    workload = get_track(snapshot.tasks[task].track).workload
    return CheckPreview(
        task=snapshot.tasks[task],
        tasks=tasks,
        sample=check.samples[task],
        protocol=protocol,
        protocols=known,
        frame=frame,
        estimate=estimate_evaluation(check.delivered[protocol], frame, judge, workload) if frame else None,
        measured=len(past),
        least=MIN_PAST_RUNS,
        start=estimate_start(snapshot.now.values(), past),
        waiting=sum(status.state in WAITING for status in snapshot.now.values()),
    )


@cached_per_snapshot
def _history_and_model(snapshot: Snapshot, protocol: str) -> tuple[list[Ledger], CostModel | None]:
    """Past costs and fitted model for estimates, cached because reading a hundred ledgers is slow."""
    newest = islice(reversed(list(snapshot.ledgers)), NEWEST)
    ledgers = [ledger for ulid in newest for ledger in snapshot.ledgers[ulid].values()]
    past = select_history(ledgers, protocol)
    return past, fit_cost_model(past)


def _require_known(what: str, name: str, known: tuple[str, ...]) -> str:
    if name not in known:
        raise NotFound(f"No {what} {name[:80]!r} in this check; there are: {', '.join(known)}.")
    return name
