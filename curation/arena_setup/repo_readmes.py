"""README.md of each repository of an arena: contents, writers, and terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from submissions.tracks import TRACKS


@dataclass(frozen=True)
class RepoReadme:
    """Description and visibility of a repository."""

    private: bool
    title: str
    text: str


CARDS: Mapping[str, RepoReadme] = {
    "benchmark": RepoReadme(
        private=True,
        title="DatasetResearch Arena: benchmark",
        text="""Task descriptions with their hidden reference rows and anchors. Keep it private: a team with access
cannot be ranked.

Written by the organiser, with `python -m curation` and `python -m evaluator anchors`. Read only by the evaluator.
""",
    ),
    "submissions": RepoReadme(
        private=True,
        title="DatasetResearch Arena: submissions",
        text="""Submissions and their owners' requests: third-party data under its own terms. Keep it private.

Written by the web app and `python -m submissions`. Read by the evaluator, and by the web app.
""",
    ),
    "drafts": RepoReadme(
        private=True,
        title="DatasetResearch Arena: drafts",
        text="""Results that their owners have not published. Keep it private.

Written by the evaluator. Read by the web app, for their owners.
""",
    ),
    "results": RepoReadme(
        private=False,
        title="DatasetResearch Arena: results",
        text=f"""Results and history of all submissions: `results/` by task, `status/` step by step.

Written by the evaluator, which also names the tables of totals as configurations of this data set, once there is one.
Public. Each configuration has the public totals of a track:

```python
from datasets import load_dataset

totals = load_dataset("ORG/PREFIX-results", "{next(iter(TRACKS))}", split="totals")
```
""",
    ),
}
"""READMEs by the repository's name, in creation order."""


def render_readme(name: str, licence: str) -> bytes:
    """Render a repository's README.md. Only public contents have terms of their own."""
    card = CARDS[name]
    front: dict[str, object] = {"pretty_name": card.title}
    front |= {"viewer": False} if card.private else {"license": licence, "tags": ["leaderboard", "datasetresearch"]}
    head = yaml.safe_dump(front, sort_keys=False)
    return f"---\n{head}---\n\n# {card.title}\n\n{card.text}".encode()
