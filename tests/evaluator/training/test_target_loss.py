from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, DataCollatorWithFlattening

from evaluator.training.rank import attention_rows as rows_attention
from evaluator.training.rank.target_loss import TargetHead, TargetLoss

pytestmark = pytest.mark.integration

ROWS = [
    {"input_ids": [5, 6, 7, 8, 9, 10], "labels": [-100, -100, 7, 8, 9, 10]},
    {"input_ids": [11], "labels": [-100]},
    {"input_ids": [12, 13, 14, 15], "labels": [-100, 13, 14, 15]},
]
"""Seven targets; the row in the middle trains nothing."""


def loss_of(tiny: Path, chunk: int | None, **settings: object) -> TargetLoss:
    rows_attention.register_attention()
    causal = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32", attn_implementation=rows_attention.NAME)
    if settings.get("checkpointing"):
        causal.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return TargetLoss(causal, chunk).train()


def gradients(model: TargetLoss) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    found = model(**DataCollatorWithFlattening(return_flash_attn_kwargs=True)(ROWS))
    found.sum().backward()
    return found.detach(), {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


def test_it_is_the_loss_of_each_row_alone(tiny: Path) -> None:
    model = loss_of(tiny, None)
    plain = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32", attn_implementation="eager")
    expected = []
    for row in ROWS:
        logprobs = plain(input_ids=torch.tensor([row["input_ids"]])).logits[0].log_softmax(-1)
        expected += [-logprobs[at - 1, label] for at, label in enumerate(row["labels"]) if label != -100]
    torch.testing.assert_close(gradients(model)[0], torch.stack(expected).detach(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("chunk", [1, 3, 6, 7, 100])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_chunks_and_checkpoints_change_neither_loss_nor_gradient(tiny: Path, chunk: int, checkpointing: bool) -> None:
    """Rounding aside, whose measure is the largest gradient of a weight."""
    whole, expected = gradients(loss_of(tiny, None))
    found, mine = gradients(loss_of(tiny, chunk, checkpointing=checkpointing))
    torch.testing.assert_close(found, whole, atol=1e-6, rtol=1e-6)
    assert mine.keys() == expected.keys()
    for name, gradient in expected.items():
        assert float((mine[name] - gradient).abs().max()) < 1e-5 * float(gradient.abs().max()), name


def test_no_more_logits_than_a_chunk_exist_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = torch.nn.functional.linear

    def watched(hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        seen.append(len(hidden))
        return real(hidden, weight)

    monkeypatch.setattr("evaluator.training.rank.target_loss.linear", watched)
    head = TargetHead(torch.nn.Linear(4, 9, bias=False), 3)
    hidden = torch.randn(8, 4, requires_grad=True)
    head(hidden, torch.arange(8)).sum().backward()
    assert seen == [3, 3, 2, 2, 3, 3], "forward, then again for gradients from the end"


def test_a_pass_that_trains_nothing_reaches_every_weight(tiny: Path) -> None:
    """ZeRO waits for the gradient of every weight on every rank."""
    model = loss_of(tiny, 4)
    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    loss = model(**collate([{"input_ids": [5], "labels": [-100]}])).sum()
    loss.backward()
    assert loss.item() == 0
    assert all(weight.grad is not None and not weight.grad.any() for weight in model.parameters())
