"""The trainer's attention on rows packed into one sequence, in the layers of each family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, DataCollatorWithFlattening

from evaluator.models.families import FAMILIES
from evaluator.training.rank import attention_rows as rows_attention
from evaluator.training.rank import attention_varlen as varlen_attention

pytestmark = pytest.mark.integration

ROWS = [[5, 6, 7, 8, 9], [10], [11, 12, 13], [5, 6, 7, 8, 9]]


def rows_instead(query: Any, key: Any, value: Any, bounds: Any, *_: object, scale: float, **__: object) -> torch.Tensor:
    """Stands in for the kernel, which needs a GPU."""
    together = (tensor.transpose(0, 1).unsqueeze(0) for tensor in (query, key, value))
    attended, _ = rows_attention.packed_attention(torch.nn.Module(), *together, None, scale, bounds)
    return attended[0]


def packed(**others: object) -> dict[str, Any]:
    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    batch = collate([{"input_ids": row, "labels": row} for row in ROWS])
    batch.pop("labels")
    return {**batch, **others}


@pytest.mark.parametrize("model_type", FAMILIES)
def test_packed_rows_are_as_each_row_alone(model_type: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", rows_instead)
    rows_attention.register_attention()
    varlen_attention.register_attention()
    FAMILIES[model_type].build_tiny(tmp_path / "model")
    models = {
        name: AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype="float32", attn_implementation=name)
        for name in ("eager", rows_attention.NAME, varlen_attention.NAME)
    }
    with torch.no_grad():
        apart = torch.cat([models["eager"](input_ids=torch.tensor([row])).logits[0] for row in ROWS])
        for name in (rows_attention.NAME, varlen_attention.NAME):
            together = models[name](**packed()).logits[0]
            torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", [rows_attention.NAME, varlen_attention.NAME])
def test_a_layer_with_a_sliding_window_is_not_trained_without_it(name: str) -> None:
    rows_attention.register_attention()
    varlen_attention.register_attention()
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
    window = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 0}
    config = AutoConfig.for_model("qwen2", num_hidden_layers=2, vocab_size=50, **sizes, **window)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=name)
    with pytest.raises(NotImplementedError, match="no sliding window \\(of 4 tokens\\)"), torch.no_grad():
        model(**packed())
