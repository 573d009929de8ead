"""Cost tables: one evaluation by stage, or by task and stage; all evaluations of a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import System
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from submissions.records.ledger import Cost, Ledger


@dataclass(frozen=True)
class CostRow(TableRow):
    """Cost of a stage on one task, or on several together."""

    task: str | None
    """Task name; None in a sum over tasks."""
    stage: str | None
    """Stage name; None in the sum of all stages."""
    tasks: int
    """Tasks that the stage had work for."""
    seconds: float
    device_hours: float
    """Seconds times the devices in use, in hours."""
    tokens_trained: int
    tokens_generated: int
    peak_bytes: int | None
    """Peak memory in bytes; None if it was not measured."""
    price: float | None
    """In US dollars; None if the profile has no price."""


def cost_table(ledger: Ledger) -> Table:
    """Cost of every task and stage, in the order of execution."""
    rows = [_cost_row(ledger, [cost], cost.task, cost.stage) for cost in ledger.costs]
    return Table(f"{ledger.submission}-{ledger.protocol}-costs", frame_of(CostRow, rows))


def stage_table(ledger: Ledger) -> Table:
    """Sum each stage over its tasks, and all stages; no row if nothing was done."""
    stages = dict.fromkeys(cost.stage for cost in ledger.costs)
    rows = [_cost_row(ledger, [cost for cost in ledger.costs if cost.stage == stage], None, stage) for stage in stages]
    rows += [_cost_row(ledger, ledger.costs, None, None)] if rows else []
    return Table(f"{ledger.submission}-{ledger.protocol}-costs-by-stage", frame_of(CostRow, rows))


@dataclass(frozen=True)
class RunCostRow(TableRow):
    """Cost of one evaluation of a system."""

    submission: str
    protocol: str
    machine: str
    """Machine profile; hours on different machines are not comparable."""
    devices: int
    tasks: int
    """Tasks that the evaluation had work for."""
    seconds: float
    device_hours: float
    tokens_trained: int
    tokens_generated: int
    peak_bytes: int | None
    price: float | None
    """In US dollars; None if the profile has no price."""


def run_cost_table(snapshot: Snapshot, system: System, track: str) -> Table:
    """Cost of every metered evaluation of a system on a track, newest submission first."""
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
