"""Command lines of ours that stand in files: what the real parser makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import typer

import curation.cli
import evaluator.cli.app
import leaderboard.cli
import submissions.cli.app

APPS = {
    "submissions": submissions.cli.app.app,
    "evaluator": evaluator.cli.app.app,
    "curation": curation.cli.app,
    "leaderboard": leaderboard.cli.app,
}


def parsed(words: Sequence[str]) -> dict[str, object]:
    """The parameters of `python -m <package> <command> …` by name. Raises what the parser raises."""
    assert list(words[:2]) == ["python", "-m"], words
    group = typer.main.get_command(APPS[words[2]])
    assert hasattr(group, "commands")
    command = group.commands[words[3]]
    return dict(command.make_context(words[3], list(words[4:])).params)
