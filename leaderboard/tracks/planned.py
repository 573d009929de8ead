"""Designed tracks without a scorer yet, by their names; the front page lists those that are not registered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedTrack:
    """A track to come."""

    title: str
    about: str
    """What is submitted, and the measure."""


PLANNED_TRACKS = {
    "data_recipe": PlannedTrack(
        "data recipes", "a plan and its pipeline, scored by what a model learns from the resulting data"
    ),
    "deep_research": PlannedTrack(
        "research trees",
        "layered questions with verifiable answers, scored by their quality and what a model learns from them",
    ),
    "search_sft": PlannedTrack(
        "search training data",
        "data that teaches a model to search, scored by exact answers to hidden questions",
    ),
}
