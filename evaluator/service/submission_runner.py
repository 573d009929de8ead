"""Evaluates one submission of an arena and publishes its result.

Killed at any moment it may be started again: finished stages are found in the work folder, and a result and its
`published` status are one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from evaluator.config.protocol import Protocol
from evaluator.errors import HUB_ERRORS, ChildFailed, ProtocolMismatch, SubmissionWithdrawn
from evaluator.publishing.lease import LeaseLost
from evaluator.publishing.publisher import Publisher
from evaluator.publishing.status_log import append_status, failure_status
from evaluator.runtime.cost_log import load_ledger
from evaluator.service.queue_timer import QueueTimer
from evaluator.service.status_sink import StatusSink
from evaluator.service.submission_queue import SubmissionQueue, consecutive_failures
from evaluator.stages.track_context import TrackContext
from evaluator.tracks import get_scorer
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.evaluation_job import EvaluationJob, SubmissionData
from evaluator.tracks.events import PreviewReady, ThrottledSink
from submissions.arena.arena import Arena, commit_with_retry, list_protocols
from submissions.arena.benchmark import Benchmark
from submissions.errors import ArenaError, EvaluatorError
from submissions.records.status import State
from submissions.records.submission import Submission
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json

log = logging.getLogger(__name__)


@dataclass(eq=False)
class SubmissionRunner:
    """Evaluation of single submissions of one arena. With the queue the only writer of `results` and `drafts`.

    Its methods take the coordinator's timer; without one, a timer of their own looks after the queue meanwhile.
    """

    arena: Arena
    benchmark: Benchmark
    contexts: ContextPool
    records: Path
    """Folder for the records of each submission and protocol, from which the Result can be recomputed."""
    requeue: bool = False
    """True to evaluate again the results of other protocol or benchmark versions."""
    submission_queue: SubmissionQueue = field(init=False)

    def __post_init__(self) -> None:
        served = self.contexts.protocols
        current = {one.name: get_scorer(one.track).current_version(self.benchmark, one) for one in served}
        self.submission_queue = SubmissionQueue(self.arena, served, current if self.requeue else None)
        self._publisher = Publisher(self.arena)

    def run_next(self, line: Sequence[str], timer: QueueTimer | None = None) -> tuple[str, State]:
        """Do the next piece of work in a queue; return the submission and its new state.

        If several are pending, the cheap stages of all come first, so that each has its preview before the first
        training.
        """
        if len(line) > 1 and (first := self._next_preview(line)) is not None:
            return first[0], self.preview(first[0], timer, first[1])
        return line[0], self.evaluate(line[0], timer)

    def _next_preview(self, line: Sequence[str]) -> tuple[str, Protocol] | None:
        """Return the first submission without its preview, and the protocol that it is pending under."""
        served = [rules for rules in self.contexts.protocols if get_scorer(rules.track).has_preview(rules)]
        if not served:
            return None
        shown = [list_protocols(repo, "previews") for repo in (self.arena.results, self.arena.drafts)]
        done = {ulid: {name for previews in shown for name in previews.get(ulid, ())} for ulid in line}
        names = {rules.name for rules in served}
        without = [ulid for ulid in line if names - done[ulid]]
        pending = self.submission_queue.pending_by_submission(without) if without else {}
        candidates = ((ulid, rules) for ulid in without for rules in pending.get(ulid, ()))
        return next(((ulid, rules) for ulid, rules in candidates if rules.name in names - done[ulid]), None)

    def evaluate(self, ulid: str, timer: QueueTimer | None = None, protocol: Protocol | None = None) -> State:
        """Evaluate one submission, publish, and return its new state. Raises HUB_ERRORS, LeaseLost, non-ArenaErrors.

        Without a protocol, one under which it is pending, or its track's first. Stored data has passed the
        check, so any other error is ours, even a missing file.
        """
        rules = protocol or self._choose_protocol(ulid)
        return self._run_guarded(ulid, partial(self._evaluate_and_publish, ulid, rules, timer))

    def preview(self, ulid: str, timer: QueueTimer | None = None, protocol: Protocol | None = None) -> State:
        """Run a submission's stages before the costly ones and publish a preview; else like `evaluate`."""
        rules = protocol or self._choose_protocol(ulid)
        return self._run_guarded(ulid, partial(self._publish_preview, ulid, rules, timer))

    def _choose_protocol(self, ulid: str) -> Protocol:
        """Choose the protocol of the next evaluation. Raises ProtocolMismatch if none of its track is served."""
        if pending := self.submission_queue.pending_protocols(ulid):
            failures = consecutive_failures(self.arena.read_history(ulid))
            return pending[failures % len(pending)]  # one that fails must not keep the others from their turn
        track, served = self.arena.read_submission(ulid).track, self.contexts.protocols
        for rules in served:
            if rules.track == track:
                return rules
        names = ", ".join(rules.name for rules in served)
        raise ProtocolMismatch(f"Submission {ulid} is of the track {track}, and none of {names} is a protocol of it.")

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

    def _evaluate_and_publish(self, ulid: str, rules: Protocol, timer: QueueTimer | None) -> State:
        submission, folder = self._read_matching(ulid, rules), self.records / ulid / rules.name
        job = self._build_job(submission, rules, timer)
        result = get_scorer(rules.track).evaluate(job, self.build_submission_data(submission))
        atomic_write(folder / "result.json", to_json(result))
        self.submission_queue.apply_requests()
        self.submission_queue.check_not_withdrawn(ulid)
        records = {"results": result, **load_ledger(folder)}
        return self._publisher.publish_result(submission, result.protocol, records).state

    def _publish_preview(self, ulid: str, rules: Protocol, timer: QueueTimer | None) -> State:
        submission, preview = self._read_matching(ulid, rules), get_scorer(rules.track).preview
        if preview is None:
            raise EvaluatorError(f"The track {rules.track} has no preview.")
        job = self._build_job(submission, rules, timer)
        job.emit(PreviewReady(preview(job, self.build_submission_data(submission))))
        return self.arena.read_history(ulid).now.state

    def _read_matching(self, ulid: str, rules: Protocol) -> Submission:
        """Read a submission. Raises ProtocolMismatch if the protocol is of another track."""
        submission = self.arena.read_submission(ulid)
        if submission.track != rules.track:
            raise ProtocolMismatch(f"Submission {ulid} is of the track {submission.track}, not of {rules.track}.")
        return submission

    def _build_job(
        self, submission: Submission, rules: Protocol, timer: QueueTimer | None
    ) -> EvaluationJob[TrackContext]:
        tasks = tuple(task for task in self.benchmark.read_tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or choose another.")
        return EvaluationJob(
            benchmark=self.benchmark,
            tasks=tasks,
            context=self.contexts.get_context(rules),
            folder=self.records / submission.id / rules.name,
            events=ThrottledSink(StatusSink(self.arena, submission)),
            cancellation=(timer or QueueTimer(self.submission_queue)).watch_submission(submission.id),
            wants_preview=get_scorer(rules.track).has_preview(rules),
        )

    def build_submission_data(self, submission: Submission) -> SubmissionData:
        """Bundle a submission with access to its files in this arena."""
        return SubmissionData(
            submission, partial(self.arena.read_artifact, submission), self.arena.read_descriptions(submission)
        )

    def _report_failure(self, ulid: str, message: str, log_tail: str = "") -> State:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, failure_status(message, log_tail))])
        return "failed"
