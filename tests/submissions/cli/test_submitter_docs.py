"""What the submitter's page says is so."""

from __future__ import annotations

import re
import shlex
from typing import get_args

import pytest
import typer

from submissions.checking import limits
from submissions.checking import problem_list as listing
from submissions.checking.formats import READERS
from submissions.cli.app import app
from submissions.records.submission import SystemType
from submissions.tracks import TRACKS
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "submitter.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m submissions (.*)$", PAGE, re.MULTILINE)


def test_the_limits_are_those_of_the_code() -> None:
    track = TRACKS["dataset_research"]
    numbers = [track.max_rows, track.min_rows, track.row_limit, track.max_characters, track.max_file_bytes]
    numbers += [
        limits.MAX_ENTRIES,
        limits.MAX_DELIVERY_BYTES,
        limits.MAX_COMPRESSION_RATIO,
        limits.RATIO_FROM // 2**20,
        listing.LIMIT,
    ]
    assert [number for number in numbers if f" {number:,}" not in PAGE] == []


def test_every_format_and_type_is_named() -> None:
    assert [name for name in (*READERS, *get_args(SystemType)) if f"{name}`" not in PAGE] == []


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_and_their_options_exist(line: str) -> None:
    name, *words = shlex.split(line)
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_command_is_shown() -> None:
    assert {line.split()[0] for line in COMMANDS} == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
