"""Ray session: embedded on this machine for the life of this process, or the cluster at RAY_ADDRESS."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from evaluator.runtime.child_environment import filter_environment, filter_ray_environment
from submissions.errors import EvaluatorError

ADDRESS = "RAY_ADDRESS"
_PREFIX = "arena-ray-"
_ASK = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)"
"""Program that ends well if a cluster answers without a token."""
_ROOM = 24
"""Maximum characters of Ray's parent folder: sockets below add 70, and a socket path may have 107 in all."""
_YOUNG = 60.0
"""Age below which a new folder may not be locked yet, in seconds."""
_OBJECTS = 1 << 30
"""Shared memory for transfers, in bytes: a unit is some megabytes of token ids, and a worker has two."""
_START_TRIES = 3
"""Starts of an embedded cluster: Ray gives its own processes 30 seconds, which a busy machine may exceed."""
_TIMED_OUT = "timed out during startup"
"""Part of Ray's message then; its type is Exception."""
log = logging.getLogger(__name__)


def cluster_address() -> str | None:
    """Address of the cluster to join; None for an embedded one."""
    return os.environ.get(ADDRESS) or None


@contextmanager
def ray_session(cpus: int) -> Iterator[None]:
    """Start or join Ray. An embedded cluster has at least `cpus` CPUs, as a worker must fit on any machine.

    The calling thread must live as long as Ray does, as the kernel ends Ray's processes with it. Raises EvaluatorError
    for a cluster that is joined without a token, or if the machine is too busy to start an embedded one.
    """
    import ray

    if ray.is_initialized():  # by an embedding program, which must end it
        yield
        return
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with _join_cluster() if cluster_address() else _embed_cluster(cpus) as cluster:
        try:
            with _preserve_sigterm():
                _start_ray(cluster)
            ray._private.worker._worker_logs_enabled = False  # Ray prints deaths to stdout: we log them ourselves
            yield
        finally:
            ray.shutdown()


@dataclass
class ClusterStart:
    """Settings of a cluster, and the processes that this program started for it."""

    settings: dict[str, Any]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


def _start_ray(cluster: ClusterStart) -> None:
    import ray

    for _ in range(_START_TRIES):
        try:
            ray.init(**cluster.settings, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:
            if _TIMED_OUT not in str(error):
                raise
            log.warning("Ray did not start in time and is started again: %s", error)
            ray.shutdown()
            while cluster.processes:
                with cluster.processes.pop() as process:
                    process.kill()
        else:
            return
    raise EvaluatorError(
        f"Ray did not start on this machine in {_START_TRIES} tries of 30 seconds: it is too busy.",
        "Start again when fewer programs run on it.",
    )


@contextmanager
def _join_cluster() -> Iterator[ClusterStart]:
    require_token()
    require_refusal(cluster_address() or "")
    yield ClusterStart({"address": cluster_address()})


def require_token() -> None:
    """Turn token authentication on for a cluster that others started. Raises EvaluatorError without a token."""
    from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available
    from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]  # compiled

    has_token = AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True)
    if not has_token or not maybe_enable_token_auth_if_token_available(warn_if_disabled=False):
        raise EvaluatorError(
            f"The Ray cluster at {cluster_address()} is not joined without token authentication: whoever reaches a "
            "cluster without it can run any program there.",
            "Start all nodes with RAY_AUTH_MODE=token and one token, and give this program both: RAY_AUTH_MODE=token "
            "and RAY_AUTH_TOKEN_PATH (a file) or RAY_AUTH_TOKEN. `ray get-auth-token --generate` makes a token.",
        )


@cache
def require_refusal(address: str) -> None:
    """Raises EvaluatorError for a cluster that answers a program without a token. Asks each cluster once."""
    env = filter_environment(os.environ) | {"RAY_AUTH_MODE": "disabled", "HOME": os.devnull}
    asked = subprocess.run(
        [sys.executable, "-c", _ASK, address], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    if asked.returncode == 0:
        raise EvaluatorError(
            f"The Ray cluster at {address} lets programs in without a token: whoever reaches it can run any program.",
            "Start all of its nodes with RAY_AUTH_MODE=token and one token.",
        )


@contextmanager
def _embed_cluster(cpus: int) -> Iterator[ClusterStart]:
    """Yield the settings of a cluster on the loopback interface, whose files lie in a temporary folder."""
    # Access to Ray's ports allows running any code, so require a token; by default Ray leaves one in ~/.ray.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.pop("RAY_AUTH_MODE", None)  # then Ray turns the token on, whatever the mode was
    with _ray_temp_dir() as folder, _on_loopback(), _without_secrets() as processes:
        settings = {
            "address": "local",
            "include_dashboard": False,
            "num_cpus": max(cpus, len(os.sched_getaffinity(0))),
            "object_store_memory": _OBJECTS,
            "_temp_dir": str(folder),
            # Ray's monitor kills workers when 95% of the memory is taken. A trainer's copies of its weights and its
            # optimizer on the host may come near that by plan, and a killed worker loses more than it saves.
            # Its workers would also run at a niceness of 15, and with them the trainings.
            "_system_config": {"memory_monitor_refresh_ms": 0, "worker_niceness": 0},
        }
        yield ClusterStart(settings, processes)


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Have Ray's processes listen on 127.0.0.1 alone, as Ray does off Linux; its `_node_ip_address` refuses that."""
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _without_secrets() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start Ray's processes with an allow-listed environment, which their workers inherit; yield a list of them.

    Ray has no setting for it, and other threads may need this process's own environment meanwhile.
    """
    from ray._private import services

    before, started = services.ConsolePopen, list[subprocess.Popen[bytes]]()

    class FilteredPopen(before):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, env: Mapping[str, str], **settings: Any) -> None:
            super().__init__(*arguments, env=filter_ray_environment(env), **settings)
            started.append(self)

    services.ConsolePopen = FilteredPopen  # type: ignore[assignment, misc]
    try:
        yield started
    finally:
        services.ConsolePopen = before  # type: ignore[misc]


@contextmanager
def _ray_temp_dir() -> Iterator[Path]:
    """Create a folder for Ray with a path short enough for its sockets; also remove those of dead processes."""
    temporary = tempfile.gettempdir()
    root = Path(temporary if len(temporary) <= _ROOM else "/tmp")  # noqa: S108  # mkdtemp makes the name and the mode
    for old in root.glob(f"{_PREFIX}*"):
        with _dir_lock(old) as free, suppress(FileNotFoundError):  # another process removed it meanwhile
            if free and time.time() - old.stat().st_mtime > _YOUNG:
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
    try:
        with _dir_lock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _dir_lock(folder: Path) -> Iterator[bool]:
    """Try to lock a folder and yield whether it succeeded; lasts at most until the process ends."""
    try:
        number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # another user's, or gone
        yield False
        return
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(number)


@contextmanager
def _preserve_sigterm() -> Iterator[None]:
    """Restore our SIGTERM handler (evaluator/runtime/signals.py) after Ray replaces it."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
