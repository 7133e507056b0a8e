//! What a sweep file says.

use crate::experiment::space::Assigned;
use crate::experiment::space::{Row, Sample, Variant, Vary};
use crate::scenario::Override;
use crate::scenario::source::Source;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// What a sweep is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// The scenario's file.
    pub scenario: String,
    /// One line that names the sweep; none: the scenario's.
    pub title: Option<String>,
    /// Set at every point, before anything else.
    pub set: Vec<Override>,
    /// What varies.
    pub vary: Vec<Vary>,
    /// Named variants, each at every combination of the others.
    pub variants: Vec<Variant>,
    /// How points are drawn; none: all combinations.
    pub sample: Option<Sample>,
    /// The points by the labels of their values, one for each axis (variants first); none: as drawn or
    /// combined.
    pub points: Option<Vec<Row>>,
    /// How often each point is run.
    pub replications: ReplicationSpec,
    /// Seed of the first replication, and of what is drawn; none: the scenario's.
    pub seed: Option<u64>,
    /// What is measured; nothing: what is usual for the scenario.
    pub measures: Vec<String>,
    /// Whether each time window has a row too.
    pub windows: bool,
    /// Where all this stands in a sweep file, if it was read from one.
    pub written: Option<Written>,
}

/// Where the parts of a [`Spec`] stand in a sweep file, so that mistakes can be shown there.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The file.
    pub origin: Arc<Source>,
    /// The path of the scenario.
    pub scenario: Range<usize>,
    /// What varies, and how it is drawn.
    pub vary: Option<Range<usize>>,
    /// How often points are run.
    pub replications: Option<Range<usize>>,
    /// What is set at every point.
    pub set: Vec<Assigned>,
    /// The measures, and where each of them stands.
    pub texts: Vec<(String, Range<usize>)>,
}

/// How often each point is run.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicationSpec {
    /// So often.
    Fixed(u32),
    /// Until a measure is known well enough.
    Until(Until),
}

impl Default for ReplicationSpec {
    fn default() -> Self {
        Self::Fixed(10)
    }
}

/// When a point has been run often enough. As text `MEASURE:HALFWIDTH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// The measure that must be known.
    pub measure: String,
    /// Largest half width of its confidence interval: `5ms`, `10/s`, `0.01` as the measure asks, or a
    /// share of the mean: `2%`.
    pub half_width: String,
    /// Confidence level, 0 to 1.
    pub level: f64,
    /// At least so many replications.
    pub at_least: u32,
    /// At most so many replications.
    pub at_most: u32,
}

impl Until {
    /// With the usual level (0.95) and bounds (10 to 200 replications).
    #[must_use]
    pub fn new(measure: &str, half_width: &str) -> Self {
        Self {
            measure: measure.into(),
            half_width: half_width.into(),
            level: 0.95,
            at_least: 10,
            at_most: 200,
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.measure, self.half_width)
    }
}

impl FromStr for Until {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once(':');
        match parts.map(|(measure, width)| (measure.trim(), width.trim())) {
            Some((measure, width)) if !measure.is_empty() && !width.is_empty() => {
                Ok(Self::new(measure, width))
            }
            _ => Err(format!(
                "`{text}` is not MEASURE:HALFWIDTH, such as `latency(shoppers, p99):5ms`, or `failed_ratio(shoppers):2%` for two per cent of the mean"
            )),
        }
    }
}
