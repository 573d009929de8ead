"""Writes a Llama with random weights and prints its parameter count.

Run `python -m benchmarks.evaluator.ways.random_model FOLDER SHAPE DTYPE`.
"""

from __future__ import annotations

import json
import sys

import torch
from transformers import AutoModelForCausalLM, LlamaConfig


def main(folder: str, shape: str, dtype: str) -> None:
    """Make and save the model."""
    torch.manual_seed(0)
    config = LlamaConfig(**json.loads(shape), tie_word_embeddings=False)
    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    model.save_pretrained(folder)
    print(json.dumps({"parameters": model.num_parameters()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
