"""`probe`: shows how the metrics read pasted answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.command_options import AsJson

if TYPE_CHECKING:
    from evaluator.scoring.probe import ProbeReading


def probe_answers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One JSON object a line: category, answer, gold …; - reads stdin.")
    ],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a table for a page in Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how each answer is read, and why it counts or does not."""
    from evaluator.scoring.probe import parse_probe, read_probe
    from submissions.cli.runtime import print_json
    from submissions.errors import NotFound

    if str(file) != "-" and not file.is_file():
        raise NotFound(f"No file {file}: name one with a JSON object a line, or - to paste them.")
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    readings = list(read_probe(parse_probe(text)))
    if as_json:
        print_json({"answers": [reading.model_dump(mode="json") for reading in readings]})
    elif markdown:
        typer.echo("\n".join(format_markdown(readings)))
    else:
        _print_readings(readings)


def format_markdown(readings: list[ProbeReading]) -> list[str]:
    """Format readings as the lines of a Markdown table."""
    rows = [
        f"| {reading.language or '–'} | {_quote(reading.gold)} | {_quote(reading.answer)} | {_quote(reading.read_as)} "
        f"| {reading.metric} | {reading.verdict} | {reading.score:.4f} |"
        for reading in readings
    ]
    return [
        "| language | expected | answer | read as | metric | verdict | score |",
        "|---|---|---|---|---|---|---:|",
        *rows,
    ]


def _quote(text: str) -> str:
    shown = text.replace("\n", " ⏎ ").replace("|", "\\|")
    return f"`{shown}`" if shown else "–"


def _print_readings(readings: list[ProbeReading]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE)
    for heading in ("answer", "expected", "read as", "expected as"):
        table.add_column(heading, overflow="fold")
    for heading in ("metric", "verdict", "score"):
        table.add_column(heading, no_wrap=True)
    for reading in readings:
        texts = (reading.answer, reading.gold, reading.read_as, reading.gold_read_as, reading.metric, reading.verdict)
        table.add_row(*map(Text, texts), Text(f"{reading.score:.4f}"))
    Console().print(table)
