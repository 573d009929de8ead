"""Estimates for a checked delivery under every protocol whose frame an arena has published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from submissions.arena.arena import Arena, list_protocols
from submissions.estimation.cost_model import estimate_evaluation
from submissions.estimation.estimate import Estimate, fit_cost_model, select_history
from submissions.estimation.row_preview import TaskSample
from submissions.records.ledger import Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.tracks.track import Track

NEWEST = 30
"""Evaluations whose costs are read, each a file to be fetched; of these the estimate takes those that fit."""


def read_track_frames(arena: Arena, track: Track) -> tuple[PromptFrame, ...]:
    """Read the prompt frames of a track's protocols; one of unknown track counts, from an older evaluator."""
    tracks = {protocol.name: protocol.track for protocol in arena.read_protocols()}
    return tuple(frame for frame in arena.read_frames() if tracks.get(frame.protocol, track.name) == track.name)


def estimate_all(
    arena: Arena, track: Track, known: Sequence[PromptFrame], samples: Sequence[TaskSample]
) -> list[Estimate]:
    """Estimate from the arena's measurements or its machine's profile; each sample has its tokens by known frame."""
    frames = {frame.protocol: frame for frame in known}
    delivered = {name: {sample.task: sample.tokens[name] for sample in samples} for name in frames}
    past = list(read_past_ledgers(arena)) if frames else []
    judges = {name: fit_cost_model(select_history(past, name)) for name in frames}
    found = (
        estimate_evaluation(delivered[name], frame, judges[name], track.workload) for name, frame in frames.items()
    )
    return [one for one in found if one is not None]


def read_past_ledgers(arena: Arena) -> Iterator[Ledger]:
    """Yield the costs of the newest evaluations."""
    found = list_protocols(arena.results, "costs")
    for ulid in sorted(found)[-NEWEST:]:
        for protocol in found[ulid]:
            yield arena.read_ledger(ulid, protocol)
