//! `sim compare`: variants of a system under the same luck.

mod args;
mod variants;
#[cfg(test)]
mod tests;

pub use args::Args;

use crate::charts;
use crate::commands::broken;
use crate::commands::run::Format;
use crate::commands::sweep::finish::{Failure, Streams, exit_code, settle};
use crate::commands::sweep::tell;
use crate::files::Disk;
use crate::output::compare::{Told, Traced, csv, human, json};
use crate::output::style::Style;
use crate::output::sweep::folder::{self, Extras};
use crate::output::sweep::provenance::{Started, provenance};
use crate::runner::names::file_name;
use crate::runner::{How, Runner};
use crate::store::claim::{Claim, Experiment};
use crate::{Terminal, exit};
use sim_models::experiment::compare::{Comparison, Finding, Question, compare, trace};
use sim_models::experiment::sweep::{Keys, Row, Shard, Sweep, Table};
use sim_models::expression::metric::Metric;
use std::io::{self, Write};
use variants::{Asked, Refused, asked};

/// So many groups of requests are told of, each with an example.
const GROUPS: usize = 4;

/// Compares and shows what came of it.
///
/// # Errors
/// If the output cannot be written.
pub fn run(
    args: &Args,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> io::Result<u8> {
    let mut streams = Streams { out, err, terminal };
    let disk = args.reading.disk();
    let asked = match asked(args, &disk) {
        Ok(asked) => asked,
        Err(Refused::Unresolved(wrong)) => return tell(&wrong, &mut streams),
        Err(Refused::Failure(failure)) => return streams.fail(failure),
    };
    match broken::caught(|| go(args, &asked, &disk, &mut streams)) {
        Some(Ok(code)) => Ok(code),
        Some(Err(failure)) => streams.fail(failure),
        None => broken::tell(&args.reproduce(), streams.err),
    }
}

fn go(args: &Args, asked: &Asked, disk: &Disk, streams: &mut Streams<'_>) -> Result<u8, Failure> {
    let started = Started::now();
    let how = How {
        folder: args.out.as_deref(),
        shard: Shard::default(),
        jobs: args.jobs,
        doing: "comparing",
        rounds: false,
    };
    let sweep = &asked.sweep;
    let of = Experiment {
        command: "compare".into(),
        source: args.scenarios[0].clone(),
        others: args.scenarios[1..].to_vec(),
        question: args.question(),
        inputs: disk.inputs(),
    };
    let mut claim = Claim::asked(how.folder, &of, args.force, false)?;
    if let Some(claim) = &mut claim {
        let names = folder::TEXTS.map(str::to_owned).into_iter();
        claim.take(names.chain([file_name(how.shard)]))?;
    }
    let mut runner = Runner::open(&how, streams.err)?;
    if let Some(claim) = &mut claim {
        folder::prepare(claim, &asked.texts)?;
        claim.clear()?;
    }
    let ran = runner.run(sweep, streams.err, streams.terminal)?;
    if !ran.finished {
        let runs = ran.records.len();
        match how.folder {
            Some(path) => writeln!(
                streams.err,
                "interrupted: {runs} finished runs are kept in {}; the same command goes on from there",
                path.display()
            )?,
            None => writeln!(
                streams.err,
                "interrupted: {runs} finished runs are lost; with --out DIR they would have been kept"
            )?,
        }
        return Ok(exit::INTERRUPTED);
    }
    let code = exit_code(&ran.records);
    let provenance = provenance(started, ran.records.len(), ran.known, args.jobs);
    if let (Some(journal), entries) = runner.parts() {
        settle(journal, entries, &Keys::new(sweep), &ran.records)?;
    }
    let table = Table::new(sweep, ran.records);
    let question = Question {
        level: args.level,
        difference: args.difference,
        chosen: asked.chosen,
        own: asked.own,
        ..Question::new(0, asked.baseline.clone())
    };
    let comparison = compare(&table, &question).map_err(|why| Failure::Input(why.to_string()))?;
    let joined = request_by_request(sweep, &comparison)?;
    let last = sweep.seed_of(comparison.replications.saturating_sub(1));
    let told = Told {
        comparison,
        joined,
        seeds: (sweep.seed, last),
        reproduce: args.reproduce(),
    };
    if let Some(claim) = &mut claim {
        claim.put_text("compare.json", &json::render_pretty(&told))?;
        claim.put("compare.csv", &csv::render(&told.comparison))?;
        claim.put_text("compare.txt", &human::render(&told, Style::PLAIN))?;
        let extras = Extras {
            charts: charts::compare::charts(&told.comparison),
            ..Extras::default()
        };
        folder::write(
            claim,
            &table,
            &|_: &Row| Ok(Vec::new()),
            &extras,
            &provenance,
        )?;
        claim.settle()?;
    }
    match args.format {
        Format::Json => write!(streams.out, "{}", json::render(&told))?,
        Format::Human => {
            write!(
                streams.out,
                "{}",
                human::render(&told, streams.terminal.out)
            )?;
        }
    }
    if let Some(path) = how.folder {
        writeln!(streams.err, "written to {}", path.display())?;
    }
    Ok(code)
}

/// Each variant and the baseline once more with a log of all requests, where they differ most.
fn request_by_request(sweep: &Sweep, comparison: &Comparison) -> Result<Vec<Traced>, Failure> {
    let mut traced = Vec::new();
    for variant in 0..comparison.variants.len() {
        let (condition, replication) = where_most(comparison, variant);
        let point = |label: &str| {
            let coordinates = &comparison.conditions[condition].coordinates;
            let mut points = sweep.points.iter();
            points.position(|point| {
                point.coordinates[0].label == label && point.coordinates[1..] == coordinates[..]
            })
        };
        let (Some(baseline), Some(other)) = (
            point(&comparison.baseline),
            point(&comparison.variants[variant]),
        ) else {
            continue;
        };
        let joined = trace(
            &sweep.scenarios[baseline],
            &sweep.scenarios[other],
            sweep.seed_of(replication),
            GROUPS,
            // All runs are in the journal: an interruption ends the program.
            &|| true,
        )
        .map_err(|unable| Failure::Input(unable.to_string()))?;
        traced.push(Traced {
            variant,
            condition,
            joined,
        });
    }
    Ok(traced)
}

/// The condition and the replication in which most more requests are lost on one side, or, where none
/// are, in which what is asked about differs most.
fn where_most(comparison: &Comparison, variant: usize) -> (usize, u32) {
    let lost = |found: &Finding| comparison.measures[found.measure].metric == Metric::FailedRatio;
    let most = |wanted: &dyn Fn(&Finding) -> bool| {
        let mut most = (0.0, 0, 0);
        for found in &comparison.findings {
            let Some(condition) = found.condition.filter(|_| wanted(found)) else {
                continue;
            };
            for pair in &found.pairs {
                // Beside what is measured: seconds and shares are not of one size.
                let small = found.least.unwrap_or(1.0);
                let size = (pair.difference() / small).abs();
                if size > most.0 {
                    most = (size, condition, pair.replication);
                }
            }
        }
        (most.0 > 0.0).then_some((most.1, most.2))
    };
    most(&|found| found.variant == variant && lost(found))
        .or_else(|| most(&|found| found.variant == variant && comparison.tested[found.measure]))
        .unwrap_or_default()
}
