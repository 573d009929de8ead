"""The child process of VllmGenerator: one engine, token ids in and texts out, weights swapped between models."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from vllm import LLM, SamplingParams

from evaluator.child import Parent, die_with_parent
from evaluator.spent import forget_peak, peak_bytes


def boot(start: dict[str, Any]) -> LLM:
    """The engine, reading its weights from a folder that is its own."""
    return LLM(
        model=start["model"],
        dtype=start["dtype"],
        max_model_len=start["max_model_len"],
        seed=start["seed"],
        enforce_eager=True,
        enable_prefix_caching=True,
        enable_chunked_prefill=start["chunked_prefill"],
        disable_log_stats=True,
    )


def swap(llm: LLM, folder: Path, weights: Path) -> None:
    """Put a fine-tuned model's weights into the running engine, and forget what the old ones computed."""
    for old in folder.glob("*.safetensors*"):
        old.unlink()
    for new in weights.glob("*.safetensors*"):
        shutil.copyfile(new, folder / new.name)
    llm.collective_rpc("reload_weights")
    llm.reset_prefix_cache()


def answer(llm: LLM, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Completions in the order of the prompts; equal beginnings are computed next to each other."""
    prompts, sampling = request["prompts"], SamplingParams(**request["sampling"])
    order = sorted(range(len(prompts)), key=lambda index: prompts[index])
    outputs = llm.generate([{"prompt_token_ids": prompts[index]} for index in order], sampling, use_tqdm=False)
    completions: list[dict[str, Any]] = [{}] * len(prompts)
    for index, output in zip(order, outputs, strict=True):
        best = output.outputs[0]
        completions[index] = {
            "text": best.text,
            "tokens": len(best.token_ids),
            "finished": best.finish_reason == "stop",
        }
    return completions


def main() -> None:
    """Serve requests until the parent goes."""
    die_with_parent()
    parent = Parent()
    start = parent.receive()
    if start is None:
        return
    llm = boot(start)
    parent.send({"ready": True})
    while request := parent.receive():
        if "weights" in request:
            swap(llm, Path(start["model"]), Path(request["weights"]))
            parent.send({"swapped": True})
        else:
            forget_peak(start["device"])
            completions = answer(llm, request)
            parent.send({"completions": completions, "peak_bytes": peak_bytes(start["device"])})


if __name__ == "__main__":
    main()
