"""A data set repository on the Hub behind the same methods as a folder.

hub_repo.py        the methods: reads from the current head, and commits with retries
head_cache.py      cached head of a repository, with its paths and ids
hub_client.py      single requests, and the translation of the Hub's errors
change_log.py      .changes.json: the paths that the last commits changed
blob_cache.py      cached contents by id
path_index.py      paths with ids, found by prefix
anonymous_api.py   client without this machine's own token
"""

from submissions.storage.hub.hub_repo import HubRepo

__all__ = ["HubRepo"]
