"""Recomputes a Result from the records of its evaluation: no model, no GPU, no benchmark."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, JsonValue, ValidationError

from evaluator.config.protocol import Protocol
from evaluator.errors import ProtocolMismatch
from evaluator.stages.stored_run import read_run
from evaluator.tracks import get_scorer
from evaluator.tracks.protocols import is_shipped_protocol, load_protocol
from submissions.errors import CorruptRecord
from submissions.records.base import Record
from submissions.records.result import Result
from submissions.storage.codec import to_json


class RunHead(Record):
    """Track and rules of a stored evaluation, whatever else its run.json has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    track: str
    protocol: dict[str, JsonValue]


def rescore(folder: Path, protocol: Protocol | None = None) -> Result:
    """Compute the Result of an evaluation's answers, by its own protocol or another that requires the same answers.

    By its own, and by the same version of the metrics, it equals the stored Result bit for bit. Raises NotFound
    and CorruptRecord for a folder without sound records, ProtocolMismatch if the protocol has other rules today under
    the same name, or the other protocol is of another track, requires other answers or verdicts, or scales by anchors
    that were imported under other rules.
    """
    head = read_run(folder, RunHead)
    scorer = get_scorer(head.track)
    if protocol is not None and protocol.track != head.track:
        raise ProtocolMismatch(
            f"{folder} was evaluated for {head.track}, and {protocol.name} is a protocol of {protocol.track}."
        )
    stored = _parse_protocol(folder, head, scorer.protocol_type)
    _require_current_rules(folder, stored, protocol or stored)
    return scorer.rescore(folder, protocol)


def _parse_protocol(folder: Path, head: RunHead, kind: type[Protocol]) -> Protocol:
    try:
        return kind.model_validate(head.protocol)
    except ValidationError as error:
        fault = error.errors()[0]["msg"]
        raise CorruptRecord(
            f"{folder / 'run.json'} cannot be read back: {fault}. Evaluate the submission again."
        ) from error


def _require_current_rules(folder: Path, stored: Protocol, protocol: Protocol) -> None:
    """Raise ProtocolMismatch if an evaluation's protocol has other rules today under the same name.

    Its metrics may have changed with them, so that its answers do not give its published figures again.
    """
    name = protocol.name
    if name != stored.name or not is_shipped_protocol(name):
        return
    current = load_protocol(name)
    if current.sha256 != stored.sha256:
        raise ProtocolMismatch(
            f"{folder} was evaluated under {name} with the rules {stored.sha256}, and {name} has the rules "
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
