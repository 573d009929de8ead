"""A data set repository on the Hub behind the same methods as a folder.

repo.py       the methods: what is read, and how a commit is carried through
view.py       what is known of a repository: its head, paths, and ids
wire.py       single requests, and what the Hub's errors mean
steps.py      .changes.json: what the last commits changed
contents.py   contents that were read, kept by id
tree.py       paths with ids, found by prefix
"""

from submissions.storage.hub.hub_repo import HubRepo

__all__ = ["HubRepo"]
