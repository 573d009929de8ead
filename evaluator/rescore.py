"""Computes a Result again from what its evaluation left behind: no model, no GPU, no benchmark."""

from __future__ import annotations

from pathlib import Path

from evaluator.errors import OtherRules
from evaluator.protocol import Protocol
from evaluator.records import kept
from evaluator.total import result_of
from submissions.arena import dump, parse_lines
from submissions.errors import Corrupt
from submissions.models import Result


def rescore(folder: Path, protocol: Protocol | None = None) -> Result:
    """The Result of an evaluation's answers, by its own protocol or by another that asks for the same answers.

    By its own it is the Result that was published, bit for bit. Raises NotFound and Corrupt for a folder without sound
    records, OtherRules if the other protocol would have asked for other answers, or scales by other anchors.
    """
    run, records = kept(folder)
    if protocol is None or protocol == run.protocol:
        return result_of(run, records)
    if differing := _asks_otherwise(run.protocol, protocol):
        raise OtherRules(
            f"{folder} was answered under {run.protocol.name}, and {protocol.name} differs in what was asked: "
            f"{', '.join(differing)}. Evaluate the submission under {protocol.name} instead."
        )
    again = [record.anchored(protocol) for record in records]
    return result_of(run.model_copy(update={"protocol": protocol}), again)


def same_as_stored(folder: Path, result: Result) -> bool:
    """Whether the folder's result.json was made by the same rules; if so it must be this one, bit for bit.

    Raises Corrupt if it is not, naming the tasks and totals that differ.
    """
    file = folder / "result.json"
    if not file.is_file():
        return False
    content = file.read_bytes()
    stored = parse_lines(str(file), content.replace(b"\n", b" "), Result)[0]
    if stored.protocol_sha256 != result.protocol_sha256:
        return False
    if content != dump(result):
        names = [f"task {one.task}" for one, other in zip(stored.tasks, result.tasks, strict=False) if one != other]
        names += [
            f"total {one.method}/{one.subset}/{one.group}"
            for one, other in zip(stored.totals, result.totals, strict=False)
            if one != other
        ]
        raise Corrupt(
            f"{file} is not what its stored answers give: {', '.join(names[:10]) or 'its head'} differ(s). "
            "Compare the two with --out FILE, and publish the one whose answers you trust."
        )
    return True


def _asks_otherwise(one: Protocol, other: Protocol) -> list[str]:
    """The settings that shape answers or the rows they came from, as far as two protocols differ in them."""
    ours, theirs = one.model_dump(), other.model_dump()
    return [name for name in ours if name in SHAPING and ours[name] != theirs[name]]


SHAPING = (
    "track",
    "split",
    "template",
    "test_items",
    "base_model",
    "sft",
    "decoding",
    "few_shot",
    "screen",
    "anchors",
)
"""The parts of a protocol that a rescore cannot change."""
