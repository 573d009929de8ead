"""From an upload to a verdict, a preview, a corrected copy and, if that was asked for, a stored submission."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from leaderboard.checks import Check
from leaderboard.sample import rows_in, sample_of
from leaderboard.snapshot import Snapshot
from submissions.arena import Arena
from submissions.check import check as check_sources
from submissions.errors import Misfilled
from submissions.estimate import trained_tokens
from submissions.fixes import fix
from submissions.frame import Frame
from submissions.intake import Delivery, receive
from submissions.tracks.track import Track

FIELDS = ("system", "system_type", "team", "submitter", "description", "url", "webhook", "webhook_secret")
log = logging.getLogger(__name__)

# A check reads hundreds of megabytes; more than two at a time would only slow each other and the pages down.
CHECKS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="check")


def examine(check: Check, arena: Arena, snapshot: Snapshot, track: Track, sources: list[Path], *, store: bool) -> None:
    """Check what was uploaded, telling the check of it; store what passes, if `store` says so and the form is sound.

    Whatever happens, the check is over afterwards; an error that is ours is raised again.
    """
    check.broken = True
    try:
        with tempfile.TemporaryDirectory(dir=check.folder) as into:
            _examine(check, arena, snapshot, track, sources, Path(into), store=store)
        check.broken = False
    finally:
        check.end()


def _examine(
    check: Check, arena: Arena, snapshot: Snapshot, track: Track, sources: list[Path], into: Path, *, store: bool
) -> None:
    tasks = tuple(snapshot.tasks.values())
    report = check_sources(sources, tasks, into=into, track=track, progress=check.progress, tell=check.tell)
    check.report = report
    delivery = _delivery(check) if store else None
    if delivery and report.accepted:
        is_private = check.values["publish"] != "at_once"
        stored = receive(arena, report, into, delivery, datetime.now(UTC), owner=check.owner, private=is_private)
        check.submission = stored.id
        return
    _look_into(check, into, snapshot.frames.values())
    check.corrected.mkdir()
    check.fixed = fix(sources, tasks, into=check.corrected, track=track)


def _delivery(check: Check) -> Delivery | None:
    """What the form says; None, and the check told why, if it cannot be taken."""
    try:
        return Delivery.from_form({name: check.values[name] for name in FIELDS})
    except Misfilled as error:
        check.faults = error.faults
        return None


def _look_into(check: Check, into: Path, frames: Iterable[Frame]) -> None:
    """What the rows that passed look like, and how much a training would read of them."""
    assert check.report is not None
    known = tuple(frames)
    written = {file.task: into / f"{file.task}.jsonl" for file in check.report.files}
    check.samples = {task: sample_of(rows_in(file), known) for task, file in written.items()}
    check.tokens = {
        frame.protocol: {task: trained_tokens(rows_in(file), frame) for task, file in written.items()}
        for frame in known
    }
