"""Full-parameter fine-tuning with DeepSpeed's ZeRO in one process group for all jobs."""

from __future__ import annotations

import math
import os
import sys
from functools import partial
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.config.protocol import ModelProtocol
from evaluator.errors import TrainingDiverged
from evaluator.runtime.child_environment import LOOPBACK
from evaluator.runtime.child_process import ChildProcess
from evaluator.training.job_channel import JobChannel
from evaluator.training.trainer import PendingSave, Progress, TrainJob, TrainResult
from submissions.errors import EvaluatorError


class DeepSpeedTrainer:
    """Runs evaluator/training/rank/main.py on every rank: imports, process group and base weights load once.

    Each job starts from the base weights as a fresh process would, on a CPU bit for bit; one that fails ends the group.
    """

    def __init__(self, base_model: Path, protocol: ModelProtocol, profile: Profile, log: Path) -> None:
        self.base_model = base_model
        self.protocol = protocol
        self.profile = profile
        self.log = log
        self._group: JobChannel | None = None

    def train(self, job: TrainJob, progress: Progress) -> PendingSave:
        group = self._ensure_group()
        try:
            number = group.submit("work", self._job_spec(job))
            trained = self._follow_job(group, number, job, progress)
        except BaseException as error:
            self._close_group(written=isinstance(error, EvaluatorError))
            raise
        return partial(_wait_saved, group, number, trained)

    def release_devices(self) -> None:
        """Free the devices. With unpartitioned weights (stages 1 and 2) this ends the process group."""
        if self._group is None:
            return
        if self.profile.zero_stage < 3 and self.profile.device == "cuda":
            self._close_group(written=True)
            return
        try:
            self._group.next_message(self._group.submit("rest"))
        except BaseException:
            self._close_group(written=True)
            raise

    def close(self) -> None:
        """End the process group; a later job starts another. A model that is not written yet is lost."""
        self._close_group(written=False)

    def _ensure_group(self) -> JobChannel:
        if self._group is not None and (self._group.has_failed_job or self._group.is_broken):
            self._close_group(written=True)
        if self._group is None:
            child = ChildProcess(
                "trainer", self._launch_command(), self.log, self._child_env(), self.profile.start_seconds
            )
            self._group = JobChannel(child, self.profile.silent_seconds)
        return self._group

    def _close_group(self, *, written: bool) -> None:
        group, self._group = self._group, None
        if group is not None:
            group.close(written=written)

    def _job_spec(self, job: TrainJob) -> dict[str, object]:
        return {
            "rows": str(job.rows.resolve()),
            "out": str(job.out.resolve()),
            "base_model": str(self.base_model.resolve()),
            "dtype": self.protocol.base_model.dtype,
            "sft": {**self.protocol.sft.model_dump(), "seed": job.seed},
            "profile": self.profile.model_dump(),
        }

    def _follow_job(self, group: JobChannel, number: int, job: TrainJob, progress: Progress) -> TrainResult:
        losses: list[float] = []
        while "trained" not in (message := group.next_message(number)):
            if "step" in message:
                losses.append(message["loss"])
                progress(job.name, message["step"], message["of"])
        if not math.isfinite(message["loss"]):
            raise TrainingDiverged(
                f"The loss of {job.name} is {message['loss']} after {message['steps']} steps.",
                f"Check the rows of this task and {self.log}, then run again.",
            )
        group.expect_save(number)
        return TrainResult(job, message["steps"], message["loss"], tuple(losses))

    def _launch_command(self) -> list[str]:
        profile = self.profile
        settings = (profile.ranks, profile.start_seconds, profile.silent_seconds)
        return [sys.executable, "-m", "evaluator.training.rank.launch", *map(str, settings)]

    def _child_env(self) -> dict[str, str]:
        own = {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""}
        if self.profile.device == "cuda":
            own = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}  # micro-batches vary in size
        return {
            **LOOPBACK,
            "OMP_NUM_THREADS": str(self.profile.threads),
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore::FutureWarning",  # torch repeats DeepSpeed's deprecations twenty times a step
            "PATH": _path_with_ninja(),
            **own,
        }


def _wait_saved(group: JobChannel, job: int, trained: TrainResult) -> TrainResult:
    group.wait_saved(job)
    return trained


def _path_with_ninja() -> str:
    """Path with `ninja`, which DeepSpeed needs to compile an extension, from beside the environment's interpreter."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
