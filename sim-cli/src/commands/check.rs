//! `sim check`: says what is wrong with scenarios, without running them.

use crate::diagnostics::{self, Format, JsonDiagnostic};
use crate::files::{Reading, load_file};
use clap::Args as ClapArgs;
use serde::Serialize;
use sim_models::input::Loaded;
use sim_models::scenario::diagnostics::{Diagnostic, Severity};
use sim_models::scenario::plain::plain;
use sim_models::scenario::{Override, explain};
use std::io::{self, Write};
use std::path::PathBuf;

/// Says what is wrong with scenarios, without running them.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// The scenario files.
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,
    /// Print the scenario with every default filled in.
    #[arg(long)]
    pub explain: bool,
    /// Set a value first, such as services.db.threads=32.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// How to show what is found.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What was found, in JSON.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<JsonDiagnostic>,
}

/// Checks scenarios and writes what it finds; with colours on standard error if `styled`. The exit
/// code is 2 if one of them cannot run, else 0.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write, styled: bool) -> io::Result<u8> {
    let mut report = Report {
        schema: "sim.check/1",
        errors: 0,
        warnings: 0,
        diagnostics: Vec::new(),
    };
    let disk = args.reading.disk();
    for path in &args.scenarios {
        let loaded = load_file(&disk, path, &args.set);
        let errors = loaded.scenario.as_ref().err().map_or(0, Vec::len);
        let found = all(&loaded);
        report.errors += errors;
        report.warnings += found.len() - errors;
        match args.format {
            Format::Human => {
                let text = diagnostics::human(found, &loaded.sources, styled);
                err.write_all(text.as_bytes())?;
                if !args.explain {
                    writeln!(
                        out,
                        "{}: {}",
                        plain(&path.to_string_lossy()),
                        verdict(&loaded)
                    )?;
                }
            }
            Format::Concise => {
                let text = diagnostics::concise(found, &loaded.sources);
                // With --explain the scenario is the output.
                if args.explain {
                    err.write_all(text.as_bytes())?;
                } else {
                    out.write_all(text.as_bytes())?;
                }
            }
            Format::Json => {
                let found = diagnostics::json(found, &loaded.sources);
                report.diagnostics.extend(found);
            }
        }
        if args.explain
            && args.format != Format::Json
            && let Ok(scenario) = &loaded.scenario
        {
            writeln!(out, "{}", explain::to_ron(scenario))?;
        }
    }
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&report).map_err(io::Error::other)?;
        writeln!(out, "{text}")?;
    }
    Ok(if report.errors == 0 { 0 } else { 2 })
}

/// Errors and then warnings.
fn all(loaded: &Loaded) -> Vec<&Diagnostic> {
    let errors = loaded.scenario.as_ref().err().into_iter().flatten();
    errors.chain(&loaded.warnings).collect()
}

fn verdict(loaded: &Loaded) -> String {
    let count = |severity| {
        let found = all(loaded);
        found.iter().filter(|d| d.severity() == severity).count()
    };
    let some = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let warnings = count(Severity::Warning);
    match (count(Severity::Error), warnings) {
        (0, 0) => "ok".into(),
        (0, warnings) => format!("ok, {}", some(warnings, "warning")),
        (errors, 0) => some(errors, "error"),
        (errors, warnings) => format!("{}, {}", some(errors, "error"), some(warnings, "warning")),
    }
}

/// Writes the diagnostics of a scenario for people.
///
/// # Errors
/// If the output cannot be written.
pub fn tell(loaded: &Loaded, err: &mut dyn Write, styled: bool) -> io::Result<()> {
    let text = diagnostics::human(all(loaded), &loaded.sources, styled);
    err.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str]) -> (u8, String, String) {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            args: Args,
        }
        let cli = <Cli as clap::Parser>::try_parse_from([&["sim"], args].concat()).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&cli.args, &mut out, &mut err, false).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("sim-check-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    const GOOD: &str = r#"(duration: "5min", services: { "db": (endpoints: { "get": [work("8ms")] }) },
        workloads: { "users": open("9/s", "db/get") })"#;

    #[test]
    fn tells_good_from_bad() {
        let good = file("good.ron", GOOD);
        let (code, out, err) = check(&[&good]);
        assert_eq!(code, 0);
        assert!(out.ends_with("ok, 1 warning\n"), "{out}");
        assert!(err.contains("warning[W0007]"), "{err}");
        let (code, _, err) = check(&[&good, "--set", "services.dbb.threads=3"]);
        assert_eq!(code, 2);
        assert!(err.contains("did you mean `db`?"), "{err}");
        assert!(err.contains("services.dbb.threads=3"), "{err}");
        let (code, out, _) = check(&["--format", "json", "no-such-file.ron"]);
        assert_eq!(code, 2);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["errors"], 1);
        assert_eq!(json["diagnostics"][0]["code"], "S0008");
        std::fs::remove_file(good).unwrap();
    }

    #[test]
    fn prints_a_scenario_that_loads_again() {
        let good = file("explained.ron", GOOD);
        let (code, out, _) = check(&["--explain", "--set", "seed=5", &good]);
        assert_eq!(code, 0);
        assert!(
            out.contains("seed: 5") && out.contains("backlog: 128"),
            "{out}"
        );
        let again = file("again.ron", &out);
        let (code, once_more, _) = check(&["--explain", &again]);
        assert_eq!((code, once_more), (0, out));
        std::fs::remove_file(good).unwrap();
        std::fs::remove_file(again).unwrap();
    }
}
