//! What is kept of a run until its sweep has ended: there may be millions of them, so each is small.

use super::record::Record;
use crate::observe::conclusion::{Conclusion, StoppedBy};

/// The values of the measures of a run, in the order of the sweep; eight bytes each, where nothing to
/// measure is a NaN, which no measure yields.
#[derive(Clone, Debug, Default)]
pub struct Values(Box<[f64]>);

impl Values {
    /// The value of a measure; none where there was nothing to measure.
    ///
    /// # Panics
    /// If there is no such measure.
    #[must_use]
    pub fn get(&self, measure: usize) -> Option<f64> {
        told(self.0[measure])
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.0.iter().copied().map(told)
    }

    /// How many measures there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn told(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

impl FromIterator<Option<f64>> for Values {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(values: I) -> Self {
        let values = values.into_iter();
        Self(values.map(|value| value.unwrap_or(f64::NAN)).collect())
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// The values of a run that is known already, by point and replication.
pub type Known<'a> = dyn Fn(u32, u32) -> Option<Values> + Sync + 'a;

/// A [`Record`] without its windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Index of its point.
    pub point: u32,
    /// Its replication, from 0.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// Digest of its events; 0 where it is not known.
    pub digest: u128,
    /// Events handled.
    pub events: u64,
    /// Why it stopped.
    pub stopped_by: StoppedBy,
    /// The verdict.
    pub verdict: Conclusion,
    /// The measures over the run without its warm-up.
    pub values: Values,
}

impl Row {
    /// The digest as people and files have it: 32 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("{:032x}", self.digest)
    }

    /// The run with its windows.
    #[must_use]
    pub fn with(&self, windows: Vec<Vec<Option<f64>>>) -> Record {
        Record {
            point: self.point,
            replication: self.replication,
            seed: self.seed,
            digest: self.digest,
            events: self.events,
            stopped_by: self.stopped_by,
            verdict: self.verdict,
            values: self.values.iter().collect(),
            windows,
        }
    }
}

impl From<&Record> for Row {
    fn from(run: &Record) -> Self {
        Self {
            point: run.point,
            replication: run.replication,
            seed: run.seed,
            digest: run.digest,
            events: run.events,
            stopped_by: run.stopped_by,
            verdict: run.verdict,
            values: run.values.iter().copied().collect(),
        }
    }
}

impl From<Record> for Row {
    fn from(run: Record) -> Self {
        Self::from(&run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_small_and_lose_nothing_but_windows() {
        let record = Record {
            point: 3,
            replication: 7,
            seed: u64::MAX,
            digest: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
            events: 12,
            stopped_by: StoppedBy::Events,
            verdict: Conclusion::Held,
            values: vec![None, Some(f64::INFINITY), Some(-0.0), Some(5e-324)],
            windows: vec![vec![Some(1.0); 4]],
        };
        let row = Row::from(&record);
        assert_eq!(row.with(record.windows.clone()), record);
        assert_eq!((row.values.get(0), row.values.get(3)), (None, Some(5e-324)));
        assert_eq!(row.values.len(), 4);
        assert_eq!(row.digest(), "0123456789abcdef0123456789abcdef");
        assert!(size_of::<Row>() <= 96, "{}", size_of::<Row>());
    }
}
