"""The seam: many units in, each done once, in whatever order they finish."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from typing import Protocol

from evaluator.crew.unit import Done, Unit
from evaluator.trainer import Progress


class Crew(Protocol):
    """Stations that share the work."""

    def run(self, units: Iterable[Unit], progress: Progress) -> Generator[Done, None, None]:
        """Every unit's answers as they finish. A unit is taken when somebody has room for it.

        A unit that fails is tried as often as the profile says, while the others go on. Raises the first EvaluatorError
        that was left in the end. Closing the generator stops the work.
        """
        ...

    def forget(self, keys: Collection[str]) -> None:
        """Remove the models behind these units: their answers are stored."""
        ...
