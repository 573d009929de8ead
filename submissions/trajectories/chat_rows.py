"""Rows of conversations in ShareGPT form, under the names that public data sets use for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from submissions.errors import TheirError

TurnRole = Literal["system", "user", "assistant", "tool"]
TURN_ROLES: Mapping[str, TurnRole] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "tool": "tool",
    "observation": "tool",
    "function": "tool",
}
"""Role of each name in rows: OpenAI's names and those of ShareGPT."""
TURN_FIELDS = ("conversations", "dialogs", "messages")
"""Fields of a row that may hold its turns."""
TURN_SHAPES = (("role", "content"), ("from", "value"))
"""Fields of one turn: its role and its text."""
MAX_TURNS = 1000


class InvalidChatRow(TheirError):
    """Row that is no conversation."""


@dataclass(frozen=True)
class ChatTurn:
    """One message of a conversation."""

    role: TurnRole
    text: str


def read_chat_row(row: Mapping[str, object]) -> tuple[ChatTurn, ...]:
    """Read the turns of a row; a text field `system` comes first. Other fields are ignored.

    Raises InvalidChatRow with the number of the message, from 1, and its fault.
    """
    names = [name for name in TURN_FIELDS if name in row]
    if len(names) != 1:
        listed = " and ".join(names) or "none"
        raise InvalidChatRow(f"A row holds its turns in one of {', '.join(TURN_FIELDS)}; this one has {listed}.")
    messages = row[names[0]]
    if not isinstance(messages, list) or not messages:
        raise InvalidChatRow(f"{names[0]} is no list of messages. Write one object with role and content a message.")
    if len(messages) > MAX_TURNS:
        raise InvalidChatRow(
            f"{names[0]} has {len(messages)} messages, and at most {MAX_TURNS} are read. Split the row."
        )
    turns = [_read_turn(message, f"{names[0]}, message {number}") for number, message in enumerate(messages, 1)]
    system = row.get("system")
    if isinstance(system, str) and system.strip() and turns[0].role != "system":
        turns.insert(0, ChatTurn("system", system))
    return tuple(turns)


def _read_turn(message: object, place: str) -> ChatTurn:
    if not isinstance(message, Mapping):
        raise InvalidChatRow(f"{place} is a {type(message).__name__}. Write an object with role and content.")
    for role, text in TURN_SHAPES:
        if role in message and text in message:
            return ChatTurn(_read_role(message[role], place), _read_text(message[text], text, place))
    raise InvalidChatRow(f"{place} has the fields {', '.join(map(str, message)) or 'none'}. Write role and content.")


def _read_role(name: object, place: str) -> TurnRole:
    if not isinstance(name, str) or name not in TURN_ROLES:
        raise InvalidChatRow(f"{place} has the role {str(name)[:80]!r}; there are: {', '.join(TURN_ROLES)}.")
    return TURN_ROLES[name]


def _read_text(text: object, field: str, place: str) -> str:
    if not isinstance(text, str):
        raise InvalidChatRow(f"{place}: {field} is a {type(text).__name__}, not a text.")
    return text
