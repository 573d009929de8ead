"""Relations between the figures of DatasetResearch: one module per question."""

from leaderboard.insights.insight import InsightSpec
from leaderboard.tracks.dataset_research.insights import (
    cost,
    knowledge_vs_reasoning,
    metadata,
    preview_agreement,
    row_counts,
    tokens,
)

INSIGHTS = (
    InsightSpec(metadata.NAME, metadata.MetadataRow, metadata.build_insight),
    InsightSpec(preview_agreement.NAME, preview_agreement.PreviewRow, preview_agreement.build_insight),
    InsightSpec(row_counts.NAME, row_counts.RowsRow, row_counts.build_insight),
    InsightSpec(tokens.NAME, tokens.TokensRow, tokens.build_insight),
    InsightSpec(cost.NAME, cost.ByCostRow, cost.build_insight),
    InsightSpec(knowledge_vs_reasoning.NAME, knowledge_vs_reasoning.KindsRow, knowledge_vs_reasoning.build_insight),
)
"""In the order of the page."""
