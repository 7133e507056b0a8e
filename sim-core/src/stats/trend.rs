//! Whether a series grows or falls, and how fast.

use super::StatsError;
use statrs::distribution::{ContinuousCDF, Normal};

/// Fewer values prove no trend at the levels that are asked for here.
const LEAST: usize = 5;

/// A trend that a series shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// One-sided chance of at least such a fall if the order of the values were luck.
    pub falls: f64,
    /// One-sided chance of at least such a growth if the order of the values were luck.
    pub grows: f64,
    /// Change for each unit of the abscissa: the median of the slopes between all pairs.
    pub slope: f64,
}

/// Tests a series for a monotone trend (H. B. Mann, "Nonparametric tests against trend",
/// Econometrica 13, 1945; M. G. Kendall, "Rank correlation methods", 1975, for the variance with ties),
/// and estimates its slope (P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau",
/// JASA 63, 1968). Neither minds outliers. `series` holds abscissa and value, in the order of the
/// abscissa.
///
/// # Errors
/// Fewer than five values.
pub fn trend(series: &[(f64, f64)]) -> Result<Trend, StatsError> {
    let n = series.len();
    if n < LEAST {
        return Err(StatsError::TooFew {
            what: "a trend",
            needed: LEAST,
            given: n,
        });
    }
    let (mut score, mut slopes) = (0.0, Vec::with_capacity(n * (n - 1) / 2));
    for (i, (x, y)) in series.iter().enumerate() {
        for (later, after) in &series[i + 1..] {
            let change = after - y;
            score += if change == 0.0 { 0.0 } else { change.signum() };
            slopes.push(change / (later - x));
        }
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    let slope = if slopes.len().is_multiple_of(2) {
        f64::midpoint(slopes[middle - 1], slopes[middle])
    } else {
        slopes[middle]
    };
    let size = n as f64;
    let mut values: Vec<f64> = series.iter().map(|(_, y)| *y).collect();
    values.sort_by(f64::total_cmp);
    let term = |size: f64| size * (size - 1.0) * (2.0 * size + 5.0);
    let ties = values.chunk_by(|a, b| a == b);
    let ties: f64 = ties.map(|same| term(same.len() as f64)).sum();
    let variance = (term(size) - ties) / 18.0;
    let normal = Normal::standard();
    // One step of the score is two: half of it corrects for that it is no continuous quantity.
    let chance = |score: f64| {
        if variance > 0.0 && score > 0.0 {
            1.0 - normal.cdf((score - 1.0) / variance.sqrt())
        } else {
            1.0
        }
    };
    Ok(Trend {
        falls: chance(-score),
        grows: chance(score),
        slope,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Trend {
        let series: Vec<(f64, f64)> = values
            .iter()
            .enumerate()
            .map(|(i, y)| (i as f64, *y))
            .collect();
        trend(&series).unwrap()
    }

    #[test]
    fn sees_trends_and_no_others() {
        let fall = of(&[9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5]);
        assert!(fall.falls < 0.001 && fall.grows == 1.0, "{fall:?}");
        assert_eq!(fall.slope, -0.5);
        let flat = of(&[0.0; 8]);
        assert_eq!((flat.falls, flat.grows, flat.slope), (1.0, 1.0, 0.0));
        let swing = of(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
        assert!(swing.falls > 0.1 && swing.grows > 0.1, "{swing:?}");
        assert!(trend(&[(0.0, 1.0); 4]).is_err());
    }

    #[test]
    fn agrees_with_a_worked_example() {
        // R. O. Gilbert, "Statistical methods for environmental pollution monitoring" (1987), the score
        // by hand: of the ten pairs of 10, 15, 14, 20, 18 eight grow and two fall, S = 6,
        // Var = 5 * 4 * 15 / 18 = 16.67, Z = 5 / 4.08 = 1.2247, one-sided p = 0.1103.
        let found = of(&[10.0, 15.0, 14.0, 20.0, 18.0]);
        assert!((found.grows - 0.1103).abs() < 1e-3, "{found:?}");
    }
}
