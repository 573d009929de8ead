"""Trajectories as training rows of a model family, and the same family's frame for the agent.

Retrieved text is encoded apart from the assistant's own, as the agent appends it, so that a model is trained on the
tokens that it sees when it searches.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.models.chat_template import Example
from evaluator.models.families import ChatMessage, ConversationTemplate
from submissions.trajectories import ChatTurn, TagSet, TextSpan, find_retrieved_spans


def encode_trajectory(turns: Sequence[ChatTurn], tags: TagSet, template: ConversationTemplate) -> Example:
    """Encode a conversation; only the assistant's own text and the end of its turns have labels.

    The tag set's opening, which the agent's prompt writes, begins the first answer without a label, also where a row
    has left it out. A turn that ends in retrieved text breaks the grammar; its end has a label all the same.
    """
    first = next((number for number, turn in enumerate(turns) if turn.role == "assistant"), -1)
    return template.encode_messages(
        [_build_message(turn, tags, is_opening=number == first) for number, turn in enumerate(turns)]
    )


def _build_message(turn: ChatTurn, tags: TagSet, *, is_opening: bool) -> ChatMessage:
    if turn.role != "assistant":
        return ChatMessage(turn.role, turn.text)
    text, opened = turn.text, 0
    if is_opening and tags.opening:
        text = tags.opening + text.lstrip().removeprefix(tags.opening)
        opened = len(tags.opening)
    untrained: tuple[TextSpan, ...] = find_retrieved_spans(text, tags)
    return ChatMessage("assistant", text, untrained=((0, opened), *untrained) if opened else untrained)


class ConversationFrame:
    """Frame of a search agent's text for a model of any family."""

    def __init__(self, template: ConversationTemplate) -> None:
        self._template = template

    def build_prompt(self, question: str) -> list[int]:
        """Ids of a user's message up to the assistant's answer."""
        return self._template.encode_prompt([ChatMessage("user", question)])

    def encode_text(self, text: str) -> list[int]:
        """Ids of plain text."""
        return self._template.encode_text(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids."""
        return self._template.decode(ids)
