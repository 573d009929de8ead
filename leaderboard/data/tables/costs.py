"""What evaluations cost: one by stage, and by task and stage; all of a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import System
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from submissions.records.ledger import Cost, Ledger


@dataclass(frozen=True)
class CostRow(TableRow):
    """What a stage took on one task, or on several together."""

    task: str | None
    """None in a sum over tasks."""
    stage: str | None
    """None in the sum of all stages."""
    tasks: int
    """Tasks that the stage had work for."""
    seconds: float
    device_hours: float
    """The seconds times the devices that were held, in hours."""
    tokens_trained: int
    tokens_generated: int
    peak_bytes: int | None
    """The most memory held at once; None where nobody measured it."""
    price: float | None
    """In US dollars; None where the profile names none."""


def cost_table(ledger: Ledger) -> Table:
    """Every task and stage, in the order of the work."""
    rows = [_cost_row(ledger, [cost], cost.task, cost.stage) for cost in ledger.costs]
    return Table(f"{ledger.submission}-{ledger.protocol}-costs", frame_of(CostRow, rows))


def stage_table(ledger: Ledger) -> Table:
    """The sum of each stage over its tasks, and of them all; no row where nothing was done."""
    stages = dict.fromkeys(cost.stage for cost in ledger.costs)
    rows = [_cost_row(ledger, [cost for cost in ledger.costs if cost.stage == stage], None, stage) for stage in stages]
    rows += [_cost_row(ledger, ledger.costs, None, None)] if rows else []
    return Table(f"{ledger.submission}-{ledger.protocol}-costs-by-stage", frame_of(CostRow, rows))


@dataclass(frozen=True)
class RunCostRow(TableRow):
    """What one evaluation of a system cost."""

    submission: str
    protocol: str
    machine: str
    """The profile; hours of different machines cannot be compared."""
    devices: int
    tasks: int
    """Tasks that there was work for."""
    seconds: float
    device_hours: float
    tokens_trained: int
    tokens_generated: int
    peak_bytes: int | None
    price: float | None
    """In US dollars; None where the profile names none."""


def run_cost_table(snapshot: Snapshot, system: System, track: str) -> Table:
    """Every evaluation of a system on a track that was metered, newest submission first."""
    rows = [
        _run_cost_row(ledger)
        for ulid in reversed(system.runs)
        for protocol, result in snapshot.results.get(ulid, {}).items()
        if result.track == track and (ledger := snapshot.ledgers.get(ulid, {}).get(protocol))
    ]
    return Table(f"system-{system.slug}-costs", frame_of(RunCostRow, rows))


def _run_cost_row(ledger: Ledger) -> RunCostRow:
    return RunCostRow(
        submission=ledger.submission,
        protocol=ledger.protocol,
        machine=ledger.profile,
        devices=ledger.devices,
        tasks=len({cost.task for cost in ledger.costs}),
        seconds=ledger.seconds,
        device_hours=ledger.device_hours,
        tokens_trained=ledger.tokens_trained,
        tokens_generated=ledger.tokens_generated,
        peak_bytes=ledger.peak_bytes,
        price=ledger.price,
    )


def _cost_row(ledger: Ledger, costs: Sequence[Cost], task: str | None, stage: str | None) -> CostRow:
    part = ledger.model_copy(update={"costs": tuple(costs)})
    return CostRow(
        task=task,
        stage=stage,
        tasks=len({cost.task for cost in costs}),
        seconds=part.seconds,
        device_hours=part.device_hours,
        tokens_trained=part.tokens_trained,
        tokens_generated=part.tokens_generated,
        peak_bytes=part.peak_bytes,
        price=part.price,
    )
