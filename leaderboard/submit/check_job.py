"""Runs one check: report, preview, corrected copy and, if requested, a stored submission."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.submit.check_queue import CheckQueue
from leaderboard.submit.check_sessions import CheckSession
from leaderboard.submit.submission_store import SubmissionStore
from leaderboard.web.fault_answers import as_our_fault
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.hub_fetch import fetch_datasets
from submissions.check_process.pool import CheckPool
from submissions.checking.hub_datasets import HubDataset
from submissions.errors import InvalidFile, InvalidForm, OurError, SubmissionDenied
from submissions.records.check_report import Report
from submissions.records.prompt_frame import PromptFrame
from submissions.records.webhook_address import WEBHOOK_PORTS
from submissions.repair.repair import can_repair
from submissions.submitting.same_files import add_repetition
from submissions.submitting.submit import SubmissionForm, build_submission, write_sidecar_files
from submissions.tracks.track import Track

FIELDS = ("system", "system_type", "team", "submitter", "description", "url", "webhook", "webhook_secret")


@dataclass(frozen=True)
class CheckRequest:
    """Uploaded files, or data sets to fetch, for one check."""

    track: Track
    sources: Sequence[Path] = ()
    named: Sequence[HubDataset] = ()
    most_bytes: int = 0
    """Maximum bytes to fetch."""
    is_final: bool = False
    """True to store the data if it has no errors."""
    webhook_ports: frozenset[int] = WEBHOOK_PORTS
    """Ports that the form's webhook may use."""


CHECKS = CheckPool()
CHECK_QUEUE = CheckQueue(CHECKS)
"""Checks of all visitors, by form, API and MCP."""


def run_check_job(
    reading: DeliveryCheck, check: CheckSession, storing: SubmissionStore, snapshot: Snapshot, parcel: CheckRequest
) -> None:
    """Check the request's data and report to the session; store it if requested and accepted.

    The session is always finished afterwards; an internal error is raised again.
    """
    check.broken = True
    try:
        with (
            tempfile.TemporaryDirectory(dir=check.folder) as into,
            tempfile.TemporaryDirectory(dir=check.folder) as fetched,
        ):
            _run_check(reading, check, storing, snapshot, parcel, Path(into), Path(fetched))
        check.broken = False
    except (OurError, OSError) as error:
        check.failure = as_our_fault(error)
        raise
    finally:
        check.finish()


def _run_check(
    reading: DeliveryCheck,
    check: CheckSession,
    storing: SubmissionStore,
    snapshot: Snapshot,
    parcel: CheckRequest,
    into: Path,
    fetched_into: Path,
) -> None:
    tasks = tuple(snapshot.tasks.values())
    try:
        fetched = fetch_datasets(
            parcel.named,
            tasks,
            fetched_into,
            parcel.most_bytes,
            track=parcel.track,
            is_cancelled=lambda: reading.is_cancelled,
        )
    except InvalidFile as unfit:
        check.faults = {"hub_data": str(unfit)}
        return
    sources = [*parcel.sources, *fetched.files]
    report = reading.check_sources(
        sources, tasks, into=into, track=parcel.track, progress=check.update_progress, tell=check.add_problems
    )
    check.report = report
    delivery = _parse_form(check, parcel) if parcel.is_final else None
    if delivery and report.accepted and not check.faults:
        provenance = delivery.provenance.model_copy(update={"fetched": fetched.pins})
        _store_submission(check, storing, report, into, delivery.model_copy(update={"provenance": provenance}))
        if check.submission:
            return
    _sample_rows(reading, check, into, _list_frames(snapshot, parcel.track))
    if not can_repair(parcel.track):
        return
    check.corrected.mkdir()
    check.fixed = reading.repair_sources(sources, tasks, into=check.corrected, track=parcel.track, report=report)


def _store_submission(
    check: CheckSession, storing: SubmissionStore, report: Report, into: Path, delivery: SubmissionForm
) -> None:
    """Store the submission; report to the session if it may not be stored."""
    is_private = check.values["publish"] != "at_once"
    submission = build_submission(
        report, delivery, datetime.now(UTC), owner=check.owner, private=is_private, seed=check.seed
    )
    write_sidecar_files(into, delivery)
    try:
        check.submission = storing.store_submission(submission, into)
    except SubmissionDenied as denied:
        check.faults = {denied.field: str(denied)}
        return
    if check.submission == submission.id and (earlier := storing.find_repeated(submission)):
        check.report = add_repetition(report, earlier)


def _parse_form(check: CheckSession, parcel: CheckRequest) -> SubmissionForm | None:
    """Parse the form; None, with the faults reported to the session, if it is invalid."""
    try:
        fields = {name: check.values[name] for name in FIELDS}
        return SubmissionForm.from_form(fields, parcel.webhook_ports, track=parcel.track)
    except InvalidForm as error:
        check.faults = {**check.faults, **error.faults}
        return None


def _list_frames(snapshot: Snapshot, track: Track) -> tuple[PromptFrame, ...]:
    """Return the frames of a track's protocols; one of unknown track counts, from an older evaluator."""
    tracks = {name: protocol.track for name, protocol in snapshot.protocols.items()}
    return tuple(frame for name, frame in snapshot.frames.items() if tracks.get(name, track.name) == track.name)


def _sample_rows(reading: DeliveryCheck, check: CheckSession, into: Path, frames: Sequence[PromptFrame]) -> None:
    """Preview the accepted rows, and count the tokens that a training would read."""
    assert check.report is not None
    samples = reading.sample_rows(check.report, frames, into=into)
    check.samples = {sample.task: sample.preview for sample in samples}
    check.delivered = {
        frame.protocol: {sample.task: sample.tokens[frame.protocol] for sample in samples} for frame in frames
    }
