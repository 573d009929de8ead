"""SIGKILL between evaluating and publishing: a real process, killed for real, and the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evaluator.publishing.lease import PATH
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub_evaluators import PROTOCOL, Arenas, Station, all_is_well
from tests.support.paths import ROOT
from tests.support.processes import until

pytestmark = pytest.mark.integration

NAME = PROTOCOL.name
CODE = """
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from tests.support.hub_evaluators import Station
from tests.support.hub.faults import Clock

folder = Path(sys.argv[1])
station = Station(SimpleNamespace(clock=Clock()), folder, "one", folder / "benchmark")
station.run()
"""


@pytest.fixture
def arenas(hub: Hub, tmp_path: Path) -> Arenas:
    return Arenas(hub, tmp_path)


def test_a_process_killed_before_it_published_is_followed_by_one_that_does(arenas: Arenas) -> None:
    submission = arenas.submit()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CODE, str(arenas.folder)]
    done = arenas.folder / "one" / "results" / submission.id / NAME / "result.json"
    arenas.hub.faults.held = True  # the result can be written down, but not published
    arenas.hub.faults.commits.extend(["ok", "ok"])
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True) as running:
        try:
            arenas.hub.faults.held = False
            until(lambda: PATH in arenas.commits() or running.poll() is not None, "the lease should be taken")
            until(lambda: PATH in arenas.commits("drafts") or running.poll() is not None, "the other lease, too")
            arenas.hub.faults.held = True
            until(lambda: done.exists() or running.poll() is not None, "the evaluation should end")
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    arenas.hub.faults.held = False
    assert running.returncode == -signal.SIGKILL
    assert done.exists()
    assert arenas.seen().published_protocols() == {}
    assert PATH in arenas.seen().results.list(), "it could not give the lease back"
    station: Station = arenas.station("one")
    station.run()
    assert (len(station.generator.models), station.trainer.jobs) == (0, []), "all of it was in the work folder"
    all_is_well(arenas, submission.id)
