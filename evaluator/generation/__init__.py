"""Answering prompts: the seam, and the vLLM engine behind it."""

from evaluator.generation.generator import Completion, Generator
from evaluator.generation.vllm_generator import VllmGenerator

__all__ = ["Completion", "Generator", "VllmGenerator"]
