"""Full-parameter fine-tuning with DeepSpeed ZeRO-3 in one torchrun process group for all jobs of a call."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from evaluator.child import Child
from evaluator.errors import TrainingDiverged
from evaluator.profile import Profile
from evaluator.protocol import Protocol
from evaluator.trainer.trainer import Progress, Saving, Trained, TrainJob


class DeepSpeedTrainer:
    """Runs evaluator/trainer/sft.py on every rank: imports and process group are paid once, each job starts anew."""

    def __init__(self, base_model: Path, protocol: Protocol, profile: Profile, log: Path) -> None:
        self.base_model = base_model
        self.protocol = protocol
        self.profile = profile
        self.log = log
        self._child: Child | None = None

    def train(self, job: TrainJob, progress: Progress) -> Saving:
        try:
            if self._child is None:
                self._child = Child("trainer", self._command(), self.log, self._env(), self.profile.start_seconds)
            trained = self._train(self._child, job, progress)
        except BaseException:
            self.close()  # the next job meets a fresh process
            raise
        return lambda: trained

    def rest(self) -> None:
        """Nothing yet."""

    def close(self) -> None:
        """End the process group; a later job starts another."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _train(self, child: Child, job: TrainJob, progress: Progress) -> Trained:
        child.send(
            {
                "rows": str(job.rows.resolve()),
                "out": str(job.out.resolve()),
                "base_model": str(self.base_model.resolve()),
                "dtype": self.protocol.base_model.dtype,
                "sft": {**self.protocol.sft.model_dump(), "seed": job.seed},
                "device": self.profile.device,
                "micro_batch": 8,
            }
        )
        while True:
            message = child.receive(self.profile.silent_seconds)
            if "step" in message:
                progress(job.name, message["step"], message["of"])
                continue
            if not math.isfinite(message["loss"]):
                raise TrainingDiverged(
                    f"The loss of {job.name} is {message['loss']} after {message['steps']} steps.",
                    f"Look at the rows of this task and at {self.log}, then run again.",
                )
            return Trained(job, message["steps"], message["loss"])

    def _command(self) -> list[str]:
        profile = self.profile
        return [sys.executable, "-m", "evaluator.trainer.launch", str(profile.ranks), str(profile.start_seconds)]

    def _env(self) -> dict[str, str]:
        cpu = {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""} if self.profile.device == "cpu" else {}
        return {
            "OMP_NUM_THREADS": str(self.profile.threads),
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore::FutureWarning",  # torch says twenty times a step what DeepSpeed will rename
            "PATH": _path_with_ninja(),
            **cpu,
        }


def _path_with_ninja() -> str:
    """DeepSpeed compiles one extension through `ninja`, which lies beside the interpreter of a virtual environment."""
    import os

    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
