"""What the submitter's page says is so."""

from __future__ import annotations

import dataclasses
import re
import shlex

import pytest
import typer

from submissions.checking import descriptions, limits
from submissions.checking import problem_list as listing
from submissions.checking.formats import READERS
from submissions.cli.app import app
from submissions.tracks import list_system_types
from submissions.tracks.dataset_research import ROW_LIMITS
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "submitter.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m submissions (.*)$", PAGE, re.MULTILINE)


def test_the_limits_are_those_of_the_code() -> None:
    numbers = list(dataclasses.astuple(ROW_LIMITS))
    numbers += [
        limits.MAX_ENTRIES,
        limits.MAX_DELIVERY_BYTES,
        limits.MAX_COMPRESSION_RATIO,
        limits.RATIO_FROM // 2**20,
        limits.MAX_UPLOAD_MB * 2**20,
        limits.MAX_MEMORY_BYTES,
        limits.FILE_CPU_SECONDS,
        int(limits.FILE_SECONDS),
        int(limits.CHECK_SECONDS),
        limits.MAX_RESTARTS,
        limits.MAX_PROBLEMS,
        descriptions.MAX_BYTES,
        descriptions.MAX_CHARACTERS,
        listing.LIMIT,
    ]
    assert [number for number in numbers if f" {number:,}" not in PAGE] == []


def test_the_limits_of_other_pages_are_those_of_the_code() -> None:
    assert f"{limits.MAX_API_ROWS_BYTES:,} bytes" in (ROOT / "docs" / "api.md").read_text()
    setting = f"`MAX_UPLOAD_MB` | the largest accepted upload, in MiB before it is unpacked | {limits.MAX_UPLOAD_MB} |"
    assert setting in (ROOT / "docs" / "organiser-reference.md").read_text()


def test_every_format_and_type_is_named() -> None:
    assert [name for name in (*READERS, *list_system_types()) if f"{name}`" not in PAGE] == []


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_and_their_options_exist(line: str) -> None:
    name, *words = shlex.split(line)
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_command_is_shown() -> None:
    assert {line.split()[0] for line in COMMANDS} == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
