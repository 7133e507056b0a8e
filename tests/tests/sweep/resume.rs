//! Sweeps that were killed, interrupted or damaged go on where they were.

use super::*;

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
    works(&small(&out, &[]));
    let set = ["--set", "services.db.queue.limit=99"];
    let told = works(&small(&out, &set));
    assert!(!told.err.contains("finished already"), "{}", told.err);
    assert!(
        told.err
            .contains("18 runs in the journal were of other settings"),
        "{}",
        told.err
    );
    works(&small(&other, &set));
    same(&other, &out);
    // More replications of the same: only the new ones are run.
    let more = ["--set", "services.db.queue.limit=99", "--replications", "4"];
    let arguments: Vec<&str> = small(&out, &[])
        .into_iter()
        .filter(|argument| !["--replications", "3"].contains(argument))
        .chain(more)
        .collect();
    let told = works(&arguments);
    assert!(
        told.err.contains("18 of 24 runs were finished already"),
        "{}",
        told.err
    );
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
