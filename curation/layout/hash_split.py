"""Assignment of reference rows to the train and test half."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Literal

Half = Literal["train", "test"]

SPLIT = "hash-split@1"
SIDES: dict[Half, str] = {"train": "t", "test": "e"}
"""Each half with its letter in split.json."""


def split_side(task_id: str, text: str) -> Half:
    """Return the half of a row with this input, by arena@1's fixed rule `hash-split@1`, which never changes.

    SHA-256 over the UTF-8 of the task id, a line feed, and the input, both in Unicode NFC; an even first byte is
    train. So rows with equal inputs stay together, and adding rows moves none.
    """
    key = unicodedata.normalize("NFC", f"{task_id}\n{text}")
    return "test" if hashlib.sha256(key.encode()).digest()[0] % 2 else "train"
