"""Block of retrieved passages as token ids: passages are cut to the room there is, their tags never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.retrieval.retriever import Hit
from evaluator.search_agent.agent_records import ShownPassage
from evaluator.search_agent.agent_tools import AgentFrame
from submissions.trajectories import TagSet, escape_tags

_TORN = "\ufffd"
"""Character of bytes that are no character, as of a token that was cut from the rest."""


@dataclass(frozen=True)
class PassageBlock:
    """Block to append to a text."""

    ids: list[int]
    text: str
    passages: tuple[ShownPassage, ...]


def build_passage_block(
    queries: Sequence[str],
    results: Sequence[Sequence[Hit]],
    tags: TagSet,
    frame: AgentFrame,
    *,
    room: int,
    max_passage_tokens: int,
    surplus: str = "",
) -> PassageBlock | None:
    """Build the block of all queries' passages in at most `room` tokens, or None if its tags alone are too long.

    Each query has an equal part of what the ones before it left. Titles and texts are one line each, and what looks
    like a tag in them is escaped. `surplus` is text that the model already wrote behind its query: blanks that the
    block would begin with are not written twice.
    """
    lead = tags.before_passages
    lead = lead[len(surplus) :] if surplus and lead.startswith(surplus) else lead
    head, tail = lead + tags.passages.open + tags.passages_head, tags.passages.close + tags.after_passages
    head_ids, tail_ids = frame.encode_text(head), frame.encode_text(tail)
    left = min(max_passage_tokens, room - len(head_ids) - len(tail_ids))
    if left < 0:
        return None
    writer = _PassageWriter(tags, frame)
    for number, (query, hits) in enumerate(zip(queries, results, strict=True)):
        part = left // (len(queries) - number)
        left -= writer.write_query(number, query, hits, part)
    text = head + writer.text + tail
    ids = frame.encode_text(text)  # as in training, where tags and passages are encoded together
    if len(ids) > room:
        ids = [*head_ids, *writer.ids, *tail_ids]
    return PassageBlock(ids, text, tuple(writer.passages))


class _PassageWriter:
    """Writes passages while there is room."""

    def __init__(self, tags: TagSet, frame: AgentFrame) -> None:
        self._tags = tags
        self._frame = frame
        self.ids: list[int] = []
        self.text = ""
        self.passages: list[ShownPassage] = []

    def write_query(self, number: int, query: str, hits: Sequence[Hit], room: int) -> int:
        """Write the passages of one query; return the number of tokens used."""
        before = len(self.ids)
        if self._tags.group:
            self._write_text(self._tags.group.format(query=escape_tags(_join_lines(query))), room)
        for rank, hit in enumerate(hits, 1):
            title, text = (escape_tags(_join_lines(part)) for part in (hit.passage.title, hit.passage.text))
            whole = self._tags.passage.format(number=rank, title=title, text=text)
            shown = self._write_text(whole, room - (len(self.ids) - before))
            self.passages.append(
                ShownPassage(
                    query=number,
                    id=hit.passage.id,
                    title=hit.passage.title,
                    score=hit.score,
                    text=shown,
                    is_cut=shown != whole,
                )
            )
        return len(self.ids) - before

    def _write_text(self, text: str, room: int) -> str:
        """Append as much of a text as there is room for, by whole characters; return that part."""
        ids = self._frame.encode_text(text) if room > 0 else []
        if len(ids) > room:
            ids, text = self._cut_ids(ids[:room], text)
        elif room <= 0:
            text = ""
        self.ids += ids
        self.text += text
        return text

    def _cut_ids(self, ids: list[int], whole: str) -> tuple[list[int], str]:
        """Drop the last tokens until the rest is a beginning of the text: a token may hold a part of a character."""
        while ids:
            text = self._frame.decode(ids)
            if whole.startswith(text) or not text.endswith(_TORN):
                return ids, text
            ids = ids[:-1]
        return [], ""


def _join_lines(text: str) -> str:
    return " ".join(text.split())
