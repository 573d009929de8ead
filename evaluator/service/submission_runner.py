"""Takes pending submissions of an arena, one after the other, and publishes what they are worth.

The only writer of `results` and `drafts`. Killed at any moment it may be started again: finished stages are found in
the work folder, and a result and its `published` status are one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from evaluator.errors import ChildFailed, SubmissionWithdrawn
from evaluator.planning.prompt_frame import build_frame, build_planning
from evaluator.planning.workload import ByteEstimatedWorkload
from evaluator.publishing.lease import LeaseLost
from evaluator.publishing.publisher import Publisher
from evaluator.publishing.results_table import backfill_tables
from evaluator.publishing.status_log import append_status, failure_status, progress_status, utc_now
from evaluator.runtime.cost_log import load_ledger
from evaluator.service.owner_requests import OwnerRequestHandler
from evaluator.service.submission_queue import (
    QueuedSubmission,
    consecutive_failures,
    median_duration,
    queue_order,
    queue_positions,
    retry_requested,
)
from evaluator.service.throttle import throttle_progress, throttle_until_changed
from evaluator.stages.anchors import load_checked_anchors
from evaluator.stages.context import EvaluationContext
from evaluator.stages.judge_factory import JudgeOpener, open_no_judge
from evaluator.stages.reference_split import load_reference
from evaluator.tracks import PREVIEWS, SCORERS, EvaluationJob, SubmissionData
from evaluator.tracks.scorer import ProgressCallback
from submissions.arena.arena import Arena, commit_with_retry, list_protocols
from submissions.arena.benchmark import Benchmark
from submissions.arena.format_version import PATH as FORMAT_PATH
from submissions.arena.format_version import format_change
from submissions.errors import AccessDenied, ArenaError, CorruptRecord, EvaluatorError, RateLimited, Unreachable
from submissions.records.prompt_frame import PromptFrame
from submissions.records.status import History, Stage, State
from submissions.records.submission import Submission
from submissions.records.task import Task
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change, Repo

log = logging.getLogger(__name__)

HUB_ERRORS = (RateLimited, AccessDenied, Unreachable)
"""What says nothing of a submission: the Hub is to be waited for, or its token to be mended."""
FILES_DELETED = "Its files were deleted from the arena, so it is not evaluated."
STATUS_BATCH = 500
"""Statuses that are written together."""
_OPEN: frozenset[State] = frozenset({"received", "checking", "queued", "evaluating", "retrying", "failed"})


@dataclass(frozen=True)
class SubmissionRunner:
    """One evaluator at work on one arena."""

    arena: Arena
    benchmark: Benchmark
    context: EvaluationContext
    records: Path
    """Gets a folder for each submission and protocol, with what the Result can be computed from again."""
    judge: JudgeOpener = open_no_judge

    def pending_ids(self) -> list[str]:
        """Submissions without a result under this protocol that are not refused or withdrawn, oldest first."""
        return [one.ulid for one in self._load_waiting()]

    def queued_ids(self) -> list[str]:
        """Whose turn comes, in order, without those whose owner withdrew them. Nothing is granted, told or written."""
        return [one.ulid for one in queue_order(self._load_waiting()) if not self._is_withdrawn_by_owner(one.ulid)]

    def _load_waiting(self) -> list[QueuedSubmission]:
        published, drafted = self.arena.published_protocols(), self.arena.draft_protocols()
        name, found = self.context.protocol.name, []
        for ulid in self.arena.submission_ids():
            if name in published.get(ulid, ()):
                continue
            try:
                one = self._load_queued(ulid)
            except CorruptRecord as error:
                log.error("%s is passed over: %s", ulid, error)  # one damaged file must not stop the queue
                continue
            state = one.history.now.state
            # A draft without its status is what a killed run left: the next one finds all done, and says so.
            done = state == "evaluated" and name in drafted.get(ulid, ())
            if state != "refused" and not done and not (state == "withdrawn" and self._is_withdrawn_by_owner(ulid)):
                found.append(one)
        return found

    def _load_queued(self, ulid: str) -> QueuedSubmission:
        history = self.arena.read_history(ulid)
        asked = bool(consecutive_failures(history)) and retry_requested(
            history, self._owner_requests.authorized_requests(ulid)
        )
        return QueuedSubmission(ulid, history, asked)

    def _is_withdrawn_by_owner(self, ulid: str) -> bool:
        """Whether a withdrawn submission was withdrawn by its owner, and did not only lose its files for a time."""
        return any(wish.kind == "withdraw" for wish in self._owner_requests.authorized_requests(ulid))

    def publish_tasks(self) -> None:
        """Make the benchmark's public side, and how rows are framed, readable for the web app, if they are not yet."""
        tasks, results = self.benchmark.read_tasks(), self.arena.results
        frames = self._build_frames(tasks)
        files = {"tasks.jsonl": to_jsonl(tasks), "frames.jsonl": to_jsonl(frames)}
        changes = [
            Change(path, content)
            for path, content in files.items()
            if path not in results.list(path) or results.read(path) != content
        ]
        changes += backfill_tables(results)
        if FORMAT_PATH not in results.list(FORMAT_PATH):
            changes.append(format_change())
        if changes:
            commit_with_retry(results, changes)

    def _build_frames(self, tasks: Sequence[Task]) -> list[PromptFrame]:
        """Every protocol's frame by name: this one's as it is now, those of others as they were published."""
        frames = {frame.protocol: frame for frame in self.arena.read_frames()}
        rules, demands = self.context.protocol, [task.demand for task in tasks if task.demand]
        if demands:
            frame = build_frame(rules, self.context.template, demands)
            reckoned = ByteEstimatedWorkload(rules, frame)  # encoding every hidden row would take minutes
            hidden = (load_reference(rules, self.benchmark, task.id) for task in tasks if task.track == rules.track)
            planning = build_planning(rules, self.context.profile, map(reckoned.count_eval_set, hidden))
            frames[rules.name] = frame.model_copy(update={"planning": planning})
        return [frames[name] for name in sorted(frames)]

    def refresh_queue(self, aside: Collection[str] = ()) -> list[str]:
        """Grant what submitters ask for, tell every pending submission its place, and hand back the line.

        What failed and is set aside keeps what it is told, until its owner asks for another try.
        """
        self._apply_requests()
        self._withdraw_deleted()
        return self._update_positions(aside)

    def _apply_requests(self) -> None:
        """Do what submitters ask for; where that cannot be read now, it is done the next time."""
        try:
            self._owner_requests()
        except HUB_ERRORS as error:
            log.warning("what submitters ask for is looked at later: %s", error)

    def _withdraw_deleted(self) -> None:
        """Take out of the line what was deleted; what stands on a board stays there."""
        stored = set(self.arena.submission_ids())
        if not stored:
            return  # far more likely another repository's name than that all were deleted
        for ulid in self.arena.status_ids():
            if ulid not in stored and ulid not in self._handled_deletions:
                self._handled_deletions.add(ulid)
                with suppress(CorruptRecord):
                    if self.arena.read_history(ulid).now.state in _OPEN:
                        self._publisher.withdraw(ulid, FILES_DELETED)
        self._handled_deletions.difference_update(stored)

    def _update_positions(self, aside: Collection[str], running: str | None = None) -> list[str]:
        line = queue_order([one for one in self._load_waiting() if one.ulid != running], aside)
        history = self.arena.read_history(running) if running else None
        told = queue_positions(line, median_duration(self._recent_histories()) if line else None, utc_now(), history)
        for start in range(0, len(told), STATUS_BATCH):
            some = told[start : start + STATUS_BATCH]
            commit_with_retry(self.arena.results, [append_status(self.arena, ulid, status) for ulid, status in some])
        return [one.ulid for one in line]

    def _recent_histories(self, most: int = 20) -> Iterator[History]:
        """What happened to the last submissions that have a result under this protocol."""
        name, found = self.context.protocol.name, (self.arena.published_protocols(), self.arena.draft_protocols())
        done = {ulid for some in found for ulid, protocols in some.items() if name in protocols}
        for ulid in sorted(done)[-most:]:
            with suppress(CorruptRecord):
                yield self.arena.read_history(ulid)

    def run_next(self, line: Sequence[str], aside: Collection[str] = ()) -> tuple[str, State]:
        """Do the next piece of work on a line: whose, and the state it ended in.

        Where several wait, the cheap stages of all come first, so that each has its preview before the first training.
        """
        if len(line) > 1 and self.context.protocol.few_shot.shots:
            shown = {ulid for repo in (self.arena.results, self.arena.drafts) for ulid in self._previewed_ids(repo)}
            if (first := next((ulid for ulid in line if ulid not in shown), None)) is not None:
                return first, self.preview(first, aside)
        return line[0], self.evaluate(line[0], aside)

    def _previewed_ids(self, repo: Repo) -> list[str]:
        name = self.context.protocol.name
        return [ulid for ulid, protocols in list_protocols(repo, "previews").items() if name in protocols]

    def evaluate(self, ulid: str, aside: Collection[str] = ()) -> State:
        """Evaluate one submission and publish; the state it ended in. Raises only what is not ArenaError.

        What was stored has passed the check, so whatever goes wrong now is ours: even a file that is not found.
        """
        return self._run_guarded(ulid, partial(self._evaluate_and_publish, ulid, aside))

    def preview(self, ulid: str, aside: Collection[str] = ()) -> State:
        """Do the stages of a submission that come before the trainings, and show what they tell; as `work`."""
        return self._run_guarded(ulid, partial(self._publish_preview, ulid, aside))

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

    def _evaluate_and_publish(self, ulid: str, aside: Collection[str]) -> State:
        submission = self.arena.read_submission(ulid)
        with self._open_job(submission, aside) as evaluation:
            result = SCORERS[submission.track](evaluation, self.build_submission_data(submission))
        atomic_write(self._record_dir(ulid) / "result.json", to_json(result))
        self._apply_requests()
        self._check_not_withdrawn(ulid)
        records = {"results": result, **load_ledger(self._record_dir(ulid))}
        return self._publisher.publish_result(submission, result.protocol, records).state

    def _publish_preview(self, ulid: str, aside: Collection[str]) -> State:
        submission = self.arena.read_submission(ulid)
        with self._open_job(submission, aside) as evaluation:
            preview = PREVIEWS[submission.track](evaluation, self.build_submission_data(submission))
        self._publisher.publish_preview(submission, preview)
        return self.arena.read_history(ulid).now.state

    @contextmanager
    def _open_job(self, submission: Submission, aside: Collection[str]) -> Iterator[EvaluationJob]:
        tasks = tuple(task for task in self.benchmark.read_tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or serve another.")
        with self.judge(submission.id) as judge:
            yield EvaluationJob(
                benchmark=self.benchmark,
                tasks=tasks,
                anchors=load_checked_anchors(self.benchmark, self.context, tasks),
                context=self.context,
                report=self._progress_callback(submission.id, aside),
                folder=self._record_dir(submission.id),
                judge=judge,
                preview=partial(self._publisher.publish_preview, submission)
                if self.context.protocol.few_shot.shots
                else None,
            )

    def build_submission_data(self, submission: Submission) -> SubmissionData:
        """A submission with the way to its rows in this arena."""
        return SubmissionData(
            submission, partial(self.arena.read_rows, submission), self.arena.read_descriptions(submission)
        )

    def _progress_callback(self, ulid: str, aside: Collection[str]) -> ProgressCallback:
        """Says how far an evaluation is, and sees to everybody else meanwhile. Raises CalledOff if it is withdrawn."""
        report = throttle_progress(partial(self._commit_progress, ulid))
        attend = throttle_until_changed(partial(self._poll_requests, ulid, aside), self.arena.submissions.head)

        def report_and_poll(stage: Stage, done: int, of: int) -> None:
            try:
                attend()
            except HUB_ERRORS as error:
                log.warning("the evaluation goes on, and others are seen to later: %s", error)
            report(stage, done, of)

        return report_and_poll

    def _commit_progress(self, ulid: str, stage: Stage, done: int, of: int) -> None:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, progress_status(stage, done, of))])

    def _poll_requests(self, ulid: str, aside: Collection[str]) -> None:
        self._apply_requests()
        self._check_not_withdrawn(ulid)
        self._update_positions(aside, running=ulid)

    def _check_not_withdrawn(self, ulid: str) -> None:
        if self.arena.read_history(ulid).now.state == "withdrawn" and self._is_withdrawn_by_owner(ulid):
            raise SubmissionWithdrawn(f"Submission {ulid} was withdrawn while it was evaluated.")
        if not self.arena.has_submission(ulid):
            self._publisher.withdraw(ulid, FILES_DELETED)
            raise SubmissionWithdrawn(f"The files of submission {ulid} were deleted while it was evaluated.")

    @cached_property
    def _handled_deletions(self) -> set[str]:
        """Of those that are gone, which were seen to already."""
        return set()

    @cached_property
    def _owner_requests(self) -> OwnerRequestHandler:
        return OwnerRequestHandler(self.arena)

    @property
    def _publisher(self) -> Publisher:
        return Publisher(self.arena)

    def _record_dir(self, ulid: str) -> Path:
        return self.records / ulid / self.context.protocol.name

    def _report_failure(self, ulid: str, message: str, log_tail: str = "") -> State:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, failure_status(message, log_tail))])
        return "failed"
