"""Passages of an index on disk, by their number: read one by one, never loaded whole."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import numpy as np

from evaluator.retrieval.retriever import Passage

_LINES = "passages.jsonl"
_OFFSETS = "offsets.npy"


class PassageStore:
    """Reads passages of a folder. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self._offsets = np.load(folder / _OFFSETS, mmap_mode="r", allow_pickle=False)
        self._file = os.open(folder / _LINES, os.O_RDONLY | os.O_CLOEXEC)
        if os.fstat(self._file).st_size != int(self._offsets[-1]):
            self.close()
            raise ValueError(f"{folder / _LINES} is not as long as its offsets say")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def read_passage(self, number: int) -> Passage:
        """Read the passage of a number, from 0."""
        start, end = int(self._offsets[number]), int(self._offsets[number + 1])
        return Passage(*json.loads(os.pread(self._file, end - start, start)))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
        self._file = -1  # a later read fails, instead of reading another file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def store_passages(passages: Iterable[Passage], folder: Path) -> Iterator[Passage]:
    """Write passages to a folder while passing them on; complete once the iterator is exhausted."""
    offsets = array("Q", [0])
    with (folder / _LINES).open("xb") as stream:
        for passage in passages:
            line = json.dumps([passage.id, passage.title, passage.text], ensure_ascii=False) + "\n"
            offsets.append(offsets[-1] + stream.write(line.encode()))
            yield passage
    np.save(folder / _OFFSETS, np.frombuffer(offsets, dtype=np.uint64))
