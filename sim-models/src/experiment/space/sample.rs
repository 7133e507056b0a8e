//! Points that are drawn: at random, or as a Latin hypercube.
//!
//! Each axis draws from a stream that is named after its paths, so that another axis more or less, or
//! another order, moves nothing on it.
//!
//! Source: M. McKay, R. Beckman, W. Conover, *A Comparison of Three Methods for Selecting Values of
//! Input Variables in the Analysis of Output from a Computer Code*, Technometrics 21 (1979).

use sim_core::random::{Seed, Source};
use std::fmt;
use std::str::FromStr;

/// How points are drawn, as text `random:64` or `lhs:64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Each by itself.
    Random(u32),
    /// As a Latin hypercube: one in each of so many equal strata of every axis.
    Latin(u32),
}

impl Sample {
    /// How many are drawn.
    #[must_use]
    pub fn count(self) -> u32 {
        match self {
            Self::Random(count) | Self::Latin(count) => count,
        }
    }

    /// Where the points lie on the axis named `key`, each as a share of the way from 0 to just below 1.
    #[must_use]
    pub fn shares(self, seed: u64, key: &str) -> Vec<f64> {
        let entity = format!("sweep/{key}");
        match self {
            Self::Random(count) => {
                let mut stream = Seed(seed).stream(&entity, "random");
                (0..count).map(|_| stream.uniform()).collect()
            }
            Self::Latin(count) => {
                let mut strata: Vec<u32> = (0..count).collect();
                let mut order = Seed(seed).stream(&entity, "strata");
                for last in (1..strata.len()).rev() {
                    let other = order.below(last as u64 + 1) as usize;
                    strata.swap(last, other);
                }
                let mut inside = Seed(seed).stream(&entity, "inside");
                let place = |stratum: u32| {
                    let share = (f64::from(stratum) + inside.uniform()) / f64::from(count);
                    // The sum may round up to the next stratum.
                    share.min((f64::from(stratum + 1) / f64::from(count)).next_down())
                };
                strata.into_iter().map(place).collect()
            }
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(count) => write!(f, "random:{count}"),
            Self::Latin(count) => write!(f, "lhs:{count}"),
        }
    }
}

impl FromStr for Sample {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || {
            format!(
                "`{text}` is not random:N or lhs:N (a Latin hypercube), with N points, such as lhs:64"
            )
        };
        let (kind, count) = text.split_once(':').ok_or_else(shape)?;
        let count = count.trim().replace('_', "").parse::<u32>().ok();
        let count = count.filter(|count| *count > 0).ok_or_else(shape)?;
        match kind.trim() {
            "random" => Ok(Self::Random(count)),
            "lhs" => Ok(Self::Latin(count)),
            _ => Err(shape()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_stratum() {
        for count in [1, 7, 64, 1000] {
            for key in ["a", "b"] {
                let shares = Sample::Latin(count).shares(3, key);
                let mut strata: Vec<u32> = shares
                    .iter()
                    .map(|share| (share * f64::from(count)) as u32)
                    .collect();
                strata.sort_unstable();
                assert_eq!(strata, (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn axes_are_drawn_apart() {
        for sample in [Sample::Latin(32), Sample::Random(32)] {
            assert_eq!(sample.shares(1, "a"), sample.shares(1, "a"));
            assert_ne!(sample.shares(1, "a"), sample.shares(1, "b"));
            assert_ne!(sample.shares(1, "a"), sample.shares(2, "a"));
        }
    }

    #[test]
    fn axes_are_not_correlated() {
        // Under independence the correlation of ranks of n pairs has a deviation of 1/sqrt(n - 1).
        let n = 4000;
        let (a, b) = (
            Sample::Latin(n).shares(1, "services.a.threads"),
            Sample::Latin(n).shares(1, "services.b.threads"),
        );
        let sum: f64 = a.iter().zip(&b).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum();
        let correlation = sum * 12.0 / f64::from(n);
        assert!(
            correlation.abs() < 4.0 / f64::from(n - 1).sqrt(),
            "{correlation}"
        );
    }

    #[test]
    fn reads_and_prints() {
        for text in ["random:10", "lhs:64"] {
            assert_eq!(text.parse::<Sample>().unwrap().to_string(), text);
        }
        for text in ["lhs", "lhs:0", "lhs:-3", "sobol:8", "random:x"] {
            assert!(text.parse::<Sample>().unwrap_err().contains("lhs:64"));
        }
    }
}
