#!/bin/bash
# A sweep as a HyperQueue task array: each task runs one shard of it.
#
#   hyperqueue.sh storm.ron /shared/storm 16
#
# The arguments: a sweep file, a folder that all workers see, and the number of shards. Tasks are numbered
# from 0. Run it again after a failure: what has finished is not run again.
set -euo pipefail
sweep=$1 out=$2 shards=$3
"${HQ:-hq}" submit --array "0-$((shards - 1))" --cpus 1 --name sim-sweep --wait -- \
    "${SIM:-sim}" sweep "$sweep" --out "$out" --shard "auto/$shards" --jobs 1
"${SIM:-sim}" merge "$out"
