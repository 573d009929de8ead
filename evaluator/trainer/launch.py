"""`python -m evaluator.trainer.launch RANKS`: torchrun on this machine that ends when its parent does."""

import sys

from torch.distributed.run import main

from evaluator.child import die_with_parent

if __name__ == "__main__":
    die_with_parent()
    main(["--standalone", f"--nproc_per_node={sys.argv[1]}", "-m", "evaluator.trainer.sft"])
