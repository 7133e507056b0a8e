//! Series thinned to what a chart can show: neighbouring windows are put together.

use sim_models::observe::summary::Series;

/// The most points of a line.
const MOST: usize = 600;

/// How the windows of a series become the points of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Windows per point.
    per_point: usize,
    /// Width of a point, s.
    pub seconds: f64,
    /// Middles of the points, s.
    pub middles: Vec<f64>,
}

impl Bins {
    /// The points that this series is shown with.
    #[must_use]
    pub fn of(series: &Series) -> Self {
        let per_point = series.time.len().div_ceil(MOST).max(1);
        let half = series.window_seconds / 2.0;
        let middles = series
            .time
            .chunks(per_point)
            .map(|starts| {
                let last = starts.last().copied().unwrap_or_default();
                (starts[0] + last) / 2.0 + half
            })
            .collect();
        Self {
            per_point,
            seconds: series.window_seconds * per_point as f64,
            middles,
        }
    }

    /// Counts as rates per second.
    #[must_use]
    pub fn rate(&self, counts: &[u64]) -> Vec<f64> {
        self.sums(counts)
            .into_iter()
            .zip(counts.chunks(self.per_point))
            .map(|(sum, windows)| {
                let width = self.seconds / self.per_point as f64 * windows.len() as f64;
                sum / width
            })
            .collect()
    }

    /// Counts, added up.
    #[must_use]
    pub fn sums(&self, counts: &[u64]) -> Vec<f64> {
        counts
            .chunks(self.per_point)
            .map(|windows| windows.iter().sum::<u64>() as f64)
            .collect()
    }

    /// Levels, averaged; NaN where there is none.
    #[must_use]
    pub fn mean(&self, levels: &[f64]) -> Vec<f64> {
        levels
            .chunks(self.per_point)
            .map(|windows| {
                let known = || windows.iter().filter(|v| v.is_finite());
                known().sum::<f64>() / known().count() as f64
            })
            .collect()
    }

    /// Levels, the largest of each point; NaN where there is none.
    #[must_use]
    pub fn peak(&self, levels: &[f64]) -> Vec<f64> {
        levels
            .chunks(self.per_point)
            .map(|windows| windows.iter().copied().fold(f64::NAN, f64::max))
            .collect()
    }

    /// Counts, the largest of each point.
    #[must_use]
    pub fn most(&self, counts: &[u64]) -> Vec<f64> {
        counts
            .chunks(self.per_point)
            .map(|windows| windows.iter().copied().max().unwrap_or_default() as f64)
            .collect()
    }

    /// One count over another; NaN where the other is zero.
    #[must_use]
    pub fn ratio(&self, counts: &[u64], of: &[u64]) -> Vec<f64> {
        let pairs = self.sums(counts).into_iter().zip(self.sums(of));
        pairs
            .map(|(count, of)| if of > 0.0 { count / of } else { f64::NAN })
            .collect()
    }
}

/// The largest finite value, or zero.
#[must_use]
pub fn largest(values: &[f64]) -> f64 {
    values
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max)
}

/// Adds values to a running total of the same length or longer.
pub fn add(total: &mut Vec<f64>, values: &[f64]) {
    total.resize(total.len().max(values.len()), 0.0);
    for (sum, value) in total.iter_mut().zip(values) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_series_are_thinned_without_losing_counts_or_peaks() {
        let series = Series {
            window_seconds: 1.0,
            time: (0..1500).map(f64::from).collect(),
            ..Series::default()
        };
        let bins = Bins::of(&series);
        assert_eq!((bins.middles.len(), bins.seconds), (500, 3.0));
        assert_eq!(bins.middles[0], 1.5);
        let counts: Vec<u64> = (0..1500).collect();
        assert_eq!(bins.rate(&counts)[1], 4.0);
        assert_eq!(bins.most(&counts)[1], 5.0);
        assert!(bins.ratio(&counts, &vec![0; 1500])[0].is_nan());
        let mut levels = vec![f64::NAN; 1500];
        levels[4] = 2.0;
        assert!(bins.mean(&levels)[0].is_nan());
        assert_eq!((bins.mean(&levels)[1], bins.peak(&levels)[1]), (2.0, 2.0));
    }
}
