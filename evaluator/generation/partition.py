"""Which engine is asked what."""

from __future__ import annotations

from collections.abc import Sequence


def partition_prompts(prompts: Sequence[Sequence[int]], engines: int) -> list[list[int]]:
    """Indices of the prompts for each engine.

    Prompts are sorted, so that those with a common beginning (the shots of a few-shot prompt) follow each other and an
    engine computes it once, and then cut into one piece per engine where the tokens before a prompt's middle pass
    another equal part of the whole: no piece has more than its part and the longest prompt. With few prompts some
    pieces are empty.
    """
    weights = [len(prompt) or 1 for prompt in prompts]
    whole, before = sum(weights), 0
    cut: list[list[int]] = [[] for _ in range(engines)]
    for index in sorted(range(len(prompts)), key=lambda index: list(prompts[index])):
        cut[(2 * before + weights[index]) * engines // (2 * whole)].append(index)
        before += weights[index]
    return cut
