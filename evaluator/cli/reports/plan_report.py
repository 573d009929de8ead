"""Human-readable report of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from evaluator.models.memory_model import GB, MemoryEstimate
from evaluator.planning.plan import PlanReport
from submissions.estimation.cost_model import Phase
from submissions.estimation.durations import format_amount, format_amount_range, format_duration, format_duration_range

TITLES = {
    "start-up": "start-up",
    "screen": "screen",
    "train": "training",
    "swap": "weight transfer",
    "generate": "fine-tuned answers",
}


def format_phases(planned: PlanReport) -> Table:
    """Build a table of the phases: tokens, and the time of one worker."""
    found = planned.estimate
    table = Table(title=Text(f"{len(planned.delivered)} task(s) under {found.protocol} on {found.profile}, estimated"))
    table.add_column("on one worker", no_wrap=True)
    for name in ("trained", "prompts", "answers", "or up to", "least", "expected", "most"):
        table.add_column(name, justify="right", no_wrap=True)
    for phase in planned.plan.phases:
        title = TITLES.get(phase.name, phase.name.replace("_", "-"))
        table.add_row(title, *_format_phase_tokens(phase), *map(format_duration, _phase_seconds(phase)))
    return table


def format_plan(planned: PlanReport) -> Iterator[str]:
    """Yield the totals of a plan, the basis of the estimate, and whether it fits the machine."""
    found, plan = planned.estimate, planned.plan
    each = found.devices // plan.stations
    yield (
        f"Wall time on {plan.stations} worker(s) of {each} device(s): about {format_duration(found.seconds.middle)} "
        f"({format_duration_range(found.seconds)})."
    )
    hours, price = found.device_hours, found.price
    yield (
        f"Device-hours: about {format_amount(hours.middle)} ({format_amount_range(hours)}). "
        + (
            f"Price: about ${format_amount(price.middle)} ({format_amount_range(price, '$')})."
            if price
            else "No price is set."
        )
    )
    if found.evaluations:
        yield (
            f"Estimated from {found.evaluations} evaluations measured on {found.profile}, without start-up; "
            "the table uses the profile's own speeds."
        )
    else:
        yield (
            f"Planned from the speeds in the profile {found.profile}, not measured: they may be off by a factor of "
            f"{planned.doubt:g}, either way."
        )
    yield (
        f"Tokens are {planned.how}. Expected: answers as long as the reference's, shots read once for each draw. "
        "At most: every answer reaches its limit. The judge is not included."
    )
    yield from (
        _format_memory(planned, planned.memory) if planned.memory else ("The profile states no memory limits.",)
    )


def _format_memory(planned: PlanReport, memory: MemoryEstimate) -> Iterator[str]:
    billions = planned.shape.parameters / 1e9
    yield f"Memory for {planned.model} ({billions:.2f}e9 parameters), estimated:"
    for section, parts in memory.figures.items():
        yield f"  {section}: " + ", ".join(f"{part} {size / GB:.1f} GB" for part, size in parts.items() if size)
    yield f"  An engine's cache fits {max(0, memory.cache_tokens):,} tokens."
    yield "  It fits by this estimate." if planned.fits else "  It does NOT fit: change profile or machine."


def _format_phase_tokens(phase: Phase) -> tuple[str, ...]:
    amounts = (phase.expected.trained, phase.expected.read, phase.expected.written, phase.most.written)
    return tuple(_format_token_count(amount) if amount else "" for amount in amounts)


def _phase_seconds(phase: Phase) -> tuple[float, float, float]:
    return phase.seconds.low, phase.seconds.middle, phase.seconds.high


def _format_token_count(amount: float) -> str:
    """Format a number of tokens in thousands or millions."""
    return f"{amount / 1e6:,.1f} M" if amount >= 1e6 else f"{amount / 1e3:,.1f} k"
