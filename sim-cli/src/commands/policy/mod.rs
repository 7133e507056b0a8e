//! `sim policy trace`: policies alone, driven by a script or a pattern of calls; decisions, a chart, and a sentence that
//! says when and why they acted.

mod told;

use crate::charts::{self, policies::Stack};
use crate::commands::run::Format;
use crate::exit;
use crate::files::Disk;
use crate::output::Style;
use crate::store::file;
use clap::{Args as ClapArgs, Subcommand};
use sim_models::input::Files;
use sim_models::presets::{self, PolicyList};
use sim_models::resilience::REGISTRY;
use sim_models::resilience::pattern::Pattern;
use sim_models::resilience::timeline::{Played, follow, play};
use sim_models::resilience::trace::{Decision, Line, Trace};
use sim_models::scenario::explain::read_part;
use sim_models::spelling::nearest;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Drives policies without a system around them.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// What is done with them.
    #[command(subcommand)]
    pub what: What,
}

/// What is done with a policy.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum What {
    /// Let policies meet a script or a pattern of calls, and see what they decide, when, and why
    Trace(TraceArgs),
}

/// Lets policies meet a script or a pattern of calls.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
#[command(after_help = HELP)]
pub struct TraceArgs {
    /// A policy, a preset or a list of them as a scenario writes it, such as 'breaker(failures: 3, open_for: "10s")';
    /// several, each given by a --policy of its own, meet the same calls side by side
    #[arg(long, value_name = "POLICY", required = true)]
    pub policy: Vec<String>,
    /// File of a script; each of its lines is answered by one
    #[arg(value_name = "SCRIPT", required_unless_present = "pattern", conflicts_with_all = ["pattern", "seed", "print_script"])]
    pub script: Option<String>,
    /// Calls in one line, instead of a script: '10/s for 1min, 50% errors from 20s to 40s'
    #[arg(long, value_name = "PATTERN")]
    pub pattern: Option<String>,
    /// Root of the chance in a pattern: when calls come at random, and which of them fail
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print the script that a pattern comes to, and no decisions
    #[arg(long, requires = "pattern", conflicts_with_all = ["format", "chart"])]
    pub print_script: bool,
    /// Draw states, traffic and numbers over time into this file; its ending says how: .svg, .png
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// What is printed: a summary in sentences (of a pattern unless said), or each decision as a line of JSON (of a script
    /// unless said)
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

const HELP: &str = r#"A script has one JSON object a line, times in seconds:
  {"t": 1.5, "op": "acquire"}                     a call comes to the policy
  {"t": 1.7, "op": "result", "outcome": "error"}  what is inside it has a result
  {"t": 1.7, "op": "retry"}                       a policy outside is about to try again
  {"t": 1.8, "op": "give_up"}                     nobody waits for the call any longer
  {"t": 2, "op": "look"}                          nothing happens: where is the call?
  {"t": 3, "op": "trip"}, "reset"                 by hand, of policies that can be
"id" names a call, so that several may be out at once; a result may have "status", "callee", "leg" (which
of the tries of the call it is of), "duration" (seconds that it is said to have taken), "retry_after"
(seconds) and "load", a call "key", "priority", "user", "tenant", "endpoint", "caller" and "callee"; "callees" says how many
instances there are; "op": "start" says that what a door let in begins to be served.
The answer says whether what is inside may go on, how long it waits first, where the call is, what the
policy remembers and what it has counted; where there are several policies, under the name of each.

A pattern has pieces between commas, each of which may say when it holds ("from 20s", "to 40s", "for 20s"):
  10/s for 1min          calls, evenly spaced; `10/s poisson for 1min`: at random
  latency 50ms           how long they take (10ms unless said)
  20% slow 3s            a share of them takes longer
  50% errors             a share of them fails: errors, error(503), timeouts, rejected, or any outcome;
                         `50% timeouts after 1s` says how long these take
  5 callees              instances that are asked in turn; `100% errors at callee 2` is of one of them"#;

/// Writes what was decided. The exit code is 2 if a policy, the pattern or a line of the script cannot be.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write, style: Style) -> io::Result<u8> {
    let What::Trace(args) = &args.what;
    let mut text = String::new();
    let told = trace(args, &mut text, style);
    // What was decided before a wrong line stands.
    out.write_all(text.as_bytes())?;
    match told {
        Ok(()) => Ok(exit::HELD),
        Err(why) => {
            writeln!(err, "error: {why}")?;
            Ok(exit::BAD_INPUT)
        }
    }
}

/// A line that names what was probably meant.
fn did_you_mean(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| {
        format!("help: did you mean `{near}`?\n")
    })
}

/// The policies that a text stands for.
fn read_policies(text: &str) -> Result<PolicyList, String> {
    let policies: PolicyList = read_part(text).map_err(|why| {
        let text = text.trim_start_matches(['[', ' ']);
        let name = text
            .split(['(', ',', ']'])
            .next()
            .unwrap_or_default()
            .trim();
        let names = REGISTRY.iter().chain(presets::REGISTRY);
        let names = names.map(|(name, _)| *name);
        let help = if names.clone().any(|known| known == name) {
            format!("help: `sim explain {name}` shows its fields")
        } else {
            did_you_mean(nearest(name, names)) + "help: `sim explain` lists all policies"
        };
        format!("`{text}` is no policy: {why}\n{help}")
    })?;
    if policies.is_empty() {
        return Err(format!("`{text}` is no policy: nothing is in it"));
    }
    for policy in &policies {
        if let Some((field, why)) = policy.validate().into_iter().next() {
            let name = policy.name();
            return Err(format!(
                "`{field}` of `{name}` {why}\nhelp: `sim explain {name}` shows its fields"
            ));
        }
    }
    Ok(policies)
}

fn trace(args: &TraceArgs, text: &mut String, style: Style) -> Result<(), String> {
    let lists = args.policy.iter().map(|text| read_policies(text));
    let lists = lists.collect::<Result<Vec<PolicyList>, String>>()?;
    let ending = args.chart.as_deref().map(picture).transpose()?;
    let pattern = args.pattern.as_deref().map(str::parse::<Pattern>);
    let pattern = pattern.transpose().map_err(|why| {
        format!("--pattern: {why}\nhelp: `sim policy trace --help` shows all pieces")
    })?;
    let named = args.policy.iter().zip(&lists);
    let mut stacks = Vec::new();
    for (name, list) in named {
        let json = args.format.unwrap_or(match pattern {
            Some(_) => Format::Human,
            None => Format::Json,
        }) == Format::Json;
        if lists.len() > 1 && (json || args.print_script) {
            // Whose decisions follow.
            *text += &serde_json::json!({ "policy": name }).to_string();
            text.push('\n');
        }
        let timeline = if let Some(pattern) = &pattern {
            let (timeline, played) = play(list, pattern, args.seed);
            print_played(args.print_script, json, &played, text);
            timeline
        } else {
            let script = args.script.as_deref().unwrap_or_default();
            let lines = decide(list, script, text, json)?;
            if json && ending.is_none() {
                continue;
            }
            follow(list, &lines)
        };
        let name = name.clone();
        if !json && !args.print_script {
            told::tell(&name, &timeline, style, text);
        }
        stacks.push(Stack { name, timeline });
    }
    if let (Some(path), Some(bitmap)) = (&args.chart, ending) {
        let met = args.pattern.as_deref().or(args.script.as_deref());
        let caption = match &args.pattern {
            Some(_) => format!("seed {}", args.seed),
            None => String::new(),
        };
        let svg = charts::policies::policies(met.unwrap_or_default(), &caption, &stacks);
        write(path, &svg, bitmap)?;
        if args.format != Some(Format::Json) && pattern.is_some() {
            *text += &format!("chart: {}\n", path.display());
        }
    }
    Ok(())
}

fn print_played(script: bool, json: bool, played: &Played, text: &mut String) {
    for (line, decision) in played {
        if script {
            *text += &serde_json::to_string(line).expect("a line is plain data");
        } else if json {
            *text += &serde_json::to_string(decision).expect("a decision is plain data");
        } else {
            return;
        }
        text.push('\n');
    }
}

/// Whether a chart is to be a bitmap: the ending of its name says it.
fn picture(path: &Path) -> Result<bool, String> {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("png") => Ok(true),
        Some("svg") => Ok(false),
        _ => Err(format!(
            "{} does not say how to draw it\nhelp: name the chart so that it ends in .svg or .png",
            path.display()
        )),
    }
}

fn write(path: &Path, svg: &str, bitmap: bool) -> Result<(), String> {
    let bytes = if bitmap {
        charts::png(svg).map_err(|why| why.to_string())?
    } else {
        svg.as_bytes().to_vec()
    };
    file::sweep_up(path);
    file::write_atomic(path, &bytes).map_err(|why| why.to_string())
}

/// Answers each line of a script, and returns the lines.
fn decide(
    policies: &PolicyList,
    path: &str,
    text: &mut String,
    print: bool,
) -> Result<Vec<Line>, String> {
    let script = Disk::default()
        .read(path)
        .map_err(|why| format!("{path} cannot be read: {why}"))?;
    let mut trace = Trace::stack(policies);
    let mut lines = Vec::new();
    for (number, line) in script.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |column: usize, why: &str, near: Option<&str>| {
            let near = did_you_mean(near);
            format!(
                "{path}:{}:{column}: {why}\n{near}help: a line is such as {{\"t\": 1.5, \"op\": \"acquire\"}}; `sim policy trace --help` shows them all",
                number + 1
            )
        };
        let line: Line = serde_json::from_str(line).map_err(|why| {
            // It says where in the line; the line is ours to say.
            let text = why.to_string();
            let what = text
                .rsplit_once(" at line ")
                .map_or(&*text, |(what, _)| what);
            // Of a name that it does not know it says which ones it does, all in backquotes.
            let mut names = what.split('`').skip(1).step_by(2);
            let near = names.next().and_then(|name| nearest(name, names));
            wrong(why.column(), what, near)
        })?;
        let decision: Decision = trace.line(&line).map_err(|why| wrong(1, &why, None))?;
        if print {
            let decision = serde_json::to_string(&decision);
            *text += &decision.map_err(|why| wrong(1, &why.to_string(), None))?;
            text.push('\n');
        }
        lines.push(line);
    }
    Ok(lines)
}
