"""Engine processes of a worker: one per device, booted and prompted together."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from evaluator.config.profile import Profile
from evaluator.runtime.child_environment import LOOPBACK
from evaluator.runtime.child_process import ChildProcess
from submissions.errors import EvaluatorError

COMMAND = (sys.executable, "-m", "evaluator.generation.engine_process")
Message = Mapping[str, Any]


class EnginePool:
    """Child processes that run evaluator/generation/engine_process.py. Close the pool after any error."""

    def __init__(self, profile: Profile, start: Message, log: Path) -> None:
        """Boot the engines, each with the message `start`. Raises EvaluatorError."""
        self._silent_seconds = profile.silent_seconds
        self._children: list[ChildProcess] = []
        environments = build_environments(profile, os.environ)
        try:
            for number, env in enumerate(environments):
                name, file = (
                    ("engine", log) if number == 0 else (f"engine {number + 1}", _engine_log_path(log, number + 1))
                )
                self._children.append(ChildProcess(name, COMMAND, file, env, profile.start_seconds))
            self.handshakes = self._exchange(dict.fromkeys(range(len(environments)), start), profile.start_seconds)
            """What each said when it was ready."""
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._children)

    def request(self, messages: Mapping[int, Message]) -> dict[int, dict[str, Any]]:
        """Send each engine its message and return the answers; engines run in parallel.

        Raises ChildFailed at the first failure.
        """
        return self._exchange(messages, self._silent_seconds)

    def broadcast(self, message: Message) -> list[dict[str, Any]]:
        """Send one message to every engine and return the answers in order. Raises ChildFailed."""
        answers = self.request(dict.fromkeys(range(len(self)), message))
        return [answers[number] for number in range(len(self))]

    def close(self) -> None:
        """End the processes."""
        for child in self._children:
            child.close()
        self._children = []

    def _exchange(self, messages: Mapping[int, Message], seconds: float) -> dict[int, dict[str, Any]]:
        for number, message in messages.items():
            self._children[number].send(message, seconds)
        heard = {number: time.monotonic() for number in messages}
        answers: dict[int, dict[str, Any]] = {}
        while heard:
            waiting = {self._children[number].fileno(): number for number in heard}
            left = min(heard.values()) + seconds - time.monotonic()
            for file in wait(list(waiting), max(0.0, left)):
                assert isinstance(file, int)
                message = self._children[waiting[file]].receive(seconds)
                heard[waiting[file]] = time.monotonic()
                if "beat" not in message:
                    answers[waiting[file]] = message
                    del heard[waiting[file]]
            for number, moment in heard.items():
                if time.monotonic() - moment >= seconds:
                    raise self._children[number].timeout_error(seconds)
        return answers


def partition_prompts(prompts: Sequence[Sequence[int]], engines: int) -> list[list[int]]:
    """Return the indices of the prompts for each engine.

    Prompts are sorted, so that those with a common beginning (the shots of a few-shot prompt) follow each other and an
    engine computes it once, and then cut into one piece per engine where the tokens before a prompt's middle pass
    another equal part of the whole: no piece has more than its part and the longest prompt. With few prompts some
    pieces are empty.
    """
    weights = [len(prompt) or 1 for prompt in prompts]
    total, before = sum(weights), 0
    parts: list[list[int]] = [[] for _ in range(engines)]
    for index in sorted(range(len(prompts)), key=lambda index: list(prompts[index])):
        parts[(2 * before + weights[index]) * engines // (2 * total)].append(index)
        before += weights[index]
    return parts


def build_environments(profile: Profile, environment: Mapping[str, str]) -> list[dict[str, str]]:
    """Return each engine's additions to the environment. Raises EvaluatorError without a visible device."""
    common = {
        **LOOPBACK,
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": str(profile.threads),
    }
    if profile.device == "cpu":
        common |= {
            "VLLM_CPU_KVCACHE_SPACE": str(profile.kv_cache_gib),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "CUDA_VISIBLE_DEVICES": "",
        }
        return [common] * profile.engines
    if profile.batch_invariant:  # GPUs only: vLLM has no such kernels for CPUs
        common["VLLM_BATCH_INVARIANT"] = "1"
    devices = _list_devices(profile, environment)
    compiled = Path(environment.get("VLLM_CACHE_ROOT") or "~/.cache/vllm").expanduser()
    return [
        common
        | {
            "CUDA_VISIBLE_DEVICES": devices[number % len(devices)],
            # Its own folder, or it would read what another engine is still writing.
            "VLLM_CACHE_ROOT": str(compiled / f"engine-{number + 1}"),
        }
        for number in range(profile.engines)
    ]


def _list_devices(profile: Profile, environment: Mapping[str, str]) -> Sequence[str]:
    """Return the names of the worker's devices: those visible to this process, as assigned by a scheduler."""
    seen = environment.get("CUDA_VISIBLE_DEVICES")
    if seen is None:
        return [str(number) for number in range(profile.devices)]
    devices = [name.strip() for name in seen.split(",") if name.strip()]
    if not devices:
        raise EvaluatorError(
            f"Profile {profile.name} requires accelerators, and CUDA_VISIBLE_DEVICES hides all of them.",
            "Unset it, or list this worker's devices in it.",
        )
    return devices


def _engine_log_path(log: Path, number: int) -> Path:
    return log.with_name(f"{log.stem}-{number}{log.suffix}")
