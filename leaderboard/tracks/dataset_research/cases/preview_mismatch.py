"""Tasks on which five-shot gains predict fine-tune gains poorly."""

from __future__ import annotations

from markupsafe import Markup

from leaderboard.cases.detector import CaseContext, DetectedCase, ordinal_phrase

NAME = "preview"


def find_tasks(ground: CaseContext) -> list[str]:
    """Find tasks scored both ways for at least two systems, largest mean difference first."""
    far = {name: abs(contest.surprise) for name, contest in ground.contests.items() if contest.surprise is not None}
    return sorted(far, key=lambda name: -far[name])


def build_case(ground: CaseContext, task: str, place: int) -> DetectedCase:
    """Build the case of the task at a position among them."""
    contest = ground.contests[task]
    said = Markup(
        "Over the {} systems scored both ways, the mean {} is {} by five shots and {} by fine-tuning: {} "
        "among {} tasks."
    ).format(
        *(contest.both, *ground.format_means(contest.preview, contest.trained)),
        *(ordinal_phrase(place, "largest difference"), len(find_tasks(ground))),
    )
    each = Markup("{} of the {} do better by fine-tuning than by five shots.").format(contest.better, contest.both)
    label = "Above its preview" if contest.trained > contest.preview else "Below its preview"
    return DetectedCase(NAME, task, label, (said, each), contest.shown)
