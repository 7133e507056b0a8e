//! `sim run`: one scenario, once or many times.

use crate::charts::MOST_WORKLOADS;
use crate::commands::{broken, check};
pub(crate) use crate::files::quoted;
use crate::files::{Reading, load_file, setting};
use crate::output::table::{WIDTH, width};
use crate::output::{folder, human, json, replications, story};
use crate::progress::{self, Watch};
use crate::store::claim::{Claim, Experiment};
use crate::store::file::FolderError;
use crate::{Terminal, exit};
use clap::{Args as ClapArgs, ValueEnum};
use sim_models::experiment::{self, Options};
use sim_models::expression::{ExpressionError, Measure};
use sim_models::observe::choice::check_measure;
use sim_models::observe::conclusion::{Conclusion, StoppedBy};
use sim_models::observe::summary::{RunResult, Summary};
use sim_models::scenario::plain::plain;
use sim_models::scenario::{Diagnostic, Override, Scenario, explain};
use sim_models::world::Told;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

/// Runs a scenario.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// The scenario file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Root of all chance, instead of the scenario's own seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Set a value first, such as services.db.threads=32; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// Run it under so many seeds, counted up from the first, and say how often each verdict comes.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: u32,
    /// Threads for replications; as many as there are cores unless given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Folder for summary, series and charts.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another experiment in that folder.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to show the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// A measure to take besides, such as 'latency(shoppers, p99)' or 'goodput(shoppers) /
    /// offered(shoppers) in 60s..90s'; may be given several times (`sim explain` lists them).
    #[arg(long, value_name = "MEASURE", value_parser = read::<Measure>)]
    pub measure: Vec<Measure>,
    /// Tell the story of request N (`examples` in the result names some worth a look).
    #[arg(long, value_name = "N", conflicts_with = "replications")]
    pub explain_request: Option<u32>,
    /// Keep the stories of every Nth request, 1000 at most, in `stories.json` and `stories.txt`.
    #[arg(long, value_name = "N", requires = "out", conflicts_with = "replications", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample_stories: Option<u32>,
}

/// How a result is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// Runs a scenario and writes the result.
///
/// # Errors
/// If the output cannot be written.
pub fn run(
    args: &Args,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> io::Result<u8> {
    let disk = args.reading.disk();
    let loaded = load_file(&disk, &args.scenario, &args.set);
    let warned = warned(args, &loaded.warnings);
    if loaded.scenario.is_err() {
        check::tell(&loaded, err, terminal.err)?;
    }
    let Ok(mut scenario) = loaded.scenario else {
        return Ok(exit::BAD_INPUT);
    };
    if scenario.title.is_none() {
        scenario.title = args
            .scenario
            .file_stem()
            .map(|stem| plain(&stem.to_string_lossy()).into_owned());
    }
    for measure in &args.measure {
        if let Err((message, help)) = check_measure(&scenario, measure) {
            writeln!(err, "error: --measure '{measure}': {message}")?;
            for line in help {
                writeln!(err, "help: {line}")?;
            }
            return Ok(exit::BAD_INPUT);
        }
    }
    // To the end: what is not written yet would be lost.
    let watch = Watch::begin();
    let of = Experiment {
        command: "run".into(),
        source: args.scenario.clone(),
        inputs: disk.inputs(),
        ..Experiment::default()
    };
    let claim = Claim::asked(args.out.as_deref(), &of, args.force, false);
    let taken = claim.and_then(|claim| {
        let take = |mut claim: Claim| claim.take::<String>([]).map(|()| claim);
        claim.map(take).transpose()
    });
    let mut claim = match taken {
        Ok(claim) => claim,
        Err(error) => return refuse(&error, err),
    };
    let seed = args.seed.unwrap_or(scenario.seed);
    let reproduce = reproduce(args, seed);
    let asked = Asked {
        args,
        scenario: &scenario,
        seed,
        reproduce: &reproduce,
        watch: &watch,
    };
    let done = broken::caught(|| {
        if args.replications > 1 {
            many(&asked, claim.as_mut(), out, err, terminal)
        } else {
            once(&asked, claim.as_mut(), out, err, terminal)
        }
    });
    let code = done.unwrap_or_else(|| broken::tell(&reproduce, err))?;
    // Last: on a terminal the first line is the verdict.
    out.flush()?;
    err.write_all(warned.as_bytes())?;
    Ok(code)
}

/// What is to be run.
struct Asked<'a> {
    args: &'a Args,
    scenario: &'a Scenario,
    seed: u64,
    reproduce: &'a str,
    watch: &'a Watch,
}

/// Says why nothing could be written. Returns the exit code.
fn refuse(error: &FolderError, err: &mut dyn Write) -> io::Result<u8> {
    let text = error.to_string().replacen('\n', "\nhelp: ", 1);
    writeln!(err, "error: {text}")?;
    Ok(exit::BAD_INPUT)
}

fn once(
    asked: &Asked<'_>,
    claim: Option<&mut Claim>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> io::Result<u8> {
    let Asked {
        args,
        scenario,
        seed,
        reproduce,
        watch,
    } = *asked;
    let bar = progress::bar(terminal.progress, scenario.duration.0, "simulating");
    let options = Options {
        seed,
        told: Told {
            only: args.explain_request.into_iter().collect(),
            every: args.sample_stories.unwrap_or(0),
        },
        log: false,
        measures: args.measure.clone(),
    };
    let result = experiment::run_with(scenario, options, |now| {
        bar.set_position(now.0);
        watch.goes_on()
    });
    bar.finish_and_clear();
    let result = match result {
        Ok(result) => result,
        Err(unable) => {
            writeln!(err, "error: {unable}")?;
            return Ok(exit::BAD_INPUT);
        }
    };
    let told = |number: u32| {
        result
            .stories
            .iter()
            .find(|story| story.request == u64::from(number))
    };
    let story = args.explain_request.and_then(told);
    if let Some(number) = args.explain_request
        && story.is_none()
    {
        writeln!(
            err,
            "error: request {number} has not arrived by the end of the run: give a smaller number"
        )?;
        return Ok(exit::BAD_INPUT);
    }
    let write = |claim| folder::write(claim, &result, &explain::to_ron(scenario), reproduce);
    if let Some(Err(error)) = claim.map(write) {
        return refuse(&error, err);
    }
    match (args.format, story) {
        (Format::Json, _) => writeln!(out, "{}", json::render(&result.summary).trim_end())?,
        (Format::Human, Some(told)) => write!(out, "{}", story::render(told))?,
        (Format::Human, None) => write!(
            out,
            "{}",
            human::render(&without_stories(&result), reproduce, terminal.out)
        )?,
    }
    if let Some(folder) = &args.out {
        out.flush()?;
        let charts = match result.summary.workloads.len() {
            all if all > MOST_WORKLOADS => format!(
                "; of {all} workloads the {MOST_WORKLOADS} that lost most have a chart of their own"
            ),
            _ => String::new(),
        };
        writeln!(err, "written to {}{charts}", folder.display())?;
    }
    Ok(exit_code(&result))
}

fn many(
    asked: &Asked<'_>,
    claim: Option<&mut Claim>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> io::Result<u8> {
    let Asked {
        args,
        scenario,
        seed,
        reproduce,
        watch,
    } = *asked;
    let seeds: Vec<u64> = (0..u64::from(args.replications))
        .map(|n| seed.wrapping_add(n))
        .collect();
    let bar = progress::bar(terminal.progress, seeds.len() as u64, "replications");
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(progress::threads(args.jobs, seeds.len() as u64))
        .build()
        .map_err(io::Error::other)?;
    let runs = pool.install(|| {
        experiment::replicate(
            scenario,
            &seeds,
            &args.measure,
            || bar.inc(1),
            || watch.goes_on(),
        )
    });
    bar.finish_and_clear();
    let runs = match runs {
        Ok(runs) => runs,
        Err(unable) => {
            writeln!(err, "error: {unable}")?;
            return Ok(exit::BAD_INPUT);
        }
    };
    let resolved = explain::to_ron(scenario);
    let write = |claim| folder::write_replications(claim, &runs, &resolved, reproduce);
    if let Some(Err(error)) = claim.map(write) {
        return refuse(&error, err);
    }
    match args.format {
        Format::Json => writeln!(out, "{}", replications::json(&runs))?,
        Format::Human => write!(
            out,
            "{}",
            replications::render_replications(&runs, reproduce, terminal.out)
        )?,
    }
    if runs.len() < seeds.len() {
        return Ok(exit::INTERRUPTED);
    }
    Ok(runs
        .iter()
        .map(summary_code)
        .max_by_key(|code| severity(*code))
        .unwrap_or(exit::INTERRUPTED))
}

/// Sampled stories go to the folder: on the page they would bury the verdict.
fn without_stories(result: &RunResult) -> RunResult {
    RunResult {
        stories: Vec::new(),
        ..result.clone()
    }
}

fn exit_code(result: &RunResult) -> u8 {
    summary_code(&result.summary)
}

fn summary_code(summary: &Summary) -> u8 {
    match (summary.stopped_by, summary.hypothesis.verdict) {
        (StoppedBy::Interrupt, _) => exit::INTERRUPTED,
        (StoppedBy::End, Conclusion::Held | Conclusion::Recovered | Conclusion::NoHypothesis) => {
            exit::HELD
        }
        (StoppedBy::End, _) => exit::REFUTED,
        _ => exit::BUDGET,
    }
}

/// Of many runs the worst counts: an interruption above a budget above a refutation.
fn severity(code: u8) -> u8 {
    match code {
        exit::HELD => 0,
        exit::REFUTED => 1,
        exit::BUDGET => 2,
        _ => 3,
    }
}

/// One line that says how many warnings there are, which ones, and how to see them.
fn warned(args: &Args, warnings: &[Diagnostic]) -> String {
    let many = match warnings.len() {
        0 => return String::new(),
        1 => "1 warning".to_owned(),
        count => format!("{count} warnings"),
    };
    let mut codes: Vec<&str> = warnings.iter().map(|found| found.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let many = format!("{many} [{}]", codes.join(", "));
    let sets: String = args.set.iter().map(setting).collect();
    let line = format!(
        "{many}; sim check {}{}{sets}",
        quoted(&args.scenario.to_string_lossy()),
        args.reading.flags()
    );
    if width(&line) <= WIDTH {
        line + "\n"
    } else {
        format!("{many}; sim check with the same arguments shows them\n")
    }
}

/// The command that repeats the run, to be pasted into a shell.
fn reproduce(args: &Args, seed: u64) -> String {
    let mut words = vec![
        "sim".to_owned(),
        "run".to_owned(),
        quoted(&args.scenario.to_string_lossy()),
    ];
    words.push(format!("--seed {seed}"));
    if args.replications > 1 {
        words.push(format!("--replications {}", args.replications));
    }
    for measure in &args.measure {
        words.push(format!("--measure {}", quoted(&measure.to_string())));
    }
    let sets: String = args.set.iter().map(setting).collect();
    words.join(" ") + &args.reading.flags() + &sets
}

/// Reads a measure or a check, as a flag has it.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn read<T: FromStr<Err = ExpressionError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ExpressionError| {
        let help = error.help.iter().map(|help| format!("; {help}"));
        format!("{}{}", error.message, help.collect::<String>())
    })
}
