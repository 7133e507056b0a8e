//! The flags of `sim compare`, and what they ask for.
// Help texts of flags have brackets that are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use crate::commands::run::{Format, quoted};
use crate::files::setting;
use crate::files::{Disk, Reading};
use clap::Args as ClapArgs;
use sim_models::experiment::spec::{
    ReplicationSpec, Spec, Unresolved, Until, Variant, Vary, read_spec,
};
use sim_models::scenario::Override;
use std::path::{Path, PathBuf};

/// The scenario as it is, where it is one of the variants.
pub const AS_IS: &str = "as is";
/// As often as each variant is run unless said otherwise.
const REPLICATIONS: u32 = 20;

/// Compares variants of a system under the same luck.
#[derive(Clone, Debug, PartialEq, ClapArgs)]
#[command(after_help = "\
One variant is compared with the scenario as it is, several with the first of them; several scenario files
are the variants themselves. Every variant runs under the same seeds and thus meets the same requests.
Exit codes: 0 whatever differs, 2 bad input, 3 a budget stopped some runs, 130 interrupted.")]
pub struct Args {
    /// The scenario file, or several to compare, or a sweep file with variants.
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<PathBuf>,
    /// A variant, NAME:PATH=VALUE,...; `NAME:` alone is the scenario as it is.
    #[arg(long, value_name = "VARIANT")]
    pub variant: Vec<Variant>,
    /// The variant, or the file, that the others are compared with; `as is` for the scenario as it is.
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// Compare under several conditions: [NAME=]PATH=a,b,c or PATH=LO..HI:STEPS[:log], such as
    /// workloads.shoppers.rate=100/s..400/s:4; may be given several times.
    #[arg(long, value_name = "AXIS")]
    pub vary: Vec<Vary>,
    /// Set a value everywhere first, such as services.db.threads=32; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// Seed of the first replication, instead of the scenario's own; those after it count up.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Run each variant so often under each condition [default: 20].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000), conflicts_with = "until")]
    pub replications: Option<u32>,
    /// Run each until a measure is known so well, such as 'latency(shoppers, p99):5ms', or
    /// 'failed_ratio(shoppers):2%' for two per cent of the mean.
    #[arg(long, value_name = "MEASURE:HALFWIDTH")]
    pub until: Option<Until>,
    /// Run each at most so often with --until [default: 200].
    #[arg(long, value_name = "N", requires = "until", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub at_most: Option<u32>,
    /// What to compare, such as 'latency(shoppers, p99)'; may be given several times. Unless given, it is
    /// tested how many requests of each workload fail, how long they take and how long the system takes to
    /// recover; the rest is only listed. Fewer measures need fewer replications.
    #[arg(long, value_name = "MEASURE")]
    pub measure: Vec<String>,
    /// The least difference that matters, in per cent of what the baseline measures (of a share's smaller
    /// side, and of no less than 100us, 0.1% of requests, 0.1/s, or 0.1); smaller ones are none.
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent)]
    pub difference: f64,
    /// Confidence level of intervals, and of all claims together.
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = level)]
    pub level: f64,
    /// Threads; as many as there are cores unless given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Folder for results; a comparison that was interrupted goes on there.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace another experiment in that folder.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How to show the result.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `1%` as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').map(str::trim);
    number
        .and_then(|number| number.parse::<f64>().ok())
        .filter(|number| number.is_finite() && *number > 0.0)
        .map(|number| number / 100.0)
        .ok_or_else(|| "write a number above 0 with a per cent sign, such as 1%".to_owned())
}

/// `0.95` or `95%`.
fn level(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|number| number / 100.0),
        None => text.parse::<f64>(),
    };
    number
        .ok()
        .filter(|level| (0.5..1.0).contains(level))
        .ok_or_else(|| "write a number from 0.5 to below 1, such as 0.95 or 95%".to_owned())
}

impl Args {
    /// What they ask for of one file.
    ///
    /// # Errors
    /// What is wrong with that file, if it is a sweep file.
    pub fn spec(&self, scenario: &Path, disk: &Disk) -> Result<Spec, Unresolved> {
        let mut spec = read_spec(&scenario.to_string_lossy(), disk)?;
        spec.set.extend(self.set.iter().cloned());
        spec.vary.extend(self.vary.iter().cloned());
        spec.variants.extend(self.variant.iter().cloned());
        spec.measures.extend(self.measure.iter().cloned());
        spec.seed = self.seed.or(spec.seed);
        spec.windows = false;
        let is_default = spec.replications == ReplicationSpec::default();
        match (&self.until, self.replications) {
            (Some(until), _) => {
                let mut until = until.clone();
                if let Some(most) = self.at_most {
                    until.at_most = most;
                    until.at_least = until.at_least.min(most);
                }
                spec.replications = ReplicationSpec::Until(until);
            }
            (None, Some(count)) => spec.replications = ReplicationSpec::Fixed(count),
            (None, None) if is_default => {
                spec.replications = ReplicationSpec::Fixed(REPLICATIONS);
            }
            (None, None) => {}
        }
        Ok(spec)
    }

    /// The command that does it again, to be pasted into a shell.
    #[must_use]
    pub fn reproduce(&self) -> String {
        let mut command = "sim compare".to_owned();
        for scenario in &self.scenarios {
            command.push_str(&format!(" {}", quoted(&scenario.to_string_lossy())));
        }
        command.push_str(&self.reading.flags());
        command + &self.question()
    }

    /// What makes it another comparison of the same files.
    #[must_use]
    pub fn question(&self) -> String {
        let mut command = String::new();
        let mut flag = |name: &str, value: &str| {
            command.push_str(&format!(" --{name} {}", quoted(value)));
        };
        for variant in &self.variant {
            flag("variant", &variant.origin.text);
        }
        if let Some(baseline) = &self.baseline {
            flag("baseline", baseline);
        }
        for vary in &self.vary {
            flag("vary", &vary.to_string());
        }
        if let Some(seed) = self.seed {
            flag("seed", &seed.to_string());
        }
        if let Some(count) = self.replications {
            flag("replications", &count.to_string());
        }
        if let Some(until) = &self.until {
            flag("until", &until.to_string());
        }
        if let Some(most) = self.at_most {
            flag("at-most", &most.to_string());
        }
        for measure in &self.measure {
            flag("measure", measure);
        }
        if self.difference != 0.01 {
            flag("difference", &format!("{}%", self.difference * 100.0));
        }
        if self.level != 0.95 {
            flag("level", &self.level.to_string());
        }
        command.extend(self.set.iter().map(setting));
        command
    }
}
