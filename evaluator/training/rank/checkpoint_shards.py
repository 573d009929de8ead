"""Model files: each rank writes its share of the weights, in the safetensors format."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import deepspeed
import torch
from transformers import PreTrainedModel

from evaluator.training.rank.micro_batches import balance_sizes

_DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}
_GATHERED = 64 * 1024 * 1024
"""Number of elements that stage 3 gathers on every device at once, for one rank to copy.

A larger weight is gathered alone.
"""

Tensors = dict[str, torch.Tensor]


def shard_name(rank: int, ranks: int) -> str:
    """File name of a rank's share, in the Hub's format."""
    return "model.safetensors" if ranks == 1 else f"model-{rank + 1:05}-of-{ranks:05}.safetensors"


def shard_owners(model: PreTrainedModel, ranks: int) -> dict[str, int]:
    """Assign each weight to a rank; shares are equally large, or nearly."""
    names = [name for name, _ in model.named_parameters()]
    shares = balance_sizes([_weight_size(weight) for _, weight in model.named_parameters()], ranks)
    owner = {names[index]: rank for rank, share in enumerate(shares) for index in share}
    return {name: owner[name] for name in names}


def copy_shard(model: PreTrainedModel, rank: int, ranks: int) -> Tensors:
    """Copy this rank's share to host memory. All ranks take part."""
    owner = shard_owners(model, ranks)
    mine: Tensors = {}
    for some in _iter_portions(model):
        with _gather_weights(some):
            mine |= {name: weight.detach().to("cpu", copy=True) for name, weight in some.items() if owner[name] == rank}
    return mine


def write_shard(file: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors as safetensors: the header's length, the header, then every tensor's bytes.

    The library's own writer reports a full disk as an error without a number. Raises OSError.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": _DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with file.open("wb") as out:
        out.write(len(head).to_bytes(8, "little") + head)
        for tensor in tensors.values():
            out.write(tensor.contiguous().view(-1).view(torch.uint8).numpy())
        out.flush()
        os.fsync(out.fileno())


def write_index(folder: Path, model: PreTrainedModel, ranks: int) -> None:
    """Write the index from weights to files, if there are several."""
    if ranks == 1:
        return
    sizes = {name: _weight_size(weight) * weight.element_size() for name, weight in model.named_parameters()}
    files = {name: shard_name(rank, ranks) for name, rank in shard_owners(model, ranks).items()}
    index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": files}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


def _weight_size(weight: torch.Tensor) -> int:
    """Number of elements of the whole weight; at stage 3 a rank has a part of it."""
    return int(getattr(weight, "ds_numel", weight.numel()))


def _gather_weights(some: Mapping[str, torch.Tensor]) -> AbstractContextManager[object]:
    weights = list(some.values())
    if not hasattr(weights[0], "ds_id"):
        return nullcontext()
    gathered: AbstractContextManager[object] = deepspeed.zero.GatheredParameters(weights)
    return gathered


def _iter_portions(model: PreTrainedModel) -> Iterator[Tensors]:
    some: Tensors = {}
    for name, weight in model.named_parameters():
        if some and sum(map(_weight_size, some.values())) + _weight_size(weight) > _GATHERED:
            yield some
            some = {}
        some[name] = weight
    yield some
