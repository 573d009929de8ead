"""Chat and embedding models: interfaces, OpenAI-compatible clients, cache, budget, a loopback server for tests.

`evaluator.llm.open_client` and `embeddings.open_embeddings` combine them. Import them where they are called: the client
takes a second to load.
"""

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.llm.client import ChatAnswer, ChatClient, TokenUsage

__all__ = ["ChatAnswer", "ChatClient", "LLMConnection", "LLMSettings", "TokenUsage"]
