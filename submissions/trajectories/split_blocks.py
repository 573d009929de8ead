"""Split blocks of queries and passages into single ones, with their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from submissions.trajectories.tag_sets import TagSet
from submissions.trajectories.trajectory import TextBlock

_NUMBER = re.compile(r"\s*\d{1,3}[.)]\s+")


def split_queries(block: TextBlock, tags: TagSet) -> tuple[TextBlock, ...]:
    """Split a query block by lines where the tag set has one query a line; outer blanks and numbers are dropped."""
    if not tags.has_query_lines:
        return tuple(_cut_block(block, [(block.start, block.end)]))
    lines, place = [], block.start
    for line in block.text.splitlines(keepends=True):
        number = _NUMBER.match(line)
        lines.append((place + (number.end() if number else 0), place + len(line)))
        place += len(line)
    return tuple(_cut_block(block, lines))


def split_passages(block: TextBlock, tags: TagSet) -> tuple[TextBlock, ...]:
    """Split passages where each begins a line with its mark; a block without marks is one passage."""
    text, starts, number = block.text, [], 1
    first = len(text) - len(text.lstrip())
    place = text.find(tags.passage_mark.format(number=number))
    while place >= 0:
        mark = tags.passage_mark.format(number=number)
        if place == first or text[place - 1] == "\n":
            starts.append(block.start + place)
            number += 1
        place = text.find(tags.passage_mark.format(number=number), place + len(mark))
    edges = [block.start, *starts[1:], block.end]
    return tuple(_cut_block(block, pairwise(edges)))


def _cut_block(block: TextBlock, spans: Iterable[tuple[int, int]]) -> Iterator[TextBlock]:
    """Yield the parts of a block that are not blank, without outer blanks."""
    for start, end in spans:
        text = block.text[start - block.start : end - block.start]
        if stripped := text.strip():
            first = start + len(text) - len(text.lstrip())
            yield TextBlock(block.turn, first, first + len(stripped), stripped)
