#!/bin/bash
# A sweep on Slurm: Debian's packages on this one machine with two slots, one task killed on purpose, the
# shards merged.
#
#   tests/cluster/on_slurm.sh SIM SWEEP.ron FOLDER      (as root, on Debian)
#
# Runs the sweep here and as a job array of four tasks, kills one of them once it has finished some runs,
# sees that the merge names its shard, submits that one again, and compares the merged folder with the
# local one byte for byte. It starts its own munged, slurmctld and slurmd from files in FOLDER/slurm, on the
# loopback address, and stops them at the end; nothing in /etc/slurm is touched.
set -euo pipefail
sim=$(realpath "$1") sweep=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
rm -rf "$3" && mkdir -p "$3/slurm/state" "$3/slurm/spool" "$3/logs"
folder=$(realpath "$3")
shards=4 victim=2

if ! command -v slurmctld sbatch munged >/dev/null; then
    apt-get update && apt-get install --yes --no-install-recommends slurm-wlm munge
fi

# One node under its own name, its two cores as two slots. No cgroups: they need more of a machine than a
# container has.
host=$(hostname -s)
cat >"$folder/slurm/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/slurm/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/slurm/state
SlurmdSpoolDir=$folder/slurm/spool
SlurmctldPidFile=$folder/slurm/slurmctld.pid
SlurmdPidFile=$folder/slurm/slurmd.pid
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm/slurm.conf

stop() {
    scancel --quiet --user="$(id -un)" 2>/dev/null || true
    for daemon in slurmd slurmctld; do
        [ -f "$folder/slurm/$daemon.pid" ] && kill "$(cat "$folder/slurm/$daemon.pid")" 2>/dev/null || true
    done
    [ -f "$folder/slurm/munged.pid" ] && kill "$(cat "$folder/slurm/munged.pid")" 2>/dev/null || true
}
trap stop EXIT

head -c 1024 /dev/urandom >"$folder/slurm/munge.key" && chmod 400 "$folder/slurm/munge.key"
munged --force --socket="$folder/slurm/munge.socket" --key-file="$folder/slurm/munge.key" \
    --pid-file="$folder/slurm/munged.pid" --seed-file="$folder/slurm/munge.seed" \
    --log-file="$folder/logs/munged.log" >/dev/null 2>&1
slurmctld -L "$folder/logs/slurmctld.log" >/dev/null 2>&1
slurmd -L "$folder/logs/slurmd.log" >/dev/null 2>&1
for _ in $(seq 60); do
    sinfo --noheader --format=%t 2>/dev/null | grep -q idle && break
    sleep 0.5
done
sinfo

# $1: which tasks; the rest: what to export besides.
submit() {
    sbatch --wait --array="$1" --output="$folder/logs/%A-%a.out" \
        --export="ALL,SIM=$sim,SWEEP=$sweep,OUT=$folder/shared${2:+,$2}" \
        "$here/../../sim-cli/cluster/slurm.sbatch"
}

"$sim" sweep "$sweep" --out "$folder/local" >/dev/null

submit "1-$shards" &
array=$!
journal=$(printf '%s/shared/journal-%02d-of-%02d.jsonl' "$folder" $victim $shards)
for _ in $(seq 24000); do
    [ -f "$journal" ] && [ "$(wc -l <"$journal")" -gt 2 ] && break
    sleep 0.005
done
# Processes come and go while they are looked at, which is no failure.
process=$({ grep --files-with-matches --text "SLURM_ARRAY_TASK_ID=$victim" /proc/[0-9]*/environ 2>/dev/null || true; } |
    cut -d/ -f3 | while read -r id; do
        if tr '\0' ' ' <"/proc/$id/cmdline" 2>/dev/null | grep -q ' sweep '; then echo "$id"; fi
    done | head -1)
kill -9 "$process"
echo "killed task $victim after $(wc -l <"$journal") lines of its journal"
wait $array && { echo "a task was killed, and Slurm did not notice"; exit 1; }

if "$sim" merge "$folder/shared" --out "$folder/merged" 2>"$folder/logs/early"; then
    echo "a shard is not complete, and the merge did not notice"
    exit 1
fi
cat "$folder/logs/early"
grep -q "$victim/$shards" "$folder/logs/early"

submit "$victim" "SHARD=auto/$shards"
"$sim" merge "$folder/shared" --out "$folder/merged" >/dev/null
diff --recursive --brief --exclude=provenance.json "$folder/local" "$folder/merged"
echo "$(find "$folder/merged" -type f | wc -l) files are the same, byte for byte"
