"""On-disk store of all results' figures by task: half a gigabyte for ten thousand, and pages read little of it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from submissions.index.result_details import BY_METHOD, BY_TASK, ResultDetails
from submissions.index.result_summary import Floats


@dataclass(frozen=True, slots=True)
class DetailsOffset:
    """Location of a result's details in the file."""

    start: int
    tasks: int
    width: int
    """Numbers per task."""
    whys: int
    """Bytes of reasons after the numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskDetails:
    """One task of one result."""

    numbers: Floats
    methods: tuple[str, ...]

    def of_task(self, name: str) -> float | None:
        """A number of the task, by its name in BY_TASK."""
        return _none_if_nan(self.numbers[BY_TASK.index(name)])

    def of_method(self, method: str, name: str) -> float | None:
        """A number of a method on the task, by its name in BY_METHOD."""
        at = len(BY_TASK) + self.methods.index(method) * len(BY_METHOD) + BY_METHOD.index(name)
        return _none_if_nan(self.numbers[at])

    @property
    def by_method(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each method with all of its numbers, by name."""
        numbers = [None if number != number else number for number in self.numbers[len(BY_TASK) :].tolist()]
        for at, method in enumerate(self.methods):
            start = at * len(BY_METHOD)
            yield method, dict(zip(BY_METHOD, numbers[start : start + len(BY_METHOD)], strict=True))


class DetailsFile:
    """Append-only, unnamed temporary file, deleted with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as this does
        self._end = 0
        self._lock = threading.Lock()

    def put(self, details: ResultDetails) -> DetailsOffset:
        """Append a result's details."""
        numbers = np.ascontiguousarray(details.numbers)
        whys = details.missing_reasons.encode()
        with self._lock:
            place = DetailsOffset(self._end, numbers.shape[0], numbers.shape[1], len(whys))
            for part in (numbers.tobytes(), whys):
                os.pwrite(self._file.fileno(), part, self._end)
                self._end += len(part)
        return place

    def read_task(self, place: DetailsOffset, task: int, methods: tuple[str, ...]) -> TaskDetails:
        """Read one task of a result."""
        size = place.width * 8
        content = os.pread(self._file.fileno(), size, place.start + task * size)
        return TaskDetails(np.frombuffer(content), methods)

    def read_reasons(self, place: DetailsOffset) -> str:
        """Read the reasons for a result's missing numbers (submissions/index/result_details.py); empty if none."""
        if not place.whys:
            return ""
        start = place.start + place.tasks * place.width * 8
        return os.pread(self._file.fileno(), place.whys, start).decode()


def _none_if_nan(number: np.float64) -> float | None:
    return None if np.isnan(number) else float(number)
