"""Published metadata scores of a submission: a mean per dimension, and the mean of six of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluator.config.judge_settings import JudgeSettings
from evaluator.stages.metadata.verdict import AVERAGED, DIMENSIONS, MetadataVerdict
from submissions.records.base import Score
from submissions.records.findings import JudgeScores


def aggregate_verdicts(verdicts: Sequence[MetadataVerdict], settings: JudgeSettings) -> JudgeScores:
    """Means over all tasks of a benchmark. If one verdict is unread, every mean is unscored and names it.

    A missing task counts 0 or is left out, according to the settings (SCORING.md: paper@1 averages over delivered
    tasks; arena@1 never shrinks the denominator). A task whose reference does not state a dimension is not in that
    mean.
    """
    counted = [one for one in verdicts if one.origin != "missing" or settings.missing == "zero"]
    dimensions = tuple(_mean_dimension(name, counted) for name in DIMENSIONS)
    return JudgeScores(
        dimensions=dimensions,
        average=_average_dimensions(dimensions, len(counted)),
        origins=dict(sorted(Counter(one.origin for one in verdicts).items())),
        model=settings.model.name,
        snapshot=settings.model.snapshot,
        prompts=(settings.judge_prompt, settings.describe_prompt),
    )


def unreadable_verdicts(verdicts: Sequence[MetadataVerdict]) -> dict[str, str]:
    """Reasons for missing verdicts, by task. If not empty, nothing may be published until they are judged again."""
    return {one.task: one.unread for one in verdicts if one.unread}


def _mean_dimension(name: str, verdicts: Sequence[MetadataVerdict]) -> Score:
    if why := unreadable_verdicts(verdicts):
        task, reason = next(iter(why.items()))
        return Score(name=name, n=0, why=f"{len(why)} of {len(verdicts)} tasks have no verdict, first {task}: {reason}")
    at = DIMENSIONS.index(name)
    values = [value for one in verdicts if (value := one.scores[at].value) is not None]
    if not values:
        return Score(name=name, n=0, why=f"no reference says its {name}" if verdicts else "no data set was delivered")
    return Score(name=name, value=sum(values) / len(values), n=len(values))


def _average_dimensions(dimensions: Sequence[Score], tasks: int) -> Score:
    six = [score for score in dimensions if score.name in AVERAGED]
    if missing := next((score for score in six if score.value is None), None):
        return Score(name="metadata", n=0, why=missing.why)
    return Score(name="metadata", value=sum(score.value or 0.0 for score in six) / len(six), n=tasks)
