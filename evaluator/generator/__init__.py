"""Answering prompts: the seam, and the vLLM engine behind it."""

from evaluator.generator.generator import Completion, Generator
from evaluator.generator.vllm import VllmGenerator

__all__ = ["Completion", "Generator", "VllmGenerator"]
