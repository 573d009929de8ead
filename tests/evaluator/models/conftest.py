from __future__ import annotations

from tests.support.hub.fixtures import hub as hub
