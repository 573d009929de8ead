"""The command `status`."""

from __future__ import annotations

from collections.abc import Callable

import typer

from submissions.arena.arena import Arena, list_protocols, open_arena
from submissions.cli import console as terminal
from submissions.cli.console import Shown
from submissions.cli.options import ArenaFolder, AsJson, Id
from submissions.cli.runtime import print_json
from submissions.records.result import Result
from submissions.submitting import request_rules as asking


def status(
    ulid: Id,
    arena: ArenaFolder,
    as_json: AsJson = False,
) -> None:
    """Show a submission's state, its scores so far, and the possible requests."""
    where = open_arena(arena, is_checked=True)
    history = where.read_history(ulid.upper())
    shown, result = _find_latest_result(where, history.submission)
    if as_json:
        totals = [total.model_dump(mode="json") for total in result.totals] if result else None
        document = {"state": history.now.state, **history.model_dump(mode="json"), "totals": totals}
        print_json({**document, "totals_are": shown})
        return
    typer.echo(terminal.format_history(history))
    if advice := asking.describe_next_step(history):
        typer.echo(advice)
    if result:
        terminal.print_totals(result, shown)


def _find_latest_result(arena: Arena, ulid: str) -> tuple[Shown, Result | None]:
    """Return a submission's most complete result: published, private, or the few-shot preview."""
    ways: tuple[tuple[Shown, dict[str, list[str]], Callable[[str, str], Result]], ...] = (
        ("published", arena.published_protocols(), arena.read_result),
        ("private", arena.draft_protocols(), arena.read_draft),
        ("preview", list_protocols(arena.results, "previews"), arena.read_preview),
        ("preview", list_protocols(arena.drafts, "previews"), arena.read_draft_preview),
    )
    for shown, found, read in ways:
        if ulid in found:
            return shown, read(ulid, found[ulid][0])
    return None, None
