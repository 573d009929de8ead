"""Prompts: files under `prompts/<track>/`, filled with untrusted text that cannot escape its data block.

A file has three parts, each after a line `+++`: a header in TOML (version, whose method it follows, its fields), the
instructions (the system message), and the frame of the data (the user message), where each field has its own line.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

from pydantic import Field, JsonValue

from evaluator.llm.quoting import format_data_block
from submissions.errors import NotFound
from submissions.records.base import Record
from submissions.shipped_folders import find_shipped_folder

PROMPTS = find_shipped_folder("evaluator", "prompts")
_FIELD = re.compile(r"^\{\{(\w+)\}\}$", re.MULTILINE)


class Header(Record):
    """Header of a prompt file."""

    version: int = Field(ge=1)
    """Incremented with every change, as results depend on the wording."""
    follows: str
    """Paper and section whose method the prompt follows, in our own words."""
    fields: dict[str, str]
    """Content of each field, by its name."""


class Prompt(Record):
    """One filled prompt, ready to send."""

    name: str
    """Name and version, for example `judge@1`."""
    sha256: str
    """Hash of the prompt file."""
    system: str
    """System message: our instructions."""
    user: str
    """User message: data blocks only, without instructions."""
    repeat: int = Field(default=0, ge=0)
    """Number among identical prompts; each repeat has its own seed and its own cache entry."""


class PromptFile(Record):
    """A prompt before it is filled."""

    name: str
    header: Header
    sha256: str
    system: str
    frame: str

    def fill(self, values: dict[str, JsonValue], repeat: int = 0) -> Prompt:
        """Fill the prompt with a data block per field. Raises ValueError unless given exactly the declared fields.

        The id of the blocks is a hash over all filled values: the same question has the same text, and the author of
        one of the values cannot know the id, as it depends on the value itself.
        """
        if values.keys() != self.header.fields.keys():
            odd = sorted(values.keys() ^ self.header.fields.keys())
            raise ValueError(f"prompt {self.name} expects {', '.join(self.header.fields)}; missing or unknown: {odd}")
        plain = {name: format_data_block(name, value, "") for name, value in values.items()}
        nonce = hashlib.sha256("\n".join([self.sha256, *plain.values()]).encode()).hexdigest()[:16]
        user = _FIELD.sub(lambda field: format_data_block(field[1], values[field[1]], nonce), self.frame)
        return Prompt(name=self.name, sha256=self.sha256, system=self.system, user=user, repeat=repeat)


def load_prompt(track: str, name: str, folder: Path = PROMPTS) -> PromptFile:
    """Load a prompt by name and version, for example `judge@1`. Raises NotFound for an unknown file or version."""
    stem = name.partition("@")[0]
    names = sorted(file.stem for file in (folder / track).glob("*.md"))
    if stem not in names:
        raise NotFound(f"No prompt {stem[:80]!r} of {track}; there are: {', '.join(names) or 'none'}.")
    found = parse_prompt(stem, (folder / track / f"{stem}.md").read_text(encoding="utf-8"))
    if found.name != name:
        raise NotFound(
            f"No prompt {name[:80]!r}: prompts/{track}/{stem}.md is {found.name}. "
            "A changed prompt needs a protocol with a new version that names it."
        )
    return found


def parse_prompt(stem: str, text: str) -> PromptFile:
    """Parse a prompt file. Raises ValueError where header and text do not agree."""
    parts = re.split(r"^\+\+\+\n", text, flags=re.MULTILINE)
    if len(parts) != 4 or parts[0]:
        raise ValueError(
            f"prompt {stem}: wanted `+++`, header, `+++`, instructions, `+++`, data; got {len(parts)} parts"
        )
    header = Header.model_validate(tomllib.loads(parts[1]))
    fields = _FIELD.findall(parts[3])
    if (
        sorted(fields) != sorted(header.fields)
        or "{{" in _FIELD.sub("", parts[2] + parts[3])
        or _FIELD.search(parts[2])
    ):
        raise ValueError(
            f"prompt {stem}: the header declares {sorted(header.fields)}, the data part has {sorted(fields)}"
        )
    return PromptFile(
        name=f"{stem}@{header.version}",
        header=header,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        system=parts[2].strip(),
        frame=parts[3].strip(),
    )
