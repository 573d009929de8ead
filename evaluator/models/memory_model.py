"""Memory model of a worker, part by part, from sizes alone. Pure arithmetic in bytes; nothing is measured.

A training needs its state all the time, plus the larger of the needs of a pass through the model and of the
optimizer's step. An engine takes its full share of the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluator.config.profile import Profile
from evaluator.config.protocol import ModelProtocol
from evaluator.models.model_shape import ModelShape

GB, GIB = 10**9, 2**30
WIDTHS = {"bfloat16": 2, "float32": 4}
SUB_GROUP = 10**9
"""Parameters per optimizer sub-step of ZeRO-3 (DeepSpeed's `sub_group_size`).

Stages 1 and 2 step a rank's share at once.
"""
LIVE = 10**9
"""Maximum parameters that ZeRO-3 gathers at once (DeepSpeed's `stage3_max_live_parameters`)."""
CONTEXT = 2 * GB
"""CUDA context, NCCL's buffers and cuBLAS workspace of a process. An estimate."""
RESTING = 3 * GB
"""Device memory of an offloaded child: its CUDA context, an engine's graphs and workspaces. An estimate."""
WORKSPACE = 3 * GB
"""An engine's activations and CUDA graphs, within its share. An estimate."""
PROCESS = 4 * GB
"""Host memory of a rank or an engine without any weights: libraries and pinned buffers. An estimate."""

Parts = Mapping[str, int]
"""Bytes by purpose."""


@dataclass(frozen=True)
class TrainingMemory:
    """Memory of a training on each device."""

    state: Parts
    """Allocated all the time."""
    passing: Parts
    """Needed during the micro-batch's forward and backward pass."""
    stepping: Parts
    """Needed during the optimizer step; the activations are freed by then."""

    @property
    def total(self) -> int:
        """Peak memory of a training."""
        return sum(self.state.values()) + max(sum(self.passing.values()), sum(self.stepping.values()))


@dataclass(frozen=True)
class MemoryEstimate:
    """Memory requirements of a worker."""

    training: TrainingMemory
    engine: Parts
    """Memory on each device: weights, key-value cache, workspace. The cache is the rest of the share."""
    host: Parts
    cache_tokens: int
    """Capacity of an engine's cache in tokens; below 0 if not even the weights fit its share."""
    device_bytes: int
    host_bytes: int

    @property
    def engine_total(self) -> int:
        """An engine's share of a device."""
        return sum(self.engine.values())

    @property
    def colocated_total(self) -> int:
        """Memory of a training and an engine at once, both of them awake."""
        return self.training.total + self.engine_total

    @property
    def alternating_total(self) -> int:
        """Peak memory where one of the two is offloaded."""
        return max(self.training.total, self.engine_total) + RESTING

    @property
    def host_total(self) -> int:
        """Total host memory."""
        return sum(self.host.values())

    @property
    def figures(self) -> Mapping[str, Parts]:
        """All figures by section, as profiles and plans show them."""
        training = self.training
        return {
            "training": {**training.state, **training.passing, **training.stepping, "at most": training.total},
            "engine": {**self.engine, "share": self.engine_total},
            "device": {
                "together": self.colocated_total,
                "in turns": self.alternating_total,
                "there is": self.device_bytes,
            },
            "host": {**self.host, "in all": self.host_total, "there is": self.host_bytes},
        }

    def has_room(self, protocol: ModelProtocol, *, together: bool) -> bool:
        """Return whether devices and host have room, and an engine's cache fits one longest prompt with its answer."""
        longest = protocol.decoding.max_prompt_tokens + protocol.decoding.max_new_tokens
        on_device = (self.colocated_total if together else self.alternating_total) <= self.device_bytes
        return on_device and self.host_total <= self.host_bytes and self.cache_tokens >= longest


def estimate_memory(shape: ModelShape, profile: Profile, protocol: ModelProtocol) -> MemoryEstimate | None:
    """Estimate a worker's memory for this profile and model; None where the profile states no memory."""
    if profile.device_gib is None or profile.host_gib is None:
        return None
    width = WIDTHS[protocol.base_model.dtype]
    weights = width * shape.parameters
    device = int(profile.device_gib * GIB)
    cache = int(profile.engine_memory * device) - weights - WORKSPACE
    return MemoryEstimate(
        training=estimate_training(shape, profile, protocol),
        engine={"weights": weights, "cache": cache, "workspace": WORKSPACE},
        host=_estimate_host(weights, profile),
        cache_tokens=cache // (2 * width * shape.layers * shape.keys),
        device_bytes=device,
        host_bytes=profile.host_gib * GIB,
    )


def estimate_training(shape: ModelShape, profile: Profile, protocol: ModelProtocol) -> TrainingMemory:
    """Estimate a training's memory on each device under the profile's ZeRO stage and number of ranks."""
    width, count, ranks = WIDTHS[protocol.base_model.dtype], shape.parameters, profile.ranks
    shared = {stage: ranks if profile.zero_stage >= stage else 1 for stage in (1, 2, 3)}
    stepped = count // shared[1] if profile.zero_stage < 3 else min(count // ranks, SUB_GROUP)
    tokens = max(profile.micro_tokens, protocol.sft.cutoff_tokens)  # a row longer than a micro-batch goes alone
    chunk = min(profile.loss_chunk or tokens, tokens)
    gathered = width * min(count, LIVE) if profile.zero_stage == 3 and ranks > 1 else 0
    return TrainingMemory(
        state={
            "weights": width * count // shared[3],
            "gradients": width * count // shared[2],
            "master": 4 * count // shared[1],
            "moments": 8 * count // shared[1],
            "context": CONTEXT,
        },
        passing={
            "activations": tokens * _activation_bytes(shape, width, checkpointing=profile.gradient_checkpointing),
            # In the model's precision, in fp32, and the gradient of that.
            "logits": chunk * shape.vocab * (width + 8),
            "gathered": gathered,
        },
        # Gradients in fp32, Adam's denominators, and in stages 1 and 2 the gradients' flat copy before that.
        stepping={"step": (8 + (width if profile.zero_stage < 3 else 0)) * stepped},
    )


def _activation_bytes(shape: ModelShape, width: int, *, checkpointing: bool) -> int:
    """Bytes of activations per token: every layer's input, and the gradient inputs of one layer (or of all).

    A layer stores its norms' inputs in fp32 and normalised, the norms' outputs, queries, keys, values and the attention
    output, and three times the feed-forward width with its product; heads' norms are stored as the others.
    """
    normed = 2 * shape.hidden + (shape.queries + shape.keys if shape.has_head_norms else 0)
    stored = 2 * shape.hidden + 2 * shape.queries + 2 * shape.keys + 4 * shape.ffn
    inside = (4 + width) * normed + width * stored
    if not checkpointing:
        return shape.layers * inside
    return width * shape.layers * shape.hidden + inside


def _estimate_host(weights: int, profile: Profile) -> Parts:
    """Host memory: base model of each training, models on the RAM disk, and temporary copies.

    Ranks that partition no weights each load all of them at their start; later a trained model is gathered, or an
    offloaded training has its weights and gradients here (ZeRO-3).
    """
    loading = weights * (1 if profile.zero_stage == 3 else profile.ranks)
    resting = 2 * weights if profile.zero_stage == 3 and not profile.together else 0
    return {
        "base": weights,
        "passing": max(loading, weights + resting),
        "models": 2 * weights,  # while one is examined, or waits for it, the next is written
        "processes": PROCESS * (profile.ranks + profile.engines),
    }
