"""Tasks on which searching and synthesising lead to very different worth."""

from __future__ import annotations

from markupsafe import Markup

from leaderboard.cases.ground import Found, Ground, ranked
from submissions.models import Score

NAME = "gap"


def tasks(ground: Ground) -> list[str]:
    """The tasks that systems of both types were scored on, the largest gap between the best two first."""
    apart = {name: abs(contest.apart) for name, contest in ground.contests.items() if contest.apart is not None}
    return sorted(apart, key=lambda name: -apart[name])


def case(ground: Ground, task: str, place: int) -> Found:
    """The case of a task that holds a place among them."""
    best = ground.contests[task].best
    ahead, behind = sorted(("search", "synthesis"), key=lambda kind: -best[kind].value)
    said = Markup(
        "The best {} system, {}, reaches {} by fine-tuning; the best {} system, {}, {}: {} among the {} tasks that "
        "both types were scored on."
    ).format(
        *(ahead, ground.name(best[ahead]), ground.worth(best[ahead].gain)),
        *(behind, ground.name(best[behind]), ground.worth(best[behind].gain)),
        *(ranked(place, "largest difference"), len(tasks(ground))),
    )
    sentences = (said, _overlap(best[ahead].gain, best[behind].gain), _among(ground, task))
    return Found(NAME, task, f"{ahead.capitalize()} ahead of {behind}", sentences, ground.contests[task].shown)


def _overlap(first: Score, second: Score) -> Markup:
    if not first.interval or not second.interval:
        return Markup("Without an interval on both figures, nobody can say whether that is more than chance.")
    if second.interval[1] < first.interval[0]:
        return Markup("Their 95% intervals do not overlap.")
    return Markup("Their 95% intervals overlap, so the difference may be chance.")


def _among(ground: Ground, task: str) -> Markup:
    kind = ground.snapshot.tasks[task].kind
    alike = [name for name in tasks(ground) if ground.snapshot.tasks[name].kind == kind]
    leads = sum((ground.contests[name].apart or 0.0) > 0 for name in alike)
    return Markup("It is a {} task; a search system is ahead on {} of the {} such tasks among them.").format(
        kind, leads, len(alike)
    )
