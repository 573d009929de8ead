"""Slots of uploads that are arriving, and the bytes of uploads on disk; accounts apart from strangers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException

MAX_UPLOADS = 64
"""Uploads that arrive at the same time, of all strangers and again of all accounts."""
MAX_UPLOADS_PER_ADDRESS = 32
MAX_UPLOADS_PER_OWNER = 3
MIN_AGE_SECONDS = 3.0
"""Seconds for which an upload is not compared with others: its rate is not known yet."""
DISK_SHARE = 4
"""Uploads of the maximum size that fit on the disk at the same time, of strangers and again of accounts."""
RETRY_AFTER = {"Retry-After": "60"}


@dataclass(eq=False)
class UploadSlot:
    """One upload, from its first byte to the end of its check."""

    owner: str
    address: str
    is_account: bool
    began: float
    size: int = 0
    """Bytes on disk."""
    is_arriving: bool = True
    is_ended: bool = False
    """True once it had to make room for a faster one, or is deleted."""

    def rate(self, now: float) -> float:
        """Mean bytes per second."""
        return self.size / max(now - self.began, 1e-3)


class UploadSlots:
    """Bounds uploads in number and in bytes.

    Where one is too many, the slowest ends: nobody holds a slot by waiting.
    """

    def __init__(self, max_upload_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.max_bytes = DISK_SHARE * max_upload_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[UploadSlot, None] = {}

    def begin(self, owner: str, address: str) -> UploadSlot:
        """Take a slot for an upload that begins. Raises HTTPException 429 for a third one of the same visitor, 503."""
        slot = UploadSlot(owner, address, is_account(owner), self._clock())
        with self._lock:
            arriving = [other for other in self._slots if other.is_arriving and other.is_account == slot.is_account]
            if owner and sum(other.owner == owner for other in arriving) >= MAX_UPLOADS_PER_OWNER:
                what = f"{MAX_UPLOADS_PER_OWNER} of your uploads are arriving right now. Send the next after them."
                raise HTTPException(429, what, RETRY_AFTER)
            near = [other for other in arriving if address and other.address == address]
            if len(near) >= MAX_UPLOADS_PER_ADDRESS:
                self._end_slowest(near)
            elif len(arriving) >= MAX_UPLOADS:
                self._end_slowest(arriving)
            self._slots[slot] = None
        return slot

    def reserve_bytes(self, slot: UploadSlot, size: int) -> None:
        """Count bytes before they are written. Raises HTTPException 503 if the disk's share is used up."""
        with self._lock:
            self._require_slot(slot)
            group = [other for other in self._slots if other.is_account == slot.is_account]
            excess = sum(other.size for other in group) + size - self.max_bytes
            if excess > 0:
                slower = [other for other in group if other.is_arriving and other is not slot and other.size >= excess]
                self._end_slowest([*slower, slot])
                self._require_slot(slot)
            slot.size += size

    def end_arrival(self, slot: UploadSlot) -> None:
        """Free the slot of a complete upload; its bytes count until `release`. Raises HTTPException 503."""
        with self._lock:
            self._require_slot(slot)
            slot.is_arriving = False

    def release(self, slot: UploadSlot) -> None:
        """Stop counting an upload whose files are deleted."""
        with self._lock:
            slot.is_ended = True
            self._slots.pop(slot, None)

    def _end_slowest(self, slots: list[UploadSlot]) -> None:
        """End the slowest upload. Raises HTTPException 503 while all are too young to be compared."""
        now = self._clock()
        compared = [slot for slot in slots if now - slot.began >= MIN_AGE_SECONDS]
        if not compared:
            raise HTTPException(503, "Too many uploads are arriving right now. Please try again later.", RETRY_AFTER)
        slowest = min(compared, key=lambda slot: slot.rate(now))
        slowest.is_ended = True
        del self._slots[slowest]

    def _require_slot(self, slot: UploadSlot) -> None:
        if slot.is_ended:
            what = "Too many uploads are arriving, and yours was the slowest. Please try again in a minute."
            raise HTTPException(503, what, RETRY_AFTER)


def is_account(owner: str) -> bool:
    """Return whether an owner is a signed-in account; anybody can have any number of other owner ids."""
    return owner.startswith("hf:")
