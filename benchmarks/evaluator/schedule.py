"""Scheduling overhead: fake work on fake GPUs through the real worker pool, workers and Ray.

Run `python -m benchmarks.evaluator.schedule [--units N]`. First 208 units of one second on four one-GPU workers,
against the time that four would take with no scheduler at all. Then the share of time in which a worker's devices
neither train nor answer, with the stage times of an 8B model on 8 H100, which are estimates, scaled down.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import ray

from benchmarks.evaluator.paced import SETUP, PacedWorkerFactory, Times, make_paced_units
from evaluator.config.profile import load_profile
from evaluator.scheduling import Units, WorkUnit
from evaluator.scheduling.ray.ray_executor import RayExecutor

GPUS = 4
SCALE = 20
MOST, IDLE = 1.05, 0.10
SECOND = Times(train=0, gather=0, save=0, load=0, request=1)
NODE = Times(train=45, gather=1.5, save=7, load=7.5, request=15)
"""Times of one 8B task on 8 H100: 1000 rows of 500 tokens, three epochs; 1000 questions."""
ONE = Times(train=360, gather=1.5, save=7, load=7.5, request=120)
"""Times of the same task on one device, which trains and answers at an eighth of the speed."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=208, help="of one second each")
    parser.add_argument("--scale", type=float, default=SCALE, help="speed-up of the second table over real time")
    given = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # for the workers
    with tempfile.TemporaryDirectory(prefix="sched-", dir="/tmp") as where:
        ray.init(address="local", num_cpus=GPUS, num_gpus=GPUS, log_to_driver=False, _temp_dir=where)
        print(f"{os.cpu_count()} cores, {GPUS} fake GPUs, load {os.getloadavg()[0]:.1f} at the start", flush=True)
        measure_overhead(Path(where) / "overhead", given.units)
        print(f"\nidle devices (target {IDLE:.0%}), {given.scale:g} times real time, where scheduling matters more")
        print(f"{'':34}{'units':>6}{'wall':>8}{'train':>8}{'ask':>8}{'both':>8}{'idle':>8}")
        cases = (
            ("8 x H100, together", NODE, True, given.scale),
            ("8 x H100, in turns", NODE, False, given.scale),
            ("one device, in turns", ONE, False, given.scale * 5),
        )
        for number, (name, times, together, scale) in enumerate(cases):
            measure_idle(name, Path(where) / f"idle-{number}", times.speed_up(scale), together=together)
        ray.shutdown()


def measure_overhead(folder: Path, count: int) -> None:
    """Print the wall time of one-second units against the ideal time."""
    paced = PacedWorkerFactory(folder, SECOND, together=False)
    wall, made, starting = run_units(paced, make_paced_units(count, 0, 200, trained=False), together=False)
    ideal = -(-count // GPUS) * SECOND.request
    print(f"{count} units of one second on {GPUS} workers; the first unit starts {starting:.1f} s after the call")
    print(f"{'':34}{'seconds':>9}{'ratio':>8}   (target of the pool: {MOST})")
    for name, seconds in (("no scheduler", ideal), ("the pool, workers running", wall), ("making units", made)):
        print(f"{name:34}{seconds:9.2f}{seconds / ideal:8.3f}")


def measure_idle(name: str, folder: Path, times: Times, *, together: bool) -> None:
    """Print a worker's device use, as shares of the time from first training to last answer."""
    paced, count = PacedWorkerFactory(folder, times, together), 4 * GPUS
    wall, _made, _starting = run_units(paced, make_paced_units(count, 200, 200), together=together)
    shares = [compute_shares(station) for station in paced.read_busy_spans()]
    train, ask, both, none = (sum(column) / len(shares) for column in zip(*shares, strict=True))
    print(f"{name:34}{count:6}{wall:8.1f}{train:8.1%}{ask:8.1%}{both:8.1%}{none:8.1%}", flush=True)


def compute_shares(spans: list[tuple[str, float, float]]) -> tuple[float, float, float, float]:
    """Return shares of time: training only, answering only, both at once, neither."""
    edges = sorted({edge for _what, *ends in spans for edge in ends})
    took = {(True, False): 0.0, (False, True): 0.0, (True, True): 0.0, (False, False): 0.0}
    for start, end in pairwise(edges):
        now = {what for what, began, ended in spans if began <= start and ended >= end}
        took["train" in now, "ask" in now] += end - start
    return tuple(one / (edges[-1] - edges[0]) for one in took.values())  # type: ignore[return-value]


def run_units(paced: PacedWorkerFactory, units: Units, *, together: bool) -> tuple[float, float, float]:
    """Return seconds from the first unit's start to the last's end, of making units, and until the first."""
    profile = load_profile("cpu").model_copy(update={"device": "cuda", "cpus": 1, "together": together})
    making: list[tuple[float, float]] = []

    def time_unit(key: str) -> WorkUnit:
        began = time.perf_counter()
        unit = units[key]()
        making.append((began, time.perf_counter()))
        return unit

    called, line = time.perf_counter(), {key: partial(time_unit, key) for key in units}
    with RayExecutor(paced, profile, paced.folder / "models", SETUP) as crew:
        for done in crew.run(line, _ignore_progress):
            crew.discard_models([done.key])
        ended = time.perf_counter()
    first = making[0][0]
    return ended - first, sum(end - began for began, end in making), first - called


def _ignore_progress(_name: str, _step: int, _of: int) -> None:
    """Discard progress reports."""


if __name__ == "__main__":
    main()
