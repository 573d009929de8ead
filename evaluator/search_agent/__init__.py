"""Search agent: answers questions in rounds of generated steps and retrieved passages."""

from evaluator.search_agent.agent_loop import SearchAgent
from evaluator.search_agent.agent_records import (
    AgentQuestion,
    AgentRun,
    AgentStep,
    AgentTrajectory,
    EndReason,
    SearchAgentSettings,
    ShownPassage,
)
from evaluator.search_agent.agent_tools import AgentFrame, ModelSteps, StepGenerator

__all__ = [
    "AgentFrame",
    "AgentQuestion",
    "AgentRun",
    "AgentStep",
    "AgentTrajectory",
    "EndReason",
    "ModelSteps",
    "SearchAgent",
    "SearchAgentSettings",
    "ShownPassage",
    "StepGenerator",
]
