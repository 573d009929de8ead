"""Asking a chat model: the seam, an OpenAI-compatible client, a cache, a budget, and a loopback server for trials.

`evaluator.chat.connect` puts them together. It is imported where it is called: the client takes a second to load.
"""

from evaluator.chat.chat import Answer, Chat, Usage
from evaluator.chat.settings import ChatModel, Connection

__all__ = ["Answer", "Chat", "ChatModel", "Connection", "Usage"]
