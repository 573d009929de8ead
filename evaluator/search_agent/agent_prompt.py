"""Prompt of a search agent: instructions with its tags, then the question."""

from __future__ import annotations

from evaluator.llm.prompts import PromptFile, load_prompt

PROMPT_FOLDER = "search_agent"
_QUESTION = "{{question}}"


def load_agent_prompt(name: str) -> PromptFile:
    """Load an agent's prompt by name and version. Raises NotFound with those that exist."""
    return load_prompt(PROMPT_FOLDER, name)


def fill_agent_prompt(prompt: PromptFile, question: str) -> str:
    """Fill a prompt, as one user message. Questions are the benchmark's own, so they stand as they are."""
    return f"{prompt.system}\n\n{prompt.frame.replace(_QUESTION, question.strip(), 1)}"
