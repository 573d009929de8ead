"""A whole evaluation leaves nothing private that another user of the machine could read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.evaluator_world import World, publish_tasks

pytestmark = pytest.mark.integration

PRIVATE = ("benchmark", "submissions", "drafts", "work")


@pytest.fixture(params=[0o000, 0o022], ids=oct)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    before = os.umask(request.param)
    tmp_path.chmod(0o777)
    yield World(tmp_path)
    os.umask(before)


def readable_by_others(file: Path, root: Path) -> bool:
    """Whether the group or others may open a file, coming from the root."""
    above = [up.stat().st_mode for up in file.parents if up.is_relative_to(root)]
    return any(
        file.stat().st_mode & read and all(mode & enter for mode in above)
        for read, enter in ((0o040, 0o010), (0o004, 0o001))
    )


def test_nothing_private_is_readable_by_others(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    publish_tasks(worker)
    worker.submission_queue.refresh()
    assert worker.evaluate(submission.id) == "published"
    files = {name: [file for file in (world.folder / name).rglob("*") if file.is_file()] for name in PRIVATE}
    assert all(files[name] for name in ("benchmark", "submissions", "work"))
    exposed = [str(file) for name in PRIVATE for file in files[name] if readable_by_others(file, world.folder)]
    assert exposed == []
