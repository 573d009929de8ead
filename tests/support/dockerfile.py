"""The instructions of the Dockerfile, by stage."""

from __future__ import annotations

from tests.support.paths import ROOT


def read_stages(text: str) -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage of a Dockerfile."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "ARG" and not found:  # of the images themselves
            continue
        if word == "FROM":
            name = rest.split(" AS ")[1]
            found[name] = []
        found[name].append((word, rest))
    return found


STAGES = read_stages((ROOT / "Dockerfile").read_text())


def stage_environment(stage: str) -> dict[str, str]:
    settings = [one.partition("=") for word, rest in STAGES[stage] if word == "ENV" for one in rest.split()]
    return {name: value for name, _, value in settings}
