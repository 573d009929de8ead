"""Estimates for a checked delivery under every protocol whose frame an arena has published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from submissions.arena.arena import Arena, list_protocols
from submissions.estimation.cost_model import DeliveredTokens, count_delivered, estimate_evaluation
from submissions.estimation.estimate import Estimate, fit_cost_model, select_history
from submissions.records.check_report import Report
from submissions.records.ledger import Ledger
from submissions.records.task import Row
from submissions.storage.codec import read_lines
from submissions.storage.local_repo import LocalRepo

NEWEST = 30
"""Evaluations whose costs are read, each a file to be fetched; of these the estimate takes those that fit."""


def estimate_all(arena: Arena, report: Report, into: Path) -> list[Estimate]:
    """Estimate from the arena's measurements or its machine's profile; `into` holds the files that the check wrote."""
    delivered: dict[str, dict[str, DeliveredTokens]] = {}
    frames = {frame.protocol: frame for frame in arena.read_frames()}
    for file in report.files:
        rows = read_lines(LocalRepo(into), f"{file.task}.jsonl", Row)
        for frame in frames.values():
            delivered.setdefault(frame.protocol, {})[file.task] = count_delivered(rows, file.rows, frame)
    past = list(read_past_ledgers(arena)) if frames else []
    judges = {name: fit_cost_model(select_history(past, name)) for name in frames}
    found = (estimate_evaluation(delivered[name], frame, judges[name]) for name, frame in frames.items())
    return [one for one in found if one is not None]


def read_past_ledgers(arena: Arena) -> Iterator[Ledger]:
    """Yield the costs of the newest evaluations."""
    found = list_protocols(arena.results, "costs")
    for ulid in sorted(found)[-NEWEST:]:
        for protocol in found[ulid]:
            yield arena.read_ledger(ulid, protocol)
