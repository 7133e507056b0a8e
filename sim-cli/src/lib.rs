//! The `sim` command as a library: output, charts and subcommands.
#![deny(missing_docs)]

pub mod files;
pub mod diagnostics;
pub mod units;
pub mod charts;
pub mod store;
pub mod progress;
pub mod runner;
pub mod output;
pub mod commands;

#[cfg(test)]
mod fixture;

use clap::{Parser, Subcommand};
use output::style::Style;
use sim_models::scenario::plain::plain_lines;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

/// Exit codes, the same for every subcommand.
pub mod exit {
    /// Done, and every hypothesis held.
    pub const HELD: u8 = 0;
    /// A hypothesis was refuted.
    pub const REFUTED: u8 = 1;
    /// Bad input or usage.
    pub const BAD_INPUT: u8 = 2;
    /// Stopped by a budget; partial results are kept.
    pub const BUDGET: u8 = 3;
    /// An invariant of ours broke.
    pub const BROKEN: u8 = 101;
    /// Interrupted; partial results are kept.
    pub const INTERRUPTED: u8 = 130;
}

/// Simulates distributed systems: what breaks, why, and what would have held.
#[derive(Debug, Parser)]
#[command(
    name = "sim",
    version,
    after_help = "Exit codes: 0 every hypothesis held, 1 one was refuted, 2 bad input or usage,\n3 stopped by a budget, 101 a bug of ours, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario: verdict, golden signals, charts, and a digest that reproduces
    Run(commands::run::Args),
    /// Run a scenario with many settings: which one is better, and how sure is that?
    Sweep(Box<commands::sweep::Args>),
    /// Join the parts of a sweep that ran on several machines
    Merge(commands::merge::Args),
    /// Compare variants under the same luck: which is better, how sure is that, and at what price?
    Compare(Box<commands::compare::Args>),
    /// Search for the best setting under constraints, confirm it, and try it elsewhere
    Tune(Box<commands::tune::Args>),
    /// Which settings matter for a measure, and which do not
    Sensitivity(Box<commands::sensitivity::Args>),
    /// Say what is wrong with scenarios, and what is suspicious, without running them
    Check(commands::check::Args),
    /// Draw the services of a scenario and their calls
    Graph(commands::graph::Args),
    /// Drive a policy alone by a script, and see each of its decisions
    Policy(commands::policy::Args),
    /// Explain what can be written, a diagnostic code or a metric; names of other tools lead to ours
    Explain(commands::explain::Args),
    /// Print all that can be written, for people (Markdown) or for editors (JSON Schema)
    Schema(commands::schema::Args),
}

/// Runs the command line and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut out = io::stdout().lock();
    let mut err = io::stderr();
    let terminal = Terminal {
        out: Style::detect(
            io::stdout().is_terminal(),
            std::env::var_os("NO_COLOR").as_deref(),
        ),
        err: io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        progress: io::stderr().is_terminal(),
    };
    run(&arguments, &mut out, &mut err, terminal)
}

/// Writes messages so that nothing in them (names of files, say) does anything to a terminal but colour it.
struct Clean<'a>(&'a mut dyn Write);

impl Write for Clean<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        // Colours: `ESC [`, numbers, `m`.
        for (number, part) in text.split('\u{1b}').enumerate() {
            let numbers = |c: char| c.is_ascii_digit() || c == ';';
            let colour = part
                .strip_prefix('[')
                .map(|rest| rest.trim_start_matches(numbers));
            let escape = match colour.is_some_and(|rest| rest.starts_with('m')) {
                _ if number == 0 => "",
                true => "\u{1b}",
                false => "\\u{1b}",
            };
            self.0.write_all(escape.as_bytes())?;
            self.0.write_all(plain_lines(part).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What the terminal is good for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Style of standard output.
    pub out: Style,
    /// Whether standard error takes colour.
    pub err: bool,
    /// Whether progress is shown on standard error.
    pub progress: bool,
}

/// Which command does what one of another name does elsewhere, for one that there is not.
fn elsewhere(error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue};
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return String::new();
    };
    let help = match name.as_str() {
        "docs" | "doc" | "man" | "language" | "list" | "reference" => {
            "`sim explain` lists what can be written, `sim explain NAME` shows how, `sim schema` prints all of it, and `sim check FILE --explain` a scenario with every field"
        }
        "validate" | "lint" | "verify" | "test" => {
            "`sim check FILE` says what is wrong with a scenario"
        }
        "simulate" | "start" | "exec" | "execute" | "report" => {
            "`sim run FILE` runs a scenario; with --out DIR it leaves charts and tables there"
        }
        "draw" | "plot" | "diagram" | "viz" | "topology" => {
            "`sim graph FILE --out FILE.svg` draws the services"
        }
        "whatif" | "grid" | "experiment" | "explore" => {
            "`sim sweep FILE --vary PATH=a,b,c` tries many settings, and `sim compare` says which is better"
        }
        "threshold" | "optimize" | "optimise" | "search" => {
            "`sim tune` searches for the best setting, and `sim sweep FILE --vary PATH=LO..HI:STEPS` shows where a system tips over"
        }
        "diff" => "`sim compare A.ron B.ron` compares two systems under the same luck",
        "new" | "init" | "create" => {
            "begin with a copy of a scenario that is there, such as scenarios/mm1.ron"
        }
        _ => return String::new(),
    };
    format!("\nhelp: {help}\n")
}

/// Runs the command line with these streams and returns its exit code.
pub fn run(
    arguments: &[OsString],
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let text = if terminal.err {
                error.render().ansi().to_string()
            } else {
                error.render().to_string()
            };
            let text = text + &elsewhere(&error);
            // Help and version are no errors, and go where output goes.
            let stream: &mut dyn Write = if error.use_stderr() {
                &mut Clean(err)
            } else {
                out
            };
            let _ = stream.write_all(text.as_bytes());
            return if error.use_stderr() {
                exit::BAD_INPUT
            } else {
                exit::HELD
            };
        }
    };
    let err: &mut dyn Write = &mut Clean(err);
    let done = match &cli.command {
        Command::Run(args) => commands::run::run(args, out, err, terminal),
        Command::Sweep(args) => commands::sweep::run(args, out, err, terminal),
        Command::Merge(args) => commands::merge::run(args, out, err, terminal),
        Command::Compare(args) => commands::compare::run(args, out, err, terminal),
        Command::Tune(args) => commands::tune::run(args, out, err, terminal),
        Command::Sensitivity(args) => commands::sensitivity::run(args, out, err, terminal),
        Command::Check(args) => commands::check::run(args, out, err, terminal.err),
        Command::Graph(args) => commands::graph::command(args, out, err, terminal),
        Command::Policy(args) => commands::policy::run(args, out, err, terminal.out),
        Command::Explain(args) => commands::explain::run(args, out, err),
        Command::Schema(args) => commands::schema::run(args, out),
    };
    match done.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => code,
        // Whoever read our output has had enough of it: `sim run ... | head` is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::HELD,
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            exit::BAD_INPUT
        }
    }
}
