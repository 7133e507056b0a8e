//! `sim sweep`: one scenario under many settings, each replicated under the same seeds.

mod args;
pub mod finish;
mod other;

pub use args::Args;

use crate::commands::broken;
use crate::commands::run::Format;
use crate::commands::shard::ShardArg;
use crate::files::Disk;
use crate::output::sweep::folder::{self, Texts};
use crate::output::sweep::provenance::{Started, provenance};
use crate::runner::names::{file_name, part_name};
use crate::runner::{How, Ran, Runner};
use crate::store::claim::{Claim, Experiment};
use crate::{Terminal, diagnostics, exit};
use finish::{Failure, Streams, Wanted, Whole, exit_code, quoted_path, settle};
use serde_json::{Value, json};
use sim_models::experiment::spec::{Spec, Unresolved, base, resolve, to_ron};
use sim_models::experiment::sweep::{Keys, Row, Shard, Sweep};
use sim_models::scenario::explain;
use sim_models::scenario::plain::plain;
use std::io::{self, Write};
use std::path::Path;

/// What a folder tells about doing it again. The same for all parts of a sweep.
const REPRODUCE: &str = "\
# In this folder: the sweep, and one run of it (the settings of its point are in summary.json, its
# seed in runs.csv).
sim sweep sweep.ron
sim run scenario.ron --seed SEED --set PATH=VALUE";

/// Runs a sweep and shows what came of it.
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
    let asked = match args.spec(&disk) {
        Ok(spec) => spec,
        Err(wrong) => return tell(&wrong, &mut streams),
    };
    if args.has_idle_bound(&asked) {
        return streams.fail(Failure::Input(
            "--at-most bounds --until MEASURE:HALFWIDTH, which is not given\ngive it, or --replications N".into(),
        ));
    }
    let shard = args.shard.unwrap_or(ShardArg::Given(Shard::default()));
    let shard = match shard.resolve(&|name| std::env::var(name).ok()) {
        Ok(shard) => shard,
        Err(wrong) => return streams.fail(Failure::Input(wrong)),
    };
    let (sweep, texts) = match resolved(&asked, &args.scenario, &disk) {
        Ok(resolved) => resolved,
        Err(wrong) => return tell(&wrong, &mut streams),
    };
    match broken::caught(|| go(args, &(sweep, texts), &disk, shard, &mut streams)) {
        Some(Ok(code)) => Ok(code),
        Some(Err(failure)) => streams.fail(failure),
        None => broken::tell(&args.reproduce(), streams.err),
    }
}

/// What is asked for, with everything that it depends on, and the texts that say so in a folder.
///
/// # Errors
/// What is wrong with it.
pub fn resolved(spec: &Spec, file: &Path, disk: &Disk) -> Result<(Sweep, Texts), Unresolved> {
    let scenario = base(spec, disk)?;
    let mut spec = spec.clone();
    if spec.title.is_none() && scenario.title.is_none() {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy());
        spec.title = stem.map(|stem| plain(&stem).into_owned());
    }
    let sweep = resolve(&spec, disk)?;
    let texts = Texts {
        scenario: explain::to_ron(&scenario),
        sweep: to_ron(&sweep, "scenario.ron"),
        reproduce: REPRODUCE.into(),
    };
    Ok((sweep, texts))
}

/// Shows what is wrong with the input. Returns the exit code.
///
/// # Errors
/// If it cannot be written.
pub fn tell(wrong: &Unresolved, streams: &mut Streams<'_>) -> io::Result<u8> {
    let text = diagnostics::human(&wrong.diagnostics, &wrong.sources, streams.terminal.err);
    streams.err.write_all(text.as_bytes())?;
    Ok(exit::BAD_INPUT)
}

fn go(
    args: &Args,
    (sweep, texts): &(Sweep, Texts),
    disk: &Disk,
    shard: Shard,
    streams: &mut Streams<'_>,
) -> Result<u8, Failure> {
    let started = Started::now();
    let how = How {
        folder: args.out.as_deref(),
        shard,
        jobs: args.jobs,
        doing: "sweeping",
        rounds: false,
    };
    let of = Experiment {
        command: "sweep".into(),
        source: args.scenario.clone(),
        question: args.question(),
        inputs: disk.inputs(),
        ..Experiment::default()
    };
    let mut claim = Claim::asked(how.folder, &of, args.force, !shard.is_all())?;
    if let (Some(folder), true) = (how.folder, shard.is_all()) {
        // What was read for this sweep is not what the other one reads.
        let there = args.reading.disk();
        let asked = |claim| other::refuse_other(claim, folder, (sweep, texts), &there, args.force);
        claim = claim.map(asked).transpose()?;
    }
    if let (Some(folder), false) = (how.folder, shard.is_all()) {
        finish::refuse_foreign(folder, texts)?;
    }
    if let Some(claim) = &mut claim {
        let texts = folder::TEXTS.into_iter().map(str::to_owned);
        claim.take(texts.chain(journals(shard)))?;
    }
    let mut runner = Runner::open(&how, streams.err)?;
    if let Some(claim) = &mut claim {
        folder::prepare(claim, texts)?;
        if shard.is_all() {
            claim.clear()?;
        }
    }
    let ran = runner.run(sweep, streams.err, streams.terminal)?;
    let (runs, known) = (ran.records.len(), ran.known);
    if known > 0 {
        writeln!(streams.err, "{known} of {runs} runs were finished already")?;
    }
    if !ran.finished {
        interrupted(args, &ran, streams)?;
        return Ok(exit::INTERRUPTED);
    }
    let others = ran.others;
    if others > 0 && shard.is_all() {
        writeln!(
            streams.err,
            "{others} runs in the journal were of other settings, or of another build of sim; they are left out"
        )?;
    }
    let provenance = provenance(started, runs, known, args.jobs);
    if !shard.is_all() {
        let done = (ran.records, provenance);
        return part(args, sweep, &done, shard, &mut runner, claim, streams);
    }
    let (journal, entries) = runner.parts();
    let whole = Whole {
        sweep,
        records: ran.records,
        journal,
        entries,
        provenance,
    };
    let wanted = Wanted {
        format: args.format,
        #[cfg(feature = "parquet")]
        parquet: args.parquet,
        reproduce: &args.reproduce(),
    };
    finish::finish(whole, &wanted, claim.as_mut(), streams)
}

/// The files that the parts of a sweep keep; of all of them, so that each lists the same.
fn journals(shard: Shard) -> Vec<String> {
    let parts = (0..shard.count).map(|index| Shard { index, ..shard });
    let names = |shard: Shard| {
        let provenance = part_name(shard).map(|part| format!("provenance-{part}.json"));
        [file_name(shard)].into_iter().chain(provenance)
    };
    parts.flat_map(names).collect()
}

/// Says what is kept and how to go on.
fn interrupted(args: &Args, ran: &Ran, streams: &mut Streams<'_>) -> io::Result<()> {
    let runs = ran.records.len();
    match &args.out {
        Some(folder) => writeln!(
            streams.err,
            "interrupted: {runs} finished runs are kept in {}; the same command goes on from there",
            folder.display()
        ),
        None => writeln!(
            streams.err,
            "interrupted: {runs} finished runs are lost; with --out DIR they would have been kept"
        ),
    }
}

/// A part of the runs is done.
fn part(
    args: &Args,
    sweep: &Sweep,
    (records, provenance): &(Vec<Row>, Value),
    shard: Shard,
    runner: &mut Runner<'_>,
    claim: Option<Claim>,
    streams: &mut Streams<'_>,
) -> Result<u8, Failure> {
    if let (Some(journal), entries) = runner.parts() {
        settle(journal, entries, &Keys::new(sweep), records)?;
    }
    let runs = records.len();
    if let (Some(folder), Some(mut claim)) = (&args.out, claim) {
        let name = part_name(shard).unwrap_or_default();
        let name = format!("provenance-{name}.json");
        claim.put_text(&name, &format!("{provenance:#}"))?;
        match args.format {
            Format::Human => {
                let (folder, count) = (quoted_path(folder), shard.count);
                writeln!(
                    streams.out,
                    "shard {shard} is done: {runs} runs in {folder}\nwhen all {count} are: sim merge {folder}, or with all their folders: sim merge DIR... --out DIR"
                )?;
            }
            Format::Json => {
                let told = json!({
                    "schema": crate::output::sweep::SCHEMA,
                    "shard": shard.to_string(),
                    "runs": runs,
                });
                writeln!(streams.out, "{told}")?;
            }
        }
    }
    Ok(exit_code(records))
}
