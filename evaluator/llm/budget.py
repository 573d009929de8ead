"""A limit in tokens and money, held before each call and not after.

What a call can cost at most is written down before it is made, and corrected when the server has counted. So a run that
is killed, or a call that fails, counts in full, and a re-run goes on where the ledger stood.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Condition

from evaluator.config.llm_settings import LLMConnection, LLMSettings
from evaluator.errors import BudgetSpent, ChatFailed
from evaluator.llm.client import ChatAnswer, ChatClient, R, TokenUsage
from evaluator.llm.database import open_transaction
from evaluator.llm.prompts import Prompt
from evaluator.llm.schema import schema_text

_FRAME_TOKENS = 64
"""More than any server puts around two messages."""


class Budget:
    """What one ledger may still spend, for example one submission's. Safe for several threads.

    A call is held for one try. The client's earlier tries of it are booked when it ends, each with its prompt, so the
    calls in flight can overshoot the limit by the prompts of their retries. What a server went on to write for an
    earlier try after the client had hung up is never told, and not counted.
    """

    def __init__(self, limits: LLMConnection, path: Path, ledger: str) -> None:
        self._limits = limits
        self._path = path
        self._ledger = ledger
        self._in_flight = 0
        self._changed = Condition()

    @property
    def recorded_usage(self) -> TokenUsage:
        """All that was counted so far."""
        with open_transaction(self._path) as connection:
            return self._read_spent(connection)

    def reserve(self, most: TokenUsage) -> None:
        """Set aside what a call can cost at most. Raises BudgetSpent if that is more than is left.

        Waits for calls in flight, if there are any: they are held at their most, and give back what they did not need.
        """
        with self._changed:
            while (spent := self._try_reserve(most)) is not None:
                if not self._in_flight:
                    raise self._budget_error(spent, most)
                self._changed.wait()
            self._in_flight += 1

    def settle(self, held: TokenUsage, used: TokenUsage | None) -> None:
        """Put what a call took in place of what was held; without a count, what was held stays."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()
            if used is not None:
                with open_transaction(self._path) as connection:
                    spent = self._read_spent(connection)
                    self._write_spent(
                        connection,
                        spent.prompt - held.prompt + used.prompt,
                        spent.completion - held.completion + used.completion,
                    )

    def _try_reserve(self, most: TokenUsage) -> TokenUsage | None:
        """Add to the ledger and return None, or what is spent if it does not fit."""
        limits = self._limits
        with open_transaction(self._path) as connection:
            spent = self._read_spent(connection)
            after = TokenUsage(prompt=spent.prompt + most.prompt, completion=spent.completion + most.completion)
            if (
                after.prompt + after.completion > limits.budget_tokens
                or compute_cost(after, limits) > limits.budget_money
            ):
                return spent
            self._write_spent(connection, after.prompt, after.completion)
            return None

    def _read_spent(self, connection: sqlite3.Connection) -> TokenUsage:
        row = connection.execute("SELECT prompt, completion FROM spent WHERE ledger = ?", (self._ledger,)).fetchone()
        return TokenUsage(prompt=row[0], completion=row[1]) if row else TokenUsage(prompt=0, completion=0)

    def _write_spent(self, connection: sqlite3.Connection, prompt: int, completion: int) -> None:
        connection.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?)", (self._ledger, prompt, completion))

    def _budget_error(self, spent: TokenUsage, most: TokenUsage) -> BudgetSpent:
        limits = self._limits
        return BudgetSpent(
            "The chat model's budget is spent.",
            f"{self._ledger} has spent {_format_usage(spent, limits)}; the next call may take "
            f"{_format_usage(most, limits)}, and the limit is {limits.budget_tokens:,} tokens (budget_tokens) and "
            f"{limits.budget_money:g} in money (budget_money). Raise them and run again: what was answered is kept.",
        )


@dataclass(frozen=True)
class BudgetedChat:
    """Asks another chat as long as there is budget."""

    chat: ChatClient
    model: LLMSettings
    budget: Budget

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        held = estimate_max_usage(prompt, schema, self.model)
        self.budget.reserve(held)
        used = None
        try:
            answer = self.chat.request(prompt, schema)
            used = _add_retries(answer.usage or held, answer.retries)
        except ChatFailed as failed:
            used = _add_retries(held, failed.retries)
            raise
        finally:
            self.budget.settle(held, used)
        return answer


def estimate_max_usage(prompt: Prompt, schema: type[R], model: LLMSettings) -> TokenUsage:
    """The most that a call can take. No tokenizer is needed: a token is at least one byte of UTF-8."""
    text = prompt.system + prompt.user + schema_text(schema)
    return TokenUsage(prompt=len(text.encode()) + _FRAME_TOKENS, completion=model.max_completion_tokens)


def _add_retries(last: TokenUsage, retries: int) -> TokenUsage:
    """What the last try took, and the prompt of each before it."""
    return TokenUsage(prompt=last.prompt * (1 + retries), completion=last.completion)


def compute_cost(usage: TokenUsage, prices: LLMConnection) -> float:
    """What tokens cost, in the currency of the prices."""
    return (usage.prompt * prices.prompt_price + usage.completion * prices.completion_price) / 1e6


def _format_usage(usage: TokenUsage, prices: LLMConnection) -> str:
    return f"{usage.prompt + usage.completion:,} tokens ({compute_cost(usage, prices):.4g} in money)"
