"""Takes pending submissions of an arena, one after the other, and publishes what they are worth.

The only writer of `results`. Killed at any moment it may be started again: finished stages are found in the work
folder, and a result and its `published` status are one commit.
"""

from __future__ import annotations

import fcntl
import logging
import math
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from evaluator.anchors import fitting_anchors
from evaluator.judging import Opened, no_judge
from evaluator.tracks import SCORERS, Entry, Evaluation
from evaluator.tracks.evaluation import StageReport
from evaluator.workbench import Workbench
from submissions.arena import Arena, commit_again, dump, dump_lines, result_path
from submissions.benchmark import Benchmark
from submissions.compacted import compacted_changes
from submissions.entered import entered_changes
from submissions.errors import ArenaError, Corrupt, EvaluatorError
from submissions.local import write_whole
from submissions.models import History, Result, Stage, State, Status, Submission
from submissions.repo import Change

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """One evaluator at work on one arena."""

    arena: Arena
    benchmark: Benchmark
    bench: Workbench
    records: Path
    """Gets a folder for each submission and protocol, with what the Result can be computed from again."""
    judge: Opened = no_judge

    def pending(self) -> list[str]:
        """Submissions that are not refused and have no result under this protocol yet, oldest first."""
        name, published = self.bench.protocol.name, self.arena.published()
        waiting = [ulid for ulid in self.arena.submission_ids() if name not in published.get(ulid, ())]
        return [ulid for ulid in waiting if self._is_pending(ulid)]

    def _is_pending(self, ulid: str) -> bool:
        try:
            return self.arena.history(ulid).now.state != "refused"
        except Corrupt as error:
            log.error("%s is passed over: %s", ulid, error)  # one damaged file must not stop the queue
            return False

    def publish_tasks(self) -> None:
        """Make the public side of the benchmark readable for the web app, if it is not so already."""
        tasks = dump_lines(self.benchmark.tasks())
        results = self.arena.results
        if "tasks.jsonl" not in results.list("tasks.jsonl") or results.read("tasks.jsonl") != tasks:
            commit_again(results, [Change("tasks.jsonl", tasks)])

    def queue(self, aside: Collection[str] = ()) -> list[str]:
        """Tell every pending submission its place, and hand back the line. Those set aside keep what they are told."""
        line = [ulid for ulid in self.pending() if ulid not in aside]
        changes = []
        for place, ulid in enumerate(line, 1):
            now = self.arena.history(ulid).now
            if (now.state, now.place) != ("queued", place):
                changes.append(self._noted(ulid, _status("queued", f"Number {place} of {len(line)}.", place=place)))
        if changes:
            commit_again(self.arena.results, changes)
        return line

    def work(self, ulid: str) -> State:
        """Evaluate one submission and publish; the state it ended in. Raises only what is not ArenaError.

        What was stored has passed the check, so whatever goes wrong now is ours: even a file that is not found.
        """
        try:
            submission = self.arena.submission(ulid)
            result = self._evaluate(submission)
        except ArenaError as error:
            log.error("%s: %s", ulid, error)
            return self._failed(ulid, error.public)
        except OSError as error:
            log.error("%s: %s", ulid, error)
            return self._failed(ulid, f"The evaluator's machine failed: {error.strerror or 'input or output'}.")
        self._publish(result)
        return "published"

    def _evaluate(self, submission: Submission) -> Result:
        tasks = tuple(task for task in self.benchmark.tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or serve another.")
        with self.judge(submission.id) as judge:
            evaluation = Evaluation(
                benchmark=self.benchmark,
                tasks=tasks,
                anchors=fitting_anchors(self.benchmark, self.bench, tasks),
                bench=self.bench,
                report=spaced(partial(self._report, submission.id)),
                folder=self._folder(submission.id),
                judge=judge,
            )
            rows = partial(self.arena.rows, submission)
            entry = Entry(submission, rows, self.arena.descriptions(submission))
            return SCORERS[submission.track](evaluation, entry)

    def _report(self, ulid: str, stage: Stage, done: int, of: int) -> None:
        state: State = "checking" if stage == "check" else "evaluating"
        status = _status(state, f"{stage.replace('_', ' ')}: {done} of {of} tasks", stage=stage, done=done, of=of)
        commit_again(self.arena.results, [self._noted(ulid, status)])

    def _publish(self, result: Result) -> None:
        path = result_path(result.submission, result.protocol)
        write_whole(self._folder(result.submission) / "result.json", dump(result))
        status = _status("published", "The result is public.", stage="publish")
        beside = compacted_changes(self.arena.results, [result])
        changes = [Change(path, dump(result)), self._noted(result.submission, status), *beside]
        commit_again(self.arena.results, changes)
        commit_again(self.arena.drafts, entered_changes(self.arena, [result.submission]))

    def _folder(self, ulid: str) -> Path:
        return self.records / ulid / self.bench.protocol.name

    def _failed(self, ulid: str, message: str) -> State:
        commit_again(self.arena.results, [self._noted(ulid, _status("failed", message, fault="evaluator"))])
        return "failed"

    def _noted(self, ulid: str, status: Status) -> Change:
        """The change that adds a status; progress within a stage replaces the progress before it."""
        entries = self.arena.history(ulid).entries
        last = entries[-1]
        if status.of and (last.state, last.stage, last.of) == (status.state, status.stage, status.of):
            entries = entries[:-1]
        return Change(f"status/{ulid}.json", dump(History(submission=ulid, entries=(*entries, status))))


def spaced(report: StageReport, seconds: float = 1.0) -> StageReport:
    """Pass on where each stage begins and ends, and what lies between at most once in so many seconds.

    Every report is a commit, and some stages do a thousand tasks in that time.
    """
    last = -math.inf

    def sometimes(stage: Stage, done: int, of: int) -> None:
        nonlocal last
        if done <= 1 or done == of or time.monotonic() - last >= seconds:
            last = time.monotonic()
            report(stage, done, of)

    return sometimes


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Hold the work folder for this process. Raises EvaluatorError if another evaluator has it."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EvaluatorError(f"Another evaluator works in {work}: wait for it, or stop it first.") from error
        yield


def _status(
    state: State,
    message: str,
    *,
    stage: Stage | None = None,
    done: int | None = None,
    of: int | None = None,
    place: int | None = None,
    fault: Literal["submission", "evaluator"] | None = None,
) -> Status:
    return Status(
        state=state,
        stage=stage,
        done=done,
        of=of,
        place=place,
        message=message,
        fault=fault,
        time=datetime.now(UTC),
    )
