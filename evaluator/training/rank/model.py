"""Resident model: loaded once and trained many times.

Uses a custom loop on DeepSpeed's engine: transformers' Trainer would build an engine for each job, and DeepSpeed does
not free all of an engine's hooks and buffers. Here weights are restored in place, which on a CPU equals a fresh
process bit for bit (a GPU's attention adds up in no fixed order), and a job leaves no state behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import deepspeed
import torch
import torch.distributed
from deepspeed.runtime.zero.offload_config import OffloadDeviceEnum, OffloadStateTypeEnum
from transformers import AutoModelForCausalLM, DataCollatorWithFlattening
from transformers.integrations import HfDeepSpeedConfig

from evaluator.config.profile import Profile
from evaluator.config.protocol import SftSettings
from evaluator.training.job_spec import TokenRow, TrainJobSpec
from evaluator.training.rank.target_loss import IGNORED, TargetLoss

_BUCKETS = {"cpu": 5_000_000, "cuda": 50_000_000}
"""Number of elements per communication bucket."""
_CONTEXT = 0.03
"""Share of a device that PyTorch does not count: the CUDA context, NCCL's buffers."""
_PARTED = (
    OffloadStateTypeEnum.lp_params,
    OffloadStateTypeEnum.lp_grads,
    OffloadStateTypeEnum.contiguous_grad_buffer,
)
"""States that DeepSpeed itself can offload at stage 3; our code offloads the optimizer's part."""


def deepspeed_config(profile: Profile, sft: SftSettings, dtype: str) -> dict[str, Any]:
    """Build DeepSpeed's settings. Higher stages partition more, and compute the same."""
    bucket = _BUCKETS[profile.device]
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,  # the model's step method sets step boundaries itself, as steps differ
        "gradient_clipping": sft.max_grad_norm,
        "bf16": {"enabled": dtype == "bfloat16"},
        "zero_optimization": {
            "stage": profile.zero_stage,
            "overlap_comm": profile.device == "cuda",
            "contiguous_gradients": True,
            "reduce_bucket_size": bucket,
            "allgather_bucket_size": bucket,
            "stage3_prefetch_bucket_size": bucket,
            "stage3_param_persistence_threshold": 100_000,
        },
    }


class ResidentModel:
    """One rank's part of the model and its optimizer."""

    def __init__(self, work: TrainJobSpec) -> None:
        profile = work.profile
        if profile.device == "cuda" and profile.together:  # the rest belongs to an engine, also while it sleeps
            torch.cuda.set_per_process_memory_fraction(1 - profile.engine_memory - _CONTEXT)
        config = deepspeed_config(profile, work.sft, work.dtype)
        # While this exists, transformers loads only each rank's part.
        self._parted = HfDeepSpeedConfig(config) if profile.zero_stage == 3 else None
        causal = AutoModelForCausalLM.from_pretrained(
            work.base_model, dtype=work.dtype, attn_implementation=profile.attention
        )
        if profile.gradient_checkpointing:
            causal.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        self.model = TargetLoss(causal, profile.loss_chunk)
        if self._parted:
            deepspeed.zero.register_external_parameter(self.model.head, self.model.head.weight)
        optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=0.0, weight_decay=work.sft.weight_decay, fused=profile.device == "cuda"
        )
        self.engine, *_ = deepspeed.initialize(model=self.model, optimizer=optimizer, config=config)
        self._device = self.engine.device
        self._collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
        dtype = next(causal.parameters()).dtype
        self._base = [master.detach().to("cpu", dtype, copy=True) for master in self._master_weights()]
        self._resting = False

    def reset_to_base(self) -> None:
        """Restore the base weights and an empty optimizer state."""
        zero = self.engine.optimizer
        if self._resting and self._parted:
            self.engine.reload_states()
        self._resting = False
        self._reset_optimizer_state()
        for master, base in zip(self._master_weights(), self._base, strict=True):
            if master.numel() != base.numel():
                master.data = torch.empty_like(base, dtype=torch.float32, device=self._device)
            master.data.copy_(base)
        if not self._parted:
            zero.update_lp_params()
            return
        # DeepSpeed's own steps after each stage-3 step, in its order.
        zero.parameter_offload.partition_all_parameters()
        for group in range(len(zero.fp16_groups)):
            zero._reassign_or_swap_out_partitioned_parameters(group)
        if zero.persistent_parameters:
            zero.persistent_parameters[0].all_gather(zero.persistent_parameters)

    def offload(self) -> None:
        """Move states off the device until `reset_to_base`. At stages 1 and 2 the weights themselves stay."""
        if self._resting:
            return
        self._reset_optimizer_state()
        for master in self._master_weights():
            master.data = torch.empty(0, dtype=master.dtype)
        if self._parted:
            self.engine.offload_states(include=_PARTED, device=OffloadDeviceEnum.cpu, pin_memory=False)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._resting = True

    def train_step(self, passes: Sequence[Sequence[TokenRow]], targets: int, rate: float) -> float:
        """Run one optimizer step; return its loss per target token, with `targets` over all ranks together.

        `passes` are this rank's micro-batches, none of them empty. A step that DeepSpeed skipped, because its
        gradient was no number, has the loss NaN.
        """
        ranks = torch.distributed.get_world_size()
        for group in self.engine.optimizer.param_groups:
            group["lr"] = rate
        self.engine.train()
        whole = torch.zeros((), device=self._device)
        for number, rows in enumerate(passes, start=1):
            self.engine.set_gradient_accumulation_boundary(number == len(passes))
            loss = self.engine(**self.collate_rows(rows)).sum() / targets
            whole += loss.detach()
            # DeepSpeed averages gradients over ranks, while `targets` counts the tokens of all of them.
            self.engine.backward(loss * ranks, scale_wrt_gas=False)
        self.engine.step()
        torch.distributed.all_reduce(whole)
        return whole.item() if self.engine.was_step_applied() else float("nan")

    def compute_logprobs(self, row: TokenRow) -> tuple[float, ...]:
        """Log-probability of each target token of one row. All ranks take part."""
        self.engine.eval()
        with torch.no_grad():
            return tuple((-self.engine(**self.collate_rows([row]))).tolist())

    def collate_rows(self, rows: Sequence[TokenRow]) -> dict[str, Any]:
        """Pack rows into one sequence, with their bounds; positions count from 0 in each."""
        found = self._collate(list(rows))
        return {
            name: value.to(self._device) if isinstance(value, torch.Tensor) else value for name, value in found.items()
        }

    def _reset_optimizer_state(self) -> None:
        """Clear the optimizer state. At stages 1 and 2 DeepSpeed stores views of the first job's in each weight."""
        self.engine.optimizer.optimizer.state.clear()
        for weight in self.model.parameters():
            mapping = getattr(weight, "_hp_mapping", None)
            if mapping is not None and mapping.optim_fragment:
                mapping.optim_fragment.clear()

    def _master_weights(self) -> list[torch.Tensor]:
        """This rank's part of the weights in float32, which the optimizer steps."""
        zero = self.engine.optimizer
        return list(zero.fp32_partitioned_groups_flat if self._parted else zero.single_partition_of_fp32_groups)


def padding_row(row: TokenRow) -> TokenRow:
    """Build a row that trains nothing, for a pass without rows."""
    return {"input_ids": row["input_ids"][:1], "labels": [IGNORED]}
