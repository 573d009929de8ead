"""Environment of child processes: an allow-list, so that tokens and keys stay with the coordinator.

A child gets the variables that name folders, devices and libraries, and none whose name says that it is a secret.
"""

from __future__ import annotations

import multiprocessing.util
import os
import re
from collections.abc import Mapping, Sequence

NAMES = frozenset(
    {
        *("HOME", "HOSTNAME", "LOGNAME", "PATH", "SHELL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER"),
        *("LANG", "LANGUAGE"),
        *("CC", "CPATH", "CXX", "LD_LIBRARY_PATH", "LD_PRELOAD", "LIBRARY_PATH", "VIRTUAL_ENV"),
        *("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HUGGINGFACE_HUB_CACHE"),
        *("TOKENIZERS_PARALLELISM", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
    }
)
"""Variables that every child gets."""
PREFIXES = (
    *("CUDA_", "GLOO_", "GOMP_", "KMP_", "LC_", "MALLOC_", "MKL_", "NCCL_", "NVIDIA_", "OMP_", "OPENBLAS_", "PYTHON"),
    *("DS_", "PYTORCH_", "TORCH", "TRANSFORMERS_", "TRITON_", "VLLM_"),
)
"""Settings of interpreter, compilers and libraries that compute."""
RAY_PREFIX = "RAY_"
"""Settings of Ray, its token included, which only Ray's own processes get."""
LOOPBACK = {
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "=lo",
    "NCCL_RAS_ENABLE": "0",  # NCCL's status service would listen on a port of its own
    "VLLM_HOST_IP": "127.0.0.1",
}
"""Settings that bind the sockets of a trainer or an engine to the loopback interface: neither spans two machines."""
_SECRET = re.compile(r"(^|_)(AUTH|CREDENTIALS?|KEYS?|PASS|PASSWD|PASSWORDS?|SECRETS?|TOKENS?)(_|$)")


def filter_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a trainer, an engine or a scoring process may have."""
    return {name: value for name, value in environ.items() if _is_allowed(name)}


def filter_ray_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that Ray's daemons and workers may have: also Ray's own settings and its token."""
    ray = {name: value for name, value in environ.items() if name.startswith(RAY_PREFIX)}
    return filter_environment(environ) | ray


def filter_spawned_environments() -> None:
    """Filter also the environments of processes that multiprocessing spawns, which has no setting for it."""
    multiprocessing.util.spawnv_passfds = _spawn_filtered  # type: ignore[assignment]


def _is_allowed(name: str) -> bool:
    return (name in NAMES or name.startswith(PREFIXES)) and not _SECRET.search(name)


def _spawn_filtered(path: bytes | str, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
    """Start a process with these descriptors open; return its id, for multiprocessing to wait for."""
    same = [(os.POSIX_SPAWN_DUP2, number, number) for number in descriptors]
    return os.posix_spawn(path, list(arguments), filter_environment(os.environ), file_actions=same)
