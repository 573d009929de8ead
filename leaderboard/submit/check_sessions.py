"""The checks of deliveries that visitors watch: in memory, few at a time, forgotten after an hour."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leaderboard.submit.row_preview import RowPreview
from submissions.errors import NotFound
from submissions.estimation.cost_model import DeliveredTokens
from submissions.records.check_report import Problem, Report
from submissions.repair.repair import RepairResult

MAX_SESSIONS = 24
"""Checks that are remembered, running ones included."""
MAX_OWN_SESSIONS = 3
"""Of these, one owner's."""
MAX_PER_ADDRESS = 12
"""Of these, those from one address: a laboratory may share one, and keys cost nothing."""
SESSION_SECONDS = 3600.0
"""Seconds for which a check is remembered."""
MAX_SHOWN_PROBLEMS = 200
"""Problems that a running check's page lists; the report has all."""


class TooManyChecks(Exception):
    """So many checks are running that no other can be begun."""


class TooManyOwnChecks(TooManyChecks):
    """So many of one owner's own."""


@dataclass(eq=False)
class CheckSession:
    """One delivery while it is checked, and what came of it. Written by its own thread, read by pages."""

    key: str
    """Not to be guessed."""
    owner: str
    """Whose delivery it is, and whose submission it may become."""
    is_bound: bool
    """Whether only the owner's browser may see it: not until the key that it was given has come back once.

    Inside another site's frame it never does; there the check's own key must do.
    """
    values: Mapping[str, str]
    """The form as it was filled in; empty until it has arrived."""
    folder: Path
    """For the upload and the corrected copy."""
    started: float
    """By the monotonic clock."""
    address: str = ""
    """Where it was sent from, of a visitor without an account."""
    file: str = ""
    """The file that was looked at last."""
    done: int = 0
    of: int = 0
    found: list[Problem] = field(default_factory=list)
    """What is known while the check runs."""
    report: Report | None = None
    """None until the check is over, or if there was nothing to check."""
    fixed: RepairResult = field(default_factory=lambda: RepairResult(corrections=()))
    samples: Mapping[str, RowPreview] = field(default_factory=dict)
    """First rows of what passed, by task."""
    delivered: Mapping[str, Mapping[str, DeliveredTokens]] = field(default_factory=dict)
    """What a training would see, by protocol and task."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with the form, by field."""
    submission: str | None = None
    """Its id, if it was stored."""
    broken: bool = False
    """Whether the check itself failed, which is our fault."""
    is_over: bool = False
    packing: threading.Lock = field(default_factory=threading.Lock)
    """Held while the corrected copy is zipped."""

    @property
    def corrected(self) -> Path:
        """The folder of the corrected copy; empty where nothing could be mended."""
        return self.folder / "corrected"

    @property
    def refused(self) -> bool:
        """Whether something is to be mended before this can be stored."""
        return bool(self.faults) or not (self.report and self.report.accepted)

    def update_progress(self, file: str, done: int, of: int) -> None:
        """What submissions.checking.check tells of its way."""
        self.file, self.done, self.of = file, done, of

    def add_problems(self, problems: Sequence[Problem]) -> None:
        """What submissions.checking.check found in one file."""
        self.found += problems[: max(0, MAX_SHOWN_PROBLEMS - len(self.found))]

    def finish(self) -> None:
        """Drop all but the corrected copy, if there is one."""
        if self.fixed.corrections and not self.submission:
            for part in self.folder.iterdir():
                if part != self.corrected:
                    shutil.rmtree(part)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.is_over = True


class CheckSessions:
    """Checks by their keys. The oldest that is over is forgotten for a new one: an owner's own before others'."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._checks: dict[str, CheckSession] = {}

    def create_session(
        self, owner: str, values: Mapping[str, str], *, address: str = "", is_bound: bool = True
    ) -> CheckSession:
        """A new check with a folder of its own. Raises Busy."""
        with self._lock:
            self._drop_expired()
            self._make_room(owner, address)
            folder = Path(tempfile.mkdtemp(prefix="arena-check-"))
            check = CheckSession(secrets.token_urlsafe(24), owner, is_bound, values, folder, self._clock(), address)
            self._checks[check.key] = check
            return check

    def get(self, key: str, owner: str) -> CheckSession:
        """A visitor's check. Raises NotFound, for a stranger's check too."""
        with self._lock:
            self._drop_expired()
            check = self._checks.get(key)
            if check and owner == check.owner:
                check.is_bound = True
        if check is None or (check.is_bound and owner != check.owner):
            raise NotFound(
                "No check by that name in this browser: it is forgotten after an hour. Send the files again."
            )
        return check

    def discard(self, check: CheckSession) -> None:
        """Drop a check that nobody needs any more."""
        with self._lock:
            self._drop(check)

    def _drop_expired(self) -> None:
        """Drop what is too old."""
        for check in list(self._checks.values()):
            if check.is_over and self._clock() - check.started > SESSION_SECONDS:
                self._drop(check)

    def _make_room(self, owner: str, address: str) -> None:
        """Drop the oldest that are over until one more may be begun. Raises Busy, and then drops none."""
        kept = list(self._checks.values())
        own = _select_evictable(
            [check for check in kept if owner and check.owner == owner], MAX_OWN_SESSIONS, TooManyOwnChecks
        )
        kept = [check for check in kept if check not in own]
        near = _select_evictable(
            [check for check in kept if address and check.address == address], MAX_PER_ADDRESS, TooManyChecks
        )
        kept = [check for check in kept if check not in near]
        for check in [*own, *near, *_select_evictable(kept, MAX_SESSIONS, TooManyChecks)]:
            self._drop(check)

    def _drop(self, check: CheckSession) -> None:
        shutil.rmtree(check.folder, ignore_errors=True)
        self._checks.pop(check.key, None)


def _select_evictable(checks: Sequence[CheckSession], most: int, busy: type[TooManyChecks]) -> list[CheckSession]:
    """The oldest that must go for one more to be no more than `most`. Raises Busy if too few of them are over."""
    over = [check for check in checks if check.is_over]
    excess = max(0, len(checks) + 1 - most)
    if excess > len(over):
        raise busy
    return over[:excess]
