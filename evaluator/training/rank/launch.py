"""`python -m evaluator.training.rank.launch RANKS START SILENT`: starts the ranks, and ends them all when one fails.

The parent allows START seconds to start, and at most SILENT seconds between messages. The ranks meet through a file in
the parent's private folder: torchrun's store would listen on every interface without a password, and it unpickles what
it stores.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress

from evaluator.runtime.child_process import child_folder, die_with_parent

RENDEZVOUS = "ARENA_RENDEZVOUS"
"""Environment variable of a rank: the file through which the ranks of the group meet."""
_MAIN = "evaluator.training.rank.main"
_GRACE_SECONDS = 5.0
"""Time for a rank to end by itself: one that compiles an extension removes its lock."""

Rank = subprocess.Popen[bytes]


def start_rank(rank: int, count: int, start_seconds: str, silent_seconds: str) -> Rank:
    """Start one rank, which ends with this process."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    env = {**os.environ, **{name: str(value) for name, value in place.items()}}
    env[RENDEZVOUS] = str(child_folder() / "rendezvous")
    return subprocess.Popen([sys.executable, "-m", _MAIN, str(os.getpid()), start_seconds, silent_seconds], env=env)


def wait_for_ranks(ranks: Mapping[int, Rank]) -> int:
    """Wait until all ranks have ended, or one has failed, and report which; return an exit code."""
    names = {process.pid: f"Rank {rank} of {len(ranks)}" for rank, process in ranks.items()}
    for _ in names:
        pid, status = os.wait()
        if code := os.waitstatus_to_exitcode(status):
            ending = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
            print(f"{names[pid]} {ending}: ending the other ranks.", flush=True)
            return 1
    return 0


def end_ranks(ranks: Iterable[Rank]) -> None:
    """End the ranks that are left, first gently, then by force."""
    for process in ranks:
        process.terminate()  # does nothing to one that has ended
    for process in ranks:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        process.kill()


def main(count: int, start_seconds: str, silent_seconds: str) -> int:
    """Run a process group; return an exit code."""
    ranks: dict[int, Rank] = {}
    try:
        for rank in range(count):
            ranks[rank] = start_rank(rank, count, start_seconds, silent_seconds)
        return wait_for_ranks(ranks)
    finally:
        end_ranks(ranks.values())


if __name__ == "__main__":
    die_with_parent()
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
