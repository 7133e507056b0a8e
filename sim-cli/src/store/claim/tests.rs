use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sim-claim-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    fn names(&self) -> Vec<String> {
        names_in(&self.0.join("out")).unwrap()
    }

    fn ask(&self, command: &str, source: &str, force: bool) -> Result<Claim, String> {
        self.ask_reading(command, source, &[], force)
    }

    fn ask_reading(
        &self,
        command: &str,
        source: &str,
        inputs: &[&str],
        force: bool,
    ) -> Result<Claim, String> {
        let of = Experiment {
            command: command.into(),
            source: self.0.join(source),
            inputs: inputs.iter().map(|name| self.0.join(name)).collect(),
            ..Experiment::default()
        };
        Claim::ask(&self.0.join("out"), &of, force, false).map_err(|error| error.to_string())
    }

    /// Does an experiment that writes these files.
    fn run(&self, command: &str, source: &str, force: bool, names: &[&str]) {
        let mut claim = self.ask(command, source, force).unwrap();
        claim.take(names.to_vec()).unwrap();
        for name in names {
            claim.put(name, source.as_bytes()).unwrap();
        }
        claim.settle().unwrap();
    }

    fn listed(&self) -> Vec<String> {
        let (_, listed) = Mark::read(&self.0.join("out")).unwrap();
        listed.into_iter().collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_is_of_one_experiment_until_it_is_replaced() {
    let scratch = Scratch::new("replace");
    drop(scratch.ask("run", "a.ron", false).unwrap());
    assert!(!scratch.0.join("out").exists(), "asking leaves nothing");
    let all = ["summary.json", "timeline.svg", "workload-x.svg"];
    scratch.run("run", "a.ron", false, &all);
    // The user's own files, one of them a picture that could be a chart.
    scratch.put("out/notes.txt");
    scratch.put("out/heatmap-mine.png");
    drop(scratch.ask("run", "a.ron", false).unwrap());
    for (command, source) in [("run", "b.ron"), ("sweep", "a.ron")] {
        let refused = scratch.ask(command, source, false).unwrap_err();
        assert!(
            refused.contains("out holds another experiment: sim run "),
            "{refused}"
        );
        assert!(
            refused.contains("a.ron") && refused.contains("--force"),
            "{refused}"
        );
    }
    assert_eq!(scratch.names().len(), 6, "nothing has been touched");
    scratch.run("run", "b.ron", true, &["runs.json"]);
    assert_eq!(
        scratch.names(),
        [MARK, "heatmap-mine.png", "notes.txt", "runs.json"]
    );
    assert_eq!(scratch.listed(), [MARK, "runs.json"]);
    assert!(scratch.ask("run", "a.ron", false).is_err());
    scratch.ask("run", "./x/../b.ron", false).unwrap();
}

#[test]
fn another_question_about_the_same_file_is_another_experiment() {
    let scratch = Scratch::new("question");
    let of = |question: &str| Experiment {
        command: "tune".into(),
        source: scratch.0.join("a.ron"),
        question: question.into(),
        ..Experiment::default()
    };
    let ask = |question| Claim::ask(&scratch.0.join("out"), &of(question), false, false);
    let mut claim = ask(" --eta 2").unwrap();
    claim.take(["tune.json"]).unwrap();
    claim.put("tune.json", b"{}").unwrap();
    drop(claim);
    ask(" --eta 2").unwrap();
    let refused = ask(" --eta 3").unwrap_err().to_string();
    assert!(
        refused.contains("a.ron --eta 2, and not sim tune "),
        "{refused}"
    );
}

#[test]
fn only_what_is_listed_is_removed() {
    let scratch = Scratch::new("clear");
    scratch.run(
        "run",
        "a.ron",
        false,
        &["summary.json", "edges.csv", "timeline.svg"],
    );
    for name in ["notes.txt", "mine.png", "thesis.csv"] {
        scratch.put(&format!("out/{name}"));
    }
    let mut again = scratch.ask("run", "a.ron", false).unwrap();
    again.take(["runs.json"]).unwrap();
    again.clear().unwrap();
    assert_eq!(
        scratch.names(),
        [MARK, "mine.png", "notes.txt", "thesis.csv"]
    );
    again.put("runs.json", b"[]").unwrap();
    again.settle().unwrap();
    drop(again);
    assert_eq!(scratch.listed(), [MARK, "runs.json"]);
    // A file of the user that is called like a result is in the way, with force or without.
    scratch.put("out/cells.csv");
    for (source, force) in [("a.ron", false), ("a.ron", true), ("b.ron", true)] {
        let refused = scratch.ask("run", source, force).unwrap_err();
        assert!(
            refused.contains("cells.csv, which is no result"),
            "{refused}"
        );
    }
    fs::remove_file(scratch.0.join("out/cells.csv")).unwrap();
    // One that comes while it runs is not overwritten either.
    let mut late = scratch.ask("run", "a.ron", false).unwrap();
    late.take::<String>([]).unwrap();
    scratch.put("out/heatmap-x.svg");
    let refused = late
        .put("heatmap-x.svg", b"<svg/>")
        .unwrap_err()
        .to_string();
    assert!(refused.contains("heatmap-x.svg"), "{refused}");
}

#[test]
fn files_of_the_user_are_never_in_the_way_unseen() {
    let scratch = Scratch::new("foreign");
    scratch.put("out/thesis.tex");
    let refused = scratch.ask("run", "a.ron", false).unwrap_err();
    assert!(
        refused.contains("thesis.tex") && refused.contains("--force"),
        "{refused}"
    );
    scratch.run("run", "a.ron", true, &["summary.json"]);
    assert_eq!(scratch.names(), [MARK, "summary.json", "thesis.tex"]);
    for name in [
        "scenario.ron",
        "timeline.png",
        "workload-x.svg",
        "experiment.json",
        "journal-mine.jsonl",
    ] {
        let scratch = Scratch::new("clash");
        scratch.put(&format!("out/{name}"));
        for (source, force) in [("a.ron", false), ("a.ron", true)] {
            let refused = scratch.ask("run", source, force).unwrap_err();
            assert!(refused.contains("overwritten"), "{refused}");
            assert!(!refused.contains("--force"), "{refused}");
        }
        assert_eq!(scratch.names(), [name]);
    }
}

#[test]
fn what_is_read_is_never_written() {
    let scratch = Scratch::new("read");
    scratch.put("out/scenario.ron");
    let refused = scratch.ask("run", "out/scenario.ron", true).unwrap_err();
    assert!(
        refused.contains("scenario.ron is, which is read"),
        "{refused}"
    );
    // What it builds upon, though an earlier experiment wrote it there.
    let scratch = Scratch::new("built");
    scratch.run(
        "sweep",
        "a.ron",
        false,
        &["scenario.ron", "sweep.ron", "runs.csv"],
    );
    for (source, also) in [
        ("out/scenario.ron", "a.ron"),
        ("b.ron", "out/scenario.ron"),
        ("b.ron", "out/runs.csv"),
    ] {
        let refused = scratch.ask_reading("run", source, &[source, also], true);
        let refused = refused.unwrap_err();
        assert!(refused.contains("which is read"), "{refused}");
    }
    // Its sweep is another matter: that is how it is done again; and it stays as it is.
    let own = ["out/sweep.ron", "out/scenario.ron"];
    let mut claim = scratch.ask_reading("sweep", own[0], &own, false).unwrap();
    claim.take(["sweep.ron"]).unwrap();
    claim
        .put("sweep.ron", b"// without the user's comments")
        .unwrap();
    claim.put("scenario.ron", b"the same").unwrap();
    drop(claim);
    let kept = fs::read(scratch.0.join("out/sweep.ron")).unwrap();
    assert_eq!(kept, b"a.ron");
}

#[cfg(unix)]
#[test]
fn what_is_read_is_known_by_where_its_name_leads() {
    let scratch = Scratch::new("link");
    scratch.run("sweep", "a.ron", false, &["scenario.ron"]);
    std::os::unix::fs::symlink(scratch.0.join("out"), scratch.0.join("link")).unwrap();
    let refused = scratch.ask("run", "link/scenario.ron", true).unwrap_err();
    assert!(refused.contains("which is read"), "{refused}");
}

#[test]
fn what_a_killed_process_left_is_swept_up() {
    let scratch = Scratch::new("killed");
    // Killed at its very beginning.
    scratch.put("out/.experiment.json.77.tmp");
    fs::write(scratch.0.join("out").join(LOCK), "").unwrap();
    scratch.run("run", "a.ron", false, &["summary.json"]);
    assert_eq!(scratch.names(), [MARK, "summary.json"]);
    // Killed when it had marked the folder and written nothing.
    let mut claim = scratch.ask("run", "b.ron", true).unwrap();
    claim.take(["runs.csv"]).unwrap();
    std::mem::forget(claim);
    let mut names = vec![MARK.to_owned()];
    assert_eq!(scratch.names(), names);
    let held = Lock::hold(&scratch.0.join("out"), false);
    assert!(held.is_err(), "it is forgotten, not killed");
    fs::remove_file(scratch.0.join("out").join(LOCK)).unwrap();
    // Half written files of what is listed go; those of the user stay.
    scratch.put("out/.runs.csv.78.tmp");
    scratch.put("out/.mine.txt.78.tmp");
    names.insert(0, ".mine.txt.78.tmp".into());
    let refused = scratch.ask("sweep", "a.ron", false).unwrap_err();
    assert!(refused.contains("mine.txt"), "{refused}");
    let mut claim = scratch.ask("run", "b.ron", true).unwrap();
    claim.take::<String>([]).unwrap();
    assert_eq!(scratch.names(), names);
}

#[test]
fn a_mark_leads_nowhere_else() {
    let scratch = Scratch::new("elsewhere");
    scratch.put("precious.txt");
    let mut all: BTreeSet<String> = ["../precious.txt", "/etc/passwd", "a/b", "..", "."]
        .map(str::to_owned)
        .into();
    all.insert(scratch.0.join("precious.txt").display().to_string());
    all.insert("summary.json".into());
    scratch.put("out/summary.json");
    let of = Experiment {
        command: "run".into(),
        source: scratch.0.join("a.ron"),
        ..Experiment::default()
    };
    let out = scratch.0.join("out");
    Mark::new(&out, &of).write(&out, &all).unwrap();
    assert_eq!(scratch.listed(), [MARK, "summary.json"]);
    scratch.run("run", "b.ron", true, &["runs.json"]);
    assert!(scratch.0.join("precious.txt").exists());
}

#[test]
fn parts_share_a_folder_and_list_the_same() {
    let scratch = Scratch::new("parts");
    let of = |source: &str| Experiment {
        command: "sweep".into(),
        source: scratch.0.join(source),
        ..Experiment::default()
    };
    let out = scratch.0.join("out");
    let ask = |source, force, shared| Claim::ask(&out, &of(source), force, shared);
    let parts = ["journal-01-of-02.jsonl", "journal-02-of-02.jsonl"];
    let mut first = ask("a.ron", false, true).unwrap();
    let mut second = ask("a.ron", false, true).unwrap();
    first.take(parts).unwrap();
    first.put(parts[0], b"1").unwrap();
    second.take(parts).unwrap();
    second.put(parts[1], b"2").unwrap();
    assert!(ask("a.ron", false, false).is_err(), "the whole has to wait");
    assert!(ask("b.ron", true, true).is_err(), "so has another one");
    drop((first, second));
    assert_eq!(scratch.names(), [MARK, parts[0], parts[1]]);
    assert_eq!(scratch.listed(), scratch.names());
    // Another sweep replaces it once nobody is at work any more.
    let mut other = ask("b.ron", true, true).unwrap();
    other.take(parts).unwrap();
    assert_eq!(scratch.names(), [MARK]);
}

#[test]
fn a_folder_without_a_name_is_none() {
    let error = Claim::ask(Path::new(""), &Experiment::default(), true, false).unwrap_err();
    assert!(error.to_string().contains("is empty"), "{error}");
}
