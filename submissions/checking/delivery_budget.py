"""Budget of a delivery: entries, bytes unpacked, bytes written; enforced while they are unpacked and written."""

from __future__ import annotations

from dataclasses import dataclass

from submissions.checking.limits import MAX_DELIVERY_BYTES, MAX_ENTRIES
from submissions.errors import InvalidFile


@dataclass
class DeliveryBudget:
    """Counts what one delivery takes, over all its folders, zips and files."""

    fix: str
    """Advice for a delivery over a limit of bytes."""
    limit: int = MAX_DELIVERY_BYTES
    entries: int = 0
    unpacked: int = 0
    written: int = 0

    def count_entries(self, count: int) -> None:
        """Count entries of a folder or zip. Raises InvalidFile over the limit."""
        self.entries += count
        if self.entries > MAX_ENTRIES:
            raise InvalidFile(f"The delivery has more than {MAX_ENTRIES:,} files.", "Remove files that are not data.")

    def take_unpacked(self, size: int) -> None:
        """Count bytes that are about to be unpacked. Raises InvalidFile over the limit."""
        if self.unpacked + size > self.limit:
            raise InvalidFile(f"The delivery has more than {self.limit:,} bytes when unpacked.", self.fix)
        self.unpacked += size

    def take_written(self, size: int) -> None:
        """Count bytes that are about to be written. Raises InvalidFile over the limit."""
        if self.written + size > self.limit:
            raise InvalidFile(f"The delivery has more than {self.limit:,} bytes in stored form.", self.fix)
        self.written += size

    def return_written(self, size: int) -> None:
        """Return the bytes of a file that was removed again."""
        self.written -= size
