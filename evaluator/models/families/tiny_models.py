"""Tiny models of the Qwen families, made on the spot: random weights, and the vocabulary of the tiny Llama.

Each has its family's own added tokens, normalisation and way of cutting text. As in the published models, the embedding
has more rows than the tokenizer has tokens.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers

from evaluator.models import tiny_llama

ROWS = 64
"""The embedding's rows are a multiple of this."""
SPREAD = 0.1
"""Standard deviation of biases and of norms' weights, which a fresh model has at 0 and 1 exactly."""
TokenLists = tuple[tuple[str, ...], tuple[str, ...]]
"""Control tokens, and tokens that text may contain."""


def make_qwen_tokenizer(tokens: TokenLists) -> Tokenizer:
    """Make a tokenizer with the tiny Llama's vocabulary and a Qwen family's added tokens after it."""
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    document = json.loads(tiny_llama.TOKENIZER.read_text())
    document["added_tokens"] = []
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    control, text = tokens
    tokenizer.add_special_tokens(list(control))
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in text])
    return tokenizer


def build_qwen(
    model_type: str, sizes: Mapping[str, int | bool], tokens: TokenLists, folder: Path, seed: int = 0
) -> None:
    """Write model and tokenizer as transformers files; the folder is created atomically."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    end_of_text, _, end = tokens[0][:3]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=make_qwen_tokenizer(tokens),
        eos_token=end,
        pad_token=end_of_text,
        additional_special_tokens=list(tokens[0][1:]),
        clean_up_tokenization_spaces=False,
    )
    config = AutoConfig.for_model(
        model_type,
        **sizes,
        vocab_size=-(-len(tokenizer) // ROWS) * ROWS,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight.add_(SPREAD * torch.randn(weight.shape))
    part = folder.with_name(f".part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(folder)
