#!/bin/bash
# One run over several machines of a Slurm cluster: every task of the array does one shard.
#
#     sbatch docs/slurm-array.sh problems.jsonl ~/models/DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf runs/r1
#
# Give the same command again after a time limit, a node failure or scancel: each shard goes on where
# it stopped. Once all are complete:
#
#     localthink merge runs/r1/shard-* -o runs/r1/whole
#
#SBATCH --job-name=localthink
#SBATCH --array=1-8
#SBATCH --cpus-per-task=16
#SBATCH --mem=24G
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@60   # a minute before the limit: the run stops, saves, and says how to go on
set -euo pipefail
input=$1 model=$2 out=$3
exec srun --cpus-per-task="$SLURM_CPUS_PER_TASK" localthink run "$input" -m "$model" -o "$out/shard-$SLURM_ARRAY_TASK_ID" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" -n 16 --max-tokens 16000
