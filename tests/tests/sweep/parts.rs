//! Parts of a sweep, joined: the bytes of the whole, or an error that names what is wrong.

use super::*;

#[test]
fn shards_joined_are_the_whole() {
    let folder = Folder::new("shards");
    let (whole, shared, joined) = (
        folder.path("whole"),
        folder.path("shared"),
        folder.path("joined"),
    );
    works(&small(&whole, &[]));
    let parts: Vec<String> = (1..=3).map(|n| folder.path(&format!("part{n}"))).collect();
    for (n, part) in parts.iter().enumerate() {
        let shard = format!("{}/3", n + 1);
        works(&small(part, &["--shard", &shard, "--jobs", "1"]));
        works(&small(&shared, &["--shard", &shard]));
    }
    let journals: usize = (1..=3)
        .map(|n| lines(&format!("{shared}/journal-0{n}-of-03.jsonl")))
        .sum();
    assert_eq!(journals, 18);
    works(&["merge", &parts[2], &parts[0], &parts[1], "--out", &joined]);
    same(&whole, &joined);
    works(&["merge", &shared]);
    same(&whole, &shared);
    // Once more: all of it is in the whole now.
    works(&["merge", &shared]);
    same(&whole, &shared);
    // And a shard that comes late has nothing to run.
    let late = works(&small(&shared, &["--shard", "2/3"]));
    assert!(
        late.err.contains("runs were finished already"),
        "{}",
        late.err
    );
}

#[test]
fn missing_shards_are_named_with_the_commands_that_run_them() {
    let folder = Folder::new("missing");
    let (parts, whole) = (folder.path("parts"), folder.path("whole"));
    works(&small(&parts, &["--shard", "1/3"]));
    works(&small(&parts, &["--shard", "3/3"]));
    let told = fails(&["merge", &parts]);
    let command = format!("sim sweep {parts}/sweep.ron --shard 2/3 --out {parts}");
    assert!(
        told.contains("journal-02-of-03.jsonl: all of it (6 runs)"),
        "{told}"
    );
    assert!(told.contains(&command), "{told}");
    assert!(!Path::new(&format!("{parts}/summary.json")).exists());
    let other = folder.path("other");
    fails(&["merge", &parts, "--out", &other]);
    assert!(!Path::new(&other).exists(), "nothing is written");
    // The command is right: what it was told to do makes it whole.
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    works(&words);
    works(&["merge", &parts]);
    works(&small(&whole, &[]));
    same(&whole, &parts);
}

#[test]
fn foreign_shards_are_refused_by_name() {
    let folder = Folder::new("foreign");
    let (one, two) = (folder.path("one"), folder.path("two"));
    works(&small(&one, &["--shard", "1/2"]));
    works(&small(&two, &["--shard", "2/2", "--seed", "99"]));
    let told = fails(&["merge", &one, &two, "--out", &folder.path("out")]);
    assert!(
        told.contains(&two) && told.contains("another sweep"),
        "{told}"
    );
    // Nor may a shard of another sweep share its folder.
    let told = fails(&small(&one, &["--shard", "2/2", "--seed", "99"]));
    assert!(told.contains("another sweep"), "{told}");
    // A journal that was put where it does not belong.
    fs::copy(
        format!("{two}/journal-02-of-02.jsonl"),
        format!("{one}/journal-02-of-02.jsonl"),
    )
    .expect("a copy");
    let told = fails(&["merge", &one]);
    assert!(told.contains("journal-02-of-02.jsonl"), "{told}");
    let nothing = folder.path("nothing");
    fs::create_dir_all(&nothing).expect("a folder");
    let told = fails(&["merge", &nothing]);
    assert!(told.contains("sweep.ron"), "{told}");
    let told = fails(&["merge", &one, &two]);
    assert!(told.contains("--out"), "{told}");
}

/// Points that need few replications stop early; neither threads nor shards change which.
#[test]
fn sequential_stopping_is_the_same_in_parts() {
    let folder = Folder::new("until");
    let sweep = |out: &str, more: &[&str]| {
        let until = ["--until", "latency(users, p99):5%", "--at-most", "24"];
        let mut arguments = vec!["sweep", SMALL, "--vary", THREADS, "--vary", TIMEOUT];
        arguments.extend(until);
        arguments.extend(["--out", out]);
        arguments.extend(more);
        works(&arguments)
    };
    let (whole, parts) = (folder.path("whole"), folder.path("parts"));
    sweep(&whole, &["--jobs", "1"]);
    let runs = lines(&format!("{whole}/journal.jsonl"));
    assert!(
        (6 * 10..6 * 24).contains(&runs),
        "{runs} runs: some point stops early"
    );
    sweep(&parts, &["--shard", "1/2"]);
    let told = fails(&["merge", &parts]);
    assert!(told.contains("--shard 2/2"), "{told}");
    sweep(&parts, &["--shard", "2/2"]);
    works(&["merge", &parts]);
    same(&whole, &parts);
    let again = sweep(&whole, &[]);
    assert!(
        again.err.contains(&format!("{runs} of {runs} runs")),
        "{}",
        again.err
    );
    same(&whole, &parts);
}

#[test]
fn the_scheduler_says_which_shard_it_is() {
    let folder = Folder::new("auto");
    let out = folder.path("a");
    let part = |set: &[(&str, &str)], shard: &str| {
        let mut command = program(&small(&out, &["--shard", shard]));
        for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "HQ_TASK_ID"] {
            command.env_remove(name);
        }
        command.envs(set.iter().copied());
        let ended = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), told)
    };
    let array = [
        ("SLURM_ARRAY_TASK_ID", "1"),
        ("SLURM_ARRAY_TASK_COUNT", "3"),
        ("SLURM_ARRAY_TASK_MIN", "1"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
    ];
    assert_eq!(part(&array, "auto").0, Some(0));
    assert_eq!(part(&[("JOB_COMPLETION_INDEX", "1")], "auto/3").0, Some(0));
    assert_eq!(part(&[("HQ_TASK_ID", "2")], "auto/3").0, Some(0));
    let (code, told) = part(&[], "auto/3");
    assert_eq!(code, Some(2));
    assert!(told.contains("none of SLURM_ARRAY_TASK_ID"), "{told}");
    works(&["merge", &out]);
    let whole = folder.path("whole");
    works(&small(&whole, &[]));
    same(&whole, &out);
}
