//! The flags of `sim sweep`, and what they ask for.
// Help texts of flags have brackets that are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use crate::commands::run::{Format, quoted};
use crate::commands::shard::ShardArg;
use crate::files::setting;
use crate::files::{Disk, Reading};
use clap::Args as ClapArgs;
use sim_models::experiment::spec::{
    ReplicationSpec, Sample, Spec, Unresolved, Until, Variant, Vary, read_spec,
};
use sim_models::scenario::Override;
use std::path::PathBuf;

/// Runs a scenario with many settings.
#[derive(Clone, Debug, PartialEq, ClapArgs)]
#[command(after_help = "\
A sweep whose runs are done exits with 0: refuted hypotheses are data here. 2: bad input, 3: a budget
stopped some runs (their measures are partial), 130: interrupted; the same command goes on where it was.
What is in the folder of --out: sim-cli/docs/results.md.")]
pub struct Args {
    /// The scenario file, or a sweep file, to whose settings the flags add.
    #[arg(value_name = "SCENARIO|SWEEP")]
    pub scenario: PathBuf,
    /// Vary a setting: [NAME=]PATH=a,b,c or PATH=LO..HI:STEPS[:log], or LO..HI[:log] with --sample;
    /// PATH=a,b;PATH=x,y vary together. Several times: all combinations.
    #[arg(long, value_name = "AXIS")]
    pub vary: Vec<Vary>,
    /// A named variant, NAME:PATH=VALUE,...; several times: one after the other.
    #[arg(long, value_name = "VARIANT")]
    pub variant: Vec<Variant>,
    /// Set a value at every point first, such as services.db.threads=32; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
    /// Draw so many points, random:N or lhs:N (Latin hypercube), instead of all combinations.
    #[arg(long, value_name = "HOW:N")]
    pub sample: Option<Sample>,
    /// Seed of the first replication, instead of the scenario's own; those after it count up.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Run each point so often, under the same seeds [default: 10].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), conflicts_with = "until")]
    pub replications: Option<u32>,
    /// Run each point until a measure is known so well, such as 'latency(shoppers, p99):5ms', or
    /// 'failed_ratio(shoppers):2%' for two per cent of the mean, with 95 per cent confidence.
    #[arg(long, value_name = "MEASURE:HALFWIDTH")]
    pub until: Option<Until>,
    /// Run each point at most so often with --until [default: 200].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000), conflicts_with = "replications")]
    pub at_most: Option<u32>,
    /// A measure, which becomes a column, such as 'latency(shoppers, p99)'; may be given several
    /// times. What is usual for the scenario unless given.
    #[arg(long, value_name = "MEASURE")]
    pub measure: Vec<String>,
    /// Measure each time window too (windows.csv in the folder).
    #[arg(long, requires = "out")]
    pub windows: bool,
    /// Threads; as many as there are cores unless given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Run one part of N only, K/N with K from 1; or `auto`, as Slurm says, or `auto/N`, as a
    /// Kubernetes Indexed Job or HyperQueue says. `sim merge` joins the parts.
    #[arg(long, value_name = "K/N", requires = "out")]
    pub shard: Option<ShardArg>,
    /// Folder for results; a sweep that was interrupted goes on there.
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
    #[arg(long, requires = "out", conflicts_with = "shard")]
    pub parquet: bool,
}

impl Args {
    /// What they ask for, on top of the sweep file if one is given.
    ///
    /// # Errors
    /// What is wrong with that file.
    pub fn spec(&self, disk: &Disk) -> Result<Spec, Unresolved> {
        let name = self.scenario.to_string_lossy();
        let mut spec = read_spec(&name, disk)?;
        spec.set.extend(self.set.iter().cloned());
        spec.vary.extend(self.vary.iter().cloned());
        spec.variants.extend(self.variant.iter().cloned());
        spec.measures.extend(self.measure.iter().cloned());
        spec.sample = self.sample.or(spec.sample);
        spec.seed = self.seed.or(spec.seed);
        spec.windows |= self.windows;
        if let Some(count) = self.replications {
            spec.replications = ReplicationSpec::Fixed(count);
        }
        if let Some(until) = &self.until {
            spec.replications = ReplicationSpec::Until(until.clone());
        }
        if let (Some(most), ReplicationSpec::Until(until)) = (self.at_most, &mut spec.replications)
        {
            until.at_most = most;
            until.at_least = until.at_least.min(most);
        }
        Ok(spec)
    }

    /// Whether `--at-most` stands alone, which means nothing.
    #[must_use]
    pub fn has_idle_bound(&self, spec: &Spec) -> bool {
        self.at_most.is_some() && matches!(spec.replications, ReplicationSpec::Fixed(_))
    }

    /// The command that does the whole of it again, to be pasted into a shell.
    #[must_use]
    pub fn reproduce(&self) -> String {
        let mut command = format!("sim sweep {}", quoted(&self.scenario.to_string_lossy()));
        let mut flag = |name: &str, value: String| {
            command.push_str(&format!(" --{name} {}", quoted(&value)));
        };
        for vary in &self.vary {
            flag("vary", vary.to_string());
        }
        for variant in &self.variant {
            flag("variant", variant.origin.text.clone());
        }
        if let Some(sample) = &self.sample {
            flag("sample", sample.to_string());
        }
        if let Some(seed) = self.seed {
            flag("seed", seed.to_string());
        }
        if let Some(count) = self.replications {
            flag("replications", count.to_string());
        }
        if let Some(until) = &self.until {
            flag("until", until.to_string());
        }
        if let Some(most) = self.at_most {
            flag("at-most", most.to_string());
        }
        for measure in &self.measure {
            flag("measure", measure.clone());
        }
        if self.windows {
            command.push_str(" --windows");
        }
        command.push_str(&self.reading.flags());
        command.push_str(&self.question());
        command
    }

    /// What makes it another sweep of the same file, besides what varies.
    #[must_use]
    pub fn question(&self) -> String {
        self.set.iter().map(setting).collect()
    }
}
