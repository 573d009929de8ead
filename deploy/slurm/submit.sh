#!/bin/bash
# Evaluates all pending submissions of an arena on several nodes, then publishes the results.
#
#   ARENA=… WORK=… deploy/slurm/submit.sh SHARES [OPTION OF sbatch]...
#
# Submits an array of SHARES jobs, and a job that runs after all of them, whether or not they succeeded. The settings are
# those of evaluate.sbatch. Options apply to both, for example --partition, --account, --time, or --gpus-per-node=4.

set -euo pipefail
umask 077 # the log folder is for its owner only; sbatch passes the mask on

shares=${1:-}
if ! [[ $shares =~ ^[1-9][0-9]{0,3}$ ]]; then
  echo "How many nodes? ARENA=… WORK=… $0 SHARES [OPTION OF sbatch]..." >&2
  exit 1
fi
shift
: "${ARENA:?the arena is not named: set ARENA}" "${WORK:?the shared work folder is not named: set WORK}"

# Jobs run in the repository, from whatever folder this script is called.
for name in ARENA WORK BENCHMARK JUDGE; do
  value=${!name:-}
  if [[ -n $value && $value != hf://* ]]; then export "$name=$(realpath -m -- "$value")"; fi
done
if [[ ${PYTHON:-} == */* ]]; then PYTHON=$(cd -- "$(dirname -- "$PYTHON")" && pwd)/$(basename -- "$PYTHON"); export PYTHON; fi
cd -- "$(dirname -- "$0")/../.."

# If called inside another job, do not pass that job's variables on.
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_MAX SLURM_RESTART_COUNT
export SHARES=$shares

mkdir -p -- "$WORK/logs" # sbatch creates no folders

array=$(sbatch --parsable --array="1-$shares" --output="$WORK/logs/%x-%A_%a.log" "$@" deploy/slurm/evaluate.sbatch)
array=${array%%;*} # with several clusters, the cluster's name follows
publish=$(sbatch --parsable --job-name=arena-publish --output="$WORK/logs/%x-%j.log" --dependency="afterany:$array" \
  "$@" deploy/slurm/evaluate.sbatch)
echo "Array $array does $shares share(s); job ${publish%%;*} publishes when all of them have ended. Logs: $WORK/logs"
