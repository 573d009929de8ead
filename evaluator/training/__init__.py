"""Fine-tuning: the seam, and the child process group behind it."""

from evaluator.training.deepspeed_trainer import DeepSpeedTrainer
from evaluator.training.trainer import Progress, Saving, Trained, Trainer, TrainJob

__all__ = ["DeepSpeedTrainer", "Progress", "Saving", "TrainJob", "Trained", "Trainer"]
