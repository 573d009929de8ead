"""`lease.json`: the evaluator that may write in a repository, and the end of its lease.

A commit takes, renews and proves a lease: it names its parent, so of two that take it at once one conflicts,
and one that was suspended while another took over conflicts too. The times only tell when another may take over.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from submissions.errors import CorruptRecord, NotFound, OurError
from submissions.records.base import Record
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import read_record
from submissions.storage.deadlines import Deadline
from submissions.storage.repo import Repo

PATH = "lease.json"
LEASE_DURATION = timedelta(minutes=15)
"""Silence after which another evaluator may take over; a working one renews every few minutes."""

log = logging.getLogger(__name__)


class Lease(Record):
    """Write lease of an evaluator. Public: the organiser chooses the owner's name; nothing identifies the machine."""

    owner: str
    nonce: str
    """Nonce of the work folder that took the lease."""
    until: datetime
    heartbeat: datetime
    """Time of the last renewal."""

    def is_over(self, now: datetime) -> bool:
        """Return whether another evaluator may take over.

        Also if the last renewal lies in the future by more than a whole lease: one of the two clocks was set back, and
        the times tell nothing. An owner that still works notices by a conflict, as after any take-over.
        """
        return Deadline(self.heartbeat - LEASE_DURATION, self.until).is_over(now)


class LeaseHeld(OurError):
    """Another evaluator has the lease."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(
            f"Another evaluator ({lease.owner}) works on this arena; last heartbeat at {_format_time(lease.heartbeat)} "
            f"lease until {_format_time(lease.until)} UTC, when another may take over. "
            f"Wait, or stop it."
        )
        self.lease = lease


class LeaseLost(OurError):
    """Another evaluator took over while this one was silent, so this one must not write its pending files."""

    def __init__(self, lease: Lease | None) -> None:
        who = f"{lease.owner} has taken over" if lease else "the lease was withdrawn"
        super().__init__(
            f"This evaluator was silent for longer than its lease, and {who}: it writes nothing more. Its "
            "finished work is in its work folder, for the next run."
        )


def read_lease(repo: Repo) -> Lease | None:
    """Read the lease of a repository; None if absent or unreadable."""
    try:
        return read_record(repo, PATH, Lease)
    except NotFound:
        return None
    except CorruptRecord as error:
        log.warning("%s Acquired a new lease.", error)  # its holder notices by a conflict
        return None


def load_nonce(work: Path) -> str:
    """Load the nonce of a work folder, which must be locked (`exclusive_lock`).

    A restart there continues a killed run's lease at once.
    """
    file = work / "lease"
    if not file.is_file():
        atomic_write(file, secrets.token_hex(8).encode())
    return file.read_text().strip()


def _format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
