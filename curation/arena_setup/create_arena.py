"""Creates an arena's repositories, in a folder or on the Hub, and checks existing ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from curation.arena_setup.repo_readmes import CARDS, render_readme
from submissions.arena.arena import open_arena
from submissions.errors import AccessDenied, NotFound, OurError, Unreachable
from submissions.records.base import Record
from submissions.storage.format_version import PATH as FORMAT_PATH
from submissions.storage.format_version import format_change
from submissions.storage.locations import PUBLIC, is_hub_url, open_repo, sibling_location
from submissions.storage.repo import Change, Repo


class WrongVisibility(OurError):
    """Error: a repository is visible to other people than it must be."""


class CreatedRepo(Record):
    """State found and action taken for one repository."""

    repository: str
    """Location of the repository."""
    created: bool
    readme: Literal["written", "same", "kept"]
    """State of the README; `kept` is another one than ours, which is not changed."""


def create_arena(where: str, licence: str) -> list[CreatedRepo]:
    """Create missing repositories. Safe to repeat.

    Raises WrongVisibility, before anything is made, for an existing repository with the wrong visibility; NotFound for
    an invalid name; AccessDenied and Unreachable for errors of the Hub.
    """
    open_arena(where)
    # An import creates the benchmark's folder itself, and accepts only an empty one.
    places = {name: sibling_location(where, name) for name in CARDS if is_hub_url(where) or name != "benchmark"}
    missing = (
        _create_missing(places) if is_hub_url(where) else {name for name in places if not Path(places[name]).is_dir()}
    )
    return [
        CreatedRepo(
            repository=place,
            created=name in missing,
            readme=_ensure_readme(open_repo(place, is_public=name in PUBLIC), render_readme(name, licence)),
        )
        for name, place in places.items()
    ]


def _create_missing(places: dict[str, str]) -> set[str]:
    """Create the missing repositories; return their names."""
    api = HfApi(os.environ.get("HF_ENDPOINT"))
    missing = _find_missing(api, places)
    for name in missing:
        with _translate_hub_errors(places[name]):
            api.create_repo(_repo_id(places[name]), repo_type="dataset", private=CARDS[name].private)
    return missing


def _find_missing(api: HfApi, places: dict[str, str]) -> set[str]:
    """Return the missing repositories. Raises WrongVisibility listing all existing ones with a wrong one."""
    missing, wrong = set(), []
    for name, place in places.items():
        try:
            with _translate_hub_errors(place):
                is_private = api.repo_info(_repo_id(place), repo_type="dataset").private
        except NotFound:
            missing.add(name)
            continue
        if is_private != CARDS[name].private:
            wrong.append(
                f"{_repo_id(place)} is {_describe_visibility(is_private)} and must be "
                f"{_describe_visibility(not is_private)}"
            )
    if wrong:
        raise WrongVisibility(
            f"{'; '.join(wrong)}. Change it in its settings on the Hub, then run this again: nothing was created."
        )
    return missing


def _ensure_readme(repo: Repo, text: bytes) -> Literal["written", "same", "kept"]:
    """Add README.md and a format version to a repository; existing files are not changed."""
    head = repo.head()
    readme = _read_content(repo, "README.md")
    changes = [] if readme is not None else [Change("README.md", text)]
    if _read_content(repo, FORMAT_PATH) is None:
        changes.append(format_change())
    if changes:
        repo.commit(changes, head)
    return "written" if readme is None else "same" if readme == text else "kept"


def _read_content(repo: Repo, path: str) -> bytes | None:
    try:
        return repo.read(path)
    except NotFound:
        return None


def _repo_id(place: str) -> str:
    return place.removeprefix("hf://")


def _describe_visibility(is_private: bool | None) -> str:
    return "private" if is_private else "public"


@contextmanager
def _translate_hub_errors(place: str) -> Iterator[None]:
    """Translate the client's errors to NotFound, AccessDenied and Unreachable."""
    try:
        yield
    except RepositoryNotFoundError as error:
        raise NotFound(f"There is no {place}, or the token cannot read it.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403, 409):
            raise AccessDenied(
                f"The Hub answers {status} for {place}: {error.server_message or 'the token may not create it'}. Set "
                "HF_TOKEN to a token with the right to create and write data sets of that organisation."
            ) from error
        raise Unreachable(f"The Hub returned an unexpected answer for {place} ({status}). Try again.") from error
    except httpx2.TransportError as error:
        raise Unreachable(f"The Hub did not answer for {place} ({type(error).__name__}). Try again.") from error
