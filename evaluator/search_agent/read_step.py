"""Reading of a generated step: queries, an answer, or the reason why there is neither.

Only generated text is read. A retrieved page can hold what it likes: it is never searched for an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.generation import GeneratedStep
from evaluator.search_agent.agent_records import EndReason
from submissions.trajectories import TagPair, TagSet, TextBlock, scan_tags, split_queries


@dataclass(frozen=True)
class StepReading:
    """What a step asks for or how it ends."""

    queries: tuple[str, ...] = ()
    answer: str | None = None
    end: EndReason | None = None
    """None if the step has queries."""


def read_step(step: GeneratedStep, tags: TagSet) -> StepReading:
    """Read a step."""
    if step.end == "length":
        return StepReading(end="token_limit")
    if step.end == "end_of_turn":
        is_open = any(mark.kind in ("query", "answer") for mark in scan_tags(step.text, tags))
        return StepReading(end="bad_format" if is_open else "no_answer")
    if step.text.endswith(tags.query.close):
        queries = _read_queries(step.text, tags)
        return StepReading(queries) if queries else StepReading(end="bad_format")
    answer = _read_last_block(step.text, tags.answer)
    if answer is None:
        return StepReading(end="bad_format")
    return StepReading(answer=answer, end="answered") if answer else StepReading(end="no_answer")


def _read_queries(text: str, tags: TagSet) -> tuple[str, ...]:
    block = _read_last_block(text, tags.query)
    if not block:
        return ()
    return tuple(query.text for query in split_queries(TextBlock(0, 0, len(block), block), tags))


def _read_last_block(text: str, pair: TagPair) -> str | None:
    """Return the text between the last opening tag and the closing tag at the end, or None."""
    start = text.rfind(pair.open)
    if start < 0 or not text.endswith(pair.close):
        return None
    return text[start + len(pair.open) : -len(pair.close)].strip()
