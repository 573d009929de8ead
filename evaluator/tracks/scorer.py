"""Definition of a track's scorer: its protocols, its tools, and the functions that evaluate a submission.

`submissions/tracks/track.py` names the stages; a scorer runs them. A field that a track does not need keeps its
default: no preview, nothing to precompute, no anchors, no estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from evaluator.config.protocol import PROTOCOLS, Protocol
from evaluator.planning.plan import PlanInputs, PlanReport
from evaluator.stages.track_context import ToolSettings, TrackContext, open_track_context
from evaluator.tracks.evaluation_job import EvaluationJob, SubmissionData
from evaluator.training import Progress
from submissions.arena.benchmark import Benchmark
from submissions.records.anchors import Anchors
from submissions.records.prompt_frame import PromptFrame
from submissions.records.result import Result, ResultVersion
from submissions.records.submission import DataFile
from submissions.records.task import Row, Task
from submissions.tracks import describe_protocol
from submissions.tracks.published_protocol import ProtocolScale

__all__ = ["AnchorTools", "EvaluationJob", "SubmissionData", "TrackScorer", "WorkloadTools"]

P = TypeVar("P", bound=Protocol)
C = TypeVar("C", bound=TrackContext)
Delivered = tuple[str, Sequence[Row]]
"""A task and its delivered rows."""


@dataclass(frozen=True)
class AnchorTools(Generic[P, C]):
    """Measurement of a benchmark's anchors, for a track whose scores are relative to some."""

    measure: Callable[[Benchmark, C, Sequence[Task]], Anchors]
    """Measures these tasks' anchors, stores them in the benchmark, and returns all."""
    import_official: Callable[[Benchmark, C, Sequence[Task]], Anchors]
    """Takes them from the official release instead. Raises NotFound where there are none."""
    list_unadmitted: Callable[[Anchors, P], list[str]]
    """Tasks that do not count, by their anchors."""


@dataclass(frozen=True)
class WorkloadTools(Generic[P, C]):
    """Estimates of a track's work before it is done."""

    build_frame: Callable[[C, Benchmark, Sequence[Task]], PromptFrame | None]
    """Public facts from which the web app estimates; None without a demand to measure them on."""
    estimate_seconds: Callable[[C, Benchmark, Task, Sequence[DataFile]], float]
    """Time of a task's stages for distinct files, to balance shards. Only ratios matter."""
    make_plan: Callable[[PlanInputs[P], Benchmark, Sequence[Task], Iterable[Delivered], Progress], PlanReport]
    """Plan of a delivery's rows by task, without opening a context."""


@dataclass(frozen=True)
class TrackScorer(Generic[P, C]):
    """One track's part of the evaluator."""

    protocol_type: type[P]
    """Class of its protocols."""
    evaluate: Callable[[EvaluationJob[C], SubmissionData], Result]
    """Computes all scores of a submission. Raises EvaluatorError; the next try reuses finished work."""
    rescore: Callable[[Path, P | None], Result]
    """Computes the Result in a folder of stored records again, under its own protocol or another."""
    describe_scale: Callable[[P], ProtocolScale] = lambda rules: describe_protocol(rules.name).scale
    """Display scale of a protocol's totals; by default the one that its track states."""
    open_context: Callable[[P, ToolSettings], AbstractContextManager[C]] = open_track_context  # type: ignore[assignment]
    """Opens the tools of a protocol; by default those of a track without a model."""
    preview: Callable[[EvaluationJob[C], SubmissionData], Result] | None = None
    """Computes the methods of the preview alone; `evaluate` reuses the stored work."""
    precompute: Mapping[str, Callable[[EvaluationJob[C], SubmissionData], None]] = field(default_factory=dict)
    """Stages to precompute elsewhere and task by task, in order; `evaluate` reuses their stored work."""
    current_version: Callable[[Benchmark, P], ResultVersion] = lambda _, rules: ResultVersion(rules.sha256, None)
    """Versions that results are measured under now."""
    check_tools: Callable[[P, ToolSettings], None] = lambda _rules, _settings: None
    """Raises NotFound before anything starts if a tool's settings are missing, for example a judge's."""
    anchors: AnchorTools[P, C] | None = None
    """None for a track whose scores are relative to nothing."""
    workload: WorkloadTools[P, C] | None = None
    """None for a track without an estimate."""
    protocols: Path = PROTOCOLS
    """Folder of its protocols' files."""

    def has_preview(self, protocol: P) -> bool:
        """Return whether a protocol's evaluations have a preview."""
        return self.preview is not None and protocol.has_preview
