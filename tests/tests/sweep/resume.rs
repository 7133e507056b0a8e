//! Sweeps that were killed, interrupted or damaged go on where they were.

use super::*;
use std::process::{Command, Stdio};

/// Kills a sweep again and again; what was finished must survive, and be run only once.
#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let folder = Folder::new("killed");
    let (whole, killed) = (folder.path("whole"), folder.path("killed"));
    // Long enough to be caught in the middle, in any build profile.
    let long = [
        "--set",
        "duration=600s",
        "--replications",
        "4",
        "--jobs",
        "2",
    ];
    let sweep = |out: &'static str| -> Vec<&'static str> {
        let mut arguments = vec!["sweep", SMALL, "--vary", THREADS, "--vary", TIMEOUT];
        arguments.extend(long);
        arguments.extend(["--windows", "--out", out]);
        arguments
    };
    // Leaked, so that the arguments are easy to pass on; it is a test.
    let (whole, killed): (&'static str, &'static str) = (whole.leak(), killed.leak());
    works(&sweep(whole));
    let journal = format!("{killed}/journal.jsonl");
    let mut before = 0;
    for round in 1..=5 {
        let mut child = program(&sweep(killed))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        // A few more runs in each round; the deadline is for a program that does nothing.
        while lines(&journal) < before + 3 && begun.elapsed() < Duration::from_secs(60) {
            if child.try_wait().expect("a child").is_some() {
                break;
            }
            sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        let after = lines(&journal);
        assert!(
            after >= before,
            "round {round}: {after} lines after {before}"
        );
        before = after;
    }
    assert!((3..24).contains(&before), "{before} runs after five rounds");
    let whole_lines = fs::read_to_string(&journal)
        .expect("a journal")
        .lines()
        .filter(|line| line.ends_with("}}"))
        .count();
    let last = program(&sweep(killed)).output().expect("it runs");
    let told = String::from_utf8_lossy(&last.stderr).into_owned();
    assert!(last.status.success(), "{told}");
    let known: usize = told
        .split(" of 24 runs were finished already")
        .next()
        .and_then(|text| text.split_whitespace().last())
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{told}"));
    // The last line may have been torn by the kill.
    assert!(
        known == whole_lines || known + 1 == whole_lines,
        "{known} of {whole_lines}"
    );
    same(whole, killed);
    // Now there is nothing left to run.
    let again = works(&sweep(killed));
    assert!(
        again.err.contains("24 of 24 runs were finished already"),
        "{}",
        again.err
    );
    same(whole, killed);
}

/// An interrupt keeps what there is and says how to go on.
#[cfg(unix)]
#[test]
fn an_interrupt_says_how_to_go_on() {
    let folder = Folder::new("interrupt");
    let out = folder.path("a");
    let mut arguments = small(&out, &["--jobs", "1"]);
    arguments.extend(["--set", "duration=2000s"]);
    let child = program(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let journal = format!("{out}/journal.jsonl");
    let begun = Instant::now();
    while lines(&journal) < 1 && begun.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill runs").success());
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(
        ended.status.code(),
        Some(i32::from(exit::INTERRUPTED)),
        "{told}"
    );
    assert!(told.contains("the same command goes on"), "{told}");
    assert!(!Path::new(&format!("{out}/summary.json")).exists());
    assert!(lines(&journal) >= 1);
}

/// The journal of a small sweep with one line changed, and what going on with it says.
fn changed(name: &str, change: impl Fn(&mut Vec<String>)) -> String {
    let folder = Folder::new(name);
    let (whole, other) = (folder.path("whole"), folder.path("other"));
    works(&small(&whole, &[]));
    works(&small(&other, &[]));
    let journal = format!("{other}/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let mut all: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    change(&mut all);
    fs::write(&journal, all.concat()).expect("a journal");
    let told = works(&small(&other, &[])).err;
    same(&whole, &other);
    told
}

#[test]
fn a_torn_line_is_run_again() {
    let told = changed("torn", |all| {
        let last = all.last_mut().expect("lines");
        last.truncate(last.len() / 2);
    });
    assert!(told.contains("17 of 18 runs"), "{told}");
    assert!(!told.contains("damaged"), "{told}");
}

#[test]
fn a_damaged_line_is_told_of_and_run_again() {
    let told = changed("damaged", |all| all[4] = all[4].replacen('7', "8", 1));
    assert!(
        told.contains("journal.jsonl:5: this line is damaged"),
        "{told}"
    );
    assert!(told.contains("17 of 18 runs"), "{told}");
}

#[test]
fn another_scenario_is_not_mistaken_for_the_same() {
    let folder = Folder::new("changed");
    let (other, out) = (folder.path("other"), folder.path("a"));
    let scenario = folder.path("small.ron");
    let text = fs::read_to_string(SMALL).expect("it is there");
    fs::write(&scenario, &text).expect("it can be written");
    let sweep = |out: &str, count: &str| -> Answer {
        let mut arguments = small(out, &[]);
        arguments[1] = &scenario;
        let at = arguments.iter().position(|word| *word == "3");
        arguments[at.expect("replications")] = count;
        works(&arguments)
    };
    sweep(&out, "3");
    fs::write(&scenario, text.replace("limit: 100", "limit: 99")).expect("it can be written");
    let told = sweep(&out, "3").err;
    assert!(!told.contains("finished already"), "{told}");
    assert!(
        told.contains("18 runs in the journal were of other settings"),
        "{told}"
    );
    sweep(&other, "3");
    same(&other, &out);
    // More replications of the same: only the new ones are run.
    let told = sweep(&out, "4").err;
    assert!(
        told.contains("18 of 24 runs were finished already"),
        "{told}"
    );
}

/// A line with a right checksum and a wrong content, as whoever edits a journal by a program may leave it.
fn with_checksum(line: &str) -> String {
    let body = line.split_once("\",").expect("a checksum").1;
    format!(
        "{{\"check\":\"{:08x}\",{body}",
        crc32(body.trim_end().as_bytes())
    )
}

/// CRC-32 as in IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| {
        if crc & 1 == 1 {
            crc >> 1 ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc))
    })
}

#[test]
fn a_whole_line_with_a_wrong_content_is_told_of_and_run_again() {
    type Change = fn(&str) -> String;
    let changes: [(&str, Change, &str); 6] = [
        (
            "values",
            |line| line.replacen("\"values\":[", "\"values\":[0.5,", 1),
            "values: ",
        ),
        (
            "seed",
            |line| line.replacen("\"seed\":", "\"seed\":9", 1),
            "its seed is 9",
        ),
        (
            "verdict",
            |line| line.replacen("\"verdict\":\"", "\"verdict\":\"x", 1),
            "tells of no run",
        ),
        (
            "key",
            |line| line.replacen("\"key\":\"", "\"key\":\"zz", 1),
            "tells of no run (it has no key)",
        ),
        (
            "field",
            |line| line.replacen("\"digest\"", "\"digset\"", 1),
            "missing field `digest`",
        ),
        (
            "nothing",
            |_| "{\"check\":\"\",\"key\":1}\n".into(),
            "tells of no run",
        ),
    ];
    for (name, change, said) in changes {
        // In the middle and at the end, where a torn line would be cut off without a word.
        for at in [4, 17] {
            let told = changed(name, |all| all[at] = with_checksum(&change(&all[at])));
            let place = format!("journal.jsonl:{}: this line is whole but ", at + 1);
            assert!(
                told.contains(&place) && told.contains(said),
                "{name}: {told}"
            );
            assert!(told.contains("; its run is run again"), "{name}: {told}");
            assert!(told.contains("17 of 18 runs"), "{name}: {told}");
        }
    }
}

/// What a sweep of the same file would lose is another experiment; what has all of it and more is not.
#[test]
fn another_sweep_of_the_same_file_is_refused() {
    let folder = Folder::new("other");
    let out = folder.path("a");
    let sweep = |vary: &'static str, more: &[&'static str]| -> Vec<String> {
        let mut all = vec![
            "sweep",
            SMALL,
            "--vary",
            vary,
            "--replications",
            "2",
            "--out",
            &out,
        ];
        all.extend(more);
        all.into_iter().map(str::to_owned).collect()
    };
    let words = |all: &[String]| -> String {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        fails(&all)
    };
    let done = |all: &[String]| -> Answer {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        works(&all)
    };
    let measure = ["--measure", "goodput(users)"];
    done(&sweep("services.db.threads=4,5", &measure));
    let before = contents(&out);
    for (vary, more, said) in [
        (
            "services.db.queue.limit=40,50",
            &measure[..],
            "of services.db.threads, and not of services.db.queue.limit",
        ),
        (
            "services.db.threads=4,6",
            &measure,
            "services.db.threads=5, which is not a point of this one",
        ),
        (
            "services.db.threads=4,5",
            &["--measure", "goodput(users)", "--seed", "9"],
            "and not 9",
        ),
        (
            "services.db.threads=4,5",
            &["--measure", "offered(users)"],
            "a sweep that measures goodput(users)",
        ),
    ] {
        let told = words(&sweep(vary, more));
        assert!(told.contains("holds another experiment: a sweep"), "{told}");
        assert!(told.contains(said) && told.contains("--force"), "{told}");
        assert_eq!(contents(&out), before, "{vary} {more:?}");
    }
    // More points: those that are known are not run again.
    let told = done(&sweep("services.db.threads=4,5,6", &measure)).err;
    assert!(told.contains("4 of 6 runs were finished already"), "{told}");
    // Replaced: nothing of the other one stays.
    let told = done(&sweep("services.db.queue.limit=40,50", &["--force"])).err;
    assert!(!told.contains("of other settings"), "{told}");
    let fresh = folder.path("b");
    works(&[
        "sweep",
        SMALL,
        "--vary",
        "services.db.queue.limit=40,50",
        "--replications",
        "2",
        "--out",
        &fresh,
    ]);
    same(&fresh, &out);
}

#[test]
fn one_process_at_a_time() {
    let folder = Folder::new("busy");
    let out = folder.path("a");
    works(&small(&out, &[]));
    let journal = fs::File::open(format!("{out}/journal.jsonl")).expect("a journal");
    journal.lock().expect("a lock");
    let told = fails(&small(&out, &[]));
    assert!(told.contains("another `sim` is at work"), "{told}");
    drop(journal);
    works(&small(&out, &[]));
}
