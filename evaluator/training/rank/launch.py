"""`python -m evaluator.training.rank.launch RANKS START SILENT`: torchrun that ends with its parent.

The parent allows START seconds to start, and at most SILENT seconds between messages.
"""

import sys

from torch.distributed.run import main

from evaluator.runtime.child_process import die_with_parent
from evaluator.training.rank.extension_locks import extension_dir, remove_stale_locks

if __name__ == "__main__":
    die_with_parent()
    remove_stale_locks(extension_dir(), float(sys.argv[2]))
    main(["--standalone", f"--nproc_per_node={sys.argv[1]}", "-m", "evaluator.training.rank.main", sys.argv[3]])
