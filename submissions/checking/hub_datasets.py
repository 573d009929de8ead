"""Delivery by name: public data sets on the Hub, pinned to a commit, only their data files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder

from submissions.checking.file_names import is_ignored
from submissions.checking.limits import MAX_ENTRIES, MAX_HUB_FILES, MAX_HUB_LINES
from submissions.errors import InvalidFile, Unreachable
from submissions.records.submission import PinnedFile
from submissions.storage.hub.anonymous_api import hub_api
from submissions.tracks.track import Track

PREFIX = "hf://datasets/"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_]|[.-](?![.-])){0,95}"
_REVISION = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}|refs%2F(?:pr|convert)%2F[A-Za-z0-9]{1,40}"
_LINE = re.compile(
    rf"(?:(?P<task>[a-z0-9-]+)\s*=\s*)?(?:{PREFIX})?(?P<repo>{_NAME}/{_NAME})(?:@(?P<revision>{_REVISION}))?"
    r"(?:/(?P<path>[^\s]+))?"
)
_URL = re.compile(
    r"(?:(?P<task>[a-z0-9-]+)\s*=\s*)?(?:https?://)?(?:www\.)?(?P<host>huggingface\.co|hf\.co|hf-mirror\.com)/+"
    r"(?P<rest>[^?#]*)(?:\?[^#]*)?(?:#.*)?",
    re.IGNORECASE,
)
"""Address of a page or file of the Hub, or of a mirror with its addresses, as a browser shows it."""
_AT_REVISION = frozenset({"tree", "blob", "resolve", "raw", "blame", "commit", "commits", "edit"})
"""Parts of an address that a revision follows, and a path in most."""
_FIX = "Write owner/name@revision, or for one task: task-id = owner/name@revision/path/in/it."


@dataclass(frozen=True)
class HubDataset:
    """One line that names a data set."""

    repo: str
    revision: str
    path: str
    """A file, or a folder of files; empty for the top."""
    task: str
    """Task of the file; empty for files named by their tasks."""


@dataclass(frozen=True)
class FetchedFiles:
    """Fetched files and their exact source."""

    files: tuple[Path, ...]
    """Downloaded files, each in a separate folder, named `<task>.<ending>`."""
    pins: tuple[PinnedFile, ...]


def parse_hub_datasets(text: str) -> tuple[HubDataset, ...]:
    """Parse the lines of a form field or of a command. Raises InvalidFile."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_HUB_LINES:
        raise InvalidFile(f"{len(lines)} data sets are named.", f"Name at most {MAX_HUB_LINES}.")
    return tuple(_parse_line(line) for line in lines)


@dataclass
class _Budget:
    """What a fetch may still list, fetch and write."""

    max_bytes: int

    def __post_init__(self) -> None:
        self.left_bytes, self.left_files, self.left_entries = self.max_bytes, MAX_HUB_FILES, MAX_ENTRIES

    def take_entries(self, tree: Iterator[RepoFile | RepoFolder]) -> list[RepoFile | RepoFolder]:
        """Read the entries of a folder. Raises InvalidFile if all folders together have too many."""
        listed = list(islice(tree, self.left_entries + 1))
        self.left_entries -= len(listed)
        if self.left_entries < 0:
            what = f"The named folders have more than {MAX_ENTRIES:,} files together."
            raise InvalidFile(what, "Name single files.")
        return listed

    def take_files(self, repo: str, found: Sequence[RepoFile]) -> None:
        """Count files before they are downloaded. Raises InvalidFile."""
        self.left_files -= len(found)
        if self.left_files < 0:
            what = f"The named data sets have more than {MAX_HUB_FILES:,} data files together."
            raise InvalidFile(what, "Name single files, one for each task.")
        self.left_bytes -= sum(file.size for file in found)
        if self.left_bytes < 0:
            raise InvalidFile(f"The files of {repo} are too large.", f"All together may have {self.max_bytes:,} bytes.")


def download_datasets(
    named: Sequence[HubDataset], ids: Collection[str], into: Path, limit: int, track: Track
) -> FetchedFiles:
    """Download a track's data files of tasks with these ids into a folder, at most `limit` bytes together.

    Files are counted and sized before the download. Requests carry no token, so only public data sets are found;
    nothing in a repository is run. A slow Hub has no deadline here (submissions/check_process/hub_fetch.py has one).
    Raises InvalidFile, Unreachable.
    """
    if not track.hub_endings:
        raise InvalidFile(f"Files of the track {track.name} are not fetched from the Hub.", "Send the files.")
    api, budget = hub_api(False), _Budget(limit)
    files: list[Path] = []
    pins: list[PinnedFile] = []
    for number, one in enumerate(named):
        if one.task and one.task not in ids:
            raise InvalidFile(f"There is no task {one.task[:100]!r}.", "Take the id from the task list.")
        with _translate_hub_errors(one):
            repo, commit = _pin_revision(api, one)
            found = _select_files(api, one, commit, budget, track.hub_endings)
            budget.take_files(one.repo, found)
            for file in found:
                name = PurePosixPath(file.path).name
                if one.task:
                    name = one.task + PurePosixPath(name).suffix
                    _require_claimed(track, one, name)
                files.append(_download_file(api, one.repo, commit, file, into / f"{number}-{len(files)}" / name))
                pins.append(PinnedFile(repo=repo, commit=commit, path=file.path))
    return FetchedFiles(tuple(files), tuple(pins))


def _require_claimed(track: Track, one: HubDataset, name: str) -> None:
    """Require that a payload of the track claims a file under its task's name. Raises InvalidFile."""
    if not track.claims_name(name):
        raise InvalidFile(
            f"{one.path!r} in {one.repo} is no file of a task of {track.title}.",
            "Name another file.",
        )


def _parse_line(line: str) -> HubDataset:
    match = _LINE.fullmatch(_rewrite_url(line))
    if match is None:
        raise InvalidFile(f"{line[:200]!r} is not a data set on the Hub.", _FIX)
    path = (match["path"] or "").rstrip("/")
    if any(part in ("", ".", "..") for part in path.split("/") if path) or re.search(r"[\\\x00-\x1f%?#]", path):
        raise InvalidFile(f"{line[:200]!r} names a path that leaves its repository, or is not plain.", _FIX)
    if match["task"] and not path:
        raise InvalidFile(f"{line[:200]!r} names a whole repository for one task.", _FIX)
    return HubDataset(match["repo"], (match["revision"] or "main").replace("%2F", "/"), path, match["task"] or "")


def _rewrite_url(line: str) -> str:
    """Return the line with an address of the Hub as owner/name@revision/path. Raises InvalidFile for other pages."""
    match = _URL.fullmatch(line)
    if match is None:
        return line
    kind, *parts = match["rest"].strip("/").split("/")
    if kind != "datasets" or len(parts) < 2:
        what = "a Space" if kind == "spaces" else "a page of the Hub, or a model"
        raise InvalidFile(f"{line[:200]!r} is {what}, not a data set.", "Copy the address of the data set's page.")
    owner, name, *page = parts
    named = f"{owner}/{name}"
    if len(page) > 1 and page[0] in _AT_REVISION:
        revision, path = _split_revision([part for part in page[1:] if part])
        named += f"@{revision}" + (f"/{path}" if path and not page[0].startswith("commit") else "")
    return f"{match['task']}={named}" if match["task"] else named


def _split_revision(parts: list[str]) -> tuple[str, str]:
    """Split the end of an address into the revision, which may be refs/pr/1, and the path."""
    length = 3 if parts[:1] == ["refs"] and len(parts) > 2 else 1
    return "%2F".join(parts[:length]), "/".join(map(unquote, parts[length:]))


def _pin_revision(api: HfApi, one: HubDataset) -> tuple[str, str]:
    """Return the repository's current name and the revision's commit. Raises InvalidFile if it is not public."""
    info = api.dataset_info(one.repo, revision=one.revision, expand=["gated", "disabled", "private", "sha"])
    if info.gated or info.private or info.disabled:
        why = "gated" if info.gated else "private" if info.private else "disabled"
        raise InvalidFile(f"The data set {one.repo} is {why}.", "Name one that everybody may read, or send the files.")
    assert info.sha is not None
    return info.id, info.sha


def _select_files(
    api: HfApi, one: HubDataset, commit: str, budget: _Budget, endings: tuple[str, ...]
) -> list[RepoFile]:
    """Return the data files that a line means."""
    if one.path.endswith(endings):
        at = api.get_paths_info(one.repo, [one.path], repo_type="dataset", revision=commit)
        found = [file for file in at if isinstance(file, RepoFile)]
    else:
        found = list(_list_folder(api, one, commit, budget, endings))
    if not found:
        raise InvalidFile(
            f"{one.repo} has no data file at {one.path or 'its top'!r}.", f"Data files end in {_join_endings(endings)}."
        )
    if one.task and len(found) > 1:
        raise InvalidFile(f"{one.path!r} in {one.repo} has {len(found)} data files.", "Name one file for a task.")
    return found


def _list_folder(
    api: HfApi, one: HubDataset, commit: str, budget: _Budget, endings: tuple[str, ...]
) -> Iterator[RepoFile]:
    """Yield the data files of a folder; of `data`, if the top has none."""
    for folder in (one.path,) if one.path else ("", "data"):
        tree = api.list_repo_tree(one.repo, folder or None, repo_type="dataset", revision=commit)
        listed = budget.take_entries(iter(tree))
        found = [file for file in listed if isinstance(file, RepoFile) and _is_data_file(file.path, endings)]
        if found or not any(isinstance(entry, RepoFolder) and entry.path == "data" for entry in listed):
            yield from found
            return


def _is_data_file(path: str, endings: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(endings) and not name.startswith(".") and not is_ignored(name)


def _download_file(api: HfApi, repo: str, commit: str, file: RepoFile, target: Path) -> Path:
    parts = file.path.split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise InvalidFile(f"{repo} has a file with an unsupported path.", "Name single files.")
    target.parent.mkdir(parents=True)
    got = api.hf_hub_download(repo, file.path, repo_type="dataset", revision=commit, local_dir=target.parent / "hub")
    Path(got).rename(target)
    shutil.rmtree(target.parent / "hub")
    return target


@contextmanager
def _translate_hub_errors(one: HubDataset) -> Iterator[None]:
    """Translate the Hub's errors for the submitter who named a data set."""
    try:
        yield
    except RepositoryNotFoundError as error:
        raise InvalidFile(f"There is no public data set {one.repo}.", "Check the name, or send the files.") from error
    except RevisionNotFoundError as error:
        raise InvalidFile(
            f"{one.repo} has no revision {one.revision!r}.", "Name a branch, a tag or a commit."
        ) from error
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            raise InvalidFile(f"{one.repo} has nothing at {one.path!r}.", "Check the path.") from error
        raise _unreachable(one) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise _unreachable(one) from error
    except (ValueError, KeyError, TypeError) as error:  # an answer that is not the Hub's, as of a proxy
        raise _unreachable(one) from error


def _unreachable(one: HubDataset) -> Unreachable:
    return Unreachable(f"Could not reach the Hugging Face Hub ({one.repo}). Try again later.")


def _join_endings(endings: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))
