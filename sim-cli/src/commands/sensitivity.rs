//! `sim sensitivity`: which settings matter for a measure, and which do not.
// Help texts of flags have brackets that are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use super::broken;
use super::rounds::{Command, NoAnswer, Rounds, begin};
use super::run::Format;
use super::run::read;
use crate::charts;
use crate::files::Reading;
use crate::output::sweep::folder::{self, Extras};
use crate::output::{json, sensitivity as shown};
use crate::store::claim::{Claim, Experiment};
use crate::{Terminal, exit};
use clap::{Args as ClapArgs, ValueEnum};
use sim_models::experiment::sensitivity::{Design, Method, NoIndices, Sensitivity, Values, sobol};
use sim_models::experiment::spec::{ReplicationSpec, Spec, Vary, base, places_at, resolve_at};
use sim_models::experiment::sweep::{Row, Sweep, Table};
use sim_models::expression::{Measure, Metric};
use sim_models::scenario::{Override, Scenario, explain};
use std::io::{self, Write};
use std::path::PathBuf;

/// Confidence of all intervals.
const LEVEL: f64 = 0.95;

/// Base samples for Sobol indices, trajectories for Morris, unless asked otherwise.
const SAMPLES: (u32, u32) = (shown::COVERED, 30);

/// Finds out which settings matter.
#[derive(Clone, Debug, PartialEq, ClapArgs)]
#[command(after_help = "\
sobol shares the variance of a measure out among the settings, in SAMPLES x (settings + 2) points, and as
many again as samples for what the important ones explain together; morris only ranks them, in SAMPLES x
(settings + 1) points, for many settings or slow scenarios. Each point is run under the same seeds.
That a setting does not matter is said only where its interval lies below a bound, which is named, and enough
points were compared to have met a part of the ranges in which it does; else it is said how many that takes.
A value that is missing or infinite (a time to recover of a run that never did) is refused, because a
variance needs all values: ask for a bounded measure instead, such as failed_ratio.
Exit codes: 0 done, 2 bad input, 3 a budget stopped some runs (their values are partial), 130 interrupted
(with --out the same command goes on where it was).")]
pub struct Args {
    /// The scenario file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Vary a setting: [NAME=]PATH=LO..HI or PATH=LO..HI:log (whole numbers where both ends are), or
    /// PATH=a,b,c. At least two.
    #[arg(long, value_name = "AXIS", required = true)]
    pub vary: Vec<Vary>,
    /// For which measure, such as 'latency(shoppers, p99)'; may be given several times. The failed_ratio of
    /// each workload unless given.
    #[arg(long, value_name = "MEASURE", value_parser = read::<Measure>)]
    pub measure: Vec<Measure>,
    /// How it is found out.
    #[arg(long, value_enum, default_value_t = How::Sobol)]
    pub method: How,
    /// Base samples (powers of two are best), or trajectories with morris [default: 128, or 30].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=i64::from(sobol::MOST_SAMPLES)))]
    pub samples: Option<u32>,
    /// Run each point so often, under the same seeds; two or more tell how much is luck, and that a setting
    /// matters takes seeds that agree: two hardly ever do.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: u32,
    /// Set a value at every point first; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// Seed of the first replication and of the points, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; as many as there are cores unless given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Folder for results; work that was interrupted goes on there.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another experiment in that folder.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to show the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How sensitivity is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// Shares of the variance, with interactions.
    Sobol,
    /// Screening by elementary effects.
    Morris,
}

impl Args {
    fn method(&self) -> Method {
        match self.method {
            How::Sobol => Method::Sobol,
            How::Morris => Method::Morris,
        }
    }

    fn samples(&self) -> u32 {
        let (sobol, morris) = SAMPLES;
        self.samples.unwrap_or(match self.method {
            How::Sobol => sobol,
            How::Morris => morris,
        })
    }

    fn reproduce(&self) -> String {
        self.asks(Command::new("sensitivity", &self.scenario).text(&self.reading.flags()))
    }

    /// What makes it another one of the same file.
    fn question(&self) -> String {
        self.asks(Command::default())
    }

    fn asks(&self, command: Command) -> String {
        let method = match self.method {
            How::Sobol => "sobol",
            How::Morris => "morris",
        };
        command
            .flags("vary", self.vary.iter().map(|vary| &vary.origin.text))
            .flags("measure", &self.measure)
            .flag("method", &method)
            .flag("samples", &self.samples())
            .flag("replications", &self.replications)
            .flags("seed", self.seed)
            .with(&self.set)
    }

    fn spec(&self, scenario: &Scenario) -> Spec {
        let mut measures: Vec<String> = self.measure.iter().map(Measure::to_string).collect();
        if measures.is_empty() {
            let name = Metric::FailedRatio.name();
            let workloads = scenario.workloads.keys();
            measures.extend(workloads.map(|workload| format!("{name}({workload})")));
        }
        Spec {
            measures,
            seed: self.seed,
            replications: ReplicationSpec::Fixed(self.replications),
            ..self.bare_spec()
        }
    }

    fn bare_spec(&self) -> Spec {
        Spec {
            scenario: self.scenario.to_string_lossy().into_owned(),
            set: self.set.clone(),
            vary: self.vary.clone(),
            ..Spec::default()
        }
    }
}

/// Finds out which settings matter and shows it.
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
    let settings = args.vary.len();
    if !(2..=sobol::MOST_SETTINGS).contains(&settings) {
        return Err(NoAnswer::Input(format!(
            "{settings} settings vary: shares are of interest for 2 to {}\ngive --vary for each setting; sim sweep draws curves of a single one",
            sobol::MOST_SETTINGS
        )));
    }
    let disk = args.reading.disk();
    let scenario = base(&args.bare_spec(), &disk)?;
    let spec = args.spec(&scenario);
    let seed = args.seed.unwrap_or(scenario.seed);
    let mut design = Design::new(args.method(), settings, args.samples(), seed);
    let points = design.points();
    let mut sweep = resolve_at(&spec, &points, &disk)?;
    design.lie(&places_at(&spec, &points)?);
    let reproduce = args.reproduce();
    let of = Experiment {
        command: "sensitivity".into(),
        source: args.scenario.clone(),
        question: args.question(),
        inputs: disk.inputs(),
        ..Experiment::default()
    };
    let mut claim = Claim::asked(args.out.as_deref(), &of, args.force, false)?;
    if let Some(claim) = &mut claim {
        begin(claim, &explain::to_ron(&scenario), &reproduce)?;
    }
    let mut rounds = Rounds::open(args.out.as_deref(), args.jobs, "varying", err, terminal)?;
    let mut records = rounds.run(&sweep)?;
    let base_points = sweep.points.len();
    let mut measures = Vec::new();
    for number in 0..sweep.measures.len() {
        let values = values(&records, 0, base_points, number);
        let measure = sweep.measures[number].clone();
        let refused = |why| refusal(&measure, &why);
        let mut effects = design
            .effects(&measure, settings, &values, LEVEL, seed)
            .map_err(refused)?;
        if let Some(points) = design.group(&effects) {
            let group = resolve_at(&spec, &points, &disk)?;
            let first = sweep.points.len();
            let more = rounds.run(&group)?;
            append(&mut sweep, &mut records, group, more);
            let group = self::values(&records, first, sweep.points.len(), number);
            effects
                .explain(&values, &group, LEVEL, seed)
                .map_err(refused)?;
        }
        measures.push(effects);
    }
    let found = Sensitivity {
        axes: sweep.axes.clone(),
        method: args.method(),
        samples: args.samples(),
        replications: args.replications,
        seed: sweep.seed,
        runs: records.len() as u64,
        measures,
    };
    let (partial, provenance) = (rounds.partial(), rounds.provenance());
    let told = json::tidy(&shown::json(&found));
    if let Some(claim) = &mut claim {
        rounds.settle()?;
        let table = Table::new(&sweep, records);
        let extras = Extras {
            charts: charts::sensitivity::charts(&found),
            ..Extras::default()
        };
        folder::write(claim, &table, &|_| Ok(Vec::new()), &extras, &provenance)?;
        claim.put_text("sensitivity.json", &format!("{told:#}"))?;
        claim.settle()?;
    }
    match args.format {
        Format::Json => writeln!(out, "{told}")?,
        Format::Human => {
            let text = shown::render(&found, &reproduce, terminal.out);
            out.write_all(text.as_bytes())?;
        }
    }
    if partial > 0 {
        writeln!(
            err,
            "{partial} runs were stopped by a budget: their values are partial"
        )?;
        return Ok(exit::BUDGET);
    }
    Ok(exit::HELD)
}

/// The values of a measure at some of the points, by point and replication.
fn values(records: &[Row], from: usize, to: usize, measure: usize) -> Values {
    let mut values = vec![Vec::new(); to - from];
    for record in records {
        let point = record.point as usize;
        if (from..to).contains(&point) {
            values[point - from].push(record.values.get(measure));
        }
    }
    values
}

/// Adds the points of another sweep with the same axes, and their runs.
fn append(sweep: &mut Sweep, records: &mut Vec<Row>, more: Sweep, runs: Vec<Row>) {
    let first = sweep.points.len() as u32;
    sweep.points.extend(more.points);
    sweep.scenarios.extend(more.scenarios);
    records.extend(runs.into_iter().map(|run| Row {
        point: run.point + first,
        ..run
    }));
}

fn refusal(measure: &Measure, why: &NoIndices) -> NoAnswer {
    NoAnswer::Input(format!(
        "{why} of {measure}: a variance needs all of them\nask for a bounded measure, such as failed_ratio(WORKLOAD), or for ranges in which there always is a value"
    ))
}
