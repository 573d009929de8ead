"""A crew on a Ray of its own, as everybody has it on one machine: how it ends, and what it leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.paths import ROOT
from tests.support.processes import all_end, until
from tests.support.ray_workers import Diary
from tests.support.sweeps import sweep

pytestmark = pytest.mark.slow

RUN = """
import signal
import sys
from pathlib import Path
from evaluator.scheduling.ray.ray_executor import RayExecutor
from evaluator.runtime.signals import sigterm_as_interrupt
from tests.support.ray_workers import Light, a_profile, by_key, nothing, units
from tests.support.evaluation_factories import SETUP

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever is started in the background inherits to ignore it
light = Light(Path(sys.argv[1]))
with sigterm_as_interrupt(), RayExecutor(light, a_profile(cpus=2), light.models, SETUP) as crew:
    print(sorted(by_key(crew.run(units(sys.argv[2:]), nothing))), flush=True)
    crew.discard_models(["key-kills-once"])
    print(len(light.diary.read("open")), flush=True)
"""


def started(folder: Path, *names: str) -> subprocess.Popen[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), *names],
        cwd=ROOT,
        env={**env, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def family(process: subprocess.Popen[str], folder: Path) -> list[int]:
    """All below a process whose station trains."""
    until(lambda: Diary(folder / "diary").read("train") or process.poll() is not None, "a unit should be at work")
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


def ray_folder(pids: list[int]) -> Path:
    """Where the Ray of these processes keeps its files."""
    lines = " ".join(" ".join(psutil.Process(pid).cmdline()) for pid in pids if psutil.pid_exists(pid))
    (found,) = set(re.findall(r"/\S*?/arena-ray-[^/\s]+", lines))
    return Path(found)


def test_nothing_but_our_own_words_is_printed_though_a_station_dies_and_nothing_is_left(tmp_path: Path) -> None:
    with started(tmp_path, "kills-once", "unit") as process:
        pids = family(process, tmp_path)
        said, _ = process.communicate()
    assert process.returncode == 0
    assert said == "['key-kills-once', 'key-unit']\n2\n"
    assert len(pids) > 3
    all_end(pids)
    assert not (tmp_path / ".ray").exists(), "no token in the home folder"


@pytest.mark.parametrize("number", sweep([signal.SIGTERM, signal.SIGINT], in_short=[signal.SIGTERM]))
def test_a_signal_ends_the_run_and_all_of_ray(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "waits") as process:
        pids = family(process, tmp_path)
        folder = ray_folder(pids)
        assert folder.is_dir()
        process.send_signal(number)
        assert process.wait(120) != 0
    all_end(pids)
    assert not folder.exists()


def test_a_killed_driver_leaves_no_process(tmp_path: Path) -> None:
    with started(tmp_path, "waits") as process:
        pids = family(process, tmp_path)
        process.kill()
    assert len(pids) > 3
    all_end(pids)


JOIN = """
from evaluator.scheduling.ray.cluster import ray_session
with ray_session(1):
    print("joined")
"""


@pytest.mark.parametrize("settings", [{}, {"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN": "0" * 64}])
def test_a_cluster_is_not_joined_without_a_token(tmp_path: Path, settings: dict[str, str]) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    joining = subprocess.run(
        [sys.executable, "-c", JOIN],
        cwd=ROOT,
        env={**env, **settings, "HOME": str(tmp_path), "RAY_ADDRESS": "127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert joining.returncode != 0
    assert "127.0.0.1:9 is not joined without token authentication" in joining.stderr
    assert "RAY_AUTH_TOKEN_PATH" in joining.stderr


OPEN = """
import sys
import ray
ray.init("local", include_dashboard=False, num_cpus=1, object_store_memory=80 << 20, logging_level="ERROR")
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


def test_a_cluster_that_asks_nobody_for_a_token_is_not_joined(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")} | {"HOME": str(tmp_path)}
    command = [sys.executable, "-c", OPEN]
    own = {"RAY_AUTH_MODE": "disabled", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    with subprocess.Popen(command, env=env | own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
        assert cluster.stdout
        address = cluster.stdout.readline().strip()
        joining = subprocess.run(
            [sys.executable, "-c", JOIN],
            cwd=ROOT,
            env={**env, "RAY_ADDRESS": address, "RAY_AUTH_TOKEN": "0" * 64},
            capture_output=True,
            text=True,
            check=False,
        )
    assert joining.returncode != 0
    assert f"{address} lets programs in without a token" in joining.stderr


BUSY = """
import sys
import time
from itertools import count

import psutil
from ray._private import node, services

from evaluator.scheduling.ray.cluster import ray_session

look, seconds, asked = services.get_node, count(0, 20), []

class Clock:
    monotonic = seconds.__next__
    sleep, time = time.sleep, time.time

def miss_node(address, name):
    if name not in asked:
        asked.append(name)
    if len(asked) <= int(sys.argv[1]):
        raise RuntimeError("not there yet")
    return look(address, name)

node.time, services.get_node = Clock, miss_node
with ray_session(1):
    print("started", len(asked))
    print("servers", sum("gcs_server" in process.name() for process in psutil.Process().children()))
"""


STARTS = {1: ("started 2", "servers 1"), 3: ("too busy",)}
"""Starts that fail, and the words that follow."""


@pytest.mark.full  # starts Ray up to three times
@pytest.mark.parametrize("failures", STARTS)
def test_a_start_that_times_out_is_tried_again(tmp_path: Path, failures: int) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    starting = subprocess.run(
        [sys.executable, "-c", BUSY, str(failures)],
        cwd=ROOT,
        env={**env, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert all(word in starting.stdout + starting.stderr for word in STARTS[failures]), (
        starting.stdout + starting.stderr
    )
