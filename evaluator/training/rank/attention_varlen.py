"""Attention for rows packed into one sequence, by PyTorch's variable-length flash attention (NVIDIA GPUs)."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.attention import varlen
from transformers import AttentionInterface, AttentionMaskInterface

from evaluator.training.rank.attention_rows import require_full_attention

NAME = "varlen"
_CAUSAL = (-1, 0)
"""Attention window: every token sees all before it and none after it."""


def varlen_attention(
    module: torch.nn.Module,  # noqa: ARG001  # the interface's signature
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,  # noqa: ARG001
    scaling: float,
    cu_seq_lens_q: torch.Tensor,
    max_length_q: int,
    sliding_window: int | None = None,
    **rest: Any,  # noqa: ARG001
) -> tuple[torch.Tensor, None]:
    """Compute causal attention within each row; shapes are those of packed_attention.

    `cu_seq_lens_q` is int32 on the query's device, `max_length_q` the tokens of the longest row.
    """
    require_full_attention(sliding_window)
    together = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    attended: torch.Tensor = varlen.varlen_attn(
        *together,
        cu_seq_lens_q,
        cu_seq_lens_q,
        max_length_q,
        max_length_q,
        scale=scaling,
        window_size=_CAUSAL,
        enable_gqa=True,
    )
    return attended.unsqueeze(0), None


def register_attention() -> None:
    """Register `attn_implementation="varlen"` with transformers; it needs no mask."""
    AttentionInterface.register(NAME, varlen_attention)
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)  # noqa: ARG005
