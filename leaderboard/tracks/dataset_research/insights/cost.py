"""Fine-tune gain against the cost of the evaluation, in device-hours and in money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard.charts.svg_charts import Plot
from leaderboard.data.tables.table_frames import Table, frame_of
from leaderboard.insights.insight import (
    Insight,
    InsightColumn,
    Pair,
    SystemRow,
    build_plots,
    interval_fields,
    row_identity,
)
from leaderboard.insights.pareto import Point
from leaderboard.insights.pareto_marks import frontier_numbers, mark_frontier
from leaderboard.insights.system_figures import SystemFigures
from submissions.records.ledger import Ledger
from submissions.tracks.published_protocol import ProtocolScale

NAME = "cost"


@dataclass(frozen=True)
class ByCostRow(SystemRow):
    """One system with a metered evaluation."""

    machine: str
    """Machine profile of the evaluation; hours on different machines are not comparable."""
    device_hours: float
    price: float | None
    """In US dollars; None if the profile has no price."""
    fine_tune: float
    fine_tune_low: float | None
    fine_tune_high: float | None
    frontier: bool | None = None
    """True if no other system gains more in fewer hours of the same machine; None without any hours."""
    price_frontier: bool | None = None
    """True if no other system gains more for less money; None without a price."""


def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
    """Build the section from a protocol's systems."""
    found: list[Pair] = [
        (
            one,
            ByCostRow(
                **row_identity(one, protocol, scale), **_cost_fields(one.ledger), **interval_fields("fine_tune", gain)
            ),
        )
        for one in systems
        if one.ledger is not None and (gain := one.figures.get(("fine_tune", "overall")))
    ]
    timed, by_machine = mark_frontier(found, "device_hours", "fine_tune", group=lambda row: str(row.machine))
    pairs, by_price = mark_frontier(timed, "price", "fine_tune", "price_frontier")
    short = any(0 < row.device_hours < 1 for _, row in pairs)
    hours = InsightColumn("device_hours", "Device-hours", 4 if short else 1)
    dollars = InsightColumn("price", "US dollars", 2)
    y = InsightColumn("fine_tune", f"Fine-tune: {scale.heading.lower()}", scale.decimals)
    is_priced = any(row.price is not None for _, row in pairs)
    marks = (InsightColumn("machine", "Machine"), InsightColumn("frontier", "On its machine's frontier"))
    return Insight(
        name=NAME,
        title="Evaluation cost vs gain",
        sentence=_cost_sentence(pairs),
        about="All tasks together, on a logarithmic axis: the device time of trainer, engine and judge. It is the "
        "cost of evaluating the data, not of making it. Hours of different machines cannot be compared, so each "
        "machine has its own frontier; the price has one for all. The frontiers ignore the intervals.",
        table=Table(f"insight-{NAME}-{protocol}", frame_of(ByCostRow, [row for _, row in pairs])),
        columns=(hours, dollars, y) if is_priced else (hours, y),
        texts=(*marks, InsightColumn("price_frontier", "On the price frontier")) if is_priced else marks,
        plots=(
            *build_plots(pairs, [hours], y, log=True, frontiers=by_machine),
            *_money_plots(pairs, dollars, y, by_price),
        ),
    )


def _cost_fields(ledger: Ledger) -> dict[str, Any]:
    return {"machine": ledger.profile, "device_hours": ledger.device_hours, "price": ledger.price}


def _money_plots(
    pairs: list[Pair], dollars: InsightColumn, y: InsightColumn, best: list[list[Point]]
) -> tuple[Plot, ...]:
    return build_plots([pair for pair in pairs if pair[1].price is not None], [dollars], y, log=True, frontiers=best)


def _cost_sentence(pairs: list[Pair]) -> str:
    if not pairs:
        return "No evaluation of a ranked system has a cost record yet."
    found = []
    for machine in dict.fromkeys(row.machine for _, row in pairs):
        mine = [pair for pair in pairs if pair[1].machine == machine]
        hours = sorted(row.device_hours for _, row in mine)
        systems = f"{len(mine):,} systems took from {hours[0]:,.3g} to" if len(mine) > 1 else "one system took"
        found.append(f"Under {machine}, {systems} {hours[-1]:,.3g} device-hours{_frontier_clause(mine)}.")
    money = frontier_numbers(pairs, "price_frontier")
    return " ".join(found) + (f" By price, no other gains more for less than {money}." if money else "")


def _frontier_clause(pairs: list[Pair]) -> str:
    named = frontier_numbers(pairs)
    return f"; no other gains more for less than {named}" if named else ""
