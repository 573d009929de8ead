"""One of several shares of an arena's pending work, for nodes that have only a folder in common.

A task belongs to one share, whoever submitted it, so no two shares do the same work. A share does the few-shot stage
of its tasks for every submission, then their trainings, into the stage store of the work folder. It writes nothing to
the arena: `work`, which runs after the shares, finds all of it finished and publishes.
"""

from __future__ import annotations

import heapq
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field

from evaluator.runtime.work_dir_lock import blocking_lock, shared_lock
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.track_context import TrackContext
from evaluator.tracks import get_scorer
from evaluator.tracks.evaluation_job import EvaluationJob
from submissions.errors import ArenaError, EvaluatorError, NotFound
from submissions.records.base import Record, TaskId
from submissions.records.status import Stage
from submissions.records.submission import DataFile, Submission
from submissions.records.task import Task
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json

log = logging.getLogger(__name__)

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Shard:
    """Share number `part` of `of`, counted from 1."""

    part: int
    of: int
    run: str = ""
    """Common name of all shares of one run; they then agree on the pending work, whenever each one starts."""

    @classmethod
    def parse(cls, text: str, run: str = "") -> Self:
        """Parse a share written as I/N. Raises NotFound."""
        found = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
        if found is None or int(found[1]) > int(found[2]):
            raise NotFound(f"{text!r} is not a share: write I/N with I from 1 to N, for example 1/4.")
        if run and not _RUN.fullmatch(run):
            raise NotFound(f"{run!r} cannot name a run: letters, digits, '_', '.' and '-', 64 at most.")
        return cls(int(found[1]), int(found[2]), run)

    @property
    def group(self) -> str:
        """Name of all shares that may run together."""
        return f"{self.run or 'now'}-of-{self.of}"


class ShardPlan(Record):
    """Work plan for the shares of one run, written by the first that starts."""

    submissions: tuple[str, ...]
    """Submissions in queue order."""
    tasks: tuple[tuple[TaskId, ...], ...] = Field(min_length=1)
    """Tasks of each share, longest first."""


def balance_loads(weights: Mapping[str, float], shares: int) -> list[tuple[str, ...]]:
    """Split names into `shares` groups of about equal weight: the longest first, each to the least loaded group."""
    found: list[list[str]] = [[] for _ in range(shares)]
    loads = [(0.0, number) for number in range(shares)]
    for name in sorted(weights, key=lambda name: (-weights[name], name)):
        load, number = heapq.heappop(loads)
        found[number].append(name)
        heapq.heappush(loads, (load + weights[name], number))
    return [tuple(group) for group in found]


@contextmanager
def hold_shard(work: Path, share: Shard) -> Iterator[None]:
    """Lock a share's part of the work folder. Raises EvaluatorError (evaluator/runtime/work_dir_lock.py)."""
    with shared_lock(work, share.group, str(share.part)):
        yield


def run_shard(worker: SubmissionRunner, share: Shard, work: Path, say: Callable[[str], None]) -> None:
    """Do a share of the pending work. Raises EvaluatorError at the end if some of it failed, with all else done."""
    (rules,) = worker.contexts.protocols
    stages = get_scorer(rules.track).precompute
    if not stages:
        raise NotFound(f"{rules.track} has no stage to precompute: let `work` evaluate its submissions.")
    agreed = _shared_plan(worker, share, work)
    mine, failed = agreed.tasks[share.part - 1], 0
    for stage in stages:
        for ulid in agreed.submissions:
            failed += not _run_stage(worker, ulid, stage, mine, say)
    if failed:
        raise EvaluatorError(
            f"{failed} stage(s) of share {share.part}/{share.of} failed; all others are done. "
            "Start the same share again, or let `work` do the rest."
        )


def _run_stage(
    worker: SubmissionRunner, ulid: str, stage: Stage, tasks: Collection[str], say: Callable[[str], None]
) -> bool:
    """Run one stage of a submission's tasks; return whether it succeeded. A failure does not stop the others."""
    try:
        submission = worker.arena.read_submission(ulid)
        work, mine = get_scorer(submission.track).precompute[stage], _select_tasks(worker, submission, tasks)
        if mine:
            work(_build_job(worker, submission, mine), worker.build_submission_data(submission))
            say(f"{ulid}: {stage} is done for {len(mine)} task(s).")
    except (ArenaError, OSError) as error:
        log.error("%s: %s", ulid, error)
        say(f"{ulid}: {stage} failed. {error}")
        return False
    return True


def _select_tasks(worker: SubmissionRunner, submission: Submission, names: Collection[str]) -> tuple[Task, ...]:
    """Return the tasks of these names in a submission, in the order of the names."""
    delivered = {file.task for file in submission.files}
    known = {task.id: task for task in worker.benchmark.read_tasks() if task.track == submission.track}
    return tuple(known[name] for name in names if name in delivered and name in known)


def _build_job(
    worker: SubmissionRunner, submission: Submission, tasks: tuple[Task, ...]
) -> EvaluationJob[TrackContext]:
    (rules,) = worker.contexts.protocols
    return EvaluationJob(
        benchmark=worker.benchmark,
        tasks=tasks,
        context=worker.contexts.get_context(rules).with_fresh_costs(),
        folder=worker.records / submission.id / rules.name,
    )


def _shared_plan(worker: SubmissionRunner, share: Shard, work: Path) -> ShardPlan:
    """Return the plan for the shares of this run; for a named run, the plan of its first share."""
    if not share.run:
        return _make_plan(worker, share.of)
    file = work / "shares" / share.group / "agreed.json"
    with blocking_lock(file.with_name("agreeing")):
        if not file.exists():
            atomic_write(file, to_json(_make_plan(worker, share.of)))
    return ShardPlan.model_validate_json(file.read_bytes())


def _make_plan(worker: SubmissionRunner, shares: int) -> ShardPlan:
    line = worker.submission_queue.queued_ids()
    files: dict[str | None, dict[str, DataFile]] = {}
    for ulid in line:
        for file in worker.arena.read_submission(ulid).files:
            files.setdefault(file.task, {})[file.sha256] = file
    weights = {}
    for task in worker.benchmark.read_tasks():
        if mine := files.get(task.id):
            weights[task.id] = _estimate_weight(worker, task, list(mine.values()))
    return ShardPlan(submissions=tuple(line), tasks=tuple(balance_loads(weights, shares)))


def _estimate_weight(worker: SubmissionRunner, task: Task, files: Sequence[DataFile]) -> float:
    """Estimate the load of a task's distinct files: seconds, or bytes for a track without an estimate."""
    (rules,) = worker.contexts.protocols
    workload = get_scorer(rules.track).workload
    if workload is None:
        return float(sum(file.bytes for file in files))
    return workload.estimate_seconds(worker.contexts.get_context(rules), worker.benchmark, task, files)
