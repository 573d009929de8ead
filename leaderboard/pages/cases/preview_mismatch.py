"""Tasks on which five shots say little of what fine-tuning will bring."""

from __future__ import annotations

from markupsafe import Markup

from leaderboard.pages.cases.detector import CaseContext, DetectedCase, ordinal_phrase

NAME = "preview"


def find_tasks(ground: CaseContext) -> list[str]:
    """The tasks that two systems or more were scored on both ways, the largest mean difference first."""
    far = {name: abs(contest.surprise) for name, contest in ground.contests.items() if contest.surprise is not None}
    return sorted(far, key=lambda name: -far[name])


def build_case(ground: CaseContext, task: str, place: int) -> DetectedCase:
    """The case of a task that holds a place among them."""
    contest = ground.contests[task]
    said = Markup(
        "Over the {} systems scored both ways, the mean {} is {} by five shots and {} by fine-tuning: {} "
        "among {} tasks."
    ).format(
        *(contest.both, *ground.format_means(contest.preview, contest.trained)),
        *(ordinal_phrase(place, "largest difference"), len(find_tasks(ground))),
    )
    each = Markup("{} of the {} do better by fine-tuning than by five shots.").format(contest.better, contest.both)
    label = "Worth more than its preview" if contest.trained > contest.preview else "Worth less than its preview"
    return DetectedCase(NAME, task, label, (said, each), contest.shown)
