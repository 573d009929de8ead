"""Print how closely our paper@1 follows the published code; ends with 1 where it does not."""

from __future__ import annotations

import sys

from tests.evaluator.conformance.compare import agreements, table

found = agreements()
print(table(found))
sys.exit(not all(one.agrees for one in found))
