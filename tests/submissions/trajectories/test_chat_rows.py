"""Rows of conversations, under all names of their fields and roles."""

from __future__ import annotations

import pytest

from submissions.trajectories import ChatTurn, InvalidChatRow, read_chat_row

EXPECTED = (ChatTurn("user", "q"), ChatTurn("assistant", "s"), ChatTurn("tool", "p"), ChatTurn("assistant", "a"))


@pytest.mark.parametrize("field", ["conversations", "dialogs", "messages"])
@pytest.mark.parametrize("shape", [("from", "value"), ("role", "content")])
@pytest.mark.parametrize(
    "roles", ["human gpt observation gpt", "user assistant tool assistant", "human gpt function assistant"]
)
def test_every_public_form_gives_the_same_turns(field: str, shape: tuple[str, str], roles: str) -> None:
    messages = [dict(zip(shape, pair, strict=True)) for pair in zip(roles.split(), "qspa", strict=True)]
    assert read_chat_row({field: messages, "source": "x", "final_correct": True}) == EXPECTED


def test_a_system_text_comes_first_and_only_once() -> None:
    messages = [{"role": "user", "content": "q"}]
    assert read_chat_row({"messages": messages, "system": "s"})[0] == ChatTurn("system", "s")
    assert read_chat_row({"messages": messages, "system": " "}) == (ChatTurn("user", "q"),)
    own = [{"role": "system", "content": "t"}, *messages]
    assert read_chat_row({"messages": own, "system": "s"}) == (ChatTurn("system", "t"), ChatTurn("user", "q"))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({}, "this one has none"),
        ({"messages": [], "dialogs": []}, "this one has dialogs and messages"),
        ({"messages": []}, "no list of messages"),
        ({"messages": "hello"}, "no list of messages"),
        ({"messages": [{"role": "user", "content": "q"}, "a"]}, "messages, message 2 is a str"),
        ({"messages": [{"role": "user"}]}, "message 1 has the fields role"),
        ({"messages": [{}]}, "message 1 has the fields none"),
        (
            {"dialogs": [{"role": "robot", "content": "q"}]},
            "message 1 has the role 'robot'; there are: system, user, human",
        ),
        ({"dialogs": [{"role": None, "content": "q"}]}, "message 1 has the role 'None'"),
        ({"conversations": [{"from": "gpt", "value": 3}]}, "conversations, message 1: value is a int, not a text"),
        ({"messages": [{"role": "user", "content": "q"}] * 1001}, "1001 messages"),
    ],
)
def test_another_row_is_refused_with_its_message(row: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidChatRow, match=fault):
        read_chat_row(row)
