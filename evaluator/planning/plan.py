"""Plan of an evaluation on a machine, before anything is started or downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from evaluator.config.profile import Profile
from evaluator.config.protocol import Protocol
from evaluator.models import tiny_llama
from evaluator.models.base_model import TINY, split_model_id
from evaluator.models.chat_template import ChatTemplate, load_template
from evaluator.models.families import TINY_FAMILIES
from evaluator.models.memory_model import MemoryEstimate, estimate_memory
from evaluator.models.model_shape import ModelShape, lookup_model_shape
from evaluator.planning.prompt_frame import build_frame
from evaluator.planning.workload import ByteEstimatedWorkload, TokenizedWorkload, Workload, mean_load
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.planning_facts import build_planning
from evaluator.stages.reference_split import load_reference
from submissions.arena.arena import Arena
from submissions.arena.benchmark import Benchmark
from submissions.cli.runtime import Progress
from submissions.estimation.cost_model import Plan, estimate_evaluation, plan_from_speeds
from submissions.estimation.estimate import CostModel, Estimate, fit_cost_model, select_history
from submissions.estimation.estimates import read_past_ledgers
from submissions.estimation.stage_load import DeliveredTokens
from submissions.records.prompt_frame import EvalSetLoad, PromptFrame
from submissions.records.task import Row, Task
from submissions.tracks import get_track

P = TypeVar("P", bound=Protocol, covariant=True)
BYTES_PER_TOKEN = 4.0
"""Fallback without tokenizer or published frame: about the ratio of Llama 3's tokenizer on English."""


@dataclass(frozen=True)
class PlanReport:
    """Complete output of `plan`."""

    estimate: Estimate
    """Estimate from past evaluations on this profile if there are enough; else the plan's own."""
    plan: Plan
    """Plan from the profile's speeds, phase by phase."""
    exams: Mapping[str, EvalSetLoad]
    delivered: Mapping[str, DeliveredTokens]
    how: str
    """Method of the token count."""
    doubt: float
    """Uncertainty of the profile's speeds."""
    model: str
    shape: ModelShape
    memory: MemoryEstimate | None
    fits: bool | None
    """True if the evaluation fits the machine; None where its profile states no memory."""

    @property
    def document(self) -> dict[str, object]:
        """The report as a JSON document."""
        memory = self.memory
        return {
            **self.estimate.document,
            "stations": self.plan.stations,
            "tokens": self.how,
            "phases": [asdict(phase) for phase in self.plan.phases],
            "tasks": {task: asdict(one) for task, one in self.delivered.items()},
            "model": {"id": self.model, "parameters": self.shape.parameters},
            "memory_bytes": memory.figures if memory else None,
            "cache_tokens": memory.cache_tokens if memory else None,
            "fits": self.fits,
        }


@dataclass(frozen=True)
class PlanInputs(Generic[P]):
    """Inputs of a plan: machine, protocol, and past evaluations."""

    protocol: P
    profile: Profile
    stations: int = 1
    arena: Arena | None = None
    """Arena whose past evaluations the estimate uses."""


def make_plan(
    at: PlanInputs[AnchoredProtocol],
    benchmark: Benchmark,
    tasks: Sequence[Task],
    rows: Iterable[tuple[str, Sequence[Row]]],
    tell: Progress,
) -> PlanReport:
    """Make the plan for checked rows by task; rows are in memory only while they are counted."""
    rules, profile = at.protocol, at.profile
    workload, frame = _choose_workload(at, tasks)
    exams = {}
    for done, task in enumerate(tasks):
        tell("reading benchmark tasks", done, len(tasks))
        exams[task.id] = workload.count_eval_set(load_reference(rules, benchmark, task.id))
    delivered: dict[str, DeliveredTokens] = {}
    for task_id, mine in rows:
        tell("reading submitted tasks", len(delivered), len(tasks))
        delivered[task_id] = workload.count_delivery(mine)
    planning = build_planning(rules, profile, mean_load(exams.values()))
    frame = frame.model_copy(update={"planning": planning})
    estimate_stages = get_track(rules.track).workload
    assert estimate_stages is not None
    found = estimate_evaluation(delivered, frame, cost_model_for(at), estimate_stages, exams, at.stations)
    assert found is not None  # the check refuses a submission without any file
    if profile.hour_price is not None:
        found = replace(found, hour_price=profile.hour_price)
    shape = lookup_model_shape(rules.base_model.id)
    memory = estimate_memory(shape, profile, rules)
    return PlanReport(
        estimate=found,
        plan=plan_from_speeds(delivered, frame, planning, estimate_stages, exams, at.stations),
        exams=exams,
        delivered=delivered,
        how=workload.how,
        doubt=profile.speed.doubt,
        model=rules.base_model.id,
        shape=shape,
        memory=memory,
        fits=memory.has_room(rules, together=profile.together) if memory else None,
    )


def cost_model_for(at: PlanInputs[Protocol]) -> CostModel | None:
    """Fit the cost model of past evaluations under this protocol and profile; None if they are too few."""
    if at.arena is None:
        return None
    wanted = (at.profile.name, at.profile.devices)
    past = (one for one in read_past_ledgers(at.arena) if (one.profile, one.devices) == wanted)
    return fit_cost_model(select_history(past, at.protocol.name))


def _choose_workload(at: PlanInputs[AnchoredProtocol], tasks: Sequence[Task]) -> tuple[Workload, PromptFrame]:
    """Choose the best token count available without a download, and the protocol's prompt frame."""
    rules = at.protocol
    demands = [task.demand for task in tasks if task.demand] or [BLIND]
    folder = tokenizer_here(rules.base_model.id)
    if folder is not None:
        template = load_template(rules.template, folder)
        return TokenizedWorkload(rules, template), build_frame(rules, template, demands)
    published = {frame.protocol: frame for frame in at.arena.read_frames()} if at.arena else {}
    frame = published.get(rules.name) or _build_fallback_frame(rules)
    return ByteEstimatedWorkload(rules, frame), frame


BLIND = "I need data."
"""Placeholder for the demands of a benchmark without any."""


def _build_fallback_frame(rules: AnchoredProtocol) -> PromptFrame:
    """Build a frame without the model's own tokenizer: any with the control tokens renders the same text."""
    template: ChatTemplate = load_template(rules.template, tiny_llama.TOKENIZER.parent)
    return build_frame(rules, template, [BLIND]).model_copy(update={"bytes_per_token": BYTES_PER_TOKEN})


def tokenizer_here(model: str) -> Path | None:
    """Return the folder of a base model's tokenizer, if it is on this machine."""
    if model in TINY_FAMILIES:  # the other tiny models' are made with their weights
        return tiny_llama.TOKENIZER.parent if model == TINY else None
    from huggingface_hub import try_to_load_from_cache

    repo, commit = split_model_id(model)
    found = try_to_load_from_cache(repo, "tokenizer.json", revision=commit)
    return Path(found).parent if isinstance(found, str) else None
