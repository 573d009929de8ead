"""vLLM engines in child processes, one per device; a canary verifies weights after each swap in place."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from evaluator.config.profile import Profile
from evaluator.config.protocol import ModelProtocol
from evaluator.errors import ChildFailed
from evaluator.generation.engine_pool import EnginePool, partition_prompts
from evaluator.generation.generator import Completion, GeneratedStep
from evaluator.models.memory_model import GIB, WORKSPACE
from evaluator.models.weight_canary import TOLERANCES, Canary, check_logprobs, load_canary, mean_distance
from evaluator.runtime.resource_usage import ResourceUsage
from submissions.records.base import Record

R = TypeVar("R", bound=Record)


class VllmGenerator:
    """Pool of vLLM engines, booted at the first call. A context manager that ends them.

    Any failure ends all of them, and the next call boots others. They must be booted by a thread that lives as long as
    they do (evaluator/runtime/child_process.py, die_with_parent).
    """

    def __init__(
        self, base_model: Path, protocol: ModelProtocol, profile: Profile, stop_ids: Sequence[int], log: Path
    ) -> None:
        self._base_model = base_model
        self._protocol = protocol
        self._profile = profile
        self._stop_ids = list(stop_ids)
        self._log = log
        self._engines: EnginePool | None = None
        self._loaded: tuple[Path, Canary | None] | None = None
        """Whose weights the engines have: a folder may hold another model later, and then another canary."""
        self._fresh = profile.swap == "fresh"
        """Whether another model needs other processes."""
        self._last_usage = ResourceUsage(seconds=0)

    @property
    def last_usage(self) -> ResourceUsage:
        return self._last_usage

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        sampling = {**self._sampling_params(), "max_tokens": max_new_tokens}
        completions = self._generate(Completion, model, {"prompts": prompts}, {"sampling": sampling})
        self._count_tokens(one.tokens for one in completions)
        return completions

    def generate_steps(
        self,
        model: Path,
        prompts: Sequence[Sequence[int]],
        limits: Sequence[int],
        stop: Sequence[str],
        *,
        follows_last: bool = False,
    ) -> list[GeneratedStep]:
        sampling = {**self._sampling_params(), "stop": list(stop), "include_stop_str_in_output": True}
        lists: dict[str, list[Any]] = {"prompts": [list(ids) for ids in prompts], "limits": list(limits)}
        steps = self._generate(GeneratedStep, model, lists, {"sampling": sampling, "follows_last": follows_last})
        self._count_tokens(len(one.ids) for one in steps)
        return steps

    def _generate(
        self, kind: type[R], model: Path, lists: Mapping[str, Sequence[Any]], common: Mapping[str, Any]
    ) -> list[R]:
        """Return what the engines generate from lists of one entry per prompt, in the prompts' order."""
        prompts = lists["prompts"]
        self._last_usage = ResourceUsage(seconds=0)
        if not prompts:
            return []
        wanted = (model, None if model == self._base_model else load_canary(model))
        try:
            if not self._fresh:
                self._ensure_engines(self._base_model)  # serves many calls, so this call's time excludes it
            started = time.perf_counter()
            engines = self._load_weights(*wanted)
            generated, peaks = self._run_prompts(engines, kind, lists, common)
        except BaseException:
            self.close()  # also when interrupted: a later call must not receive this call's answers
            raise
        self._last_usage = ResourceUsage(
            seconds=time.perf_counter() - started,
            peak_bytes=sum(peaks) if peaks else None,
        )
        return generated

    def release_devices(self) -> None:
        """Put engines into level-2 sleep, without weights and cache on the device. On a CPU an engine frees nothing."""
        if self._engines is None or self._loaded is None or self._profile.device == "cpu":
            return
        try:
            if all(ready["can_sleep"] for ready in self._engines.handshakes.values()):
                self._engines.broadcast({"rest": True})
                self._loaded = None
            else:
                self.close()
        except ChildFailed:
            self.close()  # which also frees the memory
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the engines."""
        if self._engines is not None:
            self._engines.close()
            self._engines = None
        self._loaded = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ensure_engines(self, weights: Path) -> EnginePool:
        """Return running engines; new ones start with these weights. Also detects their ability to swap, if needed."""
        if self._engines is None:
            self._engines = EnginePool(self._profile, self._start_message(weights), self._log)
            self._loaded = None if self._fresh else (self._base_model, None)
            if not self._fresh and not self._can_swap(self._engines):
                self.close()
                self._fresh = True
        return self._engines or self._ensure_engines(weights)

    def _can_swap(self, engines: EnginePool) -> bool:
        """Return whether every engine reloaded the base model at boot and then gave the same log-probabilities."""
        limit = _self_tolerance(self._protocol)
        return all(
            one["ready"] and mean_distance(one["first"], one["again"]) < limit for one in engines.handshakes.values()
        )

    def _load_weights(self, model: Path, canary: Canary | None) -> EnginePool:
        """Return engines that loaded a model's weights and passed the canary."""
        if self._engines is not None and self._loaded == (model, canary):
            return self._engines
        before = self._loaded
        if self._fresh:
            self.close()
            engines = self._ensure_engines(model)
        else:
            engines = self._ensure_engines(self._base_model)
            engines.broadcast({"load": str(model.resolve())})
        self._verify_canary(engines, canary, before[1] if before else None)
        self._loaded = (model, canary)
        return engines

    def _verify_canary(self, engines: EnginePool, canary: Canary | None, before: Canary | None) -> None:
        """Verify the weights of every engine. Raises WrongWeights.

        For the base model: the log-probabilities of a fixed text must equal those at boot, and those of the previous
        model's canary must equal the trainer's from before that training.
        """
        dtype = self._protocol.base_model.dtype
        if canary is None:
            said = engines.broadcast({"say": None})
            for number, answer in enumerate(said):
                check_logprobs(engines.handshakes[number]["first"], answer["logprobs"], _self_tolerance(self._protocol))
            canary = before.as_base_canary() if before else None
        if canary is not None:
            for answer in engines.broadcast({"say": list(canary.ids)}):
                canary.check(answer["logprobs"], dtype)

    def _count_tokens(self, tokens: Iterable[int]) -> None:
        self._last_usage = self._last_usage.model_copy(update={"tokens_generated": sum(tokens)})

    def _run_prompts(
        self, engines: EnginePool, kind: type[R], lists: Mapping[str, Sequence[Any]], common: Mapping[str, Any]
    ) -> tuple[list[R], list[int]]:
        """Return one record per prompt, in order, and each engine's peak memory in bytes where measured."""
        prompts = lists["prompts"]
        cut = partition_prompts(prompts, len(engines))
        answers = engines.request(
            {
                number: {**{name: [values[index] for index in share] for name, values in lists.items()}, **common}
                for number, share in enumerate(cut)
                if share
            }
        )
        generated = {
            index: kind.model_validate(one)
            for number, answer in answers.items()
            for index, one in zip(cut[number], answer["completions"], strict=True)
        }
        peaks = [answer["peak_bytes"] for answer in answers.values() if answer["peak_bytes"] is not None]
        return [generated[index] for index in range(len(prompts))], peaks

    def _sampling_params(self) -> dict[str, object]:
        """Translate the protocol's decoding settings into vLLM's sampling parameters."""
        decoding = self._protocol.decoding
        common: dict[str, object] = {"stop_token_ids": self._stop_ids, "temperature": decoding.temperature}
        if decoding.temperature == 0:
            return common
        return {**common, "top_p": decoding.top_p, "top_k": decoding.top_k, "seed": decoding.seed}

    def _cache_bytes(self) -> int | None:
        """Part of an engine's share of a device left by weights and workspace; None lets vLLM decide."""
        if self._profile.device_gib is None:
            return None
        weights = sum(file.stat().st_size for file in self._base_model.glob("*.safetensors"))
        return int(self._profile.engine_memory * self._profile.device_gib * GIB) - weights - WORKSPACE

    def _start_message(self, weights: Path) -> dict[str, Any]:
        """Build an engine's first message."""
        profile, decoding = self._profile, self._protocol.decoding
        return {
            "base": str(self._base_model.resolve()),
            "weights": str(weights.resolve()),
            "swap": "fresh" if self._fresh else "in_place",
            "device": profile.device,
            "memory": profile.engine_memory,
            "cache_bytes": self._cache_bytes(),
            "dtype": self._protocol.base_model.dtype,
            "max_model_len": decoding.max_prompt_tokens + decoding.max_new_tokens,
            "seed": decoding.seed,
            # vLLM rewinds a seeded request's generator after a partial prefill, which CPU generators cannot.
            "chunked_prefill": profile.device != "cpu" or decoding.temperature == 0,
        }


def _self_tolerance(protocol: ModelProtocol) -> float:
    """Tolerance between two runs of one engine: a tenth, since the same kernels on the same shapes round alike."""
    return TOLERANCES[protocol.base_model.dtype] / 10
