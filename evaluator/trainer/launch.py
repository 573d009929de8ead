"""`python -m evaluator.trainer.launch RANKS START SILENT`: torchrun on this machine that ends when its parent does.

The parent gives it so many seconds to start, and may not wait longer for a message than that many.
"""

import sys

from torch.distributed.run import main

from evaluator.child import die_with_parent
from evaluator.trainer.building import extensions, forget_dead

if __name__ == "__main__":
    die_with_parent()
    forget_dead(extensions(), float(sys.argv[2]))
    main(["--standalone", f"--nproc_per_node={sys.argv[1]}", "-m", "evaluator.trainer.sft", sys.argv[3]])
