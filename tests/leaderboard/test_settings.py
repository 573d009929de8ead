"""What the environment may say."""

from __future__ import annotations

import pytest

from leaderboard.settings import BadSetting, read_settings


def test_defaults_serve_this_machine_only() -> None:
    settings = read_settings({})
    assert (settings.arena, settings.host, settings.port, settings.protocol) == (".arena", "127.0.0.1", 7860, "demo@1")


def test_a_space_is_reached_from_outside_unless_told_otherwise() -> None:
    assert read_settings({"SPACE_ID": "someone/arena"}).host == "0.0.0.0"
    assert read_settings({"SPACE_ID": "someone/arena", "HOST": "127.0.0.1"}).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "0"), ("PORT", "70000"), ("MAX_UPLOAD_MB", "-1"), ("ARENA_PROTOCOL", "demo")],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})
