"""One vLLM engine in a child process; weights are swapped in place for each fine-tuned model."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from evaluator.child import Child
from evaluator.errors import ChildFailed
from evaluator.generator.generator import Completion
from evaluator.profile import Profile
from evaluator.protocol import Protocol
from evaluator.spent import Spent


class VllmGenerator:
    """Boots evaluator/generator/engine.py at the first call. A context manager: the engine ends with it."""

    def __init__(
        self, base_model: Path, protocol: Protocol, profile: Profile, stop_ids: Sequence[int], log: Path
    ) -> None:
        self._base_model = base_model
        self._protocol = protocol
        self._profile = profile
        self._stop_ids = list(stop_ids)
        self._log = log
        self._child: Child | None = None
        self._loaded = base_model
        self._folder = log.with_name("engine-model")
        self._spent = Spent(seconds=0)

    @property
    def spent(self) -> Spent:
        return self._spent

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        self._spent = Spent(seconds=0)
        if not prompts:
            return []
        try:
            return self._answered(self._booted(), model, prompts, max_new_tokens)
        except ChildFailed:
            self.close()  # the next call boots another
            raise

    def rest(self) -> None:
        """Nothing yet."""

    def close(self) -> None:
        """End the engine and remove its copy of the weights."""
        if self._child is not None:
            self._child.close()
            self._child = None
        self._loaded = self._base_model
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _answered(
        self, child: Child, model: Path, prompts: Sequence[list[int]], max_new_tokens: int
    ) -> list[Completion]:
        started = time.perf_counter()
        if model != self._loaded:
            child.send({"weights": str(model.resolve())})
            child.receive(self._profile.silent_seconds)
            self._loaded = model
        child.send({"prompts": list(prompts), "sampling": self._sampling(max_new_tokens)})
        answer = child.receive(self._profile.silent_seconds)
        completions = [Completion.model_validate(one) for one in answer["completions"]]
        self._spent = Spent(
            seconds=time.perf_counter() - started,
            tokens_generated=sum(one.tokens for one in completions),
            peak_bytes=answer["peak_bytes"],
        )
        return completions

    def _sampling(self, max_new_tokens: int) -> dict[str, object]:
        """What the protocol says of drawing tokens, in vLLM's words."""
        decoding = self._protocol.decoding
        common = {"max_tokens": max_new_tokens, "stop_token_ids": self._stop_ids, "temperature": decoding.temperature}
        if decoding.temperature == 0:
            return common
        return {**common, "top_p": decoding.top_p, "top_k": decoding.top_k, "seed": decoding.seed}

    def _booted(self) -> Child:
        if self._child is None:
            shutil.rmtree(self._folder, ignore_errors=True)  # left by a run that was killed
            shutil.copytree(self._base_model, self._folder / "model")
            profile, decoding = self._profile, self._protocol.decoding
            command = [sys.executable, "-m", "evaluator.generator.engine"]
            self._child = Child("engine", command, self._log, _env(profile), profile.start_seconds)
            self._child.send(
                {
                    "model": str(self._folder / "model"),
                    "device": profile.device,
                    "dtype": self._protocol.base_model.dtype,
                    "max_model_len": decoding.max_prompt_tokens + decoding.max_new_tokens,
                    "seed": decoding.seed,
                    # vLLM winds a seeded request's generator back after a partial prefill, which CPU generators cannot.
                    "chunked_prefill": profile.device != "cpu" or decoding.temperature == 0,
                }
            )
            self._child.receive(profile.start_seconds)
        return self._child


def _env(profile: Profile) -> dict[str, str]:
    common = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    if profile.device == "cuda":
        return common
    return {
        **common,
        "OMP_NUM_THREADS": str(profile.threads),
        "VLLM_CPU_KVCACHE_SPACE": str(profile.kv_cache_gib),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "CUDA_VISIBLE_DEVICES": "",
    }
