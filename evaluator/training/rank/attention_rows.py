"""Attention for rows packed into one sequence: each row attends to itself.

It takes the row bounds of flash attention's variable-length call, runs on any device, and costs the sum of the squared
row lengths where a masked sequence would cost the square of the sum.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface

NAME = "rows"


def packed_attention(
    module: torch.nn.Module,  # noqa: ARG001  # the interface's signature
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,  # noqa: ARG001
    scaling: float,
    cu_seq_lens_q: torch.Tensor,
    sliding_window: int | None = None,
    **rest: Any,  # noqa: ARG001
) -> tuple[torch.Tensor, None]:
    """Compute causal attention within each row.

    query is (1, heads, tokens, width), key and value (1, key heads, tokens, width); `cu_seq_lens_q` contains the
    bounds of the rows, 0 first and the number of tokens last. Returns (1, tokens, heads, width).
    """
    require_full_attention(sliding_window)
    bounds = cu_seq_lens_q.tolist()
    rows = [
        scaled_dot_product_attention(
            query[:, :, start:end],
            key[:, :, start:end],
            value[:, :, start:end],
            is_causal=True,
            scale=scaling,
            enable_gqa=True,
        )
        for start, end in pairwise(bounds)
    ]
    return torch.cat(rows, dim=2).transpose(1, 2).contiguous(), None


def require_full_attention(sliding_window: int | None) -> None:
    """Refuse a layer that attends to a sliding window, which would be trained without one."""
    if sliding_window is not None:
        raise NotImplementedError(f"The trainer's attention has no sliding window (of {sliding_window} tokens).")


def register_attention() -> None:
    """Register `attn_implementation="rows"` with transformers; it needs no mask."""
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)  # noqa: ARG005
