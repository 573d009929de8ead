"""What an evaluation cost: by stage, and by task and stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.tables import Table, frame_of
from submissions.ledger import Cost, Ledger


@dataclass(frozen=True)
class CostRow:
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
    rows = [_row(ledger, [cost], cost.task, cost.stage) for cost in ledger.costs]
    return Table(f"{ledger.submission}-{ledger.protocol}-costs", frame_of(CostRow, rows))


def stage_table(ledger: Ledger) -> Table:
    """The sum of each stage over its tasks, and of them all; no row where nothing was done."""
    stages = dict.fromkeys(cost.stage for cost in ledger.costs)
    rows = [_row(ledger, [cost for cost in ledger.costs if cost.stage == stage], None, stage) for stage in stages]
    rows += [_row(ledger, ledger.costs, None, None)] if rows else []
    return Table(f"{ledger.submission}-{ledger.protocol}-costs-by-stage", frame_of(CostRow, rows))


def _row(ledger: Ledger, costs: Sequence[Cost], task: str | None, stage: str | None) -> CostRow:
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
