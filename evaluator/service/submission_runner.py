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
from evaluator.stages.judge_factory import JudgeOpener, no_judge
from evaluator.stages.reference_split import load_reference
from evaluator.tracks import PREVIEWS, SCORERS, EvaluationJob, SubmissionData
from evaluator.tracks.scorer import ProgressCallback
from submissions.arena.arena import Arena, commit_with_retry, protocols_in
from submissions.arena.benchmark import Benchmark
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
    bench: EvaluationContext
    records: Path
    """Gets a folder for each submission and protocol, with what the Result can be computed from again."""
    judge: JudgeOpener = no_judge

    def pending(self) -> list[str]:
        """Submissions without a result under this protocol that are not refused or withdrawn, oldest first."""
        return [one.ulid for one in self._waiting()]

    def line(self) -> list[str]:
        """Whose turn comes, in order, without those whose owner withdrew them. Nothing is granted, told or written."""
        return [one.ulid for one in queue_order(self._waiting()) if not self._is_meant(one.ulid)]

    def _waiting(self) -> list[QueuedSubmission]:
        published, drafted = self.arena.published(), self.arena.drafted()
        name, found = self.bench.protocol.name, []
        for ulid in self.arena.submission_ids():
            if name in published.get(ulid, ()):
                continue
            try:
                one = self._one_waiting(ulid)
            except CorruptRecord as error:
                log.error("%s is passed over: %s", ulid, error)  # one damaged file must not stop the queue
                continue
            state = one.history.now.state
            # A draft without its status is what a killed run left: the next one finds all done, and says so.
            done = state == "evaluated" and name in drafted.get(ulid, ())
            if state != "refused" and not done and not (state == "withdrawn" and self._is_meant(ulid)):
                found.append(one)
        return found

    def _one_waiting(self, ulid: str) -> QueuedSubmission:
        history = self.arena.history(ulid)
        asked = bool(consecutive_failures(history)) and retry_requested(history, self._granting.wishes(ulid))
        return QueuedSubmission(ulid, history, asked)

    def _is_meant(self, ulid: str) -> bool:
        """Whether a withdrawn submission was withdrawn by its owner, and did not only lose its files for a time."""
        return any(wish.kind == "withdraw" for wish in self._granting.wishes(ulid))

    def publish_tasks(self) -> None:
        """Make the benchmark's public side, and how rows are framed, readable for the web app, if they are not yet."""
        tasks, results = self.benchmark.tasks(), self.arena.results
        frames = self._frames(tasks)
        files = {"tasks.jsonl": to_jsonl(tasks), "frames.jsonl": to_jsonl(frames)}
        changes = [
            Change(path, content)
            for path, content in files.items()
            if path not in results.list(path) or results.read(path) != content
        ]
        changes += backfill_tables(results)
        if changes:
            commit_with_retry(results, changes)

    def _frames(self, tasks: Sequence[Task]) -> list[PromptFrame]:
        """Every protocol's frame by name: this one's as it is now, those of others as they were published."""
        frames = {frame.protocol: frame for frame in self.arena.frames()}
        rules, demands = self.bench.protocol, [task.demand for task in tasks if task.demand]
        if demands:
            frame = build_frame(rules, self.bench.template, demands)
            reckoned = ByteEstimatedWorkload(rules, frame)  # encoding every hidden row would take minutes
            hidden = (load_reference(rules, self.benchmark, task.id) for task in tasks if task.track == rules.track)
            planning = build_planning(rules, self.bench.profile, map(reckoned.exam, hidden))
            frames[rules.name] = frame.model_copy(update={"planning": planning})
        return [frames[name] for name in sorted(frames)]

    def queue(self, aside: Collection[str] = ()) -> list[str]:
        """Grant what submitters ask for, tell every pending submission its place, and hand back the line.

        What failed and is set aside keeps what it is told, until its owner asks for another try.
        """
        self._grant()
        self._bury()
        return self._tell(aside)

    def _grant(self) -> None:
        """Do what submitters ask for; where that cannot be read now, it is done the next time."""
        try:
            self._granting()
        except HUB_ERRORS as error:
            log.warning("what submitters ask for is looked at later: %s", error)

    def _bury(self) -> None:
        """Take out of the line what was deleted; what stands on a board stays there."""
        stored = set(self.arena.submission_ids())
        if not stored:
            return  # far more likely another repository's name than that all were deleted
        for ulid in self.arena.told():
            if ulid not in stored and ulid not in self._buried:
                self._buried.add(ulid)
                with suppress(CorruptRecord):
                    if self.arena.history(ulid).now.state in _OPEN:
                        self._outlet.withdraw(ulid, FILES_DELETED)
        self._buried.difference_update(stored)

    def _tell(self, aside: Collection[str], running: str | None = None) -> list[str]:
        line = queue_order([one for one in self._waiting() if one.ulid != running], aside)
        history = self.arena.history(running) if running else None
        told = queue_positions(line, median_duration(self._finished()) if line else None, utc_now(), history)
        for start in range(0, len(told), STATUS_BATCH):
            some = told[start : start + STATUS_BATCH]
            commit_with_retry(self.arena.results, [append_status(self.arena, ulid, status) for ulid, status in some])
        return [one.ulid for one in line]

    def _finished(self, most: int = 20) -> Iterator[History]:
        """What happened to the last submissions that have a result under this protocol."""
        name, found = self.bench.protocol.name, (self.arena.published(), self.arena.drafted())
        done = {ulid for some in found for ulid, protocols in some.items() if name in protocols}
        for ulid in sorted(done)[-most:]:
            with suppress(CorruptRecord):
                yield self.arena.history(ulid)

    def step(self, line: Sequence[str], aside: Collection[str] = ()) -> tuple[str, State]:
        """Do the next piece of work on a line: whose, and the state it ended in.

        Where several wait, the cheap stages of all come first, so that each has its preview before the first training.
        """
        if len(line) > 1 and self.bench.protocol.few_shot.shots:
            shown = {ulid for repo in (self.arena.results, self.arena.drafts) for ulid in self._previewed(repo)}
            if (first := next((ulid for ulid in line if ulid not in shown), None)) is not None:
                return first, self.preview(first, aside)
        return line[0], self.work(line[0], aside)

    def _previewed(self, repo: Repo) -> list[str]:
        name = self.bench.protocol.name
        return [ulid for ulid, protocols in protocols_in(repo, "previews").items() if name in protocols]

    def work(self, ulid: str, aside: Collection[str] = ()) -> State:
        """Evaluate one submission and publish; the state it ended in. Raises only what is not ArenaError.

        What was stored has passed the check, so whatever goes wrong now is ours: even a file that is not found.
        """
        return self._tried(ulid, partial(self._work, ulid, aside))

    def preview(self, ulid: str, aside: Collection[str] = ()) -> State:
        """Do the stages of a submission that come before the trainings, and show what they tell; as `work`."""
        return self._tried(ulid, partial(self._preview, ulid, aside))

    def _tried(self, ulid: str, work: Callable[[], State]) -> State:
        try:
            return work()
        except (*HUB_ERRORS, LeaseLost):
            raise
        except SubmissionWithdrawn as end:
            log.info("%s: %s", ulid, end)
            return "withdrawn"
        except ArenaError as error:
            log.error("%s: %s", ulid, error)
            return self._failed(ulid, error.public, error.log_tail if isinstance(error, ChildFailed) else "")
        except OSError as error:
            log.error("%s: %s", ulid, error)
            return self._failed(ulid, f"The evaluator's machine failed: {error.strerror or 'input or output'}.")

    def _work(self, ulid: str, aside: Collection[str]) -> State:
        submission = self.arena.submission(ulid)
        with self._evaluation(submission, aside) as evaluation:
            result = SCORERS[submission.track](evaluation, self.entry(submission))
        atomic_write(self._folder(ulid) / "result.json", to_json(result))
        self._grant()
        self._stop_if_withdrawn(ulid)
        records = {"results": result, **load_ledger(self._folder(ulid))}
        return self._outlet.finish(submission, result.protocol, records).state

    def _preview(self, ulid: str, aside: Collection[str]) -> State:
        submission = self.arena.submission(ulid)
        with self._evaluation(submission, aside) as evaluation:
            preview = PREVIEWS[submission.track](evaluation, self.entry(submission))
        self._outlet.preview(submission, preview)
        return self.arena.history(ulid).now.state

    @contextmanager
    def _evaluation(self, submission: Submission, aside: Collection[str]) -> Iterator[EvaluationJob]:
        tasks = tuple(task for task in self.benchmark.tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or serve another.")
        with self.judge(submission.id) as judge:
            yield EvaluationJob(
                benchmark=self.benchmark,
                tasks=tasks,
                anchors=load_checked_anchors(self.benchmark, self.bench, tasks),
                bench=self.bench,
                report=self._between_tasks(submission.id, aside),
                folder=self._folder(submission.id),
                judge=judge,
                preview=partial(self._outlet.preview, submission) if self.bench.protocol.few_shot.shots else None,
            )

    def entry(self, submission: Submission) -> SubmissionData:
        """A submission with the way to its rows in this arena."""
        return SubmissionData(submission, partial(self.arena.rows, submission), self.arena.descriptions(submission))

    def _between_tasks(self, ulid: str, aside: Collection[str]) -> ProgressCallback:
        """Says how far an evaluation is, and sees to everybody else meanwhile. Raises CalledOff if it is withdrawn."""
        report = throttle_progress(partial(self._report, ulid))
        attend = throttle_until_changed(partial(self._attend, ulid, aside), self.arena.submissions.head)

        def both(stage: Stage, done: int, of: int) -> None:
            try:
                attend()
            except HUB_ERRORS as error:
                log.warning("the evaluation goes on, and others are seen to later: %s", error)
            report(stage, done, of)

        return both

    def _report(self, ulid: str, stage: Stage, done: int, of: int) -> None:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, progress_status(stage, done, of))])

    def _attend(self, ulid: str, aside: Collection[str]) -> None:
        self._grant()
        self._stop_if_withdrawn(ulid)
        self._tell(aside, running=ulid)

    def _stop_if_withdrawn(self, ulid: str) -> None:
        if self.arena.history(ulid).now.state == "withdrawn" and self._is_meant(ulid):
            raise SubmissionWithdrawn(f"Submission {ulid} was withdrawn while it was evaluated.")
        if not self.arena.holds(ulid):
            self._outlet.withdraw(ulid, FILES_DELETED)
            raise SubmissionWithdrawn(f"The files of submission {ulid} were deleted while it was evaluated.")

    @cached_property
    def _buried(self) -> set[str]:
        """Of those that are gone, which were seen to already."""
        return set()

    @cached_property
    def _granting(self) -> OwnerRequestHandler:
        return OwnerRequestHandler(self.arena)

    @property
    def _outlet(self) -> Publisher:
        return Publisher(self.arena)

    def _folder(self, ulid: str) -> Path:
        return self.records / ulid / self.bench.protocol.name

    def _failed(self, ulid: str, message: str, log_tail: str = "") -> State:
        commit_with_retry(self.arena.results, [append_status(self.arena, ulid, failure_status(message, log_tail))])
        return "failed"
