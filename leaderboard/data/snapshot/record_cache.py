"""Caches of parsed repository files, keyed by content id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from submissions.errors import CorruptRecord, NotFound

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unreadable:
    """A stored record that cannot be read."""

    record: str
    """Submission id or file name of the record."""
    why: str


def try_read(record: str, read: Callable[[], T]) -> T | Unreadable:
    """Call `read`; return its value, or Unreadable with the reason."""
    try:
        return read()
    except (CorruptRecord, NotFound) as error:
        log.error("Unreadable record of %s: %s", record, error)
        # A NotFound names folders of this machine, which are no visitor's business.
        why = str(error) if isinstance(error, CorruptRecord) else "A file that should be there is missing."
        return Unreadable(record, why)


class RecordCache(Generic[T]):
    """Records by name, each with the content id of its file."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, T | Unreadable]] = {}

    def is_stale(self, name: str, content: str) -> bool:
        """Return whether a record is missing or cached under another content id."""
        return name not in self._known or self._known[name][0] != content

    def put(self, name: str, content: str, record: T) -> None:
        """Cache a record that was read elsewhere."""
        self._known[name] = content, record

    def drop_unreadable(self) -> None:
        """Drop unreadable records, so that they are read again even with an unchanged content id."""
        self._known = {name: known for name, known in self._known.items() if not isinstance(known[1], Unreadable)}

    def update(self, ids: Mapping[str, str], read: Callable[[str], T], record: Callable[[str], str] = str) -> None:
        """Sync the cache to these names and content ids; `record` maps a name to an unreadable record's label."""
        known = self._known
        self._known = {
            name: (content, try_read(record(name), partial(read, name)))
            if self.is_stale(name, content)
            else known[name]
            for name, content in ids.items()
        }

    def valid_items(self) -> Iterator[tuple[str, T]]:
        """Names and records of the readable entries, in order."""
        return ((name, found) for name, (_, found) in self._known.items() if not isinstance(found, Unreadable))

    def list_unreadable(self) -> list[Unreadable]:
        """List the unreadable records."""
        return [found for _, found in self._known.values() if isinstance(found, Unreadable)]


class LazyMapping(Mapping[str, T]):
    """Mapping with known keys that computes each value on access."""

    def __init__(self, names: Mapping[str, object], make: Callable[[str], T]) -> None:
        self._names = names
        self._make = make

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._names))

    def __len__(self) -> int:
        return len(self._names)
