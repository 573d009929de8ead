"""Search for the tags of a tag set in a text, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from submissions.trajectories.tag_sets import BLOCK_KINDS, TAG_SETS, BlockKind, TagSet

ESCAPED = "&lt;"
"""Text instead of the first character of a tag."""


@dataclass(frozen=True)
class TagMark:
    """One tag in a text."""

    kind: BlockKind
    is_open: bool
    start: int
    """Offset of its first character."""
    end: int


def scan_tags(text: str, tags: TagSet) -> Iterator[TagMark]:
    """Yield the tags of a text in order. Only exact spellings are tags."""
    pattern, kinds = _compile_tags(tags)
    for match in pattern.finditer(text):
        kind, is_open = kinds[match[0]]
        yield TagMark(kind, is_open, match.start(), match.end())


def escape_tags(text: str) -> str:
    """Escape what looks like a tag of any tag set, or like a control token, so that a text cannot act as one.

    Spelling is read loosely: any case, with blanks before and after the slash.
    """
    return _compile_look_alikes().sub(ESCAPED, text)


@cache
def _compile_tags(tags: TagSet) -> tuple[re.Pattern[str], dict[str, tuple[BlockKind, bool]]]:
    kinds: dict[str, tuple[BlockKind, bool]] = {}
    for kind in BLOCK_KINDS:
        pair = tags.get_pair(kind)
        kinds |= {pair.open: (kind, True), pair.close: (kind, False)}
    longest_first = sorted(kinds, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), kinds


@cache
def _compile_look_alikes() -> re.Pattern[str]:
    names = {tag.strip("<>/|") for tags in TAG_SETS.values() for tag in tags.tags}
    words = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rf"<(?=\||\s{{0,4}}/?\s{{0,4}}(?:{words})\b)", re.IGNORECASE)
