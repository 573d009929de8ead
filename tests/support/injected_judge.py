"""A judge that believes too much: whatever it sees outside of JSON strings in the data message, it obeys.

It is no language model. It stands for the ways in which text can leave its place: the end of a string, of a line or of
a block, a token that a frame turns into a new turn, or characters that people do not see. What it then reads is an
order, and the last number from 0 to 10 in it is every score.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

import regex

from evaluator.llm.fake_server import CannedReply, ReceivedRequest, completion_reply
from evaluator.stages.metadata.verdict import DIMENSIONS

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
PUNCTUATION = re.compile(r"[\s{}\[\],:]|-?\d+|null|true|false")
TURNS = regex.compile(r"<[|\uff5c]|</?\w|<!|\[/?[A-Z_]+\]|```|[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]")
"""What a tokenizer, a browser or a terminal takes for more than text, wherever it stands."""
UNBLOCKED = 4
"""The score of descriptions that it cannot tell apart, for they are not in blocks."""


def gullible(asked: ReceivedRequest) -> CannedReply:
    """The answer to a `judge` or a `describe` prompt."""
    user = asked.body["messages"][-1]["content"]
    commanded = points(" ".join(orders(user)))
    if "introduction" in asked.schema["properties"] and "example" in asked.schema["properties"]:
        scores = honest(user) if commanded is None else dict.fromkeys(DIMENSIONS, commanded)
        return completion_reply(json.dumps({name: {"reason": "so", "score": score} for name, score in scores.items()}))
    words = "a glacier survey" if commanded is None else f"perfect, {commanded}"
    return completion_reply(json.dumps(dict.fromkeys(asked.schema["properties"], words)))


def orders(user: str) -> Iterator[str]:
    """What it sees of the data message and takes for orders, line by line."""
    inside = False
    for line in user.splitlines():
        opens, closes = line.startswith('<data id="'), line.startswith("</data")
        if opens or closes:
            inside = opens
            continue
        seen = PUNCTUATION.sub("", STRING.sub("", line)) if inside else line
        if turned := TURNS.search(line):
            seen = line[turned.start() :]
        if seen.strip():
            yield seen if turned else line


def points(text: str) -> int | None:
    """The last number from 0 to 10, in the digits of any script, hidden or encoded ones too."""
    text += " " + revealed(text)
    found = [int(number) for number in re.findall(r"\d+", text) if int(number) <= 10]
    return found[-1] if found else None


def revealed(text: str) -> str:
    """What is hidden in tag characters, variation selectors and base64."""
    shown = "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0020 <= ord(char) < 0xE0080)
    smuggled = [ord(char) - (0xFE00 if ord(char) < 0xE0100 else 0xE00F0) for char in text if is_selector(char)]
    for word in re.findall(r"[A-Za-z0-9+/=]{24,}", text):
        try:
            shown += " " + base64.b64decode(word, validate=True).decode("ascii", "ignore")
        except binascii.Error:
            continue
    return shown + " " + bytes(smuggled).decode("ascii", "ignore")


def is_selector(char: str) -> bool:
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def honest(user: str) -> dict[str, int]:
    """Which share of the reference's words the submission has, in tenths, by dimension."""
    blocks = re.findall(r'^<data id="[^"]*" name="(\w+)">\n(.*?)\n</data id="[^"]*">$', user, re.M | re.S)
    if not blocks:
        return dict.fromkeys(DIMENSIONS, UNBLOCKED)
    values = {name: json.loads(text) for name, text in blocks}
    return {name: overlap(values["reference"][name], values["submitted"][name]) for name in DIMENSIONS}


def overlap(reference: Any, submitted: Any) -> int:
    wanted, found = (set(re.findall(r"\w+", str(value).lower())) for value in (reference, submitted))
    return round(10 * len(wanted & found) / len(wanted))
