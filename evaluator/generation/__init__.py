"""Generation of answers to prompts: the interface, and the vLLM engines behind it."""

from evaluator.generation.generator import Completion, GeneratedStep, Generator, SteppingGenerator
from evaluator.generation.vllm_generator import VllmGenerator

__all__ = ["Completion", "GeneratedStep", "Generator", "SteppingGenerator", "VllmGenerator"]
