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

from evaluator.errors import CalledOff, ChildFailed
from evaluator.planning.prompt_frame import frame_of, planning_of
from evaluator.planning.workload import Reckoned
from evaluator.publishing.lease import Lost
from evaluator.publishing.publisher import Outlet
from evaluator.publishing.results_table import first_tables
from evaluator.publishing.status_log import failure, noted, now, progress
from evaluator.runtime.cost_log import costs_in
from evaluator.service.owner_requests import Granting
from evaluator.service.submission_queue import Waiting, asked_again, failures, line_of, places, typical
from evaluator.service.throttle import spaced, whenever
from evaluator.stages.anchors import fitting_anchors
from evaluator.stages.context import Workbench
from evaluator.stages.judge_factory import Opened, no_judge
from evaluator.stages.reference_split import reference_of
from evaluator.tracks import PREVIEWS, SCORERS, Entry, Evaluation
from evaluator.tracks.scorer import StageReport
from submissions.arena.arena import Arena, commit_again, dump, dump_lines, protocols_in
from submissions.arena.benchmark import Benchmark
from submissions.errors import ArenaError, Busy, Corrupt, Denied, EvaluatorError, Unreachable
from submissions.records.models import History, Stage, State, Submission, Task
from submissions.records.prompt_frame import Frame
from submissions.storage.local_repo import write_whole
from submissions.storage.repo import Change, Repo

log = logging.getLogger(__name__)

AWAY = (Busy, Denied, Unreachable)
"""What says nothing of a submission: the Hub is to be waited for, or its token to be mended."""
GONE = "Its files were deleted from the arena, so it is not evaluated."
_TOLD = 500
"""Statuses that are written together."""
_OPEN: frozenset[State] = frozenset({"received", "checking", "queued", "evaluating", "retrying", "failed"})


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
        """Submissions without a result under this protocol that are not refused or withdrawn, oldest first."""
        return [one.ulid for one in self._waiting()]

    def line(self) -> list[str]:
        """Whose turn comes, in order, without those whose owner withdrew them. Nothing is granted, told or written."""
        return [one.ulid for one in line_of(self._waiting()) if not self._is_meant(one.ulid)]

    def _waiting(self) -> list[Waiting]:
        published, drafted = self.arena.published(), self.arena.drafted()
        name, found = self.bench.protocol.name, []
        for ulid in self.arena.submission_ids():
            if name in published.get(ulid, ()):
                continue
            try:
                one = self._one_waiting(ulid)
            except Corrupt as error:
                log.error("%s is passed over: %s", ulid, error)  # one damaged file must not stop the queue
                continue
            state = one.history.now.state
            # A draft without its status is what a killed run left: the next one finds all done, and says so.
            done = state == "evaluated" and name in drafted.get(ulid, ())
            if state != "refused" and not done and not (state == "withdrawn" and self._is_meant(ulid)):
                found.append(one)
        return found

    def _one_waiting(self, ulid: str) -> Waiting:
        history = self.arena.history(ulid)
        asked = bool(failures(history)) and asked_again(history, self._granting.wishes(ulid))
        return Waiting(ulid, history, asked)

    def _is_meant(self, ulid: str) -> bool:
        """Whether a withdrawn submission was withdrawn by its owner, and did not only lose its files for a time."""
        return any(wish.kind == "withdraw" for wish in self._granting.wishes(ulid))

    def publish_tasks(self) -> None:
        """Make the benchmark's public side, and how rows are framed, readable for the web app, if they are not yet."""
        tasks, results = self.benchmark.tasks(), self.arena.results
        frames = self._frames(tasks)
        files = {"tasks.jsonl": dump_lines(tasks), "frames.jsonl": dump_lines(frames)}
        changes = [
            Change(path, content)
            for path, content in files.items()
            if path not in results.list(path) or results.read(path) != content
        ]
        changes += first_tables(results)
        if changes:
            commit_again(results, changes)

    def _frames(self, tasks: Sequence[Task]) -> list[Frame]:
        """Every protocol's frame by name: this one's as it is now, those of others as they were published."""
        frames = {frame.protocol: frame for frame in self.arena.frames()}
        rules, demands = self.bench.protocol, [task.demand for task in tasks if task.demand]
        if demands:
            frame = frame_of(rules, self.bench.template, demands)
            reckoned = Reckoned(rules, frame)  # encoding every hidden row would take minutes
            hidden = (reference_of(rules, self.benchmark, task.id) for task in tasks if task.track == rules.track)
            planning = planning_of(rules, self.bench.profile, map(reckoned.exam, hidden))
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
        except AWAY as error:
            log.warning("what submitters ask for is looked at later: %s", error)

    def _bury(self) -> None:
        """Take out of the line what was deleted; what stands on a board stays there."""
        stored = set(self.arena.submission_ids())
        if not stored:
            return  # far more likely another repository's name than that all were deleted
        for ulid in self.arena.told():
            if ulid not in stored and ulid not in self._buried:
                self._buried.add(ulid)
                with suppress(Corrupt):
                    if self.arena.history(ulid).now.state in _OPEN:
                        self._outlet.withdraw(ulid, GONE)
        self._buried.difference_update(stored)

    def _tell(self, aside: Collection[str], running: str | None = None) -> list[str]:
        line = line_of([one for one in self._waiting() if one.ulid != running], aside)
        history = self.arena.history(running) if running else None
        told = places(line, typical(self._finished()) if line else None, now(), history)
        for start in range(0, len(told), _TOLD):
            some = told[start : start + _TOLD]
            commit_again(self.arena.results, [noted(self.arena, ulid, status) for ulid, status in some])
        return [one.ulid for one in line]

    def _finished(self, most: int = 20) -> Iterator[History]:
        """What happened to the last submissions that have a result under this protocol."""
        name, found = self.bench.protocol.name, (self.arena.published(), self.arena.drafted())
        done = {ulid for some in found for ulid, protocols in some.items() if name in protocols}
        for ulid in sorted(done)[-most:]:
            with suppress(Corrupt):
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
        except (*AWAY, Lost):
            raise
        except CalledOff as end:
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
        write_whole(self._folder(ulid) / "result.json", dump(result))
        self._grant()
        self._stop_if_withdrawn(ulid)
        records = {"results": result, **costs_in(self._folder(ulid))}
        return self._outlet.finish(submission, result.protocol, records).state

    def _preview(self, ulid: str, aside: Collection[str]) -> State:
        submission = self.arena.submission(ulid)
        with self._evaluation(submission, aside) as evaluation:
            preview = PREVIEWS[submission.track](evaluation, self.entry(submission))
        self._outlet.preview(submission, preview)
        return self.arena.history(ulid).now.state

    @contextmanager
    def _evaluation(self, submission: Submission, aside: Collection[str]) -> Iterator[Evaluation]:
        tasks = tuple(task for task in self.benchmark.tasks() if task.track == submission.track)
        if not tasks:
            raise EvaluatorError(f"The benchmark has no task of track {submission.track}: add some, or serve another.")
        with self.judge(submission.id) as judge:
            yield Evaluation(
                benchmark=self.benchmark,
                tasks=tasks,
                anchors=fitting_anchors(self.benchmark, self.bench, tasks),
                bench=self.bench,
                report=self._between_tasks(submission.id, aside),
                folder=self._folder(submission.id),
                judge=judge,
                preview=partial(self._outlet.preview, submission) if self.bench.protocol.few_shot.shots else None,
            )

    def entry(self, submission: Submission) -> Entry:
        """A submission with the way to its rows in this arena."""
        return Entry(submission, partial(self.arena.rows, submission), self.arena.descriptions(submission))

    def _between_tasks(self, ulid: str, aside: Collection[str]) -> StageReport:
        """Says how far an evaluation is, and sees to everybody else meanwhile. Raises CalledOff if it is withdrawn."""
        report = spaced(partial(self._report, ulid))
        attend = whenever(partial(self._attend, ulid, aside), self.arena.submissions.head)

        def both(stage: Stage, done: int, of: int) -> None:
            try:
                attend()
            except AWAY as error:
                log.warning("the evaluation goes on, and others are seen to later: %s", error)
            report(stage, done, of)

        return both

    def _report(self, ulid: str, stage: Stage, done: int, of: int) -> None:
        commit_again(self.arena.results, [noted(self.arena, ulid, progress(stage, done, of))])

    def _attend(self, ulid: str, aside: Collection[str]) -> None:
        self._grant()
        self._stop_if_withdrawn(ulid)
        self._tell(aside, running=ulid)

    def _stop_if_withdrawn(self, ulid: str) -> None:
        if self.arena.history(ulid).now.state == "withdrawn" and self._is_meant(ulid):
            raise CalledOff(f"Submission {ulid} was withdrawn while it was evaluated.")
        if not self.arena.holds(ulid):
            self._outlet.withdraw(ulid, GONE)
            raise CalledOff(f"The files of submission {ulid} were deleted while it was evaluated.")

    @cached_property
    def _buried(self) -> set[str]:
        """Of those that are gone, which were seen to already."""
        return set()

    @cached_property
    def _granting(self) -> Granting:
        return Granting(self.arena)

    @property
    def _outlet(self) -> Outlet:
        return Outlet(self.arena)

    def _folder(self, ulid: str) -> Path:
        return self.records / ulid / self.bench.protocol.name

    def _failed(self, ulid: str, message: str, log_tail: str = "") -> State:
        commit_again(self.arena.results, [noted(self.arena, ulid, failure(message, log_tail))])
        return "failed"
