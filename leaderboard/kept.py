"""Answers that were made before: many visitors of one page cost one rendering."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from starlette.responses import Response


@dataclass(frozen=True)
class Answer:
    """A whole answer. Middleware changes the headers of what it passes on, so each visitor gets a fresh copy."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, response: Response) -> Answer:
        return cls(bytes(response.body), tuple(response.raw_headers))

    def response(self) -> Response:
        fresh = Response(self.body)
        fresh.raw_headers = list(self.headers)
        return fresh


class Kept:
    """The latest answers, by ETag and address; the one that was not asked for longest is forgotten first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def get(self, key: tuple[str, str]) -> Answer | None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: tuple[str, str], answer: Answer) -> None:
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > self.most:
                self._answers.popitem(last=False)
