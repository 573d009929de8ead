"""Renders conversations with the families' published templates (README.md in this folder says how to run this)."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

HERE = Path(__file__).parent
SOURCES = {
    "llama": ("meta-llama/Llama-3.1-8B", "meta-llama/Meta-Llama-3-8B-Instruct"),
    "qwen2": ("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct"),
    "qwen3": ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
}
"""The model whose tokens are listed, and the one whose template renders, by family."""
TOOL_ROLES = {"llama": "ipython"}
"""Roles of tools where the published template takes another name."""
RESERVED = "<|reserved_special_token_"

SYSTEM = ("system", "Answer in one word.")
QUESTION = ("user", "Which month follows June?")
SEARCH = ("assistant", "<search> months of the year </search>")
FOUND = ("tool", 'Doc 1(Title: "Calendar") July follows June.\nDoc 2(Title: "Ende") Nach dem Juni kommt der Juli.')
CONVERSATIONS: dict[str, list[tuple[str, str]]] = {
    "question": [QUESTION],
    "answer": [SYSTEM, QUESTION, ("assistant", "July")],
    "turns": [QUESTION, ("assistant", "July"), ("user", "And then?"), ("assistant", "August")],
    "scripts": [("user", "请用一句话说明今天的天气。\n\n谢谢！"), ("assistant", "今天晴转多云。\n微风。")],
    "tools": [SYSTEM, QUESTION, SEARCH, FOUND, ("assistant", "July")],
    "two tools": [QUESTION, SEARCH, FOUND, ("tool", "Nothing."), SEARCH, FOUND, ("assistant", "July")],
    "last a tool": [QUESTION, SEARCH, FOUND],
    "second system": [SYSTEM, QUESTION, ("assistant", "July"), ("system", "Be kind."), ("user", "Thanks")],
    "no question": [SYSTEM, ("assistant", "July")],
    "thoughts": [QUESTION, ("assistant", "<think>\nMay, June,\n\nJuly.\n</think>\n\nJuly")],
    "thoughts before": [
        QUESTION,
        ("assistant", "<think>\nMay, June, July.\n</think>\n\nJuly"),
        ("user", "And then?"),
        ("assistant", "August"),
    ],
    "thoughts on the way": [
        SYSTEM,
        QUESTION,
        ("assistant", "<think>\nI search.\n</think>\n\n<search> months </search>"),
        FOUND,
        ("assistant", "<think>\nDoc 1 says it.\n</think>\n\n<answer> July </answer>"),
    ],
    "thoughts without a start": [QUESTION, ("assistant", "May, June, July.\n</think>\n\nJuly")],
    "no thoughts": [QUESTION, ("assistant", "<think>\n\n</think>\n\nJuly")],
    "unclosed thoughts": [QUESTION, ("assistant", "<think>\nMay, June, July.")],
    "many newlines": [QUESTION, ("assistant", "<think>\n\n\nMay.\n\n\n</think>\n\n\nJuly"), ("user", "And?")],
    "a user's tool": [
        QUESTION,
        ("assistant", "<think>\nI search.\n</think>\n\n<search> months </search>"),
        ("user", "<tool_response>\nJuly follows June.\n</tool_response>"),
        ("assistant", "July"),
    ],
}


def render(family: str, tokenizer: Any) -> list[dict[str, Any]]:
    """The conversations as the template writes them, each with and without the head of the next answer."""
    cases = []
    for name, conversation in CONVERSATIONS.items():
        roles = {"tool": TOOL_ROLES.get(family, "tool")}
        messages = [{"role": roles.get(role, role), "content": content} for role, content in conversation]
        for has_prompt in (False, True):
            for is_thinking in (True, False) if family == "qwen3" and has_prompt else (True,):
                options = {} if is_thinking else {"enable_thinking": False}
                text = tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=has_prompt, **options
                )
                case = {"name": name, "messages": conversation, "has_prompt": has_prompt, "is_thinking": is_thinking}
                cases.append({**case, "text": text})
    return cases


def describe(family: str, models: Path | None) -> dict[str, Any]:
    """The facts of one family."""
    listed, rendering = (
        AutoTokenizer.from_pretrained(models / name.partition("/")[2] if models else name) for name in SOURCES[family]
    )
    added = sorted(listed.added_tokens_decoder.items())
    return {
        "tokens_of": SOURCES[family][0],
        "template_of": SOURCES[family][1],
        "template_sha256": hashlib.sha256(rendering.chat_template.encode()).hexdigest(),
        "added_tokens": {
            token.content: [number, token.special] for number, token in added if not token.content.startswith(RESERVED)
        },
        "cases": render(family, rendering),
    }


def write_facts(facts: dict[str, Any], file: Path) -> None:
    """One fact or case a line."""
    cases = ",\n".join(json.dumps(case, ensure_ascii=False) for case in facts["cases"])
    others = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(fact, ensure_ascii=False)}" for name, fact in facts.items() if name != "cases"
    )
    file.write_text(f'{{{others},\n"cases": [\n{cases}\n]}}\n')


def main() -> None:
    """Writes one file for each family, or compares with those that are there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("families", nargs="*", default=[], help=", ".join(SOURCES))
    options.add_argument("--models", type=Path, help="a folder of downloaded models; by default the Hub's cache")
    options.add_argument("--check", action="store_true", help="compare, and write nothing")
    args = options.parse_args()
    differ = False
    for family in args.families or SOURCES:
        found, file = describe(family, args.models), HERE / f"{family}.json"
        if not args.check:
            write_facts(found, file)
            continue
        there = json.loads(file.read_text())
        for part in ("added_tokens", "cases"):
            if json.loads(json.dumps(found[part])) != there[part]:
                differ = True
                print(f"{file.name}: {part} differ", file=sys.stderr)
        if found["template_sha256"] != there["template_sha256"]:
            print(f"{file.name}: the template is written otherwise, which may not matter", file=sys.stderr)
    sys.exit(differ)


if __name__ == "__main__":
    main()
