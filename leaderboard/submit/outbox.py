"""Outbox of accepted submissions on this disk until the Hub stores them, several per commit to save commits.

FOLDER/<ulid>/submission.json, data files beside it, and `refused.txt` in place of the data if no attempt was left
at the time of the commit. Each folder appears whole, with its contents on the disk, before the submitter is notified
of acceptance. A process that restarts here continues with the folders it finds.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.submit.submission_store import PendingSubmission
from submissions.arena.ids import find_tail, id_tail, parse_id_time
from submissions.errors import AttemptsExhausted, OurError, RateLimited, RepeatedFiles, SubmissionDenied
from submissions.records.submission import Submission
from submissions.storage.atomic import atomic_write, fsync_dir
from submissions.storage.codec import to_json
from submissions.storage.deadlines import Deadline
from submissions.storage.private_files import PRIVATE_DIR, PRIVATE_FILE, make_private_dir
from submissions.submitting.attempts import SubmissionKey, count_attempts, is_same_submitter
from submissions.submitting.bulk_commit import commit_submissions
from submissions.submitting.same_files import find_same_files
from submissions.submitting.team_names import require_team_name

MIN_COMMIT_INTERVAL = timedelta(seconds=72)
"""Interval between commits: 50 an hour, which leaves some of the hour's 60 to owner requests."""
RETRY_AFTER = timedelta(minutes=1)
"""Delay after a failure of the Hub or of the connection to it."""
REMEMBERED = timedelta(days=7)
"""Retention of the reason for a refused submission."""
MAX_FILES_PER_COMMIT = 300
MAX_BYTES_PER_COMMIT = 256 * 2**20
"""Maximum bytes per commit, unless a single submission is larger."""
RECORD, WHY = "submission.json", "refused.txt"
log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Outbox:
    """Folder of accepted submissions, and the thread that commits them to the arena."""

    def __init__(
        self,
        reader: SnapshotReader,
        folder: Path,
        limits: Mapping[str, int],
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._reader = reader
        self._arena = reader.arena
        self._folder = folder
        self._limits = limits
        self._clock = clock
        self._change = threading.Condition()
        self._flushing = threading.Lock()
        self._being_written: dict[str, Submission] = {}
        """Being written to the disk."""
        self._waiting: dict[str, Submission] = {}
        self._refused: dict[str, tuple[Submission, str]] = {}
        self._due = Deadline(clock(), clock())
        self._problem = ""
        self._closed = False
        self._thread: threading.Thread | None = None
        self._recover()
        if self._waiting:
            self._ensure_thread()

    def store_submission(self, submission: Submission, data: Path) -> str:
        stored, tail = self._used_attempts(submission), id_tail(submission.id)
        earlier = self._known_keys()
        with self._change:
            # One that is being written may still fail: only then may another of its seed take its place.
            self._change.wait_for(lambda: find_tail(tail, self._being_written) is None)
            if first := self._find_known(tail):
                return first
            self._require_allowed(submission, stored, earlier)
            self._being_written[submission.id] = submission
        is_written = False
        try:
            self._write_folder(submission, data)
            is_written = True
        finally:
            with self._change:
                del self._being_written[submission.id]
                if is_written:
                    self._waiting[submission.id] = submission
                    self._ensure_thread()
                self._change.notify_all()
        return submission.id

    def find_stored(self, tail: str) -> str | None:
        with self._change:
            return self._find_known(tail)

    def _find_known(self, tail: str) -> str | None:
        return find_tail(tail, {*self._waiting, *self._refused, *self._reader.last_briefs()})

    def find_repeated(self, submission: Submission) -> str:
        with self._change:
            kept = [*self._being_written.values(), *self._waiting.values()]
        try:
            return find_same_files(self._arena, submission, [*self._known_keys(), *kept])
        except OurError:
            log.exception("Looking for the files of %s later", submission.id)
            return ""

    def find_pending(self, ulid: str) -> PendingSubmission | None:
        with self._change:
            if ulid in self._refused:
                submission, why = self._refused[ulid]
                return PendingSubmission(submission, None, why)
            if ulid in self._waiting:
                return PendingSubmission(self._waiting[ulid], self._expected_commit(), self._problem)
        return None

    def list_pending(self, owner: str) -> list[PendingSubmission]:
        with self._change:
            ids = sorted({**self._waiting, **self._refused})
        found = [held for ulid in ids if (held := self.find_pending(ulid))]
        return [held for held in found if owner and held.submission.owner == owner]

    def wait_until_settled(self, ulid: str, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: ulid not in self._waiting or not self._due.is_over(self._clock()), seconds)

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._thread:
            self._thread.join()

    def flush(self) -> None:
        """Commit pending submissions, as many as fit into one commit; postpone them on failure."""
        with self._flushing:
            batch = self._next_batch()
            if not batch:
                return
            try:
                spent = commit_submissions(self._arena, batch, limits=self._limits, known=self._reader.last_briefs())
            except RateLimited as busy:
                self._postpone(busy.until, "The Hub accepts no more commits for now.")
            except (OurError, OSError):
                log.exception("%d submissions remain pending in %s", len(batch), self._folder)
                self._postpone(self._clock() + RETRY_AFTER, "Writing to the Hub failed; it will be retried.")
            else:
                self._refresh_reader()
                self._finish_batch(batch, spent)

    def _refresh_reader(self) -> None:
        """Refresh the pages' snapshot before stored submissions leave the outbox."""
        try:
            self._reader.refresh()
        except OurError:
            log.exception("Stored submissions appear only after the next refresh from the Hub")

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._closed and (not self._waiting or not self._due.is_over(self._clock())):
                    # The clock may be moved: look again now and then, even while nothing comes.
                    self._change.wait(1.0 if self._waiting else None)
                if self._closed:
                    return
            try:
                self.flush()
            except Exception:
                log.exception("Storing failed; pending submissions remain in %s", self._folder)
                self._postpone(self._clock() + RETRY_AFTER, "Storing it failed on our side; it will be retried.")

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
            self._thread.start()

    def _used_attempts(self, submission: Submission) -> set[str]:
        """Attempts used by the team, as currently known from the Hub; the transaction counts again."""
        if submission.track not in self._limits:
            return set()
        side = (submission.track, submission.team, submission.owner)
        try:
            return set(count_attempts(self._arena, *side, limits=self._limits, known=self._reader.last_briefs()).used)
        except OurError:
            log.exception("Counting the attempts of %s later", submission.id)
            return set()

    def _known_keys(self) -> list[SubmissionKey]:
        """Submissions as currently known from the Hub, oldest first; the transaction reads the rest."""
        return [one for _, one in sorted(self._reader.last_briefs().items())]

    def _require_allowed(self, submission: Submission, stored: set[str], earlier: Sequence[SubmissionKey]) -> None:
        """Apply the rules of the transaction at once, as far as is known here. Raises SubmissionDenied."""
        track, team, owner = submission.track, submission.team, submission.owner
        kept = [*self._being_written.values(), *self._waiting.values()]
        try:
            require_team_name(self._arena, submission, [*earlier, *kept])
            repeated = find_same_files(self._arena, submission, [*earlier, *kept]) if track in self._limits else ""
        except OurError:
            log.exception("Checking the team and the files of %s later", submission.id)
            repeated = ""
        used = len(stored.union(one.id for one in kept if one.track == track and is_same_submitter(one, team, owner)))
        if used >= (limit := self._limits.get(track, used + 1)):
            raise AttemptsExhausted(track, used, limit)
        if repeated:
            raise RepeatedFiles(repeated)

    def _write_folder(self, submission: Submission, data: Path) -> None:
        part, place = self._folder / f".{submission.id}", self._folder / submission.id
        make_private_dir(self._folder)
        part.mkdir(mode=PRIVATE_DIR)
        try:
            for file in sorted(data.rglob("*")):
                copy = part / file.relative_to(data)
                if file.is_dir():
                    copy.mkdir(mode=PRIVATE_DIR)
                    continue
                shutil.copyfile(file, copy)
                copy.chmod(PRIVATE_FILE)
                with copy.open("rb") as written:
                    os.fsync(written.fileno())
            for folder in part.rglob("*/"):
                fsync_dir(folder)
            atomic_write(part / RECORD, to_json(submission))
            fsync_dir(part)
            part.rename(place)
            fsync_dir(self._folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def _next_batch(self) -> list[tuple[Submission, Path]]:
        """Oldest pending submissions, up to the size of one commit."""
        with self._change:
            waiting = [one for _, one in sorted(self._waiting.items())]
        batch: list[tuple[Submission, Path]] = []
        files = size = 0
        for one in waiting:
            files += len(one.files) + 2
            size += sum(file.bytes for file in one.files)
            if batch and (files > MAX_FILES_PER_COMMIT or size > MAX_BYTES_PER_COMMIT):
                break
            batch.append((one, self._folder / one.id))
        return batch

    def _finish_batch(self, batch: Sequence[tuple[Submission, Path]], spent: Mapping[str, SubmissionDenied]) -> None:
        for one, folder in batch:
            if one.id in spent:
                atomic_write(folder / WHY, str(spent[one.id]).encode())
            else:
                # Out of sight first: half a folder must not be found after a crash.
                gone = folder.rename(self._folder / f".{one.id}")
                shutil.rmtree(gone, ignore_errors=True)
        with self._change:
            for one, _ in batch:
                del self._waiting[one.id]
                if one.id in spent:
                    self._refused[one.id] = (one, str(spent[one.id]))
            self._due, self._problem = Deadline(now := self._clock(), now + MIN_COMMIT_INTERVAL), ""
            self._change.notify_all()

    def _postpone(self, until: datetime, why: str) -> None:
        with self._change:
            self._due, self._problem = Deadline(self._clock(), until), why
            self._change.notify_all()

    def _expected_commit(self) -> datetime:
        now = self._clock()
        return now if self._due.is_over(now) else self._due.until

    def _recover(self) -> None:
        """Load the folders left by an earlier process."""
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if not folder.is_dir():
                continue
            was_refused = (folder / WHY).exists()
            if folder.name.startswith(".") or (was_refused and parse_id_time(folder.name) < self._clock() - REMEMBERED):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                one = Submission.model_validate_json((folder / RECORD).read_bytes())
            except (OSError, ValidationError):
                log.exception("Left %s in place: it cannot be read", folder)
                continue
            if was_refused:
                self._refused[one.id] = (one, (folder / WHY).read_text())
            else:
                self._waiting[one.id] = one
