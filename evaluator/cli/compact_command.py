"""`compact`: writes missing rows of the compacted index files."""

from __future__ import annotations

import typer

from evaluator.cli.command_options import ArenaPlace


def compact_arena(arena: ArenaPlace) -> None:
    """Write the compacted files that a web app starts from, for results or submissions without a row in them."""
    from datetime import timedelta

    from submissions.arena.arena import open_arena
    from submissions.index.rebuild import rebuild_index
    from submissions.storage.commit_rate import CommitRateLimit

    results, submissions = rebuild_index(open_arena(arena, CommitRateLimit(max_wait=timedelta(hours=2))))
    typer.echo(f"Added {results} result(s) and {submissions} submission(s) to the compacted files.")
