//! `sim merge`: joins the parts of a sweep that ran on several machines.

use crate::Terminal;
use crate::commands::run::Format;
use crate::commands::sweep::finish::{Failure, Streams, Wanted, Whole, finish, quoted_path};
use crate::commands::sweep::{resolved, tell};
use crate::files::Disk;
use crate::output::sweep::folder::{self, Texts};
use crate::output::sweep::provenance::{Started, provenance};
use crate::runner::entries::Entries;
use crate::runner::journal::Journal;
use crate::runner::names::{file_name, list};
use crate::runner::{forget_unfit, survey};
use crate::store::claim::{Claim, Experiment, held};
use crate::store::file::{FolderError, open, text as text_of};
use clap::Args as ClapArgs;
use serde_json::Value;
use sim_models::experiment::spec::{Unresolved, read_spec};
use sim_models::experiment::sweep::{Keys, RunKey, Shard, Sweep, sweep_key};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Joins the parts of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
#[command(after_help = "\
What is written is byte for byte what the sweep would have written on one machine. 2: parts are missing,
foreign, or contradict each other, and nothing is written; 3: a budget stopped some runs.")]
pub struct Args {
    /// The folders of the parts; one, if they share it.
    #[arg(value_name = "DIR", required = true)]
    pub folders: Vec<PathBuf>,
    /// Folder for results; the folder of the parts itself if they share one.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another experiment in that folder.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to show the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Write the tables as Apache Parquet too.
    #[cfg(feature = "parquet")]
    #[arg(long)]
    pub parquet: bool,
}

/// Joins parts and shows what came of them.
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
    match merge(args, &mut streams) {
        Ok(code) => Ok(code),
        Err(Stop::Unresolved(wrong)) => tell(&wrong, &mut streams),
        Err(Stop::Failure(failure)) => streams.fail(failure),
    }
}

/// Why parts cannot be joined.
enum Stop {
    Unresolved(Unresolved),
    Failure(Failure),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

impl From<Unresolved> for Stop {
    fn from(wrong: Unresolved) -> Self {
        Self::Unresolved(wrong)
    }
}

fn input(text: String) -> Stop {
    Stop::Failure(Failure::Input(text))
}

fn merge(args: &Args, streams: &mut Streams<'_>) -> Result<u8, Stop> {
    let started = Started::now();
    let out = match (&args.out, &args.folders[..]) {
        (Some(out), _) => out,
        (None, [shared]) => shared,
        (None, _) => {
            return Err(input(
                "several folders are given, but none for the result\nsay where it goes: --out DIR"
                    .into(),
            ));
        }
    };
    let (sweep, texts) = one_sweep(&args.folders)?;
    let keys = Keys::new(&sweep);
    let (mut entries, shards) = read_all(&args.folders)?;
    for (path, line) in &entries.damaged {
        writeln!(
            streams.err,
            "{}:{line}: this line is damaged",
            path.display()
        )?;
    }
    let unfit = forget_unfit(&sweep, &keys, &mut entries);
    for wrong in entries.wrong.iter().chain(&unfit) {
        writeln!(streams.err, "{wrong}")?;
    }
    let places = places(&sweep, &keys);
    refuse_contradictions(&entries, &places)?;
    refuse_strangers(&entries, &places, streams)?;
    let whole = survey(&sweep, &keys, Shard::default(), &entries);
    if !whole.missing.is_empty() {
        return Err(missing(args, &sweep, &keys, &entries, &shards));
    }
    let mut claim = claim(args, out)?;
    let names = [file_name(Shard::default())];
    claim.take(folder::TEXTS.map(str::to_owned).into_iter().chain(names))?;
    let (mut journal, _) = Journal::open(out, Shard::default())?;
    folder::prepare(&mut claim, &texts)?;
    claim.clear()?;
    let mut provenance = provenance(started, whole.records.len(), whole.records.len(), None);
    provenance["parts"] = parts(&args.folders);
    let first = quoted_path(&args.folders[0].join("sweep.ron"));
    let wanted = Wanted {
        format: args.format,
        #[cfg(feature = "parquet")]
        parquet: args.parquet,
        reproduce: &format!("sim sweep {first}"),
    };
    let whole = Whole {
        sweep: &sweep,
        records: whole.records,
        journal: Some(&mut journal),
        entries: &entries,
        provenance,
    };
    let code = finish(whole, &wanted, Some(&mut claim), streams)?;
    if args.folders.contains(out) {
        tidy_up(&claim)?;
        claim.settle()?;
    }
    Ok(code)
}

/// The folder of the result, for the sweep that the parts are of.
fn claim(args: &Args, out: &Path) -> Result<Claim, FolderError> {
    let first = &args.folders[0];
    let of = held(first).unwrap_or_else(|| Experiment {
        command: "sweep".into(),
        source: first.join("sweep.ron"),
        ..Experiment::default()
    });
    Claim::ask(out, &of, args.force, false)
}

/// The sweep that all folders hold a part of.
fn one_sweep(folders: &[PathBuf]) -> Result<(Sweep, Texts), Stop> {
    let disk = Disk::default();
    let mut first: Option<(&PathBuf, Sweep, Texts, RunKey)> = None;
    for folder in folders {
        let file = folder.join("sweep.ron");
        if !file.is_file() {
            return Err(input(format!(
                "{} holds no part of a sweep: there is no sweep.ron in it\ngive the folders that `sim sweep --shard K/N --out DIR` made",
                folder.display()
            )));
        }
        if let Some((_, _, texts, _)) = &first
            && holds(folder, texts)
        {
            continue;
        }
        let spec = read_spec(&file.to_string_lossy(), &disk)?;
        let (sweep, texts) = resolved(&spec, &file, &disk)?;
        let key = sweep_key(&sweep);
        match &first {
            None => first = Some((folder, sweep, texts, key)),
            Some((_, _, _, known)) if *known == key => {}
            Some((known, other, ..)) => {
                return Err(input(format!(
                    "{} holds a part of another sweep (`{}`, {} points) than {} (`{}`, {} points)\nmerge only parts of one sweep: the same scenario, settings, measures and seed",
                    folder.display(),
                    sweep.title,
                    sweep.points.len(),
                    known.display(),
                    other.title,
                    other.points.len(),
                )));
            }
        }
    }
    first
        .map(|(_, sweep, texts, _)| (sweep, texts))
        .ok_or_else(|| input("no folder is given".into()))
}

/// Whether a folder holds these very texts.
fn holds(folder: &Path, texts: &Texts) -> bool {
    [
        ("sweep.ron", &texts.sweep),
        ("scenario.ron", &texts.scenario),
    ]
    .into_iter()
    .all(|(name, text)| {
        text_of(&folder.join(name)).is_ok_and(|found| found.trim_end() == text.trim_end())
    })
}

/// Where each shard's journal is.
type Shards = BTreeMap<(u32, u32), PathBuf>;

fn read_all(folders: &[PathBuf]) -> Result<(Entries, Shards), Stop> {
    let (mut entries, mut shards) = (Entries::default(), Shards::new());
    for folder in folders {
        let journals = list(folder)?;
        if journals.is_empty() {
            return Err(input(format!(
                "{} holds no journal\ngive the folders that `sim sweep --shard K/N --out DIR` made",
                folder.display()
            )));
        }
        for (path, shard) in journals {
            let file = open(&path)
                .map_err(|error| input(format!("cannot read {}: {error}", path.display())))?;
            entries.read(&path, file)?;
            shards.insert((shard.count, shard.index), folder.clone());
        }
    }
    Ok((entries, shards))
}

/// Where in the sweep a run of this key belongs.
type Places = BTreeMap<RunKey, (u32, u32)>;

fn places(sweep: &Sweep, keys: &Keys) -> Places {
    let most = crate::runner::most_replications(sweep);
    let points = 0..sweep.points.len() as u32;
    points
        .flat_map(|point| (0..most).map(move |replication| (point, replication)))
        .map(|(point, replication)| (keys.run(point, replication), (point, replication)))
        .collect()
}

/// Equal inputs have equal results: where they have not, one of them is not what it says.
fn refuse_contradictions(entries: &Entries, places: &Places) -> Result<(), Stop> {
    let told: Vec<String> = entries
        .contradictions
        .iter()
        .filter_map(|(key, first, second)| {
            let (point, replication) = places.get(key)?;
            Some(format!(
                "  point {point}, replication {replication}: {} and {}",
                first.display(),
                second.display()
            ))
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(input(format!(
        "{} runs came out differently in two parts, which cannot be:\n{}\nremove the journal that is wrong and run its part again",
        told.len(),
        told.join("\n")
    )))
}

/// Journals without a single run of this sweep are refused; single foreign runs are told of.
fn refuse_strangers(
    entries: &Entries,
    places: &Places,
    streams: &mut Streams<'_>,
) -> Result<(), Stop> {
    let mut counts: BTreeMap<&Path, (usize, usize)> = BTreeMap::new();
    for (key, entry) in entries.iter() {
        let (own, foreign) = counts.entry(entries.path(entry)).or_default();
        *if places.contains_key(&key) {
            own
        } else {
            foreign
        } += 1;
    }
    for (path, (own, foreign)) in counts {
        if own == 0 && foreign > 0 {
            let build = built_by(path).unwrap_or_else(|| "an unknown one".into());
            return Err(input(format!(
                "none of the {foreign} runs of {} belongs to this sweep: it was run with other settings, or by another build of sim ({build}; this is {})\nrun that part again with this build, or merge with the one that ran it",
                path.display(),
                sim_models::build()
            )));
        }
        if foreign > 0 {
            writeln!(
                streams.err,
                "{}: {foreign} runs of other settings, or of another build of sim, are left out",
                path.display()
            )?;
        }
    }
    Ok(())
}

/// The build that wrote a journal, as the provenance beside it tells.
fn built_by(journal: &Path) -> Option<String> {
    let name = journal.file_name()?.to_str()?;
    let name = name
        .replace("journal", "provenance")
        .replace(".jsonl", ".json");
    let text = text_of(&journal.with_file_name(name)).ok()?;
    let told: Value = serde_json::from_str(&text).ok()?;
    Some(told["build"].as_str()?.to_owned())
}

/// Which parts have to be run, with the commands that do it.
fn missing(args: &Args, sweep: &Sweep, keys: &Keys, entries: &Entries, shards: &Shards) -> Stop {
    // The parts are numbered as most of those were that are there.
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for (count, _) in shards.keys() {
        *counts.entry(*count).or_default() += 1;
    }
    let count = counts
        .into_iter()
        .max_by_key(|(_, journals)| *journals)
        .map_or(1, |(count, _)| count);
    let (mut lines, mut all) = (Vec::new(), 0);
    for index in 0..count {
        let shard = Shard { index, count };
        let found = survey(sweep, keys, shard, entries);
        if found.missing.is_empty() {
            continue;
        }
        all += found.missing.len();
        let own = shards.get(&(count, index));
        let folder = own.unwrap_or(&args.folders[0]);
        let state = match own {
            Some(_) => format!("{} runs are missing", found.missing.len()),
            None => format!("all of it ({} runs)", found.missing.len()),
        };
        let part = if shard.is_all() {
            String::new()
        } else {
            format!(" --shard {shard}")
        };
        lines.push(format!(
            "  {}: {state}\n    sim sweep {}{part} --out {}",
            file_name(shard),
            quoted_path(&folder.join("sweep.ron")),
            quoted_path(folder)
        ));
    }
    input(format!(
        "{all} runs are missing, so nothing is written\n{}\nrun these, then merge again",
        lines.join("\n")
    ))
}

/// The provenance of the parts.
fn parts(folders: &[PathBuf]) -> Value {
    let mut found = Vec::new();
    for path in folders.iter().flat_map(|folder| part_files(folder)) {
        let text = text_of(&path).unwrap_or_default();
        if let Ok(told) = serde_json::from_str::<Value>(&text) {
            found.push(told);
        }
    }
    Value::Array(found)
}

/// Files in a folder that tell of the making of a part, by name.
fn part_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("provenance-") && name.ends_with(".json")
        })
        .collect();
    files.sort();
    files
}

/// In a shared folder the parts go: all that they hold is in the whole now.
fn tidy_up(claim: &Claim) -> Result<(), Stop> {
    let parts = list(claim.path())?.into_iter();
    let journals = parts.filter(|(_, shard)| !shard.is_all());
    let journals = journals.map(|(path, _)| path);
    for path in journals.chain(part_files(claim.path())) {
        claim.remove(&path.file_name().unwrap_or_default().to_string_lossy())?;
    }
    Ok(())
}
