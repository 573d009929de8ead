"""Who does the work: units in, answers out, on one machine or on many."""

from evaluator.scheduling.executor import Crew
from evaluator.scheduling.local_executor import Here
from evaluator.scheduling.work_unit import Done, Training, Unit, Units
from evaluator.scheduling.worker import Station

__all__ = ["Crew", "Done", "Here", "Station", "Training", "Unit", "Units"]
