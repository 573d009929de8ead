"""Queue of pending submissions: their order, positions and expected start."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from evaluator.config.protocol import Protocol
from evaluator.errors import HUB_ERRORS, SubmissionWithdrawn
from evaluator.publishing.publisher import Publisher
from evaluator.publishing.status_log import WAITING, append_status, utc_now
from evaluator.service.owner_requests import OwnerRequestHandler
from submissions.arena.arena import Arena, commit_with_retry
from submissions.errors import CorruptRecord, NotFound
from submissions.records.owner_requests import OwnerRequest
from submissions.records.result import ResultVersion
from submissions.records.status import History, State, Status

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""Consecutive failures on our side after which a submission waits for a requested retry."""
STATUS_BATCH = 500
"""Maximum number of statuses per commit."""
FILES_DELETED = "Its files were deleted from the arena, so it is not evaluated."
_OPEN: frozenset[State] = frozenset({"received", "checking", "queued", "evaluating", "retrying", "failed"})
_WORK = frozenset({"checking", "evaluating"})
_ENDS = frozenset({"evaluated", "published"})
MIN_START_SHIFT = timedelta(minutes=1)
"""Minimum change of an expected start for an update, also at least a tenth of the wait: each costs a commit."""


@dataclass(frozen=True)
class QueuedSubmission:
    """Submission without a result under one of the protocols."""

    ulid: str
    history: History
    protocols: tuple[Protocol, ...]
    """Protocols of its track without a result, in the order served."""
    asked_again: bool
    """True if it failed, and a retry was requested since."""


Protocols = Mapping[str, Collection[str]]


class SubmissionQueue:
    """Pending submissions of an arena, each under every protocol of its track that is served.

    Its only writer is the evaluator with the lease.
    """

    def __init__(
        self, arena: Arena, protocols: Sequence[Protocol], current: Mapping[str, ResultVersion] | None = None
    ) -> None:
        """`current`, by protocol, makes results of other versions pending again."""
        self.arena = arena
        self._protocols = tuple(protocols)
        self._served = {rules.name: rules.track for rules in protocols}
        self._current = current or {}
        self._up_to_date: set[tuple[str, str]] = set()
        self._tracks: dict[str, str] = {}
        self._publisher = Publisher(arena)
        self._owner_requests = OwnerRequestHandler(arena)
        self._handled_deletions: set[str] = set()

    def pending_protocols(self, ulid: str) -> tuple[Protocol, ...]:
        """Protocols under which a submission lacks a result, in the order served; those of other tracks never."""
        return self.pending_by_submission([ulid]).get(ulid, ())

    def pending_by_submission(self, ulids: Sequence[str]) -> dict[str, tuple[Protocol, ...]]:
        """Protocols under which each of these submissions lacks a result; this lists all results once."""
        return {one.ulid: one.protocols for one in self._load_waiting(ulids)}

    def queued_ids(self) -> list[str]:
        """Submissions in queue order, without those that their owner withdrew. Writes nothing."""
        return [one.ulid for one in queue_order(self._load_waiting()) if not self._is_withdrawn_by_owner(one.ulid)]

    def refresh(self, backed_off: Collection[str] = ()) -> list[str]:
        """Apply owner requests, write every pending submission's position, and return the ids in queue order.

        A failed submission that is backed off keeps its status until its owner asks for another try.
        """
        self.apply_requests()
        self._withdraw_deleted()
        return self.update_positions(backed_off)

    def apply_requests(self) -> None:
        """Apply what owners asked for; if the Hub is unavailable, the next call does."""
        try:
            self._owner_requests()
        except HUB_ERRORS as error:
            log.warning("Deferred owner requests, Hub unavailable: %s", error)

    def update_positions(self, backed_off: Collection[str], running: str | None = None) -> list[str]:
        """Write changed positions, except that of the running submission; return the ids in queue order."""
        queue = queue_order([one for one in self._load_waiting() if one.ulid != running], backed_off)
        history = self.arena.read_history(running) if running else None
        each = median_duration(self._recent_histories()) if queue else None
        changed = queue_positions(queue, each, utc_now(), history)
        for start in range(0, len(changed), STATUS_BATCH):
            batch = changed[start : start + STATUS_BATCH]
            commit_with_retry(self.arena.results, [append_status(self.arena, ulid, status) for ulid, status in batch])
        return [one.ulid for one in queue]

    def check_not_withdrawn(self, ulid: str) -> None:
        """Raises SubmissionWithdrawn if its owner withdrew a submission, or its files were deleted."""
        if self.arena.read_history(ulid).now.state == "withdrawn" and self._is_withdrawn_by_owner(ulid):
            raise SubmissionWithdrawn(f"Submission {ulid} was withdrawn while it was evaluated.")
        if not self.arena.has_submission(ulid):
            self._publisher.withdraw(ulid, FILES_DELETED)
            raise SubmissionWithdrawn(f"The files of submission {ulid} were deleted while it was evaluated.")

    def _load_waiting(self, ulids: Sequence[str] | None = None) -> list[QueuedSubmission]:
        published, drafted = self.arena.published_protocols(), self.arena.draft_protocols()
        waiting = []
        for ulid in self.arena.submission_ids() if ulids is None else ulids:
            drafts = drafted.get(ulid, ())
            outdated = {rules.name for rules in self._protocols if self._is_outdated(ulid, rules, published, drafted)}
            public = set(published.get(ulid, ())) - outdated
            pending = [rules for rules in self._protocols if rules.name not in public]
            track = self._find_track(ulid, (*published.get(ulid, ()), *drafts)) if pending else None
            pending = [rules for rules in pending if track in (None, rules.track)]
            if not pending:
                continue
            try:
                asked, history = self._read_retry(ulid)
            except CorruptRecord as error:
                log.error("Skipped %s: %s", ulid, error)  # one damaged file must not stop the queue
                continue
            state = history.now.state
            if _has_complete_drafts(history, has_others=len(pending) > 1):
                pending = [rules for rules in pending if rules.name in outdated or rules.name not in drafts]
            withdrawn = state == "withdrawn" and self._is_withdrawn_by_owner(ulid)
            if pending and state != "refused" and not withdrawn:
                waiting.append(QueuedSubmission(ulid, history, tuple(pending), asked))
        return waiting

    def _is_outdated(self, ulid: str, rules: Protocol, published: Protocols, drafted: Protocols) -> bool:
        """Return whether a requeued submission's result is of another version than the current one."""
        name = rules.name
        current = self._current.get(name)
        if current is None or (ulid, name) in self._up_to_date:
            return False
        if name in published.get(ulid, ()):
            found = self.arena.read_result(ulid, name)
        elif name in drafted.get(ulid, ()):
            found = self.arena.read_draft(ulid, name)
        else:
            return False
        if found.version != current:
            return True
        self._up_to_date.add((ulid, name))
        return False

    def _find_track(self, ulid: str, measured: Collection[str]) -> str | None:
        """Find a submission's track by the protocols that measured it, so that few records of a large arena are read.

        None if its record is damaged, so that its evaluation reports that.
        """
        if ulid not in self._tracks:
            tracks = [self._served[name] for name in measured if name in self._served]
            try:
                self._tracks[ulid] = tracks[0] if tracks else self.arena.read_submission(ulid).track
            except (CorruptRecord, NotFound):
                return None
        return self._tracks[ulid]

    def _read_retry(self, ulid: str) -> tuple[bool, History]:
        """Read a submission's history, and whether its owner asked for another try since it failed."""
        history = self.arena.read_history(ulid)
        asked = bool(consecutive_failures(history)) and retry_requested(
            history, self._owner_requests.authorized_requests(ulid)
        )
        return asked, history

    def _is_withdrawn_by_owner(self, ulid: str) -> bool:
        """Return whether a withdrawn submission was withdrawn by its owner, instead of temporarily losing its files."""
        return any(wish.kind == "withdraw" for wish in self._owner_requests.authorized_requests(ulid))

    def _withdraw_deleted(self) -> None:
        """Withdraw pending submissions whose files were deleted; results on a board stay there."""
        stored = set(self.arena.submission_ids())
        if not stored:
            return  # a wrong repository name is far more likely than the deletion of all
        for ulid in self.arena.status_ids():
            if ulid not in stored and ulid not in self._handled_deletions:
                self._handled_deletions.add(ulid)
                with suppress(CorruptRecord):
                    if self.arena.read_history(ulid).now.state in _OPEN:
                        self._publisher.withdraw(ulid, FILES_DELETED)
        self._handled_deletions -= stored

    def _recent_histories(self, most: int = 20) -> Iterator[History]:
        """Histories of the last submissions that have a result under one of the protocols."""
        repos = (self.arena.published_protocols(), self.arena.draft_protocols())
        done = {
            ulid for results in repos for ulid, names in results.items() if not self._served.keys().isdisjoint(names)
        }
        for ulid in sorted(done)[-most:]:
            with suppress(CorruptRecord):
                yield self.arena.read_history(ulid)


def _has_complete_drafts(history: History, *, has_others: bool) -> bool:
    """Return whether a submission's unpublished results all have their status.

    A killed run leaves a draft without its status: the next run finds the work done, and writes the status. Where
    other protocols are pending, the submission waits or runs again after that status.
    """
    if not has_others:
        return history.now.state == "evaluated"
    return next((entry.state for entry in reversed(history.entries) if entry.state not in WAITING), "") not in _WORK


def retry_requested(history: History, wishes: Iterable[OwnerRequest]) -> bool:
    """Return whether a retry was requested since the last failure. Clocks of both sides must agree to a few seconds."""
    failed = [entry.time for entry in history.entries if entry.state == "failed"]
    return bool(failed) and any(wish.kind == "retry" and wish.time > failed[-1] for wish in wishes)


def consecutive_failures(history: History) -> int:
    """Number of failures since the submission last reached an end state."""
    count = 0
    for entry in history.entries:
        if entry.state == "failed":
            count += 1
        elif entry.state in _ENDS:
            count = 0
    return count


def queue_order(waiting: Sequence[QueuedSubmission], aside: Collection[str] = ()) -> list[QueuedSubmission]:
    """Sort pending submissions: requested retries first, then oldest first.

    Excludes failed submissions with an id in `aside`, or after MAX_ATTEMPTS failures, until a retry is requested.
    """
    line = [
        one
        for one in waiting
        if one.asked_again
        or one.history.now.state != "failed"
        or (one.ulid not in aside and consecutive_failures(one.history) < MAX_ATTEMPTS)
    ]
    return sorted(line, key=lambda one: not one.asked_again)


def work_durations(history: History, until: datetime | None = None) -> tuple[timedelta | None, timedelta]:
    """Durations of the last finished evaluation, None if there is none, and of the running one until now.

    Excludes failures, waiting, and the downtime of a killed evaluator.
    """
    finished, running = None, timedelta()
    for before, after in pairwise(history.entries):
        if before.state in _WORK and after.state in _WORK | _ENDS:
            running += after.time - before.time
        if after.state in _ENDS:
            finished, running = running or finished, timedelta()
    if until is not None and history.now.state in _WORK:
        running += max(timedelta(), until - history.now.time)
    return finished, running


def median_duration(histories: Iterable[History]) -> timedelta | None:
    """Median duration of finished evaluations; None if none finished."""
    known = [finished.total_seconds() for history in histories if (finished := work_durations(history)[0]) is not None]
    return timedelta(seconds=median(known)) if known else None


def queue_positions(
    line: Sequence[QueuedSubmission], each: timedelta | None, moment: datetime, running: History | None = None
) -> list[tuple[str, Status]]:
    """Status updates for queued submissions with a new position or expected start."""
    start = None
    if each is not None:
        start = moment if running is None else moment + max(timedelta(), each - work_durations(running, moment)[1])
    told = []
    for place, one in enumerate(line, 1):
        expected = None if start is None or each is None else start + (place - 1) * each
        status = _position_status(one, place, len(line), expected, moment)
        if not _is_same_position(one.history.now, status):
            told.append((one.ulid, status))
    return told


def _position_status(one: QueuedSubmission, place: int, of: int, expected: datetime | None, moment: datetime) -> Status:
    message = f"Number {place} of {of}"
    if expected is not None:
        expected = expected.replace(microsecond=0)
        message += f", expected to start about {expected:%Y-%m-%d %H:%M} UTC"
    again = consecutive_failures(one.history) > 0
    return Status(
        state="retrying" if again else "queued",
        place=place,
        of=of,
        expected_start=expected,
        message=f"To be tried again after our failure. {message}." if again else f"{message}.",
        time=moment,
    )


def _is_same_position(last: Status, status: Status) -> bool:
    if (last.state, last.place, last.of) != (status.state, status.place, status.of):
        return False
    if last.expected_start is None or status.expected_start is None:
        return last.expected_start == status.expected_start
    wait = status.expected_start - status.time
    return abs(last.expected_start - status.expected_start) <= max(MIN_START_SHIFT, wait / 10)
