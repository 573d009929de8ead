"""Facts of DatasetResearch's protocols for an estimate of time."""

from __future__ import annotations

from evaluator.config.profile import Profile
from evaluator.stages.anchored_protocol import AnchoredProtocol
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts


def build_planning(protocol: AnchoredProtocol, profile: Profile, exam: EvalSetLoad) -> PlanningFacts:
    """Build the facts for a time estimate, with only the mean of the evaluation sets."""
    return PlanningFacts(
        machine=profile.machine,
        shots=protocol.few_shot.shots,
        draws=protocol.few_shot.draws,
        max_prompt_tokens=protocol.decoding.max_prompt_tokens,
        exam=exam,
    )
