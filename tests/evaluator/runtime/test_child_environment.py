from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from evaluator.runtime.child_environment import (
    NAMES,
    PREFIXES,
    filter_environment,
    filter_ray_environment,
    filter_spawned_environments,
)

SECRETS = (
    *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "JUDGE_KEY", "OPENAI_API_KEY", "OAUTH_CLIENT_SECRET", "WEBHOOK_SECRET"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABASE_URL", "https_proxy", "WANDB_API_KEY", "SSH_AUTH_SOCK"),
    *("VLLM_API_KEY", "CUDA_PASSWORD", "NCCL_SECRET_KEY", "PYTHON_KEYRING_PASS", "TORCH_HUB_TOKEN", "MY_OWN", "HF_X"),
    *("RAY_ADDRESS", "RAY_AUTH_TOKEN", "RAY_REDIS_PASSWORD"),
)
NEEDED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "HF_HOME", "HF_HUB_CACHE"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "NCCL_DEBUG", "VLLM_CACHE_ROOT", "TORCH_EXTENSIONS_DIR"),
    *("OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM", "PYTORCH_CUDA_ALLOC_CONF", "TRITON_CACHE_DIR", "DS_ACCELERATOR"),
)


def test_a_child_gets_what_it_needs_and_no_secret() -> None:
    environ = dict.fromkeys((*SECRETS, *NEEDED), "value")
    assert filter_environment(environ) == dict.fromkeys(NEEDED, "value")


def test_ray_s_processes_get_ray_s_settings_too() -> None:
    environ = dict.fromkeys((*SECRETS, *NEEDED), "value")
    ray = [name for name in SECRETS if name.startswith("RAY_")]
    assert filter_ray_environment(environ).keys() == {*NEEDED, *ray}


def test_no_prefix_is_that_of_a_service() -> None:
    """A prefix allows names that nobody has seen: only settings of libraries that compute may have one."""
    services = ("AWS_", "AZURE_", "GCP_", "GOOGLE_", "HF_", "HUGGING", "OAUTH", "OPENAI_", "RAY_", "SPACE_", "WANDB_")
    assert not [(prefix, one) for prefix in PREFIXES for one in services if one.startswith(prefix)]
    assert not [name for name in NAMES if not filter_environment({name: ""})]


@pytest.mark.integration
def test_a_scoring_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.util.spawnv_passfds", multiprocessing.util.spawnv_passfds)  # restored
    for name in SECRETS:
        monkeypatch.setenv(name, "planted")
    filter_spawned_environments()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(os.getenv, "PATH").result() == os.environ["PATH"]
        assert set(pool.map(os.getenv, SECRETS)) == {None}
