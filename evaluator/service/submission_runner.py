"""Evaluates one submission of an arena and publishes its result.

Killed at any moment it may be started again: finished stages are found in the work folder, and a result and its
`published` status are one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from evaluator.errors import HUB_ERRORS, ChildFailed, SubmissionWithdrawn
from evaluator.publishing.lease import LeaseLost
from evaluator.publishing.publisher import Publisher
from evaluator.publishing.status_log import append_status, failure_status
from evaluator.runtime.cost_log import load_ledger
from evaluator.service.queue_timer import QueueTimer
from evaluator.service.status_sink import StatusSink
from evaluator.service.submission_queue import SubmissionQueue
from evaluator.stages.anchors import current_version, load_checked_anchors
from evaluator.stages.context import EvaluationContext
from evaluator.stages.judge_factory import JudgeOpener, open_no_judge
from evaluator.tracks import PREVIEWS, SCORERS, EvaluationJob, SubmissionData
from evaluator.tracks.events import PreviewReady, ThrottledSink
from submissions.arena.arena import Arena, commit_with_retry, list_protocols
from submissions.arena.benchmark import Benchmark
from submissions.errors import ArenaError, EvaluatorError
from submissions.records.status import State
from submissions.records.submission import Submission
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json
from submissions.storage.repo import Repo

log = logging.getLogger(__name__)


@dataclass(eq=False)
class SubmissionRunner:
    """Evaluation of single submissions of one arena. With the queue the only writer of `results` and `drafts`.

    Its methods take the coordinator's timer; without one, a timer of their own looks after the queue meanwhile.
    """

    arena: Arena
    benchmark: Benchmark
    context: EvaluationContext
    records: Path
    """Folder for the records of each submission and protocol, from which the Result can be recomputed."""
    judge: JudgeOpener = open_no_judge
    requeue: bool = False
    """True to evaluate again the results of other protocol or benchmark versions."""
    submission_queue: SubmissionQueue = field(init=False)

    def __post_init__(self) -> None:
        current = current_version(self.benchmark, self.context.protocol) if self.requeue else None
        self.submission_queue = SubmissionQueue(self.arena, self.context.protocol.name, current)
        self._publisher = Publisher(self.arena)

    def run_next(self, line: Sequence[str], timer: QueueTimer | None = None) -> tuple[str, State]:
        """Do the next piece of work in a queue; return the submission and its new state.

        If several are pending, the cheap stages of all come first, so that each has its preview before the first
        training.
        """
        if len(line) > 1 and self.context.protocol.few_shot.shots:
            shown = {ulid for repo in (self.arena.results, self.arena.drafts) for ulid in self._previewed_ids(repo)}
            if (first := next((ulid for ulid in line if ulid not in shown), None)) is not None:
                return first, self.preview(first, timer)
        return line[0], self.evaluate(line[0], timer)

    def _previewed_ids(self, repo: Repo) -> list[str]:
        name = self.context.protocol.name
        return [ulid for ulid, protocols in list_protocols(repo, "previews").items() if name in protocols]

    def evaluate(self, ulid: str, timer: QueueTimer | None = None) -> State:
        """Evaluate one submission, publish, and return its new state. Raises HUB_ERRORS, LeaseLost, non-ArenaErrors.

        Stored data has passed the check, so any other error is ours, even a missing file.
        """
        return self._run_guarded(ulid, partial(self._evaluate_and_publish, ulid, timer))

    def preview(self, ulid: str, timer: QueueTimer | None = None) -> State:
        """Run a submission's stages before the trainings and publish a preview; returns and raises like `evaluate`."""
        return self._run_guarded(ulid, partial(self._publish_preview, ulid, timer))

    def _run_guarded(self, ulid: str, work: Callable[[], State]) -> State:
        try:
            return work()
        except (*HUB_ERRORS, LeaseLost):
            raise
        except SubmissionWithdrawn as end:
            log.info("%s: %s", ulid, end)
            return "withdrawn"
        except ArenaError as error:
            log.error("%s: %s", ulid, error)
            return self._report_failure(ulid, error.public, error.log_tail if isinstance(error, ChildFailed) else "")
        except OSError as error:
            log.error("%s: %s", ulid, error)
            return self._report_failure(ulid, f"The evaluator's machine failed: {error.strerror or 'input or output'}.")

    def _evaluate_and_publish(self, ulid: str, timer: QueueTimer | None) -> State:
        submission = self.arena.read_submission(ulid)
        with self._open_job(submission, timer) as job:
            result = SCORERS[submission.track](job, self.build_submission_data(submission))
        atomic_write(self._record_dir(ulid) / "result.json", to_json(result))
        self.submission_queue.apply_requests()
        self.submission_queue.check_not_withdrawn(ulid)
        records = {"results": result, **load_ledger(self._record_dir(ulid))}
        return self._publisher.publish_result(submission, result.protocol, records).state

    def _publish_preview(self, ulid: str, timer: QueueTimer | None) -> State:
        submission = self.arena.read_submission(ulid)
        with self._open_job(submission, timer) as job:
            job.emit(PreviewReady(PREVIEWS[submission.track](job, self.build_submission_data(submission))))
        return self.arena.read_history(ulid).now.state

    @contextmanager
    def _open_job(self, submission: Submission, timer: QueueTimer | None) -> Iterator[EvaluationJob]:
        tasks = tuple(task for task in self.benchmark.read_tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or choose another.")
        with self.judge(submission.id) as judge:
            yield EvaluationJob(
                benchmark=self.benchmark,
                tasks=tasks,
                anchors=load_checked_anchors(self.benchmark, self.context, tasks),
                context=self.context,
                folder=self._record_dir(submission.id),
                events=ThrottledSink(StatusSink(self.arena, submission)),
                cancellation=(timer or QueueTimer(self.submission_queue)).watch_submission(submission.id),
                judge=judge,
                wants_preview=bool(self.context.protocol.few_shot.shots),
            )

    def build_submission_data(self, submission: Submission) -> SubmissionData:
        """Bundle a submission with access to its rows in this arena."""
        return SubmissionData(
            submission, partial(self.arena.read_rows, submission), self.arena.read_descriptions(submission)
        )

    def _record_dir(self, ulid: str) -> Path:
        return self.records / ulid / self.context.protocol.name

    def _report_failure(self, ulid: str, message: str, log_tail: str = "") -> State:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, failure_status(message, log_tail))])
        return "failed"
