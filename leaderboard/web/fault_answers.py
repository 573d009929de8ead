"""Answers for faults on our side: status, words and retry time, the same for pages, API and MCP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from submissions.errors import ArenaError, Conflict, CorruptRecord, DiskFault, OurError, Unreachable
from submissions.storage.disk_faults import explain_disk_fault

RETRY_SECONDS = 60
"""Seconds after which a program may ask again."""
_RETRY = {"Retry-After": str(RETRY_SECONDS)}
_DAMAGED = (
    "A stored file of this arena is damaged, and the organiser has to repair it. The server's log names the file and "
    "the remedy. Please try again later."
)
_BUSY = "Others are writing to this arena at the same moment. Nothing was stored; please try again in a minute."


@dataclass(frozen=True)
class FaultAnswer:
    """How a fault is answered."""

    status: int
    title: str
    text: str
    detail: str
    """Whole message, for the log: it may name files of this machine."""
    headers: Mapping[str, str] = field(default_factory=lambda: _RETRY)


def explain_fault(error: ArenaError | OSError) -> FaultAnswer | None:
    """Return the answer for a fault; None for one that only the log can explain."""
    fault = explain_disk_fault(error) if isinstance(error, OSError) else error
    detail = str(fault)
    if isinstance(fault, DiskFault):
        return FaultAnswer(507 if fault.is_full else 503, "Storage failed", fault.public, detail)
    if isinstance(fault, Unreachable):
        return FaultAnswer(503, "The Hub does not answer", fault.public, detail)
    if isinstance(fault, CorruptRecord):
        return FaultAnswer(503, "The arena needs a repair", _DAMAGED, detail)
    if isinstance(fault, Conflict):
        return FaultAnswer(503, "Busy", _BUSY, detail)
    return None


def public_message(error: ArenaError | OSError) -> str | None:
    """Return what programs are answered: a fault's words, or the message of an error of theirs; None to hide it."""
    if (answer := explain_fault(error)) is not None:
        return answer.text
    return error.public if isinstance(error, ArenaError) else None


def as_our_fault(error: Exception) -> OurError | None:
    """Return an error that a check met as one of ours that can be explained; None for others."""
    fault = explain_disk_fault(error) if isinstance(error, OSError) else error
    return fault if isinstance(fault, OurError) and explain_fault(fault) is not None else None
