"""Asking a chat model: the seam, an OpenAI-compatible client, a cache, a budget, and a loopback server for trials.

`evaluator.llm.open_client` puts them together. It is imported where it is called: the client takes a second to load.
"""

from evaluator.config.llm_settings import ChatModel, Connection
from evaluator.llm.client import Answer, Chat, Usage

__all__ = ["Answer", "Chat", "ChatModel", "Connection", "Usage"]
