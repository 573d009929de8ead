"""The child process of VllmGenerator: one engine on one device, token ids in, texts out, weights swapped in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from evaluator.runtime.child_process import ParentConnection, die_with_parent, error_name
from evaluator.runtime.resource_usage import read_peak_bytes, reset_peak_memory

if TYPE_CHECKING:  # importing vLLM takes seconds, which a parent would spend for each engine in turn
    from vllm import LLM, SamplingParams

BEAT_SECONDS = 1.0
"""Interval of heartbeats, so that long work does not look like a hung device."""
FIXED_TOKENS = 64


class VllmEngine:
    """One vLLM engine that tracks whether it sleeps."""

    def __init__(self, llm: LLM, base: str, *, can_sleep: bool) -> None:
        self.llm = llm
        self.base = base
        self.can_sleep = can_sleep
        self._asleep = False

    def sleep(self) -> None:
        """Free weights and cache, where the platform can."""
        if self.can_sleep and not self._asleep:
            self.llm.sleep(level=2)
            self._asleep = True

    def load_weights(self, weights: str) -> None:
        """Read a model's weights into the running engine and drop cached results of the old ones.

        The files are read in place: all engines of a worker map the same ones, and no folder contains leftovers of
        another model. An engine that can sleep does so first: then it has no old weights that could answer in place
        of those that failed to load, and the cache's memory is free for the reload.
        """
        self.sleep()
        if self.can_sleep:
            self.llm.wake_up(tags=["weights"])
        self.llm.collective_rpc("reload_weights", kwargs={"weights_path": weights})
        self.llm.apply_model(repack_tied_head)
        if self.can_sleep:
            self.llm.wake_up(tags=["kv_cache"])
            self._asleep = False
        self.llm.reset_prefix_cache()

    def supports_weight_swap(self) -> bool:
        """True if the platform reloads weights; tested by reading the base model's a second time."""
        try:
            self.load_weights(self.base)
        except (NotImplementedError, AttributeError, TypeError) as error:
            print(f"This engine cannot swap weights in place: {type(error).__name__}: {error}", flush=True)
            return False
        return True

    def compute_logprobs(self, ids: list[int] | None) -> list[float]:
        """Log-probabilities of each token but the first, natural; without ids, those of a fixed meaningless text.

        vLLM computes prompt log-probabilities without reading the prefix cache.
        """
        from vllm import SamplingParams

        if ids is None:
            vocabulary = self.llm.model_config.get_vocab_size()
            ids = [7919 * (number + 1) % vocabulary for number in range(FIXED_TOKENS)]
        sampling = SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=0)
        (output,) = self.llm.generate([{"prompt_token_ids": ids}], sampling, use_tqdm=False)
        assert output.prompt_logprobs is not None
        found = zip(ids[1:], output.prompt_logprobs[1:], strict=True)
        return [float(of[token].logprob) for token, of in found if of is not None]

    def generate(
        self, prompts: list[list[int]], sampling: dict[str, Any], beat: Callable[[], None]
    ) -> list[dict[str, Any]]:
        """Generate completions in the order of the prompts, with a heartbeat after each step of the engine."""
        from vllm import SamplingParams

        self.llm.reset_prefix_cache()  # earlier units must not affect this one's arithmetic
        return [_to_completion(output) for output in self._run_requests(prompts, SamplingParams(**sampling), beat)]

    def generate_steps(self, request: dict[str, Any], beat: Callable[[], None]) -> list[dict[str, Any]]:
        """Generate one step of each text in the order of the prompts, each with its own limit."""
        from vllm import SamplingParams

        if not request["follows_last"]:
            self.llm.reset_prefix_cache()
        sampling = [SamplingParams(**request["sampling"], max_tokens=limit) for limit in request["limits"]]
        outputs = self._run_requests(request["prompts"], sampling, beat)
        tokenizer = self.llm.get_tokenizer()

        def decode(ids: list[int]) -> str:
            return str(tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

        return [_to_step(output, decode) for output in outputs]

    def _run_requests(
        self,
        prompts: list[list[int]],
        sampling: SamplingParams | Sequence[SamplingParams],
        beat: Callable[[], None],
    ) -> list[Any]:
        from vllm import RequestOutput

        self.llm.enqueue([{"prompt_token_ids": ids} for ids in prompts], sampling, use_tqdm=False)
        finished: dict[int, RequestOutput] = {}
        while self.llm.llm_engine.has_unfinished_requests():
            for output in self.llm.llm_engine.step():
                if isinstance(output, RequestOutput) and output.finished:
                    finished[int(output.request_id)] = output
            beat()
        return [finished[number] for number in sorted(finished)]


def repack_tied_head(model: Any) -> None:
    """Prepare a tied output layer for the weights that its embedding has now.

    On a CPU vLLM computes it with a packed copy of them, and a reload packs anew only layers that are in the files.
    """
    if model.config.tie_word_embeddings:
        model.lm_head.quant_method.process_weights_after_loading(model.lm_head)


def _to_completion(output: Any) -> dict[str, Any]:
    best = output.outputs[0]
    return {"text": best.text, "tokens": len(best.token_ids), "finished": best.finish_reason == "stop"}


def _to_step(output: Any, decode: Callable[[list[int]], str]) -> dict[str, Any]:
    best = output.outputs[0]
    end = "length" if best.finish_reason == "length" else "end_of_turn"
    surplus = ""
    if isinstance(best.stop_reason, str):
        whole, end = decode(list(best.token_ids)), "stop_string"
        surplus = whole[len(best.text) :] if whole.startswith(best.text) else ""
    return {"ids": list(best.token_ids), "text": best.text, "surplus": surplus, "end": end}


def load_engine(start: dict[str, Any]) -> VllmEngine:
    """Load an engine with the weights of one folder and everything else from the base model."""
    from vllm import LLM
    from vllm.platforms import current_platform

    base, cuda = start["base"], start["device"] == "cuda"
    can_sleep = (
        cuda
        and start["swap"] == "in_place"
        and current_platform.is_sleep_mode_available()
        and current_platform.is_cumem_allocator_available()
    )
    llm = LLM(
        model=start["weights"],
        tokenizer=base,
        hf_config_path=base,
        generation_config=base,
        dtype=start["dtype"],
        max_model_len=start["max_model_len"],
        seed=start["seed"],
        # A GPU records its graphs once per job, which serves hundreds of models; batch-invariant mode turns compilation
        # off by itself where it must and keeps the graphs. On a CPU compiling takes longer than all the work.
        enforce_eager=not cuda,
        enable_prefix_caching=True,
        enable_chunked_prefill=start["chunked_prefill"],
        disable_log_stats=True,
        enable_sleep_mode=can_sleep,
        # A share of the device's whole memory, which must be free at boot: where trainer and engines take turns, the
        # trainer rests before an engine boots or wakes; where they work together (profile.together), the profile's
        # share leaves room for the training. The cache is as large as was reckoned: measured while others come and
        # go it would be another size at each boot.
        **({"gpu_memory_utilization": start["memory"], "kv_cache_memory_bytes": start["cache_bytes"]} if cuda else {}),
    )
    return VllmEngine(llm, base, can_sleep=can_sleep)


def start_engine(start: dict[str, Any], parent: ParentConnection) -> VllmEngine | None:
    """Start an engine and report its abilities; None if it should swap weights and cannot."""
    engine = load_engine(start)
    first = engine.compute_logprobs(None)
    if start["swap"] == "in_place" and not engine.supports_weight_swap():
        parent.send({"ready": False})
        return None
    again = engine.compute_logprobs(None)
    parent.send({"ready": True, "first": first, "again": again, "can_sleep": engine.can_sleep})
    return engine


def serve_requests(parent: ParentConnection) -> None:
    """Boot as the first message requests, then serve messages until the parent exits."""
    start = parent.receive()
    engine = start_engine(start, parent) if start else None
    if start is None or engine is None:
        return
    told = time.monotonic()

    def send_heartbeat() -> None:
        nonlocal told
        if time.monotonic() - told >= BEAT_SECONDS:
            parent.send({"beat": True})
            told = time.monotonic()

    while request := parent.receive():
        if "load" in request:
            engine.load_weights(request["load"])
            parent.send({"loaded": True})
        elif "say" in request:
            parent.send({"logprobs": engine.compute_logprobs(request["say"])})
        elif "rest" in request:
            engine.sleep()
            parent.send({"rests": True})
        else:
            reset_peak_memory(start["device"])
            if "limits" in request:
                completions = engine.generate_steps(request, send_heartbeat)
            else:
                completions = engine.generate(request["prompts"], request["sampling"], send_heartbeat)
            parent.send({"completions": completions, "peak_bytes": read_peak_bytes(start["device"])})


def main() -> None:
    """Serve requests, and report the kind of failure that ended the process."""
    die_with_parent()
    parent = ParentConnection()
    try:
        serve_requests(parent)
    except Exception as error:
        if kind := error_name(error):
            parent.send({"failed": kind, "said": str(error) or type(error).__name__})
        raise


if __name__ == "__main__":
    main()
