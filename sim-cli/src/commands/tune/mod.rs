//! `sim tune`: the best setting under constraints, confirmed on fresh seeds and tried elsewhere.

mod args;

pub use args::Args;

use super::broken;
use super::rounds::{NoAnswer, Rounds, begin};
use super::run::Format;
use crate::charts;
use crate::files::Disk;
use crate::output::sweep::folder::{self, Extras};
use crate::output::{json, tuning};
use crate::store::claim::{Claim, Experiment};
use crate::{Terminal, exit};
use sim_models::experiment::space::Unresolved;
use sim_models::experiment::spec::{Spec, base, resolve};
use sim_models::experiment::sweep::{Row, Sweep, Table};
use sim_models::experiment::tune::elsewhere::{Other, changed};
use sim_models::experiment::tune::{Tuning, tune};
use sim_models::scenario::explain;
use std::io::{self, Write};

/// Tunes a scenario and shows what came of it.
///
/// # Errors
/// If the output cannot be written.
pub fn run(
    args: &Args,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> io::Result<u8> {
    match broken::caught(|| go(args, out, err, terminal)) {
        Some(Ok(code)) => Ok(code),
        Some(Err(none)) => none.tell(args.out.is_some(), err, terminal),
        None => broken::tell(&args.reproduce(), err),
    }
}

fn go(
    args: &Args,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> Result<u8, NoAnswer> {
    let disk = args.reading.disk();
    let question = args.wanted();
    let spec = args.spec(&question);
    let present = base(&spec, &disk)?;
    let sweep = resolve(&spec, &disk)?;
    let mut others = also(args, &spec, &sweep, &disk)?;
    others.extend(changed(&present, &sweep.scenarios));
    let reproduce = args.reproduce();
    let of = Experiment {
        command: "tune".into(),
        source: args.scenario.clone(),
        others: args.also.clone(),
        question: args.question(),
        inputs: disk.inputs(),
    };
    let mut claim = Claim::asked(args.out.as_deref(), &of, args.force, false)?;
    if let Some(claim) = &mut claim {
        begin(claim, &explain::to_ron(&present), &reproduce)?;
    }
    let mut rounds = Rounds::open(args.out.as_deref(), args.jobs, "tuning", err, terminal)?;
    let mut records = Vec::new();
    let tuning = tune(&question, &sweep, &present, &others, |round, _| {
        let ran = rounds.run(round)?;
        records.extend(of_candidates(&sweep, round, &ran));
        Ok::<_, NoAnswer>(ran)
    })?;
    let partial = rounds.partial();
    let provenance = rounds.provenance();
    let told = tuning::json(&tuning, args.also.len());
    if let Some(claim) = &mut claim {
        rounds.settle()?;
        let extras = Extras {
            charts: charts::tune::charts(&tuning),
            ..Extras::default()
        };
        let table = Table::new(&sweep, records);
        folder::write(claim, &table, &|_| Ok(Vec::new()), &extras, &provenance)?;
        // Last, so that a folder with a result is a whole one.
        claim.put_text("tune.json", &format!("{:#}", json::tidy(&told)))?;
        claim.settle()?;
    }
    match args.format {
        Format::Json => writeln!(out, "{}", json::tidy(&told))?,
        Format::Human => {
            let text = tuning::render(&tuning, args.also.len(), &reproduce, terminal.out);
            out.write_all(text.as_bytes())?;
        }
    }
    if partial > 0 {
        writeln!(
            err,
            "{partial} runs were stopped by a budget: their values are partial"
        )?;
    }
    Ok(code(&tuning, partial))
}

/// The runs of a round as runs of the sweep over all candidates, whose replications count up from its
/// first seed. Those of the present setting and of other scenarios are not among them.
fn of_candidates(sweep: &Sweep, round: &Sweep, records: &[Row]) -> Vec<Row> {
    let place = |record: &Row| {
        let point = &round.points[record.point as usize];
        sweep.points.iter().position(|other| other == point)
    };
    let known = records.iter().filter_map(|record| {
        Some(Row {
            point: place(record)? as u32,
            replication: record.seed.wrapping_sub(sweep.seed) as u32,
            ..record.clone()
        })
    });
    known.collect()
}

fn code(tuning: &Tuning, partial: usize) -> u8 {
    if partial > 0 {
        exit::BUDGET
    } else if tuning.chosen.is_empty() {
        exit::REFUTED
    } else {
        exit::HELD
    }
}

/// The other scenarios that were asked for, with each candidate in them.
fn also(args: &Args, spec: &Spec, sweep: &Sweep, disk: &Disk) -> Result<Vec<Other>, NoAnswer> {
    let load = |path: &std::path::PathBuf| -> Result<Other, NoAnswer> {
        let name = path.to_string_lossy().into_owned();
        let mut there = spec.clone();
        there.scenario.clone_from(&name);
        // The same candidates are drawn.
        there.seed = Some(sweep.seed);
        let said = |mut wrong: Unresolved| {
            for found in &mut wrong.diagnostics {
                found.message = format!("in --also {name}: {}", found.message);
            }
            NoAnswer::from(wrong)
        };
        Ok(Other {
            present: base(&there, disk).map_err(said)?,
            candidates: resolve(&there, disk).map_err(said)?.scenarios,
            name: name.clone(),
        })
    };
    args.also.iter().map(load).collect()
}
