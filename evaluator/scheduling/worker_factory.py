"""Factory of a worker's trainer and engines: built on its node, from the node's copy of the base model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.config.protocol import ModelProtocol
from evaluator.generation import VllmGenerator
from evaluator.models.base_model import prepare_base_model
from evaluator.models.chat_template import load_template
from evaluator.models.environment import describe_setup
from evaluator.scheduling.worker import Worker
from evaluator.training import DeepSpeedTrainer
from submissions.records.anchors import Setup


@dataclass(frozen=True)
class WorkerFactory:
    """Builds a trainer and engines for a protocol and profile. Folders are the same on every node."""

    protocol: ModelProtocol
    profile: Profile
    work: Path
    logs: Path

    @property
    def models(self) -> Path:
        """Folder of trained models until they are discarded; a RAM disk may serve several work folders."""
        if self.profile.models is None:
            return self.work / "models"
        return Path(self.profile.models) / hashlib.sha256(str(self.work.resolve()).encode()).hexdigest()[:16]

    def __call__(self, logs: str) -> tuple[Worker, Setup]:
        base, logs_here = prepare_base_model(self.protocol, self.work / "base"), self.logs / logs
        stop_ids = load_template(self.protocol.template, base).stop_ids
        trainer = DeepSpeedTrainer(base, self.protocol, self.profile, logs_here / "trainer.log")
        generator = VllmGenerator(base, self.protocol, self.profile, stop_ids, logs_here / "engine.log")
        worker = Worker(base, trainer, generator, self.models, together=self.profile.together)
        return worker, describe_setup(base, self.protocol, self.profile)
