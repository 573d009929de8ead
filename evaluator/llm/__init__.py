"""Chat models: interface, OpenAI-compatible client, cache, budget, and a loopback server for tests.

`evaluator.llm.open_client` combines them. Import it where it is called: the client takes a second to load.
"""

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.llm.client import ChatAnswer, ChatClient, TokenUsage

__all__ = ["ChatAnswer", "ChatClient", "LLMConnection", "LLMSettings", "TokenUsage"]
