"""Interface of executors: many units in, each executed once, results in order of completion."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Protocol

from evaluator.scheduling.work_unit import UnitResult, Units
from evaluator.training import Progress


class Executor(Protocol):
    """Executes units on workers."""

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        """Yield every unit's answers as they finish. A unit is built when a worker has room for it.

        Retries a failed unit as often as the profile allows, while the others continue. Raises the first
        EvaluatorError that was left in the end, or earlier when one unit after the other fails: then the units are
        not the cause. Closing the generator stops the work.
        """
        ...

    def discard_models(self, keys: Collection[str]) -> None:
        """Remove the models of these units: their answers are stored."""
        ...
