"""Publishes results: into `results` for everybody, or into `drafts` until their owner publishes them.

Every step may be the last before the process is killed: visible files are written before their other copies are
deleted, so the next run finds all of them and completes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from evaluator.publishing.results_table import table_changes
from evaluator.publishing.status_log import append_status, final_status
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.index.result_index import result_index_changes
from submissions.index.submission_index import submission_index_changes
from submissions.records.base import Record
from submissions.records.owner_requests import filter_authorized
from submissions.records.result import Result, split_verdicts
from submissions.records.status import Status
from submissions.records.submission import Submission
from submissions.storage.codec import read_record, to_json
from submissions.storage.repo import Change, Repo

KINDS = ("results", "previews", "costs")
"""Kinds of published evaluation records, each at result_path."""
VERDICTS = "verdicts"
"""Kind of the counts that stay in `drafts` when a result is published."""


@dataclass(frozen=True)
class Publisher:
    """Publishes the results of one arena."""

    arena: Arena

    def is_withheld(self, submission: Submission) -> bool:
        """Return whether the submission's results are visible to its owner only, for now."""
        wishes = filter_authorized(self.arena.read_owner_requests(submission.id), submission.owner)
        return submission.private and not any(wish.kind == "publish" for wish in wishes)

    def publish_preview(self, submission: Submission, preview: Result) -> None:
        """Publish the scores measured before the trainings; does nothing if exactly these are published."""
        withheld = self.is_withheld(submission)
        repo = self.arena.drafts if withheld else self.arena.results
        content = to_json(preview if withheld else split_verdicts(preview)[0])
        path = result_path(preview.submission, preview.protocol, "previews")
        if path not in repo.list(path) or repo.read(path) != content:
            commit_with_retry(repo, [Change(path, content)])

    def publish_result(self, submission: Submission, protocol: str, found: Mapping[str, Record]) -> Status:
        """Publish the records of an evaluation, by kind, in place of its preview, and return the new status."""
        paths = {kind: result_path(submission.id, protocol, kind) for kind in found}
        preview = result_path(submission.id, protocol, "previews")
        results, drafts = self.arena.results, self.arena.drafts
        if self.is_withheld(submission):
            changes = [Change(paths[kind], to_json(one)) for kind, one in found.items()]
            commit_with_retry(drafts, [*changes, *_deletion_changes(drafts, [preview])])
            status = final_status("evaluated", "Evaluated. Only its owner sees the result, until they publish it.")
            commit_with_retry(results, [append_status(self.arena, submission.id, status)])
            commit_with_retry(drafts, submission_index_changes(self.arena, [submission.id]))
            return status
        status = final_status("published", "The result is public.", "publish")
        self._keep_verdicts([one for one in found.values() if isinstance(one, Result)])
        changes = [Change(paths[kind], _public_content(one)) for kind, one in found.items()]
        changes += _listing_changes(results, [one for one in found.values() if isinstance(one, Result)])
        commit_with_retry(
            results,
            [*changes, *_deletion_changes(results, [preview]), append_status(self.arena, submission.id, status)],
        )
        self._remove_drafts(submission.id, [result_path(submission.id, protocol, kind) for kind in KINDS])
        return status

    def publish_drafts(self, ulid: str) -> None:
        """Publish all drafts of a submission. Safe to repeat."""
        held, shown = _list_files(self.arena.drafts, ulid), _list_files(self.arena.results, ulid)
        if not held:
            return
        results = {path for path in {*held, *shown} if path.startswith("results/")}
        over = {path.replace("results/", "previews/", 1) for path in results}
        changes = [Change(path, self._read_public(path)) for path in held if path not in {*shown, *over}]
        fresh = [path for path in held if path in results and path not in shown]
        if fresh:
            status = final_status("published", "The result is public: its owner published it.", "publish")
            changes.append(append_status(self.arena, ulid, status))
            made = [read_record(self.arena.drafts, path, Result) for path in fresh]
            self._keep_verdicts(made)
            changes += _listing_changes(self.arena.results, made)
        changes += [Change(path, None) for path in shown if path in over]
        if changes:
            commit_with_retry(self.arena.results, changes)
        self._remove_drafts(ulid, held)

    def withdraw(self, ulid: str, why: str = "Withdrawn.") -> None:
        """Remove a submission from the boards or the queue; its history stays. Safe to repeat."""
        shown = _list_files(self.arena.results, ulid)
        changes = [Change(path, None) for path in shown]
        if self.arena.read_history(ulid).now.state != "withdrawn":
            was_public = any(path.startswith("results/") for path in shown)
            status = final_status("withdrawn", f"{why}{' Its result is no longer shown.' if was_public else ''}")
            changes.append(append_status(self.arena, ulid, status))
        gone = [(ulid, PurePosixPath(path).stem) for path in shown if path.startswith("results/")]
        changes += _listing_changes(self.arena.results, [], gone)
        if changes:
            commit_with_retry(self.arena.results, changes)
        self._remove_drafts(
            ulid, [*_list_files(self.arena.drafts, ulid), *self.arena.drafts.list(f"{VERDICTS}/{ulid}/")]
        )

    def _keep_verdicts(self, results: Sequence[Result]) -> None:
        """Store the counts of verdicts for the owner, before the results are public without them."""
        counts = [counted for one in results if (counted := split_verdicts(one)[1])]
        changes = [Change(result_path(one.submission, one.protocol, VERDICTS), to_json(one)) for one in counts]
        if changes := _changed_only(self.arena.drafts, changes):
            commit_with_retry(self.arena.drafts, changes)

    def _read_public(self, path: str) -> bytes:
        """Read a draft as it is published."""
        if path.startswith("costs/"):
            return self.arena.drafts.read(path)
        return _public_content(read_record(self.arena.drafts, path, Result))

    def _remove_drafts(self, ulid: str, paths: Sequence[str]) -> None:
        """Remove obsolete drafts, and record the submission's end in the files that a web app starts from."""
        changes = _deletion_changes(self.arena.drafts, paths)
        if self.arena.has_submission(ulid):
            changes += _changed_only(self.arena.drafts, submission_index_changes(self.arena, [ulid]))
        # A repeat after a kill may find its work done, and the Hub limits commits per hour.
        if changes:
            commit_with_retry(self.arena.drafts, changes)


def _public_content(record: Record) -> bytes:
    return to_json(split_verdicts(record)[0] if isinstance(record, Result) else record)


def _listing_changes(results: Repo, made: Sequence[Result], gone: Sequence[tuple[str, str]] = ()) -> list[Change]:
    """Changes to the listings of all results: for the web app, and for analysis."""
    if not made and not gone:
        return []
    return [*result_index_changes(results, made, gone), *table_changes(results, made, gone)]


def _list_files(repo: Repo, ulid: str) -> list[str]:
    return [path for kind in KINDS for path in repo.list(f"{kind}/{ulid}/")]


def _changed_only(repo: Repo, changes: Sequence[Change]) -> list[Change]:
    """Drop changes that equal the stored content."""
    return [one for one in changes if repo.list(one.path) != [one.path] or repo.read(one.path) != one.content]


def _deletion_changes(repo: Repo, paths: Sequence[str]) -> list[Change]:
    return [Change(path, None) for path in paths if path in repo.list(path)]
