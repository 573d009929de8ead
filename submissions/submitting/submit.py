"""Storing a checked delivery as a submission."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationError, ValidationInfo

from submissions.arena.arena import Arena
from submissions.arena.ids import new_id
from submissions.errors import InvalidForm, SubmissionRejected
from submissions.names.readable_name import normalize_name
from submissions.records.base import Name, Record
from submissions.records.check_report import Report
from submissions.records.submission import Provenance, Submission, SystemType
from submissions.records.webhook import FILE as WEBHOOK
from submissions.records.webhook import PublicUrl, Secret, Webhook
from submissions.records.webhook_address import WEBHOOK_PORTS
from submissions.storage.codec import to_json
from submissions.tracks import get_track
from submissions.tracks.track import Track

ReadableName = Annotated[Name, AfterValidator(normalize_name)]
KnownType = Annotated[SystemType, AfterValidator(lambda kind, info: _check_type(kind, info))]
"""Type of a system, one of those of the track in the validation's context."""


class SubmissionForm(Record):
    """Submitter and system of a delivery, with provenance and webhook."""

    system: ReadableName
    system_type: KnownType
    team: ReadableName
    submitter: ReadableName
    provenance: Provenance = Provenance()
    webhook: PublicUrl = ""
    """Address for notifications; none if empty."""
    webhook_secret: Secret = ""

    @classmethod
    def from_form(
        cls, fields: Mapping[str, str], webhook_ports: Collection[int] = WEBHOOK_PORTS, *, track: Track | None = None
    ) -> Self:
        """Read the form fields system, system_type, team, submitter, description, url, webhook, webhook_secret.

        Raises InvalidForm, which names every invalid field. Without a track, `build_submission` checks system_type.
        """
        context = {"webhook_ports": webhook_ports, "track": track}
        provenance = {key: fields[key] for key in ("description", "url") if key in fields}
        others = {key: value for key, value in fields.items() if key not in provenance}
        try:
            return cls.model_validate({**others, "provenance": provenance}, context=context)
        except ValidationError as error:
            raise InvalidForm(_collect_faults(error)) from error


def store_submission(
    arena: Arena,
    report: Report,
    data: Path,
    delivery: SubmissionForm,
    now: datetime,
    *,
    owner: str = "",
    private: bool = False,
) -> Submission:
    """Store a checked delivery, in one commit; `data` is the check's output folder. Raises SubmissionRejected."""
    submission = build_submission(report, delivery, now, owner=owner, private=private)
    write_sidecar_files(data, delivery)
    arena.add_submission(submission, data)
    return submission


def build_submission(
    report: Report, delivery: SubmissionForm, now: datetime, *, owner: str = "", private: bool = False, seed: str = ""
) -> Submission:
    """Build the record of a checked delivery; nothing is stored yet. Raises SubmissionRejected, InvalidForm.

    `owner` comes from an authenticated source, never out of a form; a `private` result waits for them
    to publish it. Submissions of one `seed` are stored only once.
    """
    if not report.accepted:
        raise SubmissionRejected(report)
    if fault := find_type_fault(delivery.system_type, get_track(report.track)):
        raise InvalidForm({"system_type": fault})
    return Submission(
        id=new_id(now, seed),
        track=report.track,
        system=delivery.system,
        system_type=delivery.system_type,
        team=delivery.team,
        submitter=delivery.submitter,
        files=report.files,
        descriptions=report.descriptions,
        provenance=delivery.provenance,
        owner=owner,
        private=private,
        created_at=now,
    )


def write_sidecar_files(data: Path, delivery: SubmissionForm) -> None:
    """Write files that are stored with the checked ones but are not part of the submission record."""
    if delivery.webhook:
        told = Webhook(url=delivery.webhook, secret=delivery.webhook_secret)
        (data / WEBHOOK).write_bytes(to_json(told))


def find_type_fault(kind: str, track: Track) -> str | None:
    """Return the fault of a system's type that is none of the track's; None for one of them."""
    if kind in track.system_type_keys:
        return None
    *others, last = map(repr, track.system_type_keys)
    known = f"{', '.join(others)}{' or ' if others else ''}{last}"
    return f"{kind!r} is no type of systems on the track {track.name}; it must be {known}"


def _check_type(kind: str, info: ValidationInfo) -> str:
    track = (info.context or {}).get("track")
    if track and (fault := find_type_fault(kind, track)):
        raise ValueError(fault)
    return kind


def _collect_faults(error: ValidationError) -> dict[str, str]:
    faults: dict[str, str] = {}
    for fault in error.errors():
        path = [str(part) for part in fault["loc"] if part != "provenance"]
        faults.setdefault(".".join(path), _describe_fault(path[-1], fault["type"], fault["msg"]))
    return faults


def _describe_fault(field: str, kind: str, message: str) -> str:
    if kind == "string_pattern_mismatch" and field != "system_type":
        return "it must begin with http:// or https://" if field == "url" else "it must have no control characters"
    known = {"missing": "it is missing", "string_too_short": "it must not be blank", "extra_forbidden": "no such field"}
    return known.get(kind, message.removeprefix("Value error, "))
