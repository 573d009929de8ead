"""Tag sets: the marks that a search agent's text is written with, as data.

The tags, their order and the form of retrieved passages are those of three published agents: Search-R1, R1-Searcher and
InfoSeek. Parser, loss mask and agent read the same record, so a new agent is a new entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from submissions.errors import NotFound
from submissions.records.base import Record

BlockKind = Literal["thought", "query", "passages", "answer"]
BLOCK_KINDS: tuple[BlockKind, ...] = ("thought", "query", "passages", "answer")


class TagPair(Record):
    """Opening and closing tag of one kind of block."""

    open: str = Field(min_length=1)
    close: str = Field(min_length=1)


class TagSet(Record):
    """Marks of one agent's text."""

    name: str
    layout: Literal["separate", "nested"]
    """Where searches stand: between thoughts, or inside of one thought that goes on behind the passages."""
    thought: TagPair
    query: TagPair
    passages: TagPair
    """Around retrieved text, which the environment writes and not the model."""
    answer: TagPair
    opening: str = ""
    """Text that the prompt has already written at the start of the assistant's answer."""
    has_query_lines: bool = False
    """Whether a query block holds one query a line, each with an optional number."""
    before_passages: str = "\n\n"
    """Text that the environment writes between a query and the passages' opening tag."""
    passages_head: str = ""
    """Text between the opening tag and the first passage."""
    group: str = ""
    """Format of the line before the passages of each query (`query`); empty if there is none."""
    passage: str
    """Format of one passage: `number` from 1, `title`, `text`."""
    passage_mark: str
    """Beginning of a passage at the start of a line, by which parsers split a block; `number` counts from 1."""
    after_passages: str = "\n\n"

    def get_pair(self, kind: BlockKind) -> TagPair:
        """Return the tags of a kind of block."""
        pair: TagPair = getattr(self, kind)
        return pair

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags."""
        return tuple(tag for kind in BLOCK_KINDS for tag in (self.get_pair(kind).open, self.get_pair(kind).close))

    @property
    def stop_strings(self) -> tuple[str, str]:
        """Tags at which generation stops: the end of a query, and of the answer."""
        return self.query.close, self.answer.close


_THINK = TagPair(open="<think>", close="</think>")
_ANSWER = TagPair(open="<answer>", close="</answer>")
_SEARCH_R1 = TagSet(
    name="search-r1",
    layout="separate",
    thought=_THINK,
    query=TagPair(open="<search>", close="</search>"),
    passages=TagPair(open="<information>", close="</information>"),
    answer=_ANSWER,
    passage="Doc {number}(Title: {title}) {text}\n",
    passage_mark="Doc {number}(Title: ",
)
_R1_SEARCHER = TagSet(
    name="r1-searcher",
    layout="nested",
    thought=_THINK,
    query=TagPair(open="<|begin_of_query|>", close="<|end_of_query|>"),
    passages=TagPair(open="<|begin_of_documents|>", close="<|end_of_documents|>"),
    answer=_ANSWER,
    opening="<think>",
    passages_head="\n",
    passage="({number}){title}   {text}\n",
    passage_mark="({number})",
)
_INFOSEEK = _SEARCH_R1.model_copy(
    update={
        "name": "infoseek",
        "has_query_lines": True,
        "group": "[Current Query]: {query}\n",
        "passage_mark": "[Current Query]: ",
    }
)
TAG_SETS: Mapping[str, TagSet] = {tags.name: tags for tags in (_SEARCH_R1, _R1_SEARCHER, _INFOSEEK)}
"""Tag sets by name."""


def get_tag_set(name: str) -> TagSet:
    """Return a tag set by name. Raises NotFound with the names that exist."""
    if name not in TAG_SETS:
        raise NotFound(f"No tag set {name[:80]!r}; there are: {', '.join(TAG_SETS)}.")
    return TAG_SETS[name]
