//! What comes from outside: names, files that a scenario names, and where they may end up.

use sim_cli::exit;
use sim_models::scenario::plain::is_hidden;
use sim_tests::command::{Folder, sim};
use std::fs;

/// A folder with another one, `in`, in it.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir(folder.path("in")).expect("a folder can be made");
    folder
}

/// A second of one service, with more fields.
fn scenario(more: &str, work: &str) -> String {
    format!(
        r#"({more} duration: "1s", services: {{"db": (endpoints: {{"x": [work({work})]}})}},
    workloads: {{"w": open(rate: "50/s", to: "db/x")}})"#
    )
}

fn assert_shows_nothing_hidden(text: &str) {
    let hidden = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    assert!(!text.contains(hidden), "{text:?}");
}

#[test]
fn a_name_that_hides_something_is_an_error_with_its_place() {
    let folder = folder("hidden");
    let file = folder.put(
        "in/a.ron",
        "(title: \"\\u{1b}]0;x\\u{7}\", duration: \"1s\", services: {\"\\u{1b}[31mdb\": (endpoints: {\"x\": [work(\"1ms\")]})},\n workloads: {\"w\u{202e}\": open(rate: \"5/s\", to: \"\\u{1b}[31mdb/x\")})",
    );
    for command in ["check", "run", "graph"] {
        let (code, out, err) = sim(&[command, &file]);
        assert_eq!(code, exit::BAD_INPUT, "{command}");
        assert_eq!(err.matches("S0013").count(), 4, "{err}");
        assert!(err.contains("in/a.ron:1:9"), "{err}");
        assert_shows_nothing_hidden(&out);
        assert_shows_nothing_hidden(&err);
    }
    let file = folder.put("in/b.ron", &scenario("", r#""1ms""#));
    let evil = "b\u{1b}[2J:services.db.threads=2";
    let (code, _, err) = sim(&["sweep", &file, "--variant", evil]);
    assert_eq!(code, exit::BAD_INPUT);
    assert_shows_nothing_hidden(&err);
    let sweep = r#"(title: "a\u{1b}[2Jb", scenario: "b.ron", vary: [(path: "services.db.threads", values: [1, 2])])"#;
    let (code, _, err) = sim(&["sweep", &folder.put("in/c.ron", sweep)]);
    assert_eq!(code, exit::BAD_INPUT);
    assert!(err.contains("S0013"), "{err}");
    assert_shows_nothing_hidden(&err);
}

#[test]
fn a_name_of_a_file_does_nothing_to_a_terminal() {
    let folder = folder("names");
    let file = folder.put("in/a\u{1b}]0;x\u{7}\u{202e}.ron", &scenario("", r#""1ms""#));
    let out = folder.path("in/o\u{1b}[2J");
    for arguments in [
        &["run", &file, "--out", &out][..],
        &["check", &file],
        &[
            "sweep",
            &file,
            "--vary",
            "services.db.threads=1,2",
            "--replications",
            "1",
        ],
        &["run", &folder.path("in/no\u{1b}[2Jthing.ron")],
        &["graph", &file],
    ] {
        let (_, told, err) = sim(arguments);
        assert_shows_nothing_hidden(&told);
        assert_shows_nothing_hidden(&err);
    }
}

#[test]
fn what_a_name_holds_is_no_markup_and_no_formula() {
    let folder = folder("markup");
    let name = "=<img src=x onerror=alert(1)>&`b`";
    let text = format!(
        r#"(title: "]]></title><script>alert(1)</script>", duration: "2s", window: "1s",
    services: {{"{name}": (endpoints: {{"x": [work("1ms")]}})}},
    workloads: {{"=1+1": open(rate: "50/s", to: "{name}/x"), "..": open(rate: "5/s", to: "{name}/x")}})"#
    );
    let file = folder.put("in/a.ron", &text);
    let out = folder.path("out");
    let (code, _, err) = sim(&["run", &file, "--out", &out]);
    assert_eq!(code, exit::HELD, "{err}");
    let mut charts = 0;
    for entry in fs::read_dir(&out).expect("results") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => {
                charts += 1;
                assert!(
                    !text.contains("<script") && !text.contains("<img"),
                    "{path:?}"
                );
            }
            Some("csv") => {
                let cells = text.lines().flat_map(|line| line.split(','));
                let formula = |cell: &&str| cell.trim_matches('"').starts_with('=');
                assert_eq!(cells.filter(formula).count(), 0, "{path:?}\n{text}");
            }
            _ => {}
        }
    }
    assert!(charts > 3, "{charts}");
    assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 2);
    let graph = |format| sim(&["graph", &file, "--format", format]).1;
    let mermaid = graph("mermaid");
    for sign in ["<img", "<script", "`"] {
        assert!(!mermaid.contains(sign), "{mermaid}");
        assert!(!graph("svg").contains("<img"));
    }
    assert!(
        mermaid.contains("=#60;img src=x onerror=alert(1)#62;#38;#96;b#96;"),
        "{mermaid}"
    );
    assert!(graph("dot").contains("label=\"=<img src=x onerror=alert(1)>&`b`"));
}

#[test]
fn a_scenario_reads_only_below_its_own_folder() {
    let folder = folder("reads");
    folder.put("secret.txt", "hunter2\n");
    folder.put("base.ron", "(title: \"base\")");
    folder.put("took.csv", "1\n2\n");
    fs::create_dir_all(folder.path("in/deep")).expect("a folder");
    folder.put("in/deep/base.ron", "(title: \"base\")");
    let include = |path: &str| scenario(&format!("include: \"{path}\","), "\"1ms\"");
    let measured = |path: &str| scenario("", &format!("empirical(file: \"{path}\", unit: \"ms\")"));
    let below = folder.put("in/below.ron", &include("deep/base.ron"));
    let (code, _, err) = sim(&["check", &below]);
    assert_eq!(code, exit::HELD, "{err}");
    let outside = [
        (include("../base.ron"), exit::HELD),
        (measured("../took.csv"), exit::HELD),
        (include("../secret.txt"), exit::BAD_INPUT),
        (include(&folder.path("base.ron")), exit::HELD),
        (include("../nothing.ron"), exit::BAD_INPUT),
        (include("deep/../../base.ron"), exit::HELD),
    ];
    for (text, allowed) in &outside {
        let file = folder.put("in/a.ron", text);
        let (code, _, err) = sim(&["check", &file]);
        assert_eq!(code, exit::BAD_INPUT, "{text}");
        assert!(err.contains("outside of the scenario's folder"), "{err}");
        assert!(err.contains("--allow-read"), "{err}");
        assert!(
            !err.contains("did you mean"),
            "what is there is not told: {err}"
        );
        let (code, _, err) = sim(&["check", &file, "--allow-read", &folder.path("")]);
        assert_eq!(code, *allowed, "{text}: {err}");
        assert!(!err.contains("hunter2"), "{err}");
    }
    // A sweep file names its scenario, wherever that is; but what is none is not shown.
    folder.put("in/b.ron", &scenario("", "\"1ms\""));
    let sweep = |path: &str| {
        format!("(scenario: \"{path}\", vary: [(path: \"services.db.threads\", values: [1, 2])])")
    };
    for (path, expected) in [("b.ron", exit::HELD), ("../secret.txt", exit::BAD_INPUT)] {
        let file = folder.put("in/sweep.ron", &sweep(path));
        let (code, _, err) = sim(&["sweep", &file, "--replications", "1"]);
        assert_eq!(code, expected, "{err}");
        assert!(!err.contains("hunter2"), "{err}");
    }
    // What is allowed is part of the command that does it again.
    let file = folder.put("in/a.ron", &outside[0].0);
    let (_, told, _) = sim(&["run", &file, "--allow-read", &folder.path("")]);
    assert!(told.contains("--allow-read"), "{told}");
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_read_and_only_where_they_really_are() {
    let folder = folder("regular");
    folder.put("base.ron", "(title: \"base\")");
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, folder.path(name)).expect("a link");
    };
    link("../base.ron", "in/link.ron");
    link("/dev/zero", "in/zero");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("in/pipe"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    for (name, allow, said) in [
        ("link.ron", "", "outside of the scenario's folder"),
        ("zero", "", "outside of the scenario's folder"),
        ("zero", "/dev", "no regular file"),
        ("pipe", "", "no regular file"),
        ("/dev/stdin", "/", "no regular file"),
        (".", "", "it is a folder"),
    ] {
        for text in [
            scenario(&format!("include: \"{name}\","), "\"1ms\""),
            scenario("", &format!("empirical(file: \"{name}\", unit: \"ms\")")),
        ] {
            let file = folder.put("in/a.ron", &text);
            let mut arguments = vec!["check", &file];
            if !allow.is_empty() {
                arguments.extend(["--allow-read", allow]);
            }
            let (code, _, err) = sim(&arguments);
            assert_eq!(code, exit::BAD_INPUT, "{name}");
            assert!(err.contains(said), "{name}: {err}");
        }
    }
    // A file without an end, by its own name.
    let (code, _, err) = sim(&["check", "/dev/zero"]);
    assert_eq!(code, exit::BAD_INPUT);
    assert!(err.contains("64 MiB"), "{err}");
}
