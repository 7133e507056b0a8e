//! What the command line does with folders, pictures and commands that are not there.

use sim_cli::store::lock::Lock;
use sim_cli::{Terminal, exit};
use sim_tests::command::{Folder, sim};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A second of a small shop.
const SMALL: &str = "data/small.ron";

/// Every command with `--out`, as short as it can be.
fn commands() -> [(&'static str, Vec<&'static str>); 5] {
    let vary = [
        "--vary",
        "services.db.threads=2,4",
        "--vary",
        "services.db.queue.limit=4,8",
    ];
    let with = |command: &'static str, more: &[&'static str]| {
        let words = [command, SMALL].iter().chain(more).copied().collect();
        (command, words)
    };
    let sweep = [&vary[..2], &["--replications", "1"]].concat();
    let variant = [
        "--variant",
        "b:services.db.threads=4",
        "--replications",
        "2",
    ];
    let tune = [
        &vary[..2],
        &[
            "--minimise",
            "failed_ratio(users)",
            "--replications-first",
            "2",
        ],
    ]
    .concat();
    let sensitivity = [&vary[..], &["--method", "morris", "--samples", "2"]].concat();
    [
        with("run", &[]),
        with("sweep", &sweep),
        with("compare", &variant),
        with("tune", &tune),
        with("sensitivity", &sensitivity),
    ]
}

#[test]
fn another_experiment_is_refused_by_every_command() {
    let folder = Folder::new("refused");
    let out = folder.path("out");
    let other = folder.path("other.ron");
    fs::copy(SMALL, &other).expect("a copy");
    let (code, _, err) = sim(&["run", &other, "--out", &out]);
    assert_eq!(code, exit::HELD, "{err}");
    let before = folder.read("out/summary.json");
    assert!(!before.is_empty());
    for (command, words) in commands() {
        let (code, told, err) = sim(&[&words[..], &["--out", &out]].concat());
        assert_eq!(
            (code, told.as_str()),
            (exit::BAD_INPUT, ""),
            "{command}: {err}"
        );
        let said = format!("error: {out} holds another experiment: sim run ");
        assert!(
            err.starts_with(&said) && err.contains("other.ron\n"),
            "{command}: {err}"
        );
        assert!(
            err.contains("\nhelp: ") && err.contains("--force"),
            "{command}: {err}"
        );
        assert_eq!(err.lines().count(), 2, "{command}: nothing was run: {err}");
        assert_eq!(folder.read("out/summary.json"), before, "{command}");
    }
    // The same experiment again is welcome.
    let (code, _, err) = sim(&["run", &other, "--seed", "9", "--out", &out]);
    assert_eq!(code, exit::HELD, "{err}");
    assert_ne!(folder.read("out/summary.json"), before);
}

#[test]
fn force_replaces_an_experiment_and_nothing_else() {
    let folder = Folder::new("force");
    let out = folder.path("out");
    fs::create_dir_all(&out).expect("a folder");
    let notes = format!("{out}/notes.txt");
    fs::write(&notes, "mine").expect("it can be written");
    let (code, _, err) = sim(&["run", SMALL, "--out", &out]);
    assert_eq!(code, exit::BAD_INPUT);
    assert!(err.contains("notes.txt"), "{err}");
    let mut before = "notes.txt";
    for (command, words) in commands() {
        let (code, _, err) = sim(&[&words[..], &["--out", &out, "--force"]].concat());
        assert!(code != exit::BAD_INPUT, "{command}: {err}");
        let mark = folder.read("out/experiment.json");
        assert!(
            mark.contains(&format!("\"command\": \"{command}\"")),
            "{command}: {mark}"
        );
        assert!(!mark.contains("notes.txt"), "{mark}");
        assert_eq!(fs::read_to_string(&notes).expect("it is there"), "mine");
        let after = match command {
            "run" => "workloads.csv",
            "sweep" => "sweep.ron",
            "compare" => "compare.txt",
            "tune" => "tune.json",
            _ => "sensitivity.json",
        };
        assert!(
            !folder.read(&format!("out/{after}")).is_empty(),
            "{command}"
        );
        if !matches!(
            (before, command),
            ("notes.txt", _) | ("sweep.ron", "compare")
        ) {
            assert_eq!(
                folder.read(&format!("out/{before}")),
                "",
                "{command}: {before} is left"
            );
        }
        before = after;
    }
}

#[test]
fn a_scenario_is_never_overwritten_by_its_own_results() {
    let folder = Folder::new("own");
    let source = folder.path("scenario.ron");
    fs::copy(SMALL, &source).expect("a copy");
    for more in [&[][..], &["--force"], &["--replications", "2"]] {
        let out = folder.path("");
        let (code, _, err) = sim(&[&["run", &source, "--out", &out], more].concat());
        assert_eq!(code, exit::BAD_INPUT);
        assert!(err.contains("would be overwritten"), "{err}");
    }
    let kept = fs::read_to_string(SMALL).expect("it is there");
    assert_eq!(folder.read("scenario.ron"), kept);
}

/// All files below a folder, with their bytes.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(all(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
    files
}

#[test]
fn a_folder_of_the_users_own_is_left_as_it_is() {
    let folder = Folder::new("users");
    for name in [
        "a/holiday.png",
        "a/timeline.png",
        "a/thesis.tex",
        "a/sub/x.csv",
        "a/.hidden",
    ] {
        let path = folder.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, name).expect("it can be written");
    }
    let (out, scenario) = (folder.path("a"), folder.path("a/shop.ron"));
    fs::copy(SMALL, &scenario).expect("a copy");
    let before = all(&folder.0);
    for (command, words) in commands() {
        for source in [SMALL, &scenario] {
            let mut words = words.clone();
            words[1] = source;
            let (code, told, err) = sim(&[&words[..], &["--out", &out]].concat());
            assert_eq!(
                (code, told.as_str()),
                (exit::BAD_INPUT, ""),
                "{command}: {err}"
            );
            assert!(
                err.contains("timeline.png") && err.contains("help: "),
                "{command}: {err}"
            );
            assert_eq!(all(&folder.0), before, "{command}");
        }
    }
    // Whoever means it writes beside what is there; only what would be overwritten is in the way.
    let (code, _, err) = sim(&["run", &scenario, "--out", &out, "--force"]);
    assert_eq!(code, exit::BAD_INPUT, "{err}");
    fs::remove_file(folder.0.join("a/timeline.png")).expect("it is there");
    let before = all(&folder.0);
    for (command, mut words) in commands() {
        words[1] = &scenario;
        let (code, _, err) = sim(&[&words[..], &["--out", &out, "--force"]].concat());
        assert_ne!(code, exit::BAD_INPUT, "{command}: {err}");
        let after = all(&folder.0);
        for (path, bytes) in &before {
            assert_eq!(
                after.get(path),
                Some(bytes),
                "{command}: {}",
                path.display()
            );
        }
    }
}

#[test]
fn what_is_read_is_not_written_whatever_is_forced() {
    let folder = Folder::new("inputs");
    let out = folder.path("out");
    let (code, _, err) = sim(&[
        "sweep",
        SMALL,
        "--vary",
        "services.db.threads=2,4",
        "--replications",
        "1",
        "--out",
        &out,
    ]);
    assert_eq!(code, exit::HELD, "{err}");
    let own = folder.path("out/scenario.ron");
    let build = folder.path("b.ron");
    fs::write(&build, "(include: \"out/scenario.ron\", seed: 3)").expect("it can be written");
    let before = all(&folder.0);
    for source in [&own, &build] {
        for (command, mut words) in commands() {
            words[1] = source;
            let (code, _, err) = sim(&[&words[..], &["--out", &out, "--force"]].concat());
            assert_eq!(code, exit::BAD_INPUT, "{command}: {err}");
            assert!(
                err.contains("scenario.ron is, which is read"),
                "{command}: {err}"
            );
            assert_eq!(all(&folder.0), before, "{command}");
        }
    }
    // A picture in the place of a scenario with the name of a picture.
    let odd = folder.path("shop.svg");
    fs::copy(SMALL, &odd).expect("a copy");
    let (code, _, err) = sim(&["graph", &odd, "--out", &odd]);
    assert_eq!(code, exit::BAD_INPUT, "{err}");
    assert!(err.contains("would be overwritten"), "{err}");
    assert_eq!(
        fs::read(&odd).expect("it is there"),
        fs::read(SMALL).expect("it is there")
    );
}

#[test]
fn another_question_about_the_same_file_is_refused() {
    let folder = Folder::new("question");
    for (command, words) in commands().into_iter().skip(1) {
        let out = folder.path(command);
        let done = [&words[..], &["--out", &out]].concat();
        let (code, _, err) = sim(&done);
        assert_ne!(code, exit::BAD_INPUT, "{command}: {err}");
        let before = all(&folder.0);
        for other in [&["--set", "services.web.replicas=3"][..], &["--seed", "77"]] {
            let (code, told, err) = sim(&[&done[..], other].concat());
            assert_eq!(
                (code, told.as_str()),
                (exit::BAD_INPUT, ""),
                "{command}: {err}"
            );
            assert!(err.contains("holds another experiment"), "{command}: {err}");
            assert!(err.contains("--force"), "{command}: {err}");
            assert_eq!(all(&folder.0), before, "{command}");
        }
        let (code, _, err) = sim(&done);
        assert_ne!(code, exit::BAD_INPUT, "{command}: {err}");
    }
    // Fewer replications would throw the others away.
    let out = folder.path("fewer");
    let sweep = |count: &'static str| {
        let vary = ["sweep", SMALL, "--vary", "services.db.threads=2,4"];
        sim(&[&vary[..], &["--replications", count, "--out", &out]].concat())
    };
    assert_eq!(sweep("3").0, exit::HELD);
    let (code, _, err) = sweep("2");
    assert_eq!(code, exit::BAD_INPUT);
    assert!(err.contains("up to 3 replications, and not 2"), "{err}");
}

#[test]
fn one_writer_at_a_time_for_every_command() {
    let folder = Folder::new("lock");
    let out = folder.path("out");
    fs::create_dir_all(&out).expect("a folder");
    let held = Lock::hold(Path::new(&out), false).expect("nobody is there");
    for (command, words) in commands() {
        let (code, told, err) = sim(&[&words[..], &["--out", &out, "--force"]].concat());
        assert_eq!(
            (code, told.as_str()),
            (exit::BAD_INPUT, ""),
            "{command}: {err}"
        );
        assert!(
            err.contains("another `sim` is at work in"),
            "{command}: {err}"
        );
        assert_eq!(all(&folder.0).len(), 1, "{command}");
    }
    drop(held);
    // The lock of a process that is dead is no lock.
    fs::write(folder.path("out/experiment.lock"), "").expect("it can be written");
    for (command, words) in commands() {
        let (code, _, err) = sim(&[&words[..], &["--out", &out, "--force"]].concat());
        assert_ne!(code, exit::BAD_INPUT, "{command}: {err}");
        assert!(!folder.0.join("out/experiment.lock").exists(), "{command}");
    }
}

#[test]
fn two_writers_at_once_leave_the_results_of_one() {
    let folder = Folder::new("two");
    let out = folder.path("out");
    let run = |seed: &str| sim(&["run", SMALL, "--seed", seed, "--out", &out]);
    for _ in 0..5 {
        let codes: Vec<u8> = std::thread::scope(|scope| {
            let all: Vec<_> = ["1", "2", "3"]
                .map(|seed| scope.spawn(move || run(seed).0))
                .into();
            all.into_iter()
                .map(|one| one.join().expect("no panic"))
                .collect()
        });
        let done = |code: &u8| *code == exit::HELD || *code == exit::BAD_INPUT;
        assert!(codes.iter().all(done), "{codes:?}");
        assert!(codes.contains(&exit::HELD), "{codes:?}");
        let summary: serde_json::Value =
            serde_json::from_str(&folder.read("out/summary.json")).expect("JSON");
        let seed = summary["seed"].as_u64().expect("a seed");
        let command = folder.read("out/reproduce.txt");
        assert!(
            command.contains(&format!("--seed {seed}\n")),
            "{seed}: {command}"
        );
    }
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_simulated() {
    let folder = Folder::new("readonly");
    let file = folder.path("file");
    fs::write(&file, "mine").expect("it can be written");
    for out in [file.as_str(), "/proc/none/at/all", ""] {
        for (command, words) in commands() {
            let (code, told, err) = sim(&[&words[..], &["--out", out]].concat());
            assert_eq!(
                (code, told.as_str()),
                (exit::BAD_INPUT, ""),
                "{command} {out}: {err}"
            );
            assert!(err.starts_with("error: "), "{command} {out}: {err}");
        }
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "mine");
}

#[test]
fn a_picture_is_what_its_name_says_or_nothing() {
    let folder = Folder::new("pictures");
    let begins: [(&str, &[u8]); 5] = [
        ("a.svg", b"<svg"),
        ("a.png", b"\x89PNG"),
        ("a.PNG", b"\x89PNG"),
        ("a.dot", b"digraph"),
        ("a.mmd", b"flowchart"),
    ];
    for (name, begin) in begins {
        let (code, _, err) = sim(&["graph", SMALL, "--out", &folder.path(name)]);
        assert_eq!(code, exit::HELD, "{name}: {err}");
        let drawn = fs::read(folder.path(name)).expect("it is drawn");
        assert!(drawn.starts_with(begin), "{name}");
    }
    for name in ["a.jpg", "a.pdf", "a.ron", "a"] {
        let (code, _, err) = sim(&["graph", SMALL, "--out", &folder.path(name)]);
        assert_eq!(code, exit::BAD_INPUT, "{name}");
        assert!(
            err.contains(".svg") && err.contains(".png") && err.contains(".mmd"),
            "{err}"
        );
        assert!(!folder.0.join(name).exists(), "{name}");
    }
}

#[test]
fn a_command_of_other_programs_is_told_what_does_it_here() {
    for (asked, command) in [
        ("docs", "`sim explain`"),
        ("validate", "`sim check FILE`"),
        ("report", "`sim run FILE`"),
        ("plot", "`sim graph FILE"),
        ("whatif", "`sim sweep FILE"),
    ] {
        let (code, _, err) = sim(&[asked]);
        assert_eq!(code, exit::BAD_INPUT);
        assert!(err.contains(&format!("help: {command}")), "{asked}: {err}");
    }
    let (_, _, err) = sim(&["frobnicate"]);
    assert!(!err.contains("help: `"), "{err}");
}

#[test]
fn the_verdict_is_the_first_thing_that_is_printed() {
    let set = "services.db.replicas=1";
    let folder = Folder::new("first");
    let out = folder.path("out");
    let mut both = Both::default();
    let arguments: Vec<OsString> = ["sim", "run", SMALL, "--set", set, "--out", &out]
        .iter()
        .map(Into::into)
        .collect();
    let (mut to_out, mut to_err) = (both.stream("out: "), both.stream("err: "));
    sim_cli::run(&arguments, &mut to_out, &mut to_err, Terminal::default());
    let told = both.text();
    assert!(told.starts_with("out: "), "{told}");
    let warning = told.find("err: 1 warning [W0007]").expect("a warning");
    let last = told.rfind("out: ").expect("output");
    assert!(last < warning, "notes come last: {told}");
}

/// Two streams as a terminal shows them: in the order of what is written.
#[derive(Default)]
struct Both(std::rc::Rc<std::cell::RefCell<String>>);

struct Stream(&'static str, std::rc::Rc<std::cell::RefCell<String>>);

impl Both {
    fn stream(&mut self, name: &'static str) -> Stream {
        Stream(name, self.0.clone())
    }

    fn text(&self) -> String {
        self.0.borrow().clone()
    }
}

impl std::io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut all = self.1.borrow_mut();
        all.push_str(self.0);
        all.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_a_result_folder_leads_to_nobodys_file() {
    let folder = Folder::new("links");
    let victim = folder.put("victim.txt", "mine\n");
    let link = |name: &str| {
        let _ = fs::remove_file(folder.path(name));
        std::os::unix::fs::symlink(&victim, folder.path(name)).expect("a link");
    };
    for (command, words) in commands().into_iter().take(2) {
        let out = folder.path(command);
        let words = [&words[..], &["--out", &out]].concat();
        let (code, _, err) = sim(&words);
        assert_eq!(code, exit::HELD, "{command}: {err}");
        let names: Vec<String> = fs::read_dir(&out)
            .expect("results")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        for name in names.iter().filter(|name| !name.ends_with(".png")) {
            link(&format!("{command}/{name}"));
            let (_, _, err) = sim(&words);
            assert_eq!(
                folder.read("victim.txt"),
                "mine\n",
                "{command}: {name}: {err}"
            );
            // As it was again.
            let _ = fs::remove_dir_all(&out);
            assert_eq!(sim(&words).0, exit::HELD, "{command}");
        }
    }
}

/// Puts a pipe in the place of a file, which gives what the file held to whoever opens it.
#[cfg(unix)]
fn pipe(path: &str) {
    let text = fs::read(path).expect("a file");
    fs::remove_file(path).expect("its folder is ours");
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo is there").success());
    let path = path.to_owned();
    // It waits for somebody to read until the tests end: nobody does.
    std::thread::spawn(move || {
        let give = || -> std::io::Result<()> {
            let mut pipe = fs::OpenOptions::new().write(true).open(&path)?;
            std::io::Write::write_all(&mut pipe, &text)
        };
        while give().is_ok() {}
    });
}

/// Puts a link in the place of a file, which leads to what the file held.
#[cfg(unix)]
fn link(path: &str) {
    let moved = format!("{path}.moved");
    fs::rename(path, &moved).expect("its folder is ours");
    std::os::unix::fs::symlink(&moved, path).expect("a link");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_in_a_result_folder_is_not_read() {
    let folder = Folder::new("irregular");
    for (number, irregular) in [pipe as fn(&str), link].into_iter().enumerate() {
        // The mark.
        let out = folder.path(&format!("run-{number}"));
        let again = ["run", SMALL, "--out", &out];
        assert_eq!(sim(&again).0, exit::HELD);
        irregular(&format!("{out}/experiment.json"));
        let (code, _, err) = sim(&again);
        assert_eq!(code, exit::BAD_INPUT, "{number}: {err}");
        assert!(err.contains("holds experiment.json, which is no"), "{err}");
        // What the command would write is compared with what is there: that is replaced instead.
        let out = folder.path(&format!("again-{number}"));
        let again = ["run", SMALL, "--out", &out];
        assert_eq!(sim(&again).0, exit::HELD);
        let file = format!("{out}/summary.json");
        irregular(&file);
        let (code, _, err) = sim(&again);
        assert_eq!(code, exit::HELD, "{number}: {err}");
        assert!(fs::symlink_metadata(&file).expect("a file").is_file());
        // The journal of another part.
        let out = folder.path(&format!("parts-{number}"));
        let part = |shard| {
            let vary = ["--vary", "services.db.threads=2,4", "--replications", "1"];
            let words = [
                &["sweep", SMALL, "--shard", shard, "--out", &out][..],
                &vary,
            ]
            .concat();
            sim(&words)
        };
        assert_eq!(part("1/2").0, exit::HELD);
        irregular(&format!("{out}/journal-01-of-02.jsonl"));
        let told = "journal-01-of-02.jsonl: it is no regular file";
        for shard in ["2/2", "1/2"] {
            let (code, _, err) = part(shard);
            assert_ne!(code, exit::HELD, "{number}: {err}");
            assert!(err.contains(told), "{number}: {err}");
        }
        let (code, _, err) = sim(&["merge", &out, "--out", &folder.path("merged")]);
        assert_eq!(code, exit::BAD_INPUT, "{number}: {err}");
        assert!(err.contains(told), "{number}: {err}");
    }
}

#[cfg(unix)]
#[test]
fn a_lock_that_a_folder_came_with_is_not_followed() {
    let folder = Folder::new("led");
    let out = folder.path("out");
    let again = ["run", SMALL, "--out", &out];
    assert_eq!(sim(&again).0, exit::HELD);
    let mark = folder.read("out/experiment.json");
    let listed = r#""files": [ "experiment.lock","#;
    folder.put(
        "out/experiment.json",
        &mark.replacen("\"files\": [", listed, 1),
    );
    let lock = folder.path("out/experiment.lock");
    let victim = folder.path("victim.txt");
    // A link that leads to nothing yet, one to somebody's file, and a pipe.
    for there in [None, Some("mine\n")] {
        if let Some(text) = there {
            folder.put("victim.txt", text);
        }
        std::os::unix::fs::symlink(&victim, &lock).expect("a link");
        let (code, _, err) = sim(&again);
        assert_eq!(code, exit::BAD_INPUT, "{err}");
        assert!(err.contains("holds experiment.lock, which is no"), "{err}");
        assert_eq!(fs::read_to_string(&victim).ok().as_deref(), there);
        assert!(fs::symlink_metadata(&lock).is_ok(), "it is not ours");
        fs::remove_file(&lock).expect("a link");
    }
    folder.put("out/experiment.lock", "");
    pipe(&lock);
    let (code, _, err) = sim(&again);
    assert_eq!(code, exit::BAD_INPUT, "{err}");
    fs::remove_file(&lock).expect("a pipe");
    // What a process that was killed left is in nobody's way.
    folder.put("out/experiment.lock", "");
    let (code, _, err) = sim(&again);
    assert_eq!(code, exit::HELD, "{err}");
}

#[test]
fn a_folder_from_somebody_else_has_no_file_removed_that_is_no_result() {
    let folder = Folder::new("listed");
    let out = folder.path("out");
    let (code, _, err) = sim(&["run", SMALL, "--out", &out]);
    assert_eq!(code, exit::HELD, "{err}");
    folder.put("elsewhere.svg", "mine\n");
    folder.put("out/thesis.docx", "mine\n");
    fs::create_dir(folder.path("out/summary.svg")).expect("a folder");
    let elsewhere = folder.path("elsewhere.svg");
    let listed = format!(
        r#""files": [ "thesis.docx", "summary.svg", "../elsewhere.svg", {elsewhere:?}, ".", "..", "","#
    );
    let mark = folder.read("out/experiment.json");
    assert!(mark.contains("\"files\": ["), "{mark}");
    folder.put(
        "out/experiment.json",
        &mark.replacen("\"files\": [", &listed, 1),
    );
    let again = ["run", SMALL, "--out", &out, "--seed", "9"];
    let (code, _, err) = sim(&again);
    assert_eq!(code, exit::HELD, "{err}");
    let (code, _, err) = sim(&[
        "sweep",
        SMALL,
        "--vary",
        "services.db.threads=2,4",
        "--replications",
        "1",
        "--force",
        "--out",
        &out,
    ]);
    assert_eq!(code, exit::HELD, "{err}");
    assert_eq!(folder.read("out/thesis.docx"), "mine\n");
    assert_eq!(folder.read("elsewhere.svg"), "mine\n");
    assert!(Path::new(&folder.path("out/summary.svg")).is_dir());
}
