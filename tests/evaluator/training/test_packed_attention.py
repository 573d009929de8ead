from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, DataCollatorWithFlattening

from evaluator.training.rank import attention_rows as rows_attention
from evaluator.training.rank import attention_varlen as varlen_attention

pytestmark = pytest.mark.integration


def test_rows_in_one_sequence_are_as_each_row_alone(tiny: Path) -> None:
    rows_attention.register_attention()
    ours = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32", attn_implementation=rows_attention.NAME)
    theirs = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32", attn_implementation="eager")
    rows = [[5, 6, 7, 8, 9], [10], [11, 12, 13], [5, 6, 7, 8, 9]]
    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    batch = collate([{"input_ids": row, "labels": row} for row in rows])
    batch.pop("labels")
    with torch.no_grad():
        together = ours(**batch).logits[0]
        apart = torch.cat([theirs(input_ids=torch.tensor([row])).logits[0] for row in rows])
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_every_row_attends_to_its_own_past_alone(lengths: list[int], seed: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    total, heads, groups, width = sum(lengths), 4, 2, 8
    query = torch.randn(1, heads, total, width, generator=chance)
    key, value = (torch.randn(1, groups, total, width, generator=chance) for _ in range(2))
    bounds = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()])
    row = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    allowed = (row[:, None] == row[None, :]).tril()
    scores = query @ key.repeat_interleave(2, dim=1).transpose(2, 3) * 0.3
    weights = scores.masked_fill(~allowed, float("-inf")).softmax(-1)
    expected = (weights @ value.repeat_interleave(2, dim=1)).transpose(1, 2)
    found, _ = rows_attention.packed_attention(torch.nn.Module(), query, key, value, None, 0.3, bounds)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_varlen_is_called_as_flash_attention_wants_it(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel needs a GPU; here it is stood in for by rows attention, on the arguments it would get."""
    calls: list[tuple[torch.Size, torch.Size]] = []

    def kernel(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        bounds: torch.Tensor,
        key_bounds: torch.Tensor,
        longest: int,
        longest_key: int,
        *,
        scale: float,
        window_size: tuple[int, int],
        enable_gqa: bool,
    ) -> torch.Tensor:
        assert bounds.dtype == key_bounds.dtype == torch.int32
        assert bounds.tolist() == key_bounds.tolist() == [0, 5, 6, 9, 14]
        assert type(longest) is type(longest_key) is int
        assert longest == longest_key == 5
        assert window_size == (-1, 0), "causal"
        assert enable_gqa
        assert all(tensor.is_contiguous() for tensor in (query, key, value))
        calls.append((query.shape, key.shape))
        together = (tensor.transpose(0, 1).unsqueeze(0) for tensor in (query, key, value))
        attended, _ = rows_attention.packed_attention(torch.nn.Module(), *together, None, scale, bounds)
        return attended[0]

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", kernel)
    rows_attention.register_attention()
    varlen_attention.register_attention()
    rows = [[5, 6, 7, 8, 9], [10], [11, 12, 13], [5, 6, 7, 8, 9]]
    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    batch = collate([{"input_ids": row, "labels": row} for row in rows])
    batch.pop("labels")
    assert batch["position_ids"].tolist() == [[*range(5), 0, *range(3), *range(5)]]
    logits = []
    for name in (varlen_attention.NAME, rows_attention.NAME):
        model = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32", attn_implementation=name)
        with torch.no_grad():
            logits.append(model(**batch).logits)
    torch.testing.assert_close(*logits, atol=0, rtol=0)
    config = model.config
    heads = (14, config.num_attention_heads, config.head_dim), (14, config.num_key_value_heads, config.head_dim)
    assert calls == [heads] * config.num_hidden_layers
    assert config.num_key_value_heads < config.num_attention_heads
