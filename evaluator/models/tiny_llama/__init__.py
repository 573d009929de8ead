"""Base model of demo@1: a Llama of 1.4 million random weights, built locally."""

from __future__ import annotations

import shutil
from pathlib import Path

TOKENIZER = Path(__file__).with_name("tokenizer.json")


def build_model(folder: Path, seed: int = 0) -> None:
    """Write model and tokenizer as transformers files; the folder is created atomically."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from evaluator.models.chat_template import BOS, EOS, SPECIAL_TOKENS

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(TOKENIZER),
        bos_token=BOS,
        eos_token=EOS,
        pad_token=EOS,
        additional_special_tokens=list(SPECIAL_TOKENS[2:]),
        clean_up_tokenization_spaces=False,
    )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).to(torch.float32)
    part = folder.with_name(f".part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(folder)
