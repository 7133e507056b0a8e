#!/usr/bin/env python3
"""The same bytes from other builds of `sim`: other optimisation levels, this processor's own instructions,
another architecture under emulation.

    python tests/elsewhere.py [--all] [--sim NAME=PROGRAM]...

Builds `sim` in several ways, asks each build the same questions (every scenario of the library and of the
tests, what is said of bad input, a result folder with its pictures, and what sweeps, comparisons, searches
and sensitivity say), and compares every answer with that of the release build, byte for byte. A difference
is a bug of ours, and so is a panic in any build; either exits with 1 and names the question and the build.
A build for which something is missing here is left out, and that is said.

`--all` adds the builds that a change seldom breaks. `--sim` adds a program that is there already, such as
one that another compiler made. What each build answered stays in target/elsewhere/answers/BUILD.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HERE = Path("target/elsewhere")
ARM = "aarch64-unknown-linux-gnu"
ARM_LINKER = "aarch64-linux-gnu-gcc"
# Of all files of result folders, the one that tells the host and the time.
MAY_DIFFER = "provenance.json"
# Lines that tell how long the rest will take.
PROGRESS = re.compile(rb"\d+ of \d+ runs, .* left\n")
# In the JSON of runs.
DIGEST = re.compile(rb'"digest": ?"([0-9a-f]{32})"')
# Seconds for a question. The slowest takes a minute; what takes this long hangs.
TIME_LIMIT = 600
# A panic of Rust exits with this; above it are the deaths by a signal, of which emulators speak this way.
PANICKED = 101
INTERRUPTED = 130


class Build(NamedTuple):
    """A way to build `sim`."""

    name: str
    # "release" or "dev", and what is set in it; the program itself where it is there already.
    profile: str
    settings: dict = {}
    flags: str = ""
    target: str = ""
    # What comes before the program to run it.
    emulator: tuple = ()


# Link-time optimisation makes the release build, and is left out of the others, which would otherwise
# take most of their time for it.
BUILDS = [
    Build("release", "release"),
    Build("unoptimised", "dev", {"opt-level": "0", "debug-assertions": "true", "overflow-checks": "true"}),
    Build("native", "release", {"lto": '"off"'}, flags="-C target-cpu=native"),
    Build(
        "aarch64",
        "release",
        {"lto": '"off"'},
        target=ARM,
        emulator=("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"),
    ),
]
SELDOM = [
    Build("development", "dev", {"opt-level": "1", "debug-assertions": "true", "overflow-checks": "true"}),
    Build("small", "release", {"opt-level": '"s"', "lto": '"off"'}),
    Build("whole", "release", {"lto": '"fat"', "codegen-units": "1"}, flags="-C target-cpu=native"),
]


def missing(build):
    """What this machine lacks for a build, or nothing."""
    if build.target != ARM:
        return ""
    if platform.machine() == "aarch64":
        return "this machine is one: the other builds are for it"
    for program, package in [(ARM_LINKER, "gcc-aarch64-linux-gnu"), (build.emulator[0], "qemu-user")]:
        if not shutil.which(program):
            return f"there is no {program} (Debian: apt-get install {package})"
    if not Path(build.emulator[-1]).is_dir():
        return f"there is no {build.emulator[-1]} (Debian: apt-get install libc6-dev-arm64-cross)"
    asked = ["rustc", "--print", "target-libdir", "--target", ARM]
    libraries = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(libraries).is_dir():
        return f"there is no standard library for it (rustup target add {ARM})"
    return ""


def program(build):
    """Builds it; the command that starts it."""
    # The release build is the one that people have, so it is shared with them.
    folder = Path("target") if build.name == "release" else HERE / build.name
    command = ["cargo", "build", "--quiet", "--locked", "--package", "sim-cli", "--target-dir", str(folder)]
    command += ["--profile", build.profile]
    settings = dict(build.settings, debug="false")
    for key, value in settings.items():
        command += ["--config", f"profile.{build.profile}.{key}={value}"]
    if build.target:
        command += ["--target", build.target]
        command += ["--config", f'target.{build.target}.linker="{ARM_LINKER}"']
    environment = dict(os.environ)
    if build.flags:
        environment["RUSTFLAGS"] = build.flags
    subprocess.run(command, env=environment, check=True)
    output = "debug" if build.profile == "dev" else build.profile
    return [*build.emulator, str(folder / build.target / output / "sim")]


def questions():
    """Name and arguments of each. `OUT` in them stands for a folder of the question's own."""
    asked = []

    def ask(name, *arguments):
        asked.append((name, [str(argument) for argument in arguments]))

    data = Path("tests/data")
    library = sorted(Path("scenarios").glob("*.ron"))
    ours = [file for kind in ["", "cases", "elsewhere"] for file in sorted((data / kind).glob("*.ron"))]
    for file in [*library, *ours]:
        ask(f"run {file}", "run", file, "--allow-read", "scenarios", "--format", "json")
    for file in library:
        ask(f"graph {file}", "graph", file)
        ask(f"explain {file}", "check", file, "--explain")
    # The budget stops what would otherwise go on for minutes.
    for file in sorted(data.glob("hostile/*.ron")):
        ask(f"run {file}", "run", file, "--format", "json", "--set", "budget.events=50000")
    for kind in ["bad", "bad-sweeps"]:
        for file in sorted(data.glob(f"{kind}/*.ron")):
            ask(f"check {file}", "check", file)

    draws, small = data / "elsewhere/every-draw.ron", data / "small.ron"
    # So many that a thread is just enough: then all that varies matters.
    busy = [small, "--set", "workloads.users.rate=350/s"]
    attempts = ["--vary", 'calls."web -> db".retry.attempts=1,2,4']
    threads = ["--vary", "services.db.threads=1..4"]
    timeouts = ["--vary", 'calls."web -> db".timeout.after=20ms..300ms']
    latency, failures = "latency(users, p99)", "failed_ratio(users)"
    # Pictures take most of the time where nothing is optimised: one folder of each kind has them.
    into, said = ["--out", "OUT"], ["--format", "json"]
    ask("folder", "run", draws, "--sample-stories", 997, *into)
    ask("replications", "run", draws, "--replications", 6, *said)
    lhs = ["--sample", "lhs:9", "--replications", 4, "--windows"]
    ask("sweep", "sweep", *busy, *attempts, *threads, *timeouts, *lhs, *into)
    ask("until", "sweep", *busy, *attempts, "--until", f"{latency}:10%", "--at-most", 30, *said)
    variants = ["--variant", "as is:", "--variant", "one:services.db.threads=1", "--replications", 10]
    ask("compare", "compare", *busy, *variants, *attempts, *into)
    for method in ["sobol", "morris"]:
        chosen = ["--method", method, "--samples", 8, "--replications", 6]
        ask(method, "sensitivity", *busy, *threads, *timeouts, *chosen, *said)
    goals = ["--minimise", failures, "--minimise", latency]
    ask("tune", "tune", *busy, *threads, *timeouts, "--sample", "lhs:8", *goals, "--confirm", 10, *said)
    return asked


def kept_in(build, name):
    """Where the answer of a build to a question is kept."""
    return HERE / "answers" / build / name.replace("/", "_").replace(" ", "_")


def answer(command, build, question):
    """Asks it; keeps what was said. Why it cannot be right, if so."""
    name, arguments = question
    kept = kept_in(build, name)
    kept.mkdir(parents=True)
    out = str(kept / "out")
    arguments = [out if argument == "OUT" else argument for argument in arguments]
    try:
        said = subprocess.run([*command, *arguments], capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer after {TIME_LIMIT} s"
    for stream, text in [("stdout", said.stdout), ("stderr", said.stderr)]:
        text = PROGRESS.sub(b"", text).replace(out.encode(), b"OUT")
        (kept / stream).write_bytes(text)
    (kept / "exit").write_text(f"{said.returncode}\n")
    if said.returncode < 0 or said.returncode >= PANICKED and said.returncode != INTERRUPTED:
        lines = said.stderr.decode(errors="replace").splitlines()
        why = next((at for at, line in enumerate(lines) if "panicked" in line), None)
        told = "" if why is None else ": " + " ".join(lines[why : why + 2])
        return f"exit code {said.returncode}{told}"
    return ""


def answers(command, build, asked):
    """Asks everything; what went wrong."""
    shutil.rmtree(HERE / "answers" / build, ignore_errors=True)
    with ThreadPoolExecutor(os.cpu_count()) as several:
        wrong = several.map(lambda question: answer(command, build, question), asked)
        return [f"{build}: {name}: {why}" for (name, _), why in zip(asked, wrong) if why]


def files(folder):
    """Everything in a folder, by place, but what may differ."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MAY_DIFFER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def digests(answered):
    """Those of the runs that an answer is about."""
    return sorted(set(DIGEST.findall(answered.get("stdout", b""))))


def differences(build, reference, asked):
    """Which questions one build answers otherwise than the reference does."""
    told = []
    for name, _ in asked:
        places = [kept_in(which, name) for which in (reference, build)]
        right, other = map(files, places)
        differ = [place for place in {**right, **other} if right.get(place) != other.get(place)]
        if differ:
            run = "another run, " if digests(right) != digests(other) else ""
            where = f"{run}seen in {', '.join(differ)}: diff -r {places[0]} {places[1]}"
            told.append(f"{build}: {name}: not as {reference}: {where}")
    return told


def given(pair):
    """A build that is there already, from `NAME=PROGRAM` as seen from where we were called."""
    name, equals, path = pair.partition("=")
    if not equals or not re.fullmatch(r"[\w.-]+", name) or not path:
        raise argparse.ArgumentTypeError(f"{pair!r} is not of the form NAME=PROGRAM, with a plain name")
    if name in [".", ".."] + [build.name for build in BUILDS + SELDOM]:
        raise argparse.ArgumentTypeError(f"{name!r} is taken: choose another name")
    # One without a folder is looked for as a shell does.
    found = shutil.which(path)
    if not found:
        raise argparse.ArgumentTypeError(f"{path!r} is no program")
    return Build(name, os.path.abspath(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="add the builds that a change seldom breaks")
    parser.add_argument("--sim", action="append", default=[], type=given, metavar="NAME=PROGRAM", help="add a program")
    asked_for = parser.parse_args()
    os.chdir(ROOT)

    asked = questions()
    reference, wrong, compared, left_out = BUILDS[0].name, [], [], []
    builds = BUILDS + SELDOM if asked_for.all else BUILDS
    names = [build.name for build in asked_for.sim]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        parser.error(f"argument --sim: more than one is called {', '.join(twice)}")
    for build in builds + asked_for.sim:
        lack = "" if build in asked_for.sim else missing(build)
        if lack:
            left_out.append(build.name)
            print(f"{build.name}: left out, {lack}", flush=True)
            continue
        began = time.monotonic()
        command = [build.profile] if build in asked_for.sim else program(build)
        built = time.monotonic()
        wrong += answers(command, build.name, asked)
        spent = f"built in {built - began:.0f} s, answered in {time.monotonic() - built:.0f} s"
        if build.name != reference:
            differ = differences(build.name, reference, asked)
            wrong += differ
            compared.append(build.name)
            spent += f", {len(differ)} of {len(asked)} answers are not as {reference}"
        print(f"{build.name}: {spent}", flush=True)

    for line in wrong:
        print(line)
    if wrong:
        return 1
    told = f"as {reference} in {', '.join(compared)}" if compared else "compared with nothing"
    told += f"; left out: {', '.join(left_out)}" if left_out else ""
    print(f"{len(asked)} answers, byte for byte {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
