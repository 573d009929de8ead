"""Parser of trajectories: one pass over the tags of a conversation, by a table of what may follow what.

Where searches stand between thoughts (`separate`), a trajectory is thought, query, passages, thought, …, answer. Where
they stand inside (`nested`), one thought holds all queries and passages, and the answer follows it. Between blocks
stand only blanks. Passages are in the assistant's text or in messages of their own (a tool's, or a user's that is one
block of passages). The parser stops at the first fault: whatever follows it would be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NoReturn

from submissions.trajectories.chat_rows import ChatTurn
from submissions.trajectories.scan_tags import TagMark, scan_tags
from submissions.trajectories.split_blocks import split_passages, split_queries
from submissions.trajectories.tag_sets import BlockKind, TagSet
from submissions.trajectories.trajectory import FaultKind, GrammarFault, TextBlock, Trajectory, TrajectorySearch

State = Literal["start", "thought", "action", "query", "search", "passages", "reply", "answer", "end"]
"""Where a parser is: before a thought, in one, behind one, in a query, behind one, in passages, before an answer,
in one, behind it."""
Moves = Mapping[tuple[State, BlockKind, bool], State]
"""Next state after an opening (True) or closing tag."""
_SHARED: Moves = {
    ("start", "thought", True): "thought",
    ("query", "query", False): "search",
    ("search", "passages", True): "passages",
    ("answer", "answer", False): "end",
}
MOVES: Mapping[str, Moves] = {
    "separate": {
        **_SHARED,
        ("thought", "thought", False): "action",
        ("action", "query", True): "query",
        ("action", "answer", True): "answer",
        ("passages", "passages", False): "start",
    },
    "nested": {
        **_SHARED,
        ("thought", "thought", False): "reply",
        ("thought", "query", True): "query",
        ("passages", "passages", False): "thought",
        ("reply", "answer", True): "answer",
    },
}
"""Grammar of each layout."""
_BLOCKS: Mapping[State, BlockKind] = {
    "thought": "thought",
    "query": "query",
    "passages": "passages",
    "answer": "answer",
}
"""States inside of a block."""
_EXPECTED: Mapping[State, str] = {
    "start": "a thought",
    "action": "a query or the answer",
    "search": "passages",
    "reply": "the answer",
    "end": "nothing",
}
EXCERPT_CHARACTERS = 40


def parse_trajectory(turns: Sequence[ChatTurn], tags: TagSet) -> Trajectory:
    """Parse a conversation: an optional system message, a question, and what agent and tools wrote."""
    parser = _Parser(turns, tags)
    try:
        parser.read_turns()
    except _FaultFound as stop:
        return parser.build_trajectory(stop.fault)
    return parser.build_trajectory(None)


class _FaultFound(Exception):
    def __init__(self, fault: GrammarFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Parser:
    """State of one pass."""

    def __init__(self, turns: Sequence[ChatTurn], tags: TagSet) -> None:
        self._turns = turns
        self._tags = tags
        self._moves = MOVES[tags.layout]
        self._state: State = "start"
        self._turn = 0
        self._block_start = 0
        self._thoughts: list[TextBlock] = []
        self._searches: list[TrajectorySearch] = []
        self._answer: TextBlock | None = None

    def build_trajectory(self, fault: GrammarFault | None) -> Trajectory:
        """Return what was read."""
        return Trajectory(self._tags.name, tuple(self._thoughts), tuple(self._searches), self._answer, fault)

    def read_turns(self) -> None:
        """Read all messages."""
        first = self._read_question()
        for number, turn in enumerate(self._turns[first:], first):
            self._turn = number
            if turn.role == "assistant":
                self._read_assistant(turn.text, is_first=number == first)
            elif turn.role == "tool" or (turn.role == "user" and self._is_wrapped(turn.text)):
                self._read_passages(turn.text)
            else:
                self._stop("wrong_turn", 0, f"a {turn.role} message may not come here")
        last = len(self._turns[self._turn].text)
        if self._state != "end":
            self._stop("missing", last, f"the trajectory ends where {_EXPECTED[self._state]} must come")

    def _read_question(self) -> int:
        first = 1 if self._turns and self._turns[0].role == "system" else 0
        for role in ("user", "assistant"):
            if len(self._turns) <= first or self._turns[first].role != role:
                self._turn = min(first, max(0, len(self._turns) - 1))
                self._stop("wrong_turn", 0, f"message {first + 1} is no {role} message")
            first += 1
        return first - 1

    def _read_assistant(self, text: str, *, is_first: bool) -> None:
        if self._turns[self._turn - 1].role == "assistant":
            self._stop("wrong_turn", 0, "an assistant message follows another one")
        opening = self._tags.opening
        self._block_start = 0
        if is_first and opening == self._tags.thought.open and not text.lstrip().startswith(opening):
            self._state = "thought"
        place = 0
        for mark in scan_tags(text, self._tags):
            self._take_mark(text, place, mark)
            place = mark.end
        if block := _BLOCKS.get(self._state):
            pair = self._tags.get_pair(block)
            self._stop("unclosed", self._block_start, f"{pair.open} has no {pair.close} in this message")
        self._require_blank(text, place, len(text))
        if self._state not in ("search", "end"):
            self._stop("missing", len(text), f"the message ends where {_EXPECTED[self._state]} must come")

    def _take_mark(self, text: str, place: int, mark: TagMark) -> None:
        """Follow one tag. Raises at the first fault."""
        block = _BLOCKS.get(self._state)
        if block is None:
            self._require_blank(text, place, mark.start)
        after = self._moves.get((self._state, mark.kind, mark.is_open))
        if after is None:
            self._stop_at_mark(text, mark, block)
        if block is not None:
            self._store_block(block, text, self._block_start, mark.start)
        self._state = after
        self._block_start = mark.end

    def _read_passages(self, text: str) -> None:
        """Read a message that holds passages only, with or without their tags."""
        if self._state != "search":
            self._stop("wrong_turn", 0, f"passages came where {_EXPECTED[self._state]} must come")
        start, end = 0, len(text)
        if self._is_wrapped(text):
            start = text.index(self._tags.passages.open) + len(self._tags.passages.open)
            end = text.rindex(self._tags.passages.close)
        for mark in scan_tags(text[start:end], self._tags):
            self._stop("nested", start + mark.start, "a tag stands inside of passages; escape it, for example as &lt;")
        self._store_block("passages", text, start, end)
        self._state = self._moves["passages", "passages", False]

    def _is_wrapped(self, text: str) -> bool:
        pair, stripped = self._tags.passages, text.strip()
        return (
            stripped.startswith(pair.open)
            and stripped.endswith(pair.close)
            and len(stripped) >= len(pair.open) + len(pair.close)
        )

    def _store_block(self, kind: BlockKind, text: str, start: int, end: int) -> None:
        block = TextBlock(self._turn, start, end, text[start:end])
        if kind == "thought":
            self._thoughts += [block] if not _is_blank(text, start, end) else []
        elif kind == "passages":
            self._searches[-1] = TrajectorySearch(self._searches[-1].queries, split_passages(block, self._tags))
        elif _is_blank(text, start, end):
            self._stop("empty_block", start, f"{self._tags.get_pair(kind).open} holds nothing")
        elif kind == "query":
            self._searches.append(TrajectorySearch(split_queries(block, self._tags)))
        else:
            self._answer = block

    def _require_blank(self, text: str, start: int, end: int) -> None:
        if not _is_blank(text, start, end):
            place = start + len(text[start:end]) - len(text[start:end].lstrip())
            kind: FaultKind = "after_answer" if self._state == "end" else "stray_text"
            self._stop(kind, place, f"text stands outside of the blocks, where {_EXPECTED[self._state]} must come")

    def _stop_at_mark(self, text: str, mark: TagMark, block: BlockKind | None) -> NoReturn:
        tag = text[mark.start : mark.end]
        if block is not None and (mark.is_open or mark.kind != block):
            why = f"{tag} stands inside of {self._tags.get_pair(block).open}"
            why += "; escape it, for example as &lt;" if block == "passages" else ""
            self._stop("nested", mark.start, why)
        if self._state == "end":
            self._stop("after_answer", mark.start, f"{tag} follows the answer")
        kind: FaultKind = "wrong_order" if mark.is_open else "unopened"
        self._stop(kind, mark.start, f"{tag} came where {_EXPECTED[self._state]} must come")

    def _stop(self, kind: FaultKind, offset: int, why: str) -> NoReturn:
        text = self._turns[self._turn].text if self._turns else ""
        raise _FaultFound(GrammarFault(kind, self._turn, offset, why, text[offset : offset + EXCERPT_CHARACTERS]))


def _is_blank(text: str, start: int, end: int) -> bool:
    return not text[start:end].strip()
