"""Padded batches, as most trainers make them: rows side by side, filled up to the longest."""

from __future__ import annotations

import torch


def pad_rows(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Return a batch padded to its longest row, rounded up to a multiple of 8."""
    width = -(-max(len(row["input_ids"]) for row in rows) // 8) * 8
    ids, labels, mask = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    labels.fill_(-100)
    for number, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[number, :length] = torch.tensor(row["input_ids"])
        labels[number, :length] = torch.tensor(row["labels"])
        mask[number, :length] = 1
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}
