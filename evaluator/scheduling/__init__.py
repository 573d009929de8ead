"""Scheduling of work units on one machine or many: units in, answers out."""

from evaluator.scheduling.executor import Executor
from evaluator.scheduling.local_executor import LocalExecutor
from evaluator.scheduling.work_unit import TrainingSpec, UnitResult, Units, WorkUnit
from evaluator.scheduling.worker import Worker

__all__ = ["Executor", "LocalExecutor", "TrainingSpec", "UnitResult", "Units", "WorkUnit", "Worker"]
