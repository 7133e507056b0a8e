"""A sweep on HyperQueue: two local workers, one task killed on purpose, the shards merged.

    python on_hyperqueue.py SIM SWEEP.ron FOLDER

Runs the sweep here and as tasks of a local cluster, kills one task once it has finished some runs, sees
that the merge names its shard, submits again, and compares the merged folder with the local one byte for
byte. Needs the package `hyperqueue`.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

SHARDS = 4
VICTIM = 1
# Host and wall clock; the only file that may differ.
MAY_DIFFER = {"provenance.json"}


def submit(client, sim, sweep, out, logs):
    """One task for each shard, numbered from 0 as HyperQueue's own arrays are here."""
    job = Job(max_fails=None, name="sim-sweep")
    for shard in range(SHARDS):
        job.program(
            [sim, "sweep", sweep, "--out", str(out), "--shard", f"auto/{SHARDS}", "--jobs", "1"],
            stdout=str(logs / f"{shard}.out"),
            stderr=str(logs / f"{shard}.err"),
        )
    return client.submit(job)


def process_of(task):
    """The process id of a running task, by what HyperQueue put into its environment."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"HQ_TASK_ID={task}".encode() in environment and b"sweep" in command:
            return int(entry.name)
    return None


def kill_at_work(out, deadline):
    """Kills the victim once its journal holds a finished run."""
    journal = out / f"journal-{VICTIM + 1:02}-of-{SHARDS:02}.jsonl"
    while time.monotonic() < deadline:
        if journal.exists() and journal.read_bytes().count(b"\n") > 2:
            process = process_of(VICTIM)
            if process is None:
                sys.exit("the task had ended before it could be killed: make the sweep longer")
            os.kill(process, signal.SIGKILL)
            return journal.read_bytes().count(b"\n")
        time.sleep(0.005)
    sys.exit("the task to be killed did not finish a run in time")


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in MAY_DIFFER
    }


def main():
    sim, sweep, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    shutil.rmtree(folder, ignore_errors=True)
    local, shared, merged, logs = (folder / name for name in ("local", "shared", "merged", "logs"))
    logs.mkdir(parents=True)
    subprocess.run([sim, "sweep", sweep, "--out", str(local)], check=True, stdout=subprocess.DEVNULL)
    merge = [sim, "merge", str(shared), "--out", str(merged)]
    with LocalCluster() as cluster:
        for _ in range(2):
            cluster.start_worker(WorkerConfig(cores=1))
        client = cluster.client()
        first = submit(client, sim, sweep, shared, logs)
        finished = kill_at_work(shared, time.monotonic() + 120)
        print(f"killed task {VICTIM} after {finished} lines of its journal")
        assert not client.wait_for_jobs([first], raise_on_error=False)
        assert set(client.get_failed_tasks(first)) == {VICTIM}, client.get_failed_tasks(first)
        early = subprocess.run(merge, capture_output=True, text=True)
        print(early.stderr)
        assert early.returncode == 2, early
        assert f"{VICTIM + 1}/{SHARDS}" in early.stderr, early.stderr
        assert not (merged / "summary.json").exists()
        assert client.wait_for_jobs([submit(client, sim, sweep, shared, logs)])
    subprocess.run(merge, check=True, stdout=subprocess.DEVNULL)
    here, there = files(local), files(merged)
    assert here.keys() == there.keys(), here.keys() ^ there.keys()
    different = [name for name in here if here[name] != there[name]]
    assert not different, different
    print(f"{len(here)} files are the same, byte for byte")


main()
