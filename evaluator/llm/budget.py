"""Limit in tokens and money, enforced before each call instead of after.

The ledger records the maximum cost of a call before it is made, and corrects it when the server has counted. So a run
that is killed, or a call that fails, counts in full, and a re-run continues from the ledger.
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

FRAME_TOKENS = 64
"""Upper bound of the tokens that a server adds around two messages."""


class Budget:
    """Remaining budget of one ledger, for example of one submission. Thread-safe.

    A call reserves budget for one try. The client's earlier tries of it are booked when it ends, each with its
    prompt, so the calls in flight can overshoot the limit by the prompts of their retries. The server never reports
    the tokens that it generated for an earlier try after the client had disconnected; they are not counted.
    """

    def __init__(self, limits: LLMConnection, path: Path, ledger: str, spender: str = "chat model") -> None:
        self._limits = limits
        self._spender = spender
        self._path = path
        self._ledger = ledger
        self._in_flight = 0
        self._changed = Condition()

    @property
    def recorded_usage(self) -> TokenUsage:
        """Usage recorded in the ledger."""
        with open_transaction(self._path) as connection:
            return self._read_spent(connection)

    def reserve(self, most: TokenUsage) -> None:
        """Reserve the maximum cost of a call. Raises BudgetSpent if the remaining budget is smaller.

        Waits for calls in flight, if any: they reserve their maximum and release the unused part.
        """
        with self._changed:
            while (spent := self._try_reserve(most)) is not None:
                if not self._in_flight:
                    raise self._budget_error(spent, most)
                self._changed.wait()
            self._in_flight += 1

    def settle(self, held: TokenUsage, used: TokenUsage | None) -> None:
        """Replace a reservation with the actual usage of the call; without a count, the reservation stays."""
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
        """Add to the ledger and return None, or return the recorded usage if the call does not fit."""
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
            f"The {self._spender}'s budget is used up.",
            f"{self._ledger} has spent {_format_usage(spent, limits)}; the next call may take "
            f"{_format_usage(most, limits)}, and the limit is {limits.budget_tokens:,} tokens (budget_tokens) and "
            f"{limits.budget_money:g} in money (budget_money). Raise them and run again: answers so far are stored.",
        )


@dataclass(frozen=True)
class BudgetedChat:
    """Chat client that forwards requests to another one within the budget."""

    chat: ChatClient
    model: LLMSettings
    budget: Budget

    def request(self, prompt: Prompt, schema: type[R]) -> ChatAnswer[R]:
        held = estimate_max_usage(prompt, schema, self.model)
        self.budget.reserve(held)
        used = None
        try:
            answer = self.chat.request(prompt, schema)
            used = add_retries(answer.usage or held, answer.retries)
        except ChatFailed as failed:
            used = add_retries(held, failed.retries)
            raise
        finally:
            self.budget.settle(held, used)
        return answer


def estimate_max_usage(prompt: Prompt, schema: type[R], model: LLMSettings) -> TokenUsage:
    """Upper bound of a call's usage. Needs no tokenizer: a token is at least one byte of UTF-8."""
    text = prompt.system + prompt.user + schema_text(schema)
    return TokenUsage(prompt=len(text.encode()) + FRAME_TOKENS, completion=model.max_completion_tokens)


def add_retries(last: TokenUsage, retries: int) -> TokenUsage:
    """Usage of the last try, plus the prompt of each earlier one."""
    return TokenUsage(prompt=last.prompt * (1 + retries), completion=last.completion)


def compute_cost(usage: TokenUsage, prices: LLMConnection) -> float:
    """Cost of tokens, in the currency of the prices."""
    return (usage.prompt * prices.prompt_price + usage.completion * prices.completion_price) / 1e6


def _format_usage(usage: TokenUsage, prices: LLMConnection) -> str:
    return f"{usage.prompt + usage.completion:,} tokens ({compute_cost(usage, prices):.4g} in money)"
