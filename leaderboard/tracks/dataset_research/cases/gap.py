"""Tasks with a large difference between search and synthesis systems."""

from __future__ import annotations

from markupsafe import Markup

from leaderboard.cases.detector import CaseContext, DetectedCase, ordinal_phrase

NAME = "gap"
TYPES = ("search", "synthesis")


def find_tasks(ground: CaseContext) -> list[str]:
    """Find tasks scored for systems of both types, largest gap between the best two first."""
    leads = {name: contest.lead_of(*TYPES) for name, contest in ground.contests.items()}
    apart = {name: abs(lead) for name, lead in leads.items() if lead is not None}
    return sorted(apart, key=lambda name: -apart[name])


def build_case(ground: CaseContext, task: str, place: int) -> DetectedCase:
    """Build the case of the task at a position among them."""
    best = ground.contests[task].best
    ahead, behind = sorted(TYPES, key=lambda kind: -best[kind].value)
    said = Markup(
        "The best {} system, {}, reaches {} by fine-tuning; the best {} system, {}, {}: {} among the {} tasks that "
        "both types were scored on."
    ).format(
        *(ahead, ground.format_system(best[ahead]), ground.format_gain(task, best[ahead])),
        *(behind, ground.format_system(best[behind]), ground.format_gain(task, best[behind])),
        *(ordinal_phrase(place, "largest difference"), len(find_tasks(ground))),
    )
    sentences = (
        said,
        _overlap_sentence(ground.gain_interval(task, best[ahead]), ground.gain_interval(task, best[behind])),
        _kind_sentence(ground, task),
    )
    return DetectedCase(NAME, task, f"{ahead.capitalize()} ahead of {behind}", sentences, ground.contests[task].shown)


def _overlap_sentence(first: tuple[float, float] | None, second: tuple[float, float] | None) -> Markup:
    if not first or not second:
        return Markup("Without an interval for both figures, it is unknown whether the difference is significant.")
    if second[1] < first[0]:
        return Markup("Their 95% intervals do not overlap.")
    return Markup("Their 95% intervals overlap, so the difference may be chance.")


def _kind_sentence(ground: CaseContext, task: str) -> Markup:
    kind = ground.snapshot.tasks[task].kind
    alike = [name for name in find_tasks(ground) if ground.snapshot.tasks[name].kind == kind]
    leads = sum((ground.contests[name].lead_of(*TYPES) or 0.0) > 0 for name in alike)
    return Markup("It is a {0} task; a search system leads on {1} of the {2} {0} tasks among them.").format(
        kind, leads, len(alike)
    )
