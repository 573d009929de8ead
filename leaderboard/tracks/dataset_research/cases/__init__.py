"""Detected cases of DatasetResearch: one module per kind. Each case states only its own numbers."""

from leaderboard.cases.detector import CaseDetector
from leaderboard.tracks.dataset_research.cases import gap, preview_mismatch, unsolved

DETECTORS = (
    CaseDetector(
        gap.NAME, "where the best search and the best synthesis system differ most", gap.find_tasks, gap.build_case
    ),
    CaseDetector(unsolved.NAME, "where no system gains clearly", unsolved.find_tasks, unsolved.build_case),
    CaseDetector(
        preview_mismatch.NAME,
        "where five shots predict the fine-tuning gain worst",
        preview_mismatch.find_tasks,
        preview_mismatch.build_case,
    ),
)
"""In the order of the page."""
