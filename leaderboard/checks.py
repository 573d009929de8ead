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

from leaderboard.sample import Sample
from submissions.errors import NotFound
from submissions.fixes import Fixed
from submissions.report import Problem, Report

MOST = 24
"""Checks that are remembered, running ones included."""
LASTS = 3600.0
"""Seconds for which a check is remembered."""
MOST_SHOWN = 200
"""Problems that a running check's page lists; the report has all."""


class Busy(Exception):
    """So many checks are running that no other can be begun."""


@dataclass(eq=False)
class Check:
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
    """The form as it was filled in."""
    folder: Path
    """For the upload and the corrected copy."""
    started: float
    """By the monotonic clock."""
    file: str = ""
    """The file that was looked at last."""
    done: int = 0
    of: int = 0
    found: list[Problem] = field(default_factory=list)
    """What is known while the check runs."""
    report: Report | None = None
    """None until the check is over, or if there was nothing to check."""
    fixed: Fixed = field(default_factory=lambda: Fixed(corrections=()))
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """First rows of what passed, by task."""
    tokens: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Tokens a training would see, by protocol and task."""
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

    def progress(self, file: str, done: int, of: int) -> None:
        """What submissions.check tells of its way."""
        self.file, self.done, self.of = file, done, of

    def tell(self, problems: Sequence[Problem]) -> None:
        """What submissions.check found in one file."""
        self.found += problems[: max(0, MOST_SHOWN - len(self.found))]

    def end(self) -> None:
        """Drop all but the corrected copy, if there is one."""
        if self.fixed.corrections and not self.submission:
            for part in self.folder.iterdir():
                if part != self.corrected:
                    shutil.rmtree(part)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.is_over = True


class Checks:
    """Checks by their keys. The oldest that is over is forgotten for a new one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._checks: dict[str, Check] = {}

    def begin(self, owner: str, values: Mapping[str, str], *, is_bound: bool = True) -> Check:
        """A new check with a folder of its own. Raises Busy."""
        with self._lock:
            self._forget()
            folder = Path(tempfile.mkdtemp(prefix="arena-check-"))
            check = Check(secrets.token_urlsafe(24), owner, is_bound, values, folder, self._clock())
            self._checks[check.key] = check
            return check

    def get(self, key: str, owner: str) -> Check:
        """A visitor's check. Raises NotFound, for a stranger's check too."""
        with self._lock:
            self._forget(room=0)
            check = self._checks.get(key)
            if check and owner == check.owner:
                check.is_bound = True
        if check is None or (check.is_bound and owner != check.owner):
            raise NotFound(
                "No check by that name in this browser: it is forgotten after an hour. Send the files again."
            )
        return check

    def forget(self, check: Check) -> None:
        """Drop a check that nobody needs any more."""
        with self._lock:
            self._drop(check)

    def _forget(self, room: int = 1) -> None:
        """Drop what is too old, and the oldest until there is room for so many more. Raises Busy."""
        over = [check for check in self._checks.values() if check.is_over]
        old = [check for check in over if self._clock() - check.started > LASTS]
        excess = max(0, len(self._checks) + room - MOST) if room else 0
        if excess > len(over):
            raise Busy
        for check in {*old, *over[:excess]}:
            self._drop(check)

    def _drop(self, check: Check) -> None:
        shutil.rmtree(check.folder, ignore_errors=True)
        self._checks.pop(check.key, None)
