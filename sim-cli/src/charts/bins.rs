//! Series thinned to what a chart can show: neighbouring windows are put together.

use sim_models::observe::summary::{Series, WorkloadSeries};

/// The most points of a line.
const MOST: usize = 600;
/// The fewest points that a line is thinned to so that each stands on enough arrivals.
const FEWEST: usize = 60;
/// Arrivals per point that are wanted: with fewer, a line shows chance more than anything else (of
/// thirty arrivals, Poisson, the standard deviation is 18 %).
const ARRIVALS: f64 = 30.0;
/// Widths that people count time in, s.
const WIDTHS: [f64; 17] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0,
    3600.0,
];

/// How the windows of a series become the points of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Windows per value.
    per_point: usize,
    /// Points that share a value.
    repeat: usize,
    /// Width of a point, s.
    pub seconds: f64,
    /// Middles of the points, s.
    pub middles: Vec<f64>,
}

impl Bins {
    /// The points that this series is shown with: wide enough for the arrivals of its busiest
    /// workload, where that leaves enough points.
    #[must_use]
    pub fn of(series: &Series) -> Self {
        let windows = series.time.len();
        let workloads = series.workloads.values();
        let busiest = workloads.map(|workload| enough(&workload.offered)).min();
        let least = windows.div_ceil(MOST).max(1);
        let wanted = busiest.unwrap_or(1).max(least);
        let per_point = round(wanted, series.window_seconds, (windows / FEWEST).max(least));
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
            repeat: 1,
            seconds: series.window_seconds * per_point as f64,
            middles,
        }
    }

    /// The same points, of which neighbours share a value where this workload has few arrivals.
    #[must_use]
    pub fn for_workload(&self, workload: &WorkloadSeries) -> Self {
        let windows = workload.offered.len();
        let wanted = enough(&workload.offered);
        let most = (windows / FEWEST / self.per_point).max(1);
        let repeat = round(wanted.div_ceil(self.per_point), self.seconds, most);
        Self {
            per_point: self.per_point * repeat,
            repeat,
            seconds: self.seconds * repeat as f64,
            middles: self.middles.clone(),
        }
    }

    /// One value for each point.
    fn spread<T>(&self, values: &[T], value: impl Fn(&[T]) -> f64) -> Vec<f64> {
        let repeated = values
            .chunks(self.per_point)
            .map(value)
            .flat_map(|value| std::iter::repeat_n(value, self.repeat));
        repeated.take(self.middles.len()).collect()
    }

    /// Counts as rates per second.
    #[must_use]
    pub fn rate(&self, counts: &[u64]) -> Vec<f64> {
        let window = self.seconds / self.per_point as f64;
        self.spread(counts, |windows| {
            windows.iter().sum::<u64>() as f64 / (window * windows.len() as f64)
        })
    }

    /// Counts, added up.
    #[must_use]
    pub fn sums(&self, counts: &[u64]) -> Vec<f64> {
        self.spread(counts, |windows| windows.iter().sum::<u64>() as f64)
    }

    /// Levels, averaged; NaN where there is none.
    #[must_use]
    pub fn mean(&self, levels: &[f64]) -> Vec<f64> {
        self.spread(levels, |windows| {
            let known = || windows.iter().filter(|v| v.is_finite());
            known().sum::<f64>() / known().count() as f64
        })
    }

    /// Levels, the largest of each point; NaN where there is none.
    #[must_use]
    pub fn peak(&self, levels: &[f64]) -> Vec<f64> {
        self.spread(levels, |windows| {
            windows.iter().copied().fold(f64::NAN, f64::max)
        })
    }

    /// Counts, the largest of each point.
    #[must_use]
    pub fn most(&self, counts: &[u64]) -> Vec<f64> {
        self.spread(counts, |windows| {
            windows.iter().copied().max().unwrap_or_default() as f64
        })
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

/// Windows in which so many arrivals are expected that a point may stand on them: from their mean
/// number in a window, or from how many others an arrival has beside it, where they come in crowds.
fn enough(counts: &[u64]) -> usize {
    let sum = |of: fn(f64) -> f64| counts.iter().map(|n| of(*n as f64)).sum::<f64>();
    let arrivals = sum(|n| n);
    if arrivals == 0.0 {
        return 1;
    }
    let beside = sum(|n| n * (n - 1.0)) / arrivals;
    let dense = beside.max(arrivals / counts.len() as f64);
    ((ARRIVALS / dense).ceil() as usize).max(1)
}

/// So many steps, or a few more that make a width people count time in; at most `most` of them.
fn round(steps: usize, step_seconds: f64, most: usize) -> usize {
    let whole = WIDTHS.iter().filter_map(|width| {
        let steps = (width / step_seconds).round();
        let fits = (steps * step_seconds - width).abs() < 1e-9 * width && steps >= 1.0;
        fits.then_some(steps as usize)
    });
    let fitting: Vec<usize> = whole.filter(|steps| *steps <= most).collect();
    let enough = fitting.iter().find(|fitting| **fitting >= steps);
    match (enough, fitting.last()) {
        (Some(enough), _) => *enough,
        (None, Some(last)) if steps > most => *last,
        _ => steps.min(most),
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
        assert_eq!((bins.middles.len(), bins.seconds), (300, 5.0));
        assert_eq!(bins.middles[0], 2.5);
        let counts: Vec<u64> = (0..1500).collect();
        assert_eq!(bins.rate(&counts)[1], 7.0);
        assert_eq!(bins.most(&counts)[1], 9.0);
        assert!(bins.ratio(&counts, &vec![0; 1500])[0].is_nan());
        let mut levels = vec![f64::NAN; 1500];
        levels[8] = 2.0;
        assert!(bins.mean(&levels)[0].is_nan());
        assert_eq!((bins.mean(&levels)[1], bins.peak(&levels)[1]), (2.0, 2.0));
    }

    #[test]
    fn points_stand_on_enough_arrivals() {
        let workload = |every: usize| WorkloadSeries {
            offered: (0..14_400).map(|n| u64::from(n % every == 0)).collect(),
            ..WorkloadSeries::default()
        };
        let series = |workload: &WorkloadSeries| Series {
            window_seconds: 1.0,
            time: (0..14_400).map(f64::from).collect(),
            workloads: [("jobs".to_owned(), workload.clone())].into(),
            ..Series::default()
        };
        // One a minute for four hours: thirty of them take half an hour, which would leave 8 points.
        let rare = workload(60);
        let bins = Bins::of(&series(&rare));
        assert_eq!((bins.seconds, bins.middles.len()), (120.0, 120));
        assert_eq!(bins.sums(&rare.offered), vec![2.0; 120]);
        // A crowd that comes at once needs no wide points, however long nobody comes after it.
        let mut crowd = workload(1);
        crowd.offered.fill(0);
        crowd.offered[3] = 200;
        assert_eq!(Bins::of(&series(&crowd)).seconds, 30.0);
        // Beside a busy workload the rare one has values that neighbours share, and as many points.
        let bins = Bins::of(&series(&workload(1)));
        assert_eq!((bins.seconds, bins.middles.len()), (30.0, 480));
        let own = bins.for_workload(&rare);
        assert_eq!((own.seconds, own.middles.len()), (120.0, 480));
        assert_eq!(own.rate(&rare.offered), vec![1.0 / 60.0; 480]);
    }
}
