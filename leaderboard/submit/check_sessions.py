"""Sessions of running checks: in memory, limited in number, dropped after an hour."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaderboard.submit.upload_slots import is_account
from submissions.errors import NotFound, OurError
from submissions.estimation.row_preview import RowPreview
from submissions.estimation.stage_load import DeliveredTokens
from submissions.records.check_report import Problem, Report
from submissions.repair.repair import RepairResult
from submissions.storage.temp_folder import TempFolder

MAX_SESSIONS = 24
"""Maximum number of strangers' checks in memory, and again of accounts', running ones included."""
MAX_OWN_SESSIONS = 3
"""Maximum of these for one owner."""
MAX_PER_ADDRESS = 12
"""Maximum of these for one address: a laboratory may share one, and keys are free."""
SESSION_SECONDS = 3600.0
"""Seconds until a check is dropped."""
MAX_SHOWN_PROBLEMS = 200
"""Problems listed on a running check's page; the report has all."""


class TooManyChecks(Exception):
    """Too many checks are running for another one to start."""


class TooManyOwnChecks(TooManyChecks):
    """Too many checks of one owner are running."""


@dataclass(eq=False)
class CheckSession:
    """One delivery's check and its outcome. Written by its own thread, read by pages."""

    key: str
    """Unguessable key."""
    owner: str
    """Owner of the delivery and of the submission that it may become."""
    is_bound: bool
    """True if only the owner's browser may see it: once it has sent back the key that it was given.

    Inside another site's frame that never happens; there the check's own key must suffice.
    """
    values: Mapping[str, str]
    """Submitted form values; empty until the form has arrived."""
    folder: Path
    """Folder of the upload and the corrected copy."""
    started: float
    """Start time by the monotonic clock."""
    address: str = ""
    """Network address of a visitor without an account."""
    file: str = ""
    """File checked last."""
    done: int = 0
    of: int = 0
    found: list[Problem] = field(default_factory=list)
    """Problems found so far, while the check runs."""
    report: Report | None = None
    """None until the check is over, or if there was nothing to check."""
    fixed: RepairResult | None = None
    """None until the check is over, or if the delivery was stored."""
    samples: Mapping[str, RowPreview] = field(default_factory=dict)
    """First rows of accepted files, by task."""
    delivered: Mapping[str, Mapping[str, DeliveredTokens]] = field(default_factory=dict)
    """Tokens that a training would read, by protocol and task."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Faults of the form, by field."""
    seed: str = ""
    """Seed of the submission's id, from an idempotency key; submissions of one seed are stored only once."""
    submission: str | None = None
    """Submission id, if it was stored."""
    broken: bool = False
    """True if the check itself failed, which is our fault."""
    failure: OurError | None = None
    """The fault that ended it, if it can be explained: a full disk, an unreachable Hub."""
    is_over: bool = False
    on_finish: Callable[[], None] = lambda: None
    """Called once the uploaded files are deleted."""
    packing: threading.Lock = field(default_factory=threading.Lock)
    """Held while the corrected copy is zipped."""
    files: TempFolder | None = None
    """Keeps the folder from being removed as that of a killed process."""

    @property
    def corrected(self) -> Path:
        """Folder of the corrected copy; empty if nothing could be fixed."""
        return self.folder / "corrected"

    @property
    def refused(self) -> bool:
        """True if something must be fixed before the data can be stored."""
        return bool(self.faults) or not (self.report and self.report.accepted)

    def update_progress(self, file: str, done: int, of: int) -> None:
        """Record progress reported by submissions.checking.check."""
        self.file, self.done, self.of = file, done, of

    def add_problems(self, problems: Sequence[Problem]) -> None:
        """Record problems that submissions.checking.check found in one file."""
        self.found += problems[: max(0, MAX_SHOWN_PROBLEMS - len(self.found))]

    def finish(self) -> None:
        """Delete all files but the corrected copy, if there is one, and mark the check as over."""
        if self.fixed and self.fixed.corrections and not self.submission:
            for part in self.folder.iterdir():
                if part != self.corrected:
                    shutil.rmtree(part)
        else:
            self.remove_files()
        self.is_over = True
        self.on_finish()

    def remove_files(self) -> None:
        """Delete all files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.files:
            self.files.close()


class CheckSessions:
    """Checks by their keys. A new check evicts the oldest finished one: an owner's own before others'."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._checks: dict[str, CheckSession] = {}

    def create_session(
        self, owner: str, values: Mapping[str, str], *, address: str = "", is_bound: bool = True
    ) -> CheckSession:
        """Create a check with its own folder. Raises TooManyChecks."""
        with self._lock:
            self._drop_expired()
            for check in self._select_for_room(owner, address):
                self._drop(check)
            files = TempFolder()
            check = CheckSession(secrets.token_urlsafe(24), owner, is_bound, values, files.path, self._clock(), address)
            check.files = files
            self._checks[check.key] = check
            return check

    def require_room(self, owner: str, address: str) -> None:
        """Raise TooManyChecks if no check could be created now; take no place."""
        with self._lock:
            self._select_for_room(owner, address)

    def get(self, key: str, owner: str) -> CheckSession:
        """Return a visitor's check. Raises NotFound, also for another visitor's check."""
        with self._lock:
            self._drop_expired()
            check = self._checks.get(key)
            if check and owner == check.owner:
                check.is_bound = True
        if check is None or (check.is_bound and owner != check.owner):
            raise NotFound("Check not found or expired (checks are kept for one hour). Upload the files again.")
        return check

    def discard(self, check: CheckSession) -> None:
        """Drop a check that is no longer needed."""
        with self._lock:
            self._drop(check)

    def _drop_expired(self) -> None:
        """Drop finished checks older than the limit."""
        for check in list(self._checks.values()):
            if check.is_over and self._clock() - check.started > SESSION_SECONDS:
                self._drop(check)

    def _select_for_room(self, owner: str, address: str) -> list[CheckSession]:
        """Select the oldest finished checks to evict, so that one more fits. Raises TooManyChecks."""
        # Anybody may have any number of keys and addresses: they never take the places of accounts.
        kept = [check for check in self._checks.values() if is_account(check.owner) == is_account(owner)]
        own = _select_evictable(
            [check for check in kept if owner and check.owner == owner], MAX_OWN_SESSIONS, TooManyOwnChecks
        )
        kept = [check for check in kept if check not in own]
        near = _select_evictable(
            [check for check in kept if address and check.address == address], MAX_PER_ADDRESS, TooManyChecks
        )
        kept = [check for check in kept if check not in near]
        return [*own, *near, *_select_evictable(kept, MAX_SESSIONS, TooManyChecks)]

    def _drop(self, check: CheckSession) -> None:
        check.remove_files()
        self._checks.pop(check.key, None)
        check.on_finish()


def _select_evictable(checks: Sequence[CheckSession], most: int, busy: type[TooManyChecks]) -> list[CheckSession]:
    """Select the oldest finished checks to evict for one more within `most`. Raises TooManyChecks if too few."""
    over = [check for check in checks if check.is_over]
    excess = max(0, len(checks) + 1 - most)
    if excess > len(over):
        raise busy
    return over[:excess]
