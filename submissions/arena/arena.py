"""The repositories that the web app and the evaluator share, and their records.

submissions (private)  <yyyy>/<mm>/<ulid>/submission.json + data/<task>.jsonl     written by the web app or `submit`
                       <yyyy>/<mm>/<ulid>/wishes/<ulid>.json: withdraw, retry, publish
                       teams/<ulid>.json: invitations to a team's name
                       <yyyy>/<mm>/<ulid>/webhook.json: address for notifications to its submitter
results     (public)   tasks.jsonl, frames.jsonl, protocols.jsonl                 written by the evaluator
                       status/<ulid>.json
                       README.md, format.json, lease.json, table/<track>/<yyyy>-<mm>.parquet
                       results, previews, costs: <ulid>/<protocol>.json
                       self_reported/<track>.json                               written by an organiser
drafts      (private)  results, previews, costs of unpublished submissions             written by the evaluator
                       verdicts/<ulid>/<protocol>.json: counts of verdicts of published results
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from weakref import WeakKeyDictionary

from submissions.arena.ids import new_id, parse_id_time, submission_dir
from submissions.errors import Conflict, CorruptRecord, NotFound
from submissions.records.ledger import Ledger
from submissions.records.owner_requests import OwnerRequest, TeamInvitation
from submissions.records.prompt_frame import PromptFrame
from submissions.records.result import Result, VerdictCounts
from submissions.records.self_reported import SelfReported, read_reports, reports_path
from submissions.records.status import History, Status
from submissions.records.submission import DataFile, Description, Submission
from submissions.records.task import Metadata, Row, Task
from submissions.records.webhook import FILE as WEBHOOK
from submissions.records.webhook import Webhook
from submissions.storage.codec import iter_lines, parse_lines, read_lines, read_record, to_json
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.format_version import check_format
from submissions.storage.locations import PUBLIC, is_hub_url, open_repo, sibling_location
from submissions.storage.repo import Change, Repo
from submissions.tracks import describe_protocol, get_track
from submissions.tracks.published_protocol import PROTOCOL_NAME, PublishedProtocol

_PUBLISHED = re.compile(rf"(results|previews|costs)/([0-9A-HJKMNP-TV-Z]{{26}})/({PROTOCOL_NAME})\.json")
_YEAR = re.compile(r"\d{4}")
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_COMMIT_LOCKS: WeakKeyDictionary[Repo, Lock] = WeakKeyDictionary()


@dataclass(frozen=True)
class Arena:
    """Access to submissions and results."""

    submissions: Repo
    results: Repo
    drafts: Repo

    def read_tasks(self) -> tuple[Task, ...]:
        """Read the public tasks, in benchmark order; empty until an evaluator has published them."""
        try:
            return read_lines(self.results, "tasks.jsonl", Task)
        except NotFound:
            return ()

    def submission_ids(self) -> list[str]:
        """List all submissions, oldest first (ULIDs sort by time)."""
        # Lists folders, not files: a submission may have two hundred files.
        years = [year for year in self.submissions.list_dir() if _YEAR.fullmatch(year)]
        months = [f"{year}/{month}" for year in years for month in self.submissions.list_dir(year)]
        return sorted(name for month in months for name in self.submissions.list_dir(month) if _ULID.fullmatch(name))

    def read_submission(self, ulid: str) -> Submission:
        """Read one submission. Raises NotFound."""
        return read_record(self.submissions, self._submission_path(ulid), Submission)

    def has_submission(self, ulid: str) -> bool:
        """Return whether a submission's record exists. Raises NotFound for an invalid ULID."""
        path = f"{submission_dir(ulid)}/submission.json"
        return path in self.submissions.list(path)

    def status_ids(self) -> list[str]:
        """List the submissions with a status file, sorted; includes submissions deleted since."""
        names = (name.removesuffix(".json") for name in self.results.list_dir("status"))
        return sorted(name for name in names if _ULID.fullmatch(name))

    def read_rows(self, submission: Submission, task: str, limit: int | None = None) -> tuple[Row, ...]:
        """Read the rows, or the first ones, that a submission delivers for a task. Raises NotFound."""
        for file in submission.files:
            if file.task == task and file.kind == "rows":
                path = f"{submission_dir(submission.id)}/{file.path}"
                return tuple(islice(iter_lines(path, self.submissions.read(path), Row), limit))
        raise NotFound(f"Submission {submission.id} has no data for {task}.")

    def read_artifact(self, submission: Submission, file: DataFile) -> bytes:
        """Read the content of a submission's stored file. Raises NotFound."""
        return self.submissions.read(f"{submission_dir(submission.id)}/{file.path}")

    def read_descriptions(self, submission: Submission) -> dict[str, Metadata]:
        """Read the submitter's data set descriptions, by task; empty without any. Raises NotFound, CorruptRecord."""
        if submission.descriptions is None:
            return {}
        path = f"{submission_dir(submission.id)}/{submission.descriptions.path}"
        content = self.submissions.read(path)
        if hashlib.sha256(content).hexdigest() != submission.descriptions.sha256:
            raise CorruptRecord(f"{path} does not match its recorded hash. Restore it from the repository's history.")
        return {said.task: said.metadata for said in parse_lines(path, content, Description)}

    def read_history(self, ulid: str) -> History:
        """Read a submission's history; without a status it is `received`. Raises NotFound."""
        submission_dir(ulid)  # rejects an invalid id before it becomes a path
        with suppress(NotFound):
            return read_record(self.results, f"status/{ulid}.json", History)
        self._submission_path(ulid)
        return self.received_history(ulid)

    def received_history(self, ulid: str) -> History:
        """Return the history of a submission without a status. Raises NotFound for an invalid ULID."""
        # The id's time, not the record's: an unreadable submission must not block the queue.
        received = Status(state="received", message="Stored; waiting for the evaluator.", time=parse_id_time(ulid))
        return History(submission=ulid, entries=(received,))

    def result_ids(self) -> list[str]:
        """List the submissions with a published result, oldest first."""
        return sorted(self.published_protocols())

    def published_protocols(self) -> dict[str, list[str]]:
        """Return the protocols of published results, by submission; the one to show comes first."""
        return list_protocols(self.results, "results")

    def read_result(self, ulid: str, protocol: str = "") -> Result:
        """Read a published result under a protocol, or the one to show first. Raises NotFound."""
        protocols = self.published_protocols().get(ulid, []) if not protocol else [protocol]
        if not protocols:
            raise NotFound(f"Submission {ulid[:40]} has no published result yet.")
        return read_record(self.results, result_path(ulid, protocols[0]), Result)

    def read_frames(self) -> tuple[PromptFrame, ...]:
        """Read each protocol's prompt frame; empty until an evaluator has published them."""
        try:
            return read_lines(self.results, "frames.jsonl", PromptFrame)
        except NotFound:
            return ()

    def read_protocols(self) -> tuple[PublishedProtocol, ...]:
        """Read the facts of each served protocol; empty in an arena of an evaluator that published none."""
        try:
            return read_lines(self.results, "protocols.jsonl", PublishedProtocol)
        except NotFound:
            return ()

    def read_self_reported(self, track: str) -> tuple[SelfReported, ...]:
        """Read the self-reported results of a track; empty until an organiser has written them."""
        path = reports_path(track)
        try:
            groups = [group.key for group in get_track(track).groups]
            return read_reports(path, self.results.read(path), groups).rows
        except NotFound:
            return ()

    def read_preview(self, ulid: str, protocol: str) -> Result:
        """Read the results of the few-shot stages, before the trainings are done. Raises NotFound."""
        return read_record(self.results, result_path(ulid, protocol, "previews"), Result)

    def read_ledger(self, ulid: str, protocol: str) -> Ledger:
        """Read the costs of a published evaluation. Raises NotFound."""
        return read_record(self.results, result_path(ulid, protocol, "costs"), Ledger)

    def draft_protocols(self) -> dict[str, list[str]]:
        """Return the protocols of results that only their owner may see, by submission."""
        return list_protocols(self.drafts, "results")

    def read_draft(self, ulid: str, protocol: str) -> Result:
        """Read an unpublished result of a private submission. Raises NotFound."""
        return read_record(self.drafts, result_path(ulid, protocol), Result)

    def read_draft_preview(self, ulid: str, protocol: str) -> Result:
        """Read the preview of an unpublished private submission. Raises NotFound."""
        return read_record(self.drafts, result_path(ulid, protocol, "previews"), Result)

    def read_draft_ledger(self, ulid: str, protocol: str) -> Ledger:
        """Read the costs of an evaluation with an unpublished private result. Raises NotFound."""
        return read_record(self.drafts, result_path(ulid, protocol, "costs"), Ledger)

    def read_verdict_counts(self, ulid: str, protocol: str) -> VerdictCounts:
        """Read the counts of verdicts of a published result, which only its owner may see. Raises NotFound."""
        return read_record(self.drafts, result_path(ulid, protocol, "verdicts"), VerdictCounts)

    def ids_with_requests(self) -> list[str]:
        """List the submissions with owner requests, oldest first."""
        # Not by all files: a submission has some two hundred of them.
        return [ulid for ulid in self.submission_ids() if "wishes" in self.submissions.list_dir(submission_dir(ulid))]

    def read_owner_requests(self, ulid: str) -> tuple[OwnerRequest, ...]:
        """Read the submitter's requests, oldest first. Raises NotFound for an invalid ULID."""
        paths = self.submissions.list(f"{submission_dir(ulid)}/wishes/")
        return tuple(read_record(self.submissions, path, OwnerRequest) for path in paths)

    def add_owner_request(self, ulid: str, wish: OwnerRequest) -> None:
        """Store an owner request. Raises NotFound for an unknown submission."""
        folder = self._submission_path(ulid).rpartition("/")[0]
        commit_with_retry(self.submissions, [Change(f"{folder}/wishes/{new_id(wish.time)}.json", to_json(wish))])

    def read_team_invitations(self) -> tuple[TeamInvitation, ...]:
        """Read the requests of teams' owners about guests, oldest first; unreadable ones are left out."""
        found = []
        for path in sorted(self.submissions.list("teams/")):
            with suppress(CorruptRecord, NotFound):
                found.append(read_record(self.submissions, path, TeamInvitation))
        return tuple(found)

    def add_team_invitation(self, invitation: TeamInvitation) -> None:
        """Store the request of a team's owner about a guest."""
        path = f"teams/{new_id(invitation.time)}.json"
        commit_with_retry(self.submissions, [Change(path, to_json(invitation))])

    def read_webhook(self, ulid: str) -> Webhook | None:
        """Read the webhook for notifications to the submitter, if any."""
        with suppress(NotFound):
            return read_record(self.submissions, f"{submission_dir(ulid)}/{WEBHOOK}", Webhook)
        return None

    def add_submission(self, submission: Submission, data: Path) -> None:
        """Store a submission with its checked files, which lie in a folder as the check wrote them."""
        commit_with_retry(self.submissions, submission_changes(submission, data))

    def _submission_path(self, ulid: str) -> str:
        """Return the path of a submission's record. Raises NotFound."""
        if not self.has_submission(ulid):
            raise NotFound(f"No submission {ulid}: use the id that `submit` printed, or find it in the queue.")
        return f"{submission_dir(ulid)}/submission.json"


def open_arena(where: str, pace: CommitRateLimit | None = None, *, is_checked: bool = False) -> Arena:
    """Open the arena in a folder, or on the Hub at `hf://ORG/PREFIX`, where `pace` limits its commits.

    Raises NotFound for a name that cannot be one, or a folder whose parent does not exist, and NewerFormat for data
    that a later version wrote. The Hub is asked only with `is_checked`; without, `check_format` is to follow.
    """
    if not is_hub_url(where) and not (folder := Path(where)).parent.is_dir():
        raise NotFound(f"No folder {folder.parent} for the arena {folder.name}: create it, or check --arena.")
    names = ("submissions", "results", "drafts")
    arena = Arena(*(open_repo(sibling_location(where, name), pace, is_public=name in PUBLIC) for name in names))
    if is_checked or not is_hub_url(where):
        check_format(arena.results)
    return arena


def submission_changes(submission: Submission, data: Path) -> list[Change]:
    """Build the changes that store a submission: the checked files, and intake's extra files."""
    folder = submission_dir(submission.id)
    changes = [Change(f"{folder}/{file.path}", data / file.path.removeprefix("data/")) for file in submission.files]
    if said := submission.descriptions:
        changes.append(Change(f"{folder}/{said.path}", data / said.path))
    if (data / WEBHOOK).exists():
        changes.append(Change(f"{folder}/{WEBHOOK}", data / WEBHOOK))
    changes.append(Change(f"{folder}/submission.json", to_json(submission)))
    return changes


def result_path(ulid: str, protocol: str, kind: str = "results") -> str:
    """Return the path of a submission's result under a protocol; `previews`, `costs` and `verdicts` likewise."""
    return f"{kind}/{ulid}/{protocol}.json"


def list_protocols(repo: Repo, kind: str) -> dict[str, list[str]]:
    """Return a repository's protocols of results, previews or costs, by submission; the one to show first."""
    found: dict[str, list[str]] = {}
    for path in repo.list(f"{kind}/"):
        if match := _PUBLISHED.fullmatch(path):
            found.setdefault(match[2], []).append(match[3])
    return {ulid: sorted(protocols, key=protocol_sort_key) for ulid, protocols in found.items()}


def protocol_sort_key(protocol: str, published: Mapping[str, int] = MappingProxyType({})) -> tuple[int, str]:
    """Return a sort key: protocols for ranking before those only shown, demo protocols last.

    `published` are the positions that the evaluator published, by name; the others have those that their track knows.
    """
    order = published.get(protocol)
    return describe_protocol(protocol).order if order is None else order, protocol


def commit_with_retry(repo: Repo, changes: list[Change], tries: int = 20) -> str:
    """Commit changes that no other commit can invalidate: on a conflict, take the new head and retry."""
    with _COMMIT_LOCKS.setdefault(
        repo, Lock()
    ):  # otherwise threads that share a repository would exhaust each other's retries
        for _ in range(tries - 1):
            try:
                return repo.commit(changes, repo.head())
            except Conflict:
                continue
        return repo.commit(changes, repo.head())
