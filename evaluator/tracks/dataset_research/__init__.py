"""DatasetResearch: fine-tunes on each delivered data set, and shows its rows as shots (SCORING.md)."""

from evaluator.planning.plan import make_plan
from evaluator.stages.anchored_protocol import AnchoredProtocol, describe_scale
from evaluator.stages.anchors import current_version, import_anchors, measure_anchors, unadmitted_tasks
from evaluator.stages.context import check_tools, open_context
from evaluator.stages.recompute import recompute_result
from evaluator.tracks.dataset_research.evaluation import (
    evaluate_submission,
    precompute_few_shot,
    precompute_fine_tune,
    preview_submission,
)
from evaluator.tracks.dataset_research.task_workload import build_task_frame, estimate_task_seconds
from evaluator.tracks.scorer import AnchorTools, TrackScorer, WorkloadTools

SCORER = TrackScorer(
    protocol_type=AnchoredProtocol,
    evaluate=evaluate_submission,
    rescore=recompute_result,
    describe_scale=describe_scale,
    open_context=open_context,
    preview=preview_submission,
    precompute={"few_shot": precompute_few_shot, "fine_tune": precompute_fine_tune},
    current_version=current_version,
    check_tools=check_tools,
    anchors=AnchorTools(measure_anchors, import_anchors, unadmitted_tasks),
    workload=WorkloadTools(build_task_frame, estimate_task_seconds, make_plan),
)
