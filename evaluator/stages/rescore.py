"""Recomputes a Result from the records of its evaluation: no model, no GPU, no benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluator.config.protocol import Protocol, is_shipped_protocol, load_protocol
from evaluator.errors import ProtocolMismatch
from evaluator.models.environment import PIPELINE, scoring_packages
from evaluator.stages.aggregate.result import build_result
from evaluator.stages.records import RunRecord, TaskRecord, load_records
from submissions.errors import CorruptRecord
from submissions.records.anchors import Setup
from submissions.records.result import Result
from submissions.storage.codec import to_json

FREE = ("name", "metrics", "scale", "statistics", "judge")
"""Parts of a protocol that a rescore may change; of the judge only the scoring of a missing task."""


def rescore(folder: Path, protocol: Protocol | None = None) -> Result:
    """Compute the Result of an evaluation's answers, by its own protocol or another that requires the same answers.

    By its own, and by the same version of the metrics, it equals the stored Result bit for bit. Raises NotFound
    and CorruptRecord for a folder without sound records, ProtocolMismatch if the protocol has other rules today under
    the same name, or the other protocol requires other answers or verdicts, or scales by anchors that were imported
    under other rules.
    """
    run, records = load_records(folder)
    _require_current_rules(folder, run, protocol or run.protocol)
    return recompute_result(folder, run, records, protocol)


def recompute_result(
    folder: Path, run: RunRecord, records: list[TaskRecord], protocol: Protocol | None = None
) -> Result:
    """Compute the Result of a folder's records like `rescore`, also if their protocol has other rules today."""
    run = run.model_copy(update={"setup": update_scoring_setup(run.setup)})
    if protocol is None or protocol == run.protocol:
        return build_result(run, records)
    if differing := _list_changed_rules(run, records, protocol):
        raise ProtocolMismatch(
            f"{folder} was answered under {run.protocol.name}, and {protocol.name} requires other answers: "
            f"{', '.join(differing)}. Evaluate the submission under {protocol.name} instead."
        )
    again = [record.with_anchor_under(protocol) for record in records]
    return build_result(run.model_copy(update={"protocol": protocol}), again)


def _require_current_rules(folder: Path, run: RunRecord, protocol: Protocol) -> None:
    """Raise ProtocolMismatch if an evaluation's protocol has other rules today under the same name.

    Its metrics may have changed with them, so that its answers do not give its published figures again.
    """
    name = protocol.name
    if name != run.protocol.name or not is_shipped_protocol(name):
        return
    current = load_protocol(name)
    if current.sha256 != run.protocol.sha256:
        raise ProtocolMismatch(
            f"{folder} was evaluated under {name} with the rules {run.protocol.sha256}, and {name} has the rules "
            f"{current.sha256} today. The stored result stays as published; evaluate the submission again "
            "(`arena-evaluate requeue`) for one under today's rules."
        )


def matches_stored(folder: Path, result: Result) -> bool:
    """Return whether the folder's result.json has the same rules and code; if so it must equal this one bit for bit.

    Raises CorruptRecord if it does not, naming the tasks and totals that differ.
    """
    file = folder / "result.json"
    if not file.is_file():
        return False
    try:
        stored = Result.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise CorruptRecord(
            f"{file} is not a Result: {error.errors()[0]['msg']}. Write it again with --out {file}."
        ) from error
    if (stored.protocol_sha256, stored.setup) != (result.protocol_sha256, result.setup):
        return False
    if file.read_bytes() != to_json(result):
        raise CorruptRecord(
            f"{file} does not match its stored answers: {_list_differences(stored, result)} differ(s). "
            "Compare the two with --out FILE, and publish the one whose answers you trust."
        )
    return True


def _list_differences(stored: Result, result: Result) -> str:
    names = [f"task {one.task}" for one, other in zip(stored.tasks, result.tasks, strict=False) if one != other]
    names += [
        f"total {one.method}/{one.subset}/{one.group}"
        for one, other in zip(stored.totals, result.totals, strict=False)
        if one != other
    ]
    return ", ".join(names[:10]) or "its head"


def update_scoring_setup(setup: Setup) -> Setup:
    """Update the setup of the answers with the packages that score them now."""
    return setup.model_copy(update={"pipeline": PIPELINE, "packages": setup.packages | scoring_packages()})


def _list_changed_rules(run: RunRecord, records: list[TaskRecord], other: Protocol) -> list[str]:
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
