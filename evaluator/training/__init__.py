"""Fine-tuning: the interface, and the child process group behind it."""

from evaluator.training.deepspeed_trainer import DeepSpeedTrainer
from evaluator.training.trainer import PendingSave, Progress, Trainer, TrainJob, TrainResult

__all__ = ["DeepSpeedTrainer", "PendingSave", "Progress", "TrainJob", "TrainResult", "Trainer"]
