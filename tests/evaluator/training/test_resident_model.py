"""What the kept model leaves behind from one job to the next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evaluator.models.chat_template import ChatTemplate
from tests.support.paths import ROOT
from tests.support.training_jobs import a_job

pytestmark = pytest.mark.slow

RANK = """
import gc, sys
from pathlib import Path
import deepspeed
from evaluator.config.profile import load_profile
from evaluator.tracks.protocols import load_protocol
from evaluator.training.job_spec import TrainJobSpec, count_targets, read_rows
from evaluator.training.rank.attention_rows import register_attention
from evaluator.training.rank.model import ResidentModel

base, rows, stage = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
register_attention()
deepspeed.init_distributed(dist_backend="gloo")
profile = load_profile("cpu").model_copy(update={"ranks": 1, "zero_stage": stage})
rules = load_protocol("demo@1")
work = TrainJobSpec(job=1, rows=rows, out=base, base_model=base, dtype="float32", sft=rules.sft, profile=profile)
resident = ResidentModel(work)
resident.reset_to_base()
row = read_rows(rows)[0]
resident.train_step([[row]], count_targets(row), 1e-3)
moments = [id(one) for state in resident.engine.optimizer.optimizer.state.values() for one in state.values()]
assert moments, "the optimizer has seen a step"
del moments
resident.reset_to_base()
gc.collect()
views = [getattr(weight, "_hp_mapping", None) for weight in resident.model.parameters()]
held = [view for view in views if getattr(view, "optim_fragment", None)]
print("held", len(held), len(resident.engine.optimizer.optimizer.state))
"""


@pytest.mark.parametrize("stage", [2, 3])
def test_the_moments_of_a_job_are_gone_when_the_next_begins(
    tiny: Path, template: ChatTemplate, tmp_path: Path, stage: int
) -> None:
    """DeepSpeed's views of them would hold a second set on the device for as long as the process lives."""
    job = a_job(tmp_path, "job", 4, template)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    env = {**os.environ, **alone, "DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": "", "PATH": path}
    command = [sys.executable, "-c", RANK, str(tiny), str(job.rows), str(stage)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "held 0 0" in done.stdout
