//! The flags of `sim tune`, and what they ask for.
// Help texts of flags have brackets that are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use crate::commands::rounds::Command;
use crate::commands::run::Format;
use crate::commands::run::read;
use crate::files::Reading;
use clap::Args as ClapArgs;
use sim_models::experiment::space::Values;
use sim_models::experiment::spec::{Sample, Spec, Variant, Vary};
use sim_models::experiment::tune::halving::Halving;
use sim_models::experiment::tune::{Goal, Question};
use sim_models::expression::{Expression, Measure};
use sim_models::scenario::Override;
use std::path::PathBuf;

/// Points that are drawn where a range has no steps and no `--sample` says how many.
const DRAWN: Sample = Sample::Latin(64);

/// Confidence of all intervals.
const LEVEL: f64 = 0.95;

/// Searches for the best setting under constraints.
#[derive(Clone, Debug, PartialEq, ClapArgs)]
#[command(
    group(clap::ArgGroup::new("goal").required(true).multiple(true).args(["minimise", "maximise"])),
    after_help = "\
All candidates are run a few times, the better third of them three times as often, and so on; those that
are left are run again under fresh seeds, beside the present setting, and the one that is chosen also in
scenarios that it was not tuned on: --also, and this one with more load, less load, and without each fault.
Exit codes: 0 a setting was found that meets the constraints under fresh seeds, 1 none was, 2 bad input,
3 a budget stopped some runs (their values are partial), 130 interrupted (with --out the same command
goes on where it was)."
)]
pub struct Args {
    /// The scenario file, with the present setting.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Vary a setting: [NAME=]PATH=a,b,c or PATH=LO..HI:STEPS[:log], or LO..HI[:log], from which points
    /// are drawn. Several times: all combinations.
    #[arg(long, value_name = "AXIS", required_unless_present = "variant")]
    pub vary: Vec<Vary>,
    /// A named variant, NAME:PATH=VALUE,...; several times: one after the other.
    #[arg(long, value_name = "VARIANT")]
    pub variant: Vec<Variant>,
    /// Make this as small as possible, such as 'latency(shoppers, p99)'. Several goals give the settings
    /// that no other beats in all of them.
    #[arg(long, visible_alias = "minimize", value_name = "MEASURE", value_parser = read::<Measure>)]
    pub minimise: Vec<Measure>,
    /// Make this as large as possible, such as 'goodput(shoppers)'.
    #[arg(long, visible_alias = "maximize", value_name = "MEASURE", value_parser = read::<Measure>)]
    pub maximise: Vec<Measure>,
    /// What must hold, such as 'amplification("shop -> db") < 1.2'; several times: all of them.
    #[arg(long, value_name = "CHECK", value_parser = read::<Expression>)]
    pub subject_to: Vec<Expression>,
    /// Share of the replications in which all constraints must hold together.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, value_parser = share)]
    pub in_share: f64,
    /// Draw so many candidates, random:N or lhs:N (Latin hypercube), instead of all combinations; lhs:64
    /// for ranges without steps.
    #[arg(long, value_name = "HOW:N")]
    pub sample: Option<Sample>,
    /// Replications of every candidate in the first rung.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications_first: u32,
    /// Each rung keeps one candidate in so many, and runs it so many times as often.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=100))]
    pub eta: u32,
    /// How many candidates are left for the confirmation.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub finalists: u32,
    /// Replications of each finalist, and in each other scenario, under fresh seeds.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub confirm: u32,
    /// A scenario to try the chosen setting in that it is not tuned on; may be given several times.
    #[arg(long, value_name = "SCENARIO")]
    pub also: Vec<PathBuf>,
    /// Set a value first, at every candidate and in the present setting; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// Seed of the first replication, instead of the scenario's own; those after it count up.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; as many as there are cores unless given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Folder for results; a search that was interrupted goes on there.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another experiment in that folder.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to show the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

fn share(text: &str) -> Result<f64, String> {
    let number = match text.trim().strip_suffix('%') {
        Some(percent) => percent.parse().map(|percent: f64| percent / 100.0),
        None => text.trim().parse(),
    };
    match number {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("write a share above 0 and up to 1, such as 0.95 or 95%".into()),
    }
}

impl Args {
    /// What is searched for.
    #[must_use]
    pub fn wanted(&self) -> Question {
        let goal = |maximise| {
            move |measure: &Measure| Goal {
                measure: measure.clone(),
                maximise,
            }
        };
        let small = self.minimise.iter().map(goal(false));
        Question {
            goals: small.chain(self.maximise.iter().map(goal(true))).collect(),
            constraints: self.subject_to.clone(),
            share: self.in_share,
            halving: Halving {
                first: self.replications_first,
                eta: self.eta,
                finalists: self.finalists as usize,
            },
            confirm: self.confirm,
            level: LEVEL,
        }
    }

    /// The candidates.
    #[must_use]
    pub fn spec(&self, question: &Question) -> Spec {
        let measures = question.measures();
        Spec {
            scenario: self.scenario.to_string_lossy().into_owned(),
            set: self.set.clone(),
            vary: self.vary.clone(),
            variants: self.variant.clone(),
            sample: self
                .sample
                .or_else(|| self.has_open_range().then_some(DRAWN)),
            seed: self.seed,
            measures: measures.iter().map(Measure::to_string).collect(),
            ..Spec::default()
        }
    }

    fn has_open_range(&self) -> bool {
        let parts = self.vary.iter().flat_map(|vary| &vary.parts);
        parts
            .into_iter()
            .any(|part| matches!(&part.values, Values::Range(range) if range.steps.is_none()))
    }

    /// The command that does it again, to be pasted into a shell.
    #[must_use]
    pub fn reproduce(&self) -> String {
        let also = self.also.iter().map(|path| path.to_string_lossy());
        let command = Command::new("tune", &self.scenario)
            .flags("also", also)
            .text(&self.reading.flags());
        self.asks(command)
    }

    /// What makes it another search of the same files.
    #[must_use]
    pub fn question(&self) -> String {
        self.asks(Command::default())
    }

    fn asks(&self, command: Command) -> String {
        command
            .flags("vary", self.vary.iter().map(|vary| &vary.origin.text))
            .flags("variant", self.variant.iter().map(|one| &one.origin.text))
            .flags("minimise", &self.minimise)
            .flags("maximise", &self.maximise)
            .flags("subject-to", &self.subject_to)
            .flags(
                "in-share",
                (!self.subject_to.is_empty()).then_some(self.in_share),
            )
            .flags("sample", self.sample)
            .flag("replications-first", &self.replications_first)
            .flag("eta", &self.eta)
            .flag("finalists", &self.finalists)
            .flag("confirm", &self.confirm)
            .flags("seed", self.seed)
            .with(&self.set)
    }
}
