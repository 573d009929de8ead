"""Conversations as token ids with a loss mask, for any family's frame.

Text is encoded as text: a control token that a stranger typed never becomes one. Trained and untrained text are encoded
separately, as at generation, where a prompt and a retrieved text come as ids of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tokenizers import Tokenizer

from evaluator.models.chat_template import IGNORED, Example
from evaluator.models.families.messages import ChatFrame, ChatMessage, Segment
from submissions.errors import EvaluatorError


class ConversationTemplate:
    """Frame of a family with the tokenizer of a model folder. Nothing is cut: a track has its own rule for that."""

    def __init__(
        self, model: Path, frame: ChatFrame, control_tokens: Sequence[str], stop_tokens: Sequence[str]
    ) -> None:
        """Load the tokenizer. Raises EvaluatorError if it lacks a control token."""
        self._frame = frame
        self._tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self._tokenizer.encode_special_tokens = True
        vocabulary = self._tokenizer.get_vocab()
        if missing := [token for token in control_tokens if token not in vocabulary]:
            raise EvaluatorError(
                f"The base model's tokenizer has no {missing[0]}.",
                f"{model / 'tokenizer.json'} is of another family than config.json says.",
            )
        self._control = {token: vocabulary[token] for token in control_tokens}
        self.stop_ids = [self._control[token] for token in stop_tokens]
        """Tokens that end an answer."""

    def encode_messages(self, messages: Sequence[ChatMessage]) -> Example:
        """Encode a conversation; labels are IGNORED but for the assistant's own text and its end of turn."""
        input_ids: list[int] = []
        labels: list[int] = []
        for ids, is_trained in self._encode_segments(self._frame.render_messages(messages, has_prompt=False)):
            input_ids += ids
            labels += ids if is_trained else [IGNORED] * len(ids)
        return Example(input_ids, labels)

    def encode_prompt(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Encode a conversation up to the next answer of the assistant."""
        segments = self._frame.render_messages(messages, has_prompt=True)
        return [token for ids, _ in self._encode_segments(segments) for token in ids]

    def encode_text(self, text: str) -> list[int]:
        """Ids of plain text, control tokens in it spelled out as text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def render_text(self, messages: Sequence[ChatMessage], *, has_prompt: bool = False) -> str:
        """Render a conversation as the family's own template would, in one string."""
        return "".join(one.text for one in self._frame.render_messages(messages, has_prompt=has_prompt))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, control tokens written out."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    def _encode_segments(self, segments: Iterator[Segment]) -> Iterator[tuple[list[int], bool]]:
        filled = (segment for segment in segments if segment.text)
        for (is_control, is_trained), run in groupby(filled, key=lambda one: (one.is_control, one.is_trained)):
            if is_control:
                yield [self._control[segment.text] for segment in run], is_trained
            else:
                yield self.encode_text("".join(segment.text for segment in run)), is_trained
