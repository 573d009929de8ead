"""Copies an arena's repositories between locations: folder or Hub, in any direction.

Existing files are not copied again, so a restarted copy continues after an interruption. README.md is left out: it
belongs to the location, written by `python -m curation init`; so does its format.json where the source has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from submissions.errors import Conflict, CorruptRecord, NotFound, TheirError
from submissions.records.base import Record
from submissions.storage.commit_rate import CommitRateLimit
from submissions.storage.format_version import PATH as FORMAT_PATH
from submissions.storage.hub.blob_cache import compute_hub_ids
from submissions.storage.locations import PUBLIC, REPOSITORIES, is_hub_url, open_repo, sibling_location
from submissions.storage.repo import Change, Repo

MAX_FILES_PER_COMMIT = 500
"""Files of one commit. The Hub aborts a commit after 60 s, and accepts some 128 an hour."""
MAX_BYTES_PER_COMMIT = 50 * 2**20
"""Bytes of one commit, unless a single file is larger."""

Progress = Callable[[str, int, int], None]


class DestinationNotEmpty(TheirError):
    """Error: the copy's destination holds other files."""


class MirrorReport(Record):
    """Result for one repository."""

    repository: str
    files: int
    """Number of files now in both locations."""
    copied: int
    deleted: int
    bytes: int
    commits: int


@dataclass(frozen=True)
class MirrorPlan:
    """Planned changes for one repository."""

    name: str
    source: Repo
    target: Repo
    head: str
    """Head of the source at the time of the plan."""
    parent: str
    """Head of the target."""
    files: int
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    foreign: tuple[str, ...]
    """Paths that only the target has."""


def mirror_arena(
    source: str,
    target: str,
    *,
    only: Sequence[str] = REPOSITORIES,
    update: bool = False,
    pace: CommitRateLimit | None = None,
    progress: Progress = lambda *_: None,
) -> list[MirrorReport]:
    """Make an arena's repositories at `target` equal to those at `source`, and verify them.

    If the target holds anything else, nothing is copied unless `update` allows overwriting and deleting it.
    Raises NotFound, DestinationNotEmpty, Conflict for a target with another writer, CorruptRecord for a copy that
    differs.
    """
    if unknown := set(only) - set(REPOSITORIES):
        raise NotFound(f"No repository {', '.join(sorted(unknown))}: there are {', '.join(REPOSITORIES)}.")
    present = [name for name in REPOSITORIES if name in only and _is_there(sibling_location(source, name))]
    plans = [_plan_repo(name, source, target, pace, progress) for name in present]
    if not any(plan.files for plan in plans):
        raise NotFound(f"{source} has nothing to copy: is it the arena, a folder or hf://ORG/PREFIX?")
    if not update:
        _require_empty_target(plans, target)
    done = [_execute_plan(plan, progress) for plan in plans]
    for plan in plans:
        _verify_repo(plan.name, source, target, progress)
    for plan in plans:
        if plan.source.head() != plan.head:
            raise Conflict(
                f"{sibling_location(source, plan.name)} changed during the copy: run this again, with --update."
            )
    return done


def _is_there(place: str) -> bool:
    """Return whether a folder exists; a missing one must not pass for an empty one, or everything is deleted."""
    return is_hub_url(place) or Path(place).is_dir()


def _plan_repo(name: str, source: str, target: str, pace: CommitRateLimit | None, progress: Progress) -> MirrorPlan:
    mine = open_repo(sibling_location(source, name), is_public=name in PUBLIC)
    theirs = open_repo(sibling_location(target, name), pace, is_public=name in PUBLIC)
    head, parent = mine.head(), theirs.head()
    ours, others = _comparable_ids(mine, theirs)
    shared = sorted(ours.keys() & others.keys())
    differing = []
    for number, path in enumerate(shared):
        progress(f"comparing {name}", number, len(shared))
        if not _has_same_content(path, mine, ours[path], theirs, others[path]):
            differing.append(path)
    missing, foreign = sorted(ours.keys() - others.keys()), sorted(others.keys() - ours.keys())
    return MirrorPlan(name, mine, theirs, head, parent, len(ours), tuple(missing), tuple(differing), tuple(foreign))


def _require_empty_target(plans: Iterable[MirrorPlan], target: str) -> None:
    """Raise DestinationNotEmpty for a target with files that the source lacks, or with other content."""
    for plan in plans:
        if others := [*plan.differing, *plan.foreign]:
            raise DestinationNotEmpty(
                f"{sibling_location(target, plan.name)} has {len(others)} file(s) that the copy would overwrite or "
                f"delete, for "
                f"example {others[0]}. Choose an empty target, or allow it with --update."
            )


def _execute_plan(plan: MirrorPlan, progress: Progress) -> MirrorReport:
    wanted = sorted((*plan.missing, *plan.differing))
    parent, commits, written, total = plan.parent, 0, 0, 0
    # Deletions first: a file may be where a folder is to be.
    for changes in _make_batches(plan, plan.foreign, wanted):
        parent = plan.target.commit(changes, parent)
        sizes = [len(change.content) for change in changes if isinstance(change.content, bytes)]
        commits, written, total = commits + 1, written + len(sizes), total + sum(sizes)
        progress(f"copying {plan.name}", written, len(wanted))
    return MirrorReport(
        repository=plan.name,
        files=plan.files,
        copied=written,
        deleted=len(plan.foreign),
        bytes=total,
        commits=commits,
    )


def _make_batches(plan: MirrorPlan, deleted: Sequence[str], wanted: Sequence[str]) -> Iterator[list[Change]]:
    """Yield the commits, each within the size limits."""
    for start in range(0, len(deleted), MAX_FILES_PER_COMMIT):
        yield [Change(path, None) for path in deleted[start : start + MAX_FILES_PER_COMMIT]]
    batch: list[Change] = []
    size = 0
    for path in wanted:
        content = plan.source.read(path)
        if batch and (len(batch) == MAX_FILES_PER_COMMIT or size + len(content) > MAX_BYTES_PER_COMMIT):
            yield batch
            batch, size = [], 0
        batch.append(Change(path, content))
        size += len(content)
    if batch:
        yield batch


def _verify_repo(name: str, source: str, target: str, progress: Progress) -> None:
    """Raise CorruptRecord unless both locations hold the same, as seen by a fresh reader."""
    mine, theirs = (open_repo(sibling_location(arena, name), is_public=name in PUBLIC) for arena in (source, target))
    ours, others = _comparable_ids(mine, theirs)
    for number, path in enumerate(sorted(ours.keys() | others.keys())):
        progress(f"verifying {name}", number, len(ours))
        both = path in ours and path in others
        if not both or not _has_same_content(path, mine, ours[path], theirs, others[path]):
            raise CorruptRecord(
                f"{path} is not the same in {sibling_location(source, name)} and "
                f"{sibling_location(target, name)}: run this again."
            )


def _comparable_ids(mine: Repo, theirs: Repo) -> tuple[dict[str, str], dict[str, str]]:
    """The content ids of both repositories, without the files that `curation init` wrote."""
    ours, others = (
        {path: known for path, known in repo.ids().items() if path != "README.md"} for repo in (mine, theirs)
    )
    if FORMAT_PATH not in ours:  # data of version 0.1: the format that the place was made with stays
        others.pop(FORMAT_PATH, None)
    return ours, others


def _has_same_content(path: str, mine: Repo, my_id: str, theirs: Repo, their_id: str) -> bool:
    """Return whether both copies of a file are equal; read it only if one is in LFS, under another id."""
    if my_id == their_id or len(my_id) == len(their_id):
        return my_id == their_id
    in_git, in_lfs = (mine, their_id) if len(my_id) < len(their_id) else (theirs, my_id)
    return in_lfs in compute_hub_ids(in_git.read(path))
