"""The seam: many units in, each done once, in whatever order they finish."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Protocol

from evaluator.scheduling.work_unit import UnitResult, Units
from evaluator.training import Progress


class Executor(Protocol):
    """Stations that share the work."""

    def run(self, units: Units, progress: Progress) -> Generator[UnitResult, None, None]:
        """Every unit's answers as they finish. A unit is made when somebody has room for it.

        A unit that fails is tried as often as the profile says, while the others go on. Raises the first EvaluatorError
        that was left in the end, or earlier when one unit after the other fails: then it is not the units. Closing the
        generator stops the work.
        """
        ...

    def discard_models(self, keys: Collection[str]) -> None:
        """Remove the models behind these units: their answers are stored."""
        ...
