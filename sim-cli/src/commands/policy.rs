//! `sim policy trace`: a policy alone, driven by a script; one decision for each of its lines.

use crate::exit;
use crate::files::Disk;
use clap::{Args as ClapArgs, Subcommand};
use sim_models::input::Files;
use sim_models::presets::{self, PolicyList};
use sim_models::resilience::REGISTRY;
use sim_models::resilience::trace::{Line, Trace};
use sim_models::scenario::explain::read_part;
use sim_models::spelling::nearest;
use std::io::{self, Write};

/// Drives a policy without a system around it.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// What is done with it.
    #[command(subcommand)]
    pub what: What,
}

/// What is done with a policy.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum What {
    /// Answer each line of a script with what the policy decides
    Trace(TraceArgs),
}

/// Answers each line of a script with what a policy decides.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
#[command(
    after_help = "A script has one JSON object a line, times in seconds:\n  {\"t\": 1.5, \"op\": \"acquire\"}                     a call comes to the policy\n  {\"t\": 1.7, \"op\": \"result\", \"outcome\": \"error\"}  what is inside it has a result\n  {\"t\": 1.7, \"op\": \"retry\"}                       a policy outside is about to try again\n  {\"t\": 1.8, \"op\": \"give_up\"}                     nobody waits for the call any longer\n  {\"t\": 2, \"op\": \"look\"}                          nothing happens: where is the call?\n  {\"t\": 3, \"op\": \"trip\"}, \"reset\"                 by hand, of policies that can be\n\"id\" names a call, so that several may be out at once; a result may have \"status\", \"callee\", \"leg\"\n\"retry_after\" (seconds) and \"load\", a call \"key\", \"priority\", \"user\", \"tenant\", \"endpoint\" and \"callee\"; \"op\": \"start\" says\nthat what a door let in begins to be served.\nThe answer says whether what is inside may go on, how long it waits first, where the call is, what the\npolicy remembers and what it has counted."
)]
pub struct TraceArgs {
    /// The policy as a scenario writes it, such as 'breaker(failures: 3, open_for: "10s")'
    #[arg(long, value_name = "POLICY")]
    pub policy: String,
    /// File of the script
    #[arg(value_name = "SCRIPT")]
    pub script: String,
}

/// Writes the decisions. The exit code is 2 if the policy or a line of the script cannot be.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let What::Trace(args) = &args.what;
    let mut text = String::new();
    let told = trace(args, &mut text);
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

fn trace(args: &TraceArgs, text: &mut String) -> Result<(), String> {
    let policies: PolicyList = read_part(&args.policy).map_err(|why| {
        let name = args.policy.split('(').next().unwrap_or_default().trim();
        let names = REGISTRY
            .iter()
            .chain(presets::REGISTRY)
            .map(|(name, _)| *name);
        let help = if names.clone().any(|known| known == name) {
            format!("help: `sim explain {name}` shows its fields")
        } else {
            did_you_mean(nearest(name, names)) + "help: `sim explain` lists all policies"
        };
        format!("`{}` is no policy: {why}\n{help}", args.policy)
    })?;
    for policy in &policies {
        if let Some((field, why)) = policy.validate().into_iter().next() {
            let name = policy.name();
            return Err(format!(
                "`{field}` of `{name}` {why}\nhelp: `sim explain {name}` shows its fields"
            ));
        }
    }
    let script = Disk::default()
        .read(&args.script)
        .map_err(|why| format!("{} cannot be read: {why}", args.script))?;
    let mut trace = Trace::stack(&policies);
    for (number, line) in script.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |column: usize, why: &str, near: Option<&str>| {
            let near = did_you_mean(near);
            format!(
                "{}:{}:{column}: {why}\n{near}help: a line is such as {{\"t\": 1.5, \"op\": \"acquire\"}}; `sim policy trace --help` shows them all",
                args.script,
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
        let decision = trace.line(&line).map_err(|why| wrong(1, &why, None))?;
        let decision =
            serde_json::to_string(&decision).map_err(|why| wrong(1, &why.to_string(), None))?;
        *text += &decision;
        text.push('\n');
    }
    Ok(())
}
