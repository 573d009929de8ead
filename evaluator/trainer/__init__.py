"""Fine-tuning: the seam, and the child process group behind it."""

from evaluator.trainer.deepspeed import DeepSpeedTrainer
from evaluator.trainer.trainer import Progress, Saving, Trained, Trainer, TrainJob

__all__ = ["DeepSpeedTrainer", "Progress", "Saving", "TrainJob", "Trained", "Trainer"]
