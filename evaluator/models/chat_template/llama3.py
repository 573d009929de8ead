"""The llama3 chat template without a system block, as token ids; truncation removes the middle of long texts.

Prompt and target are encoded separately, a question together with the blank line of its header, as LLaMA-Factory
does. Text is encoded as text: an untrusted `<|eot_id|>` never becomes the control token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from tokenizers import Tokenizer

BLANK_LINE = "\n\n"
"""End of a header. A newline at the start of a question may merge with it into one token."""
BOS = "<|begin_of_text|>"
EOS = "<|end_of_text|>"
HEADER_START = "<|start_header_id|>"
HEADER_END = "<|end_header_id|>"
EOT = "<|eot_id|>"
EOM = "<|eom_id|>"
SPECIAL_TOKENS = (BOS, EOS, HEADER_START, HEADER_END, EOT, EOM)
IGNORED = -100
"""Label of a token that is not trained."""
AT_ONCE = 32
"""Answers encoded together in the search for the longest."""
REMEMBERED = 8
"""Size of the cache of encoded text lists: a task's questions recur for each number of shots."""


@dataclass(frozen=True)
class Example:
    """One training example: ids and labels of equal length, labels IGNORED over the prompt."""

    input_ids: list[int]
    labels: list[int]


class ChatTemplate:
    """Chat template for the tokenizer of a model folder."""

    def __init__(self, model: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True
        self._special = {token: self._token_id(token) for token in SPECIAL_TOKENS}
        self._cached_questions = lru_cache(REMEMBERED)(self._encode_questions)
        blank_line = self.encode_text(BLANK_LINE)
        self._blank_line = len(blank_line)
        self._before_question = self._role_header("user")
        self._after_question = [self._special[EOT], *self._role_header("assistant"), *blank_line]

    @property
    def stop_ids(self) -> list[int]:
        """Tokens that end an answer."""
        return [self._special[token] for token in (EOT, EOM, EOS)]

    def encode_text(self, text: str) -> list[int]:
        """Ids of plain text, special tokens in it spelled out as text."""
        return list(self._encode_batch((text,))[0])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, control tokens written out."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    def target_ids(self, output: str) -> list[int]:
        """Ids of an answer with the end of its turn."""
        return [*self.encode_text(output), self._special[EOT]]

    def longest_answer(self, outputs: Sequence[str], enough: float) -> int:
        """Tokens of the longest of these answers, end of turn included; exact only below `enough`.

        A text has at most as many tokens as bytes, so only a few need encoding when the longest come first.
        """
        by_bytes = sorted((output.encode() for output in outputs), key=len, reverse=True)
        found = 0
        for start in range(0, len(by_bytes), AT_ONCE):
            some = by_bytes[start : start + AT_ONCE]
            if found >= min(enough, len(some[0]) + 1):
                break
            found = max(found, *(1 + len(ids) for ids in self._encode_batch([text.decode() for text in some])))
        return found

    def build_prompt(
        self, question: str, shots: Sequence[tuple[str, str]] = (), limit: int | None = None, gold: str = ""
    ) -> list[int]:
        """Build the prompt of one question."""
        (prompt,) = self.build_prompts((question,), shots, limit, (gold,))
        return prompt

    def build_prompts(
        self,
        questions: tuple[str, ...],
        shots: Sequence[tuple[str, str]] = (),
        limit: int | None = None,
        gold: Sequence[str] = (),  # noqa: ARG002  # other templates look at it
    ) -> list[list[int]]:
        """Build prompts up to the assistant's answer, after the same shots, each of at most `limit` tokens.

        Truncation drops the oldest shots first, then the middle of the question, so that the instruction at its start
        and the text at its end both stay. The gold answers are not used.
        """
        asked = self._encode_questions([one for one, _ in shots])
        turns = [[*self._user_turn(ids), *self.target_ids(two)] for ids, (_, two) in zip(asked, shots, strict=True)]
        return [self._frame_prompt(ids, list(turns), limit) for ids in self._cached_questions(questions)]

    def build_example(self, question: str, output: str, cutoff: int) -> Example:
        """Build a training example of at most `cutoff` tokens; cuts the prompt first, down to a quarter of them."""
        (example,) = self.build_examples([(question, output)], cutoff)
        return example

    def build_examples(self, pairs: Sequence[tuple[str, str]], cutoff: int) -> list[Example]:
        """Build training examples, encoded together on all cores."""
        return [self._join_example(question, output, cutoff) for question, output in self._encode_pairs(pairs)]

    def _join_example(self, question: list[int], output: list[int], cutoff: int) -> Example:
        target = [*output, self._special[EOT]]
        prompt = self._frame_prompt(question, [], max(cutoff - len(target), cutoff // 4))
        ids = (prompt + target)[:cutoff]
        return Example(ids, ([IGNORED] * len(prompt) + target)[:cutoff])

    def _frame_prompt(self, ids: list[int], turns: list[list[int]], limit: int | None) -> list[int]:
        if limit is not None:
            line = self._blank_line
            room = limit - 1 - len(self._before_question) - line - len(self._after_question)
            while turns and sum(map(len, turns)) + len(ids) - line > room:
                turns.pop(0)
            ids = ids[:line] + truncate_middle(ids[line:], room)
        return [self._special[BOS], *chain.from_iterable(turns), *self._user_turn(ids)]

    def _token_id(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token}: the llama3 frame needs a Llama 3 tokenizer")
        return found

    def _encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return [one.ids for one in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _encode_questions(self, questions: Sequence[str]) -> list[list[int]]:
        return self._encode_batch([BLANK_LINE + question for question in questions])

    def _encode_pairs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[list[int], list[int]]]:
        """Encode each question with its blank line, and its answer."""
        ids = self._encode_batch([text for question, output in pairs for text in (BLANK_LINE + question, output)])
        return zip(ids[::2], ids[1::2], strict=True)

    def _user_turn(self, ids: list[int]) -> list[int]:
        return [*self._before_question, *ids, *self._after_question]

    def _role_header(self, role: str) -> list[int]:
        return [self._special[HEADER_START], *self.encode_text(role), self._special[HEADER_END]]


def truncate_middle(ids: list[int], room: int) -> list[int]:
    """Return the first and last tokens that fit into `room`, two thirds of them from the end."""
    if len(ids) <= room:
        return ids
    head = max(room, 0) // 3
    return ids[:head] + ids[len(ids) - (max(room, 0) - head) :]
