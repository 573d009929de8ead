"""Recomputes a Result of DatasetResearch from the records of its evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evaluator.errors import ProtocolMismatch
from evaluator.stages.aggregate.result import build_result
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.records import RunRecord, TaskRecord, load_records
from submissions.records.result import Result

FREE = ("name", "metrics", "scale", "statistics", "judge")
"""Parts of a protocol that a rescore may change; of the judge only the scoring of a missing task."""


def recompute_result(folder: Path, protocol: AnchoredProtocol | None = None) -> Result:
    """Compute the Result of a folder's answers, by their own protocol or another that requires the same answers.

    Raises NotFound and CorruptRecord for a folder without sound records, ProtocolMismatch if the other protocol
    requires other answers or verdicts, or scales by anchors that were imported under other rules.
    """
    run, records = load_records(folder)
    run = run.with_scoring_setup()
    if protocol is None or protocol == run.protocol:
        return build_result(run, records)
    if differing := _list_changed_rules(run, records, protocol):
        raise ProtocolMismatch(
            f"{folder} was answered under {run.protocol.name}, and {protocol.name} requires other answers: "
            f"{', '.join(differing)}. Evaluate the submission under {protocol.name} instead."
        )
    again = [record.with_anchor_under(protocol) for record in records]
    return build_result(run.model_copy(update={"protocol": protocol}), again)


def _list_changed_rules(run: RunRecord, records: list[TaskRecord], other: AnchoredProtocol) -> list[str]:
    """Differences between two protocols that shape answers, verdicts or imported anchors."""
    ours, theirs = run.protocol.model_dump(), other.model_dump()
    differing = [name for name in ours if name not in FREE and ours[name] != theirs[name]]
    imported = any(record.end_answers is None for record in records)
    differing += [
        f"{name} (the anchors are imported)" for name in ("metrics", "scale") if imported and ours[name] != theirs[name]
    ]
    if (
        any(record.verdict for record in records)
        and theirs["judge"]
        and _judge_settings(ours) != _judge_settings(theirs)
    ):
        differing.append("judge")
    return differing


def _judge_settings(protocol: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (protocol["judge"] or {}).items() if name != "missing"}
