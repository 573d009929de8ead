"""Asking a chat model: the seam, an OpenAI-compatible client, a cache, a budget, and a loopback server for trials.

`evaluator.llm.open_client` puts them together. It is imported where it is called: the client takes a second to load.
"""

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.llm.client import ChatAnswer, ChatClient, TokenUsage

__all__ = ["ChatAnswer", "ChatClient", "LLMConnection", "LLMSettings", "TokenUsage"]
