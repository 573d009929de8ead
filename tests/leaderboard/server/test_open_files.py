"""The limit of open files, raised in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from leaderboard.server.open_files import MAX_CONNECTIONS, count_connections

RAISE = """
import resource
from leaderboard.server.open_files import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.integration
@pytest.mark.parametrize(("soft", "hard"), [(256, 1024), (1024, 1024)])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int) -> None:
    assert hard <= resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    command = [sys.executable, "-c", RAISE.format(soft=soft, hard=hard)]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.split() == [str(hard)] * 3


@pytest.mark.parametrize(("files", "connections"), [(100, 50), (256, 128), (1024, 768), (65_536, MAX_CONNECTIONS)])
def test_connections_leave_files_for_everything_else(files: int, connections: int) -> None:
    assert count_connections(files) == connections
