"""Who does the work: units in, answers out, on one machine or on many."""

from evaluator.crew.crew import Crew
from evaluator.crew.here import Here
from evaluator.crew.station import Station
from evaluator.crew.unit import Done, Training, Unit, Units

__all__ = ["Crew", "Done", "Here", "Station", "Training", "Unit", "Units"]
