//! Luck in a design whose points all face the same seeds.

use sim_core::stats::Moments;

/// Share of the variance between the points' means that is luck, 0 to 1; none with fewer than two
/// replications or points, or without variance.
///
/// `values[point][replication]`. Points and seeds are crossed, so a seed that is bad for all points
/// alike makes no difference between them. What remains of luck is how seeds and points interact:
/// its mean square in the two-way analysis of variance without repetition (H. Scheffe, "The Analysis
/// of Variance", 1959, chapter 4), divided by the replications, is what it adds to the variance of
/// the points' means.
#[must_use]
pub fn share(values: &[Vec<f64>]) -> Option<f64> {
    let points = values.len();
    let replications = values.first()?.len();
    if points < 2 || replications < 2 {
        return None;
    }
    let mean = |values: &mut dyn Iterator<Item = f64>| values.collect::<Moments>().mean();
    let by_point: Vec<f64> = values
        .iter()
        .map(|runs| mean(&mut runs.iter().copied()))
        .collect();
    let by_seed: Vec<f64> = (0..replications)
        .map(|seed| mean(&mut values.iter().map(|runs| runs[seed])))
        .collect();
    let between: Moments = by_point.iter().copied().collect();
    let mut squares = 0.0;
    for (runs, point) in values.iter().zip(&by_point) {
        for (value, seed) in runs.iter().zip(&by_seed) {
            let rest = value - point - seed + between.mean();
            squares += rest * rest;
        }
    }
    let mean_square = squares / ((points - 1) * (replications - 1)) as f64;
    (between.variance() > 0.0)
        .then(|| (mean_square / replications as f64 / between.variance()).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::random::{Seed, Source};

    /// `values[point][seed]` with a point, a seed and an interaction effect of these deviations.
    fn crossed(point: f64, seed: f64, both: f64, points: usize, seeds: usize) -> Vec<Vec<f64>> {
        let mut stream = Seed(5).stream("test", "luck");
        // Uniform with this standard deviation.
        let mut draw = |sd: f64| (stream.uniform() - 0.5) * libm::sqrt(12.0) * sd;
        let by_seed: Vec<f64> = (0..seeds).map(|_| draw(seed)).collect();
        (0..points)
            .map(|_| {
                let here = draw(point);
                by_seed
                    .iter()
                    .map(|luck| here + luck + draw(both))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn luck_is_the_interaction_alone() {
        assert_eq!(share(&[vec![1.0], vec![2.0]]), None);
        assert_eq!(share(&[vec![1.0, 1.0], vec![1.0, 1.0]]), None);
        let none = share(&crossed(1.0, 5.0, 0.0, 50, 4)).unwrap();
        assert!(none < 1e-12, "{none}");
        // Variance of means 1 + 4/4, of which 4/4 is luck: a half. With 2000 points the standard error of
        // either variance is about 2 %.
        let half = share(&crossed(1.0, 5.0, 2.0, 2000, 4)).unwrap();
        assert!((half - 0.5).abs() < 0.06, "{half}");
        let all = share(&crossed(0.0, 1.0, 1.0, 2000, 4)).unwrap();
        assert!(all > 0.94, "{all}");
    }
}
