"""The submit form: checks files while its sender waits, and stores them only if all is well."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.snapshot import Snapshot
from leaderboard.upload import MOST_FIELDS, MOST_FILES, limited, saved
from leaderboard.web import Site, View, Visit, page, site_of
from submissions.check import check
from submissions.errors import Misfilled
from submissions.intake import Delivery, receive
from submissions.models import SystemType
from submissions.report import Report
from submissions.tracks import TRACKS, track_named
from submissions.tracks.track import Track

FIELDS = ("system", "system_type", "team", "submitter", "description", "url")
EMPTY = dict.fromkeys(FIELDS, "") | {"track": next(iter(TRACKS))}

# A check reads hundreds of megabytes; more than two at a time would only slow each other and the pages down.
CHECKS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="check")


@dataclass(frozen=True)
class Outcome:
    """What became of a sent form."""

    report: Report | None = None
    """None if there was nothing to check."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with the form, by field."""
    submission: str | None = None
    """Its id, if it was stored."""


def show(visit: Visit) -> View:
    """The empty form."""
    return _view(visit.site, visit.snapshot, EMPTY, Outcome())


async def take(request: Request) -> Response:
    """Check what was sent; store it if that was asked for and nothing is wrong."""
    site = site_of(request)
    async with limited(request, site.settings.max_upload_bytes).form(
        max_files=MOST_FILES, max_fields=MOST_FIELDS
    ) as form:
        values = _values(form)
        track = track_named(values["track"])
        uploads = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
        is_final = form.get("action") == "submit"
        work = partial(examine, site, track, uploads, values, store=is_final)
        outcome = await asyncio.get_running_loop().run_in_executor(CHECKS, work)
    if outcome.submission:
        return RedirectResponse(f"/submissions/{outcome.submission}", 303)
    refused = bool(outcome.faults) or not (outcome.report and outcome.report.accepted)
    snapshot = await asyncio.to_thread(site.reader.snapshot)
    return site.render(request, _view(site, snapshot, values, outcome), 422 if refused else 200)


def examine(
    site: Site, track: Track, uploads: Sequence[UploadFile], values: Mapping[str, str], *, store: bool
) -> Outcome:
    """Check uploads in a temporary folder, and store what passes if `store` says so and the form is filled well."""
    if not uploads:
        return Outcome(faults={"files": "Choose at least one file."})
    tasks = tuple(site.reader.snapshot().tasks.values())
    with tempfile.TemporaryDirectory(prefix="arena-check-") as folder:
        checked = Path(folder, "checked")
        checked.mkdir()
        report = check(saved(uploads, Path(folder)), tasks, into=checked, track=track)
        if not store:
            return Outcome(report)
        try:
            delivery = Delivery.from_form({name: values[name] for name in FIELDS})
        except Misfilled as error:
            return Outcome(report, error.faults)
        if not report.accepted:
            return Outcome(report)
        stored = receive(site.reader.arena, report, checked, delivery, datetime.now(UTC))
    return Outcome(report, submission=stored.id)


def _values(form: FormData) -> dict[str, str]:
    given = {name: form.get(name) for name in EMPTY}
    return {name: value if isinstance(value, str) else EMPTY[name] for name, value in given.items()}


def _view(site: Site, snapshot: Snapshot, values: Mapping[str, str], outcome: Outcome) -> View:
    context: dict[str, Any] = {
        "values": values,
        "report": outcome.report,
        "faults": outcome.faults,
        "tracks": TRACKS.values(),
        "system_types": get_args(SystemType),
        "limit": site.settings.max_upload_bytes,
        "has_tasks": bool(snapshot.tasks),
    }
    return View("submit.html", context)


ROUTES = [page("/submit", show), Route("/submit", take, methods=["POST"])]
