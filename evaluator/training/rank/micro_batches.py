"""Micro-batches: the rows of one optimizer step, distributed over ranks without padding."""

from __future__ import annotations

from collections.abc import Sequence


def build_micro_batches(lengths: Sequence[int], ranks: int, most: int) -> list[list[list[int]]]:
    """Assign rows to ranks and forward passes of a step: `[rank][pass] -> indices into lengths`.

    `lengths` are the rows' tokens, `most` the tokens of one pass; a longer row goes alone. Every row occurs once. All
    ranks make equally many passes, at least one, as collectives of ZeRO wait for every rank: a pass without rows
    trains nothing.
    """
    passes = [_pack_passes(rows, lengths, most) for rows in balance_sizes(lengths, ranks)]
    longest = max(1, *map(len, passes))
    return [mine + [[] for _ in range(longest - len(mine))] for mine in passes]


def balance_sizes(sizes: Sequence[int], ranks: int) -> list[list[int]]:
    """Distribute indices over ranks, largest first to the least loaded: ranks differ by one item's size at most."""
    shares: list[list[int]] = [[] for _ in range(ranks)]
    totals = [0] * ranks
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        rank = min(range(ranks), key=lambda rank: (totals[rank], rank))
        shares[rank].append(index)
        totals[rank] += sizes[index]
    return shares


def _pack_passes(rows: Sequence[int], lengths: Sequence[int], most: int) -> list[list[int]]:
    """Pack rows into passes: each into the first with room (first fit decreasing; `rows` come longest first)."""
    passes: list[list[int]] = []
    room: list[int] = []
    for row in rows:
        place = next((place for place, left in enumerate(room) if lengths[row] <= left), None)
        if place is None:
            passes.append([])
            room.append(most)
            place = len(passes) - 1
        passes[place].append(row)
        room[place] -= lengths[row]
    return passes
