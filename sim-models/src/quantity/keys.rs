//! Keys: what the requests of a workload ask for (a product, a page, a user's row), some more often than others.

use crate::limits::MOST_KEYS;
use serde::{Deserialize, Serialize};
use sim_core::dist::Dist;
use sim_core::random::Source;

/// What requests ask for, numbered from 1; workloads share keys of one number.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// A few are popular, `zipf(count: 100, skew: 0.9)`: key `k` is asked for with a probability proportional to 1 / k^skew (Zipf's law).
    Zipf(ZipfKeys),
    /// All are asked for alike: `uniform(count: 100)`.
    Uniform(UniformKeys),
    /// Key `k` is asked for by the `k`-th weight: `weights([9, 1])`.
    Weights(WeightedKeys),
}

/// A few keys are popular.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZipfKeys {
    /// How many there are.
    pub count: u32,
    /// How uneven: 0 is uniform; web pages and caches lie near 0.7 to 1.1 (L. Breslau et al., "Web caching and
    /// Zipf-like distributions", 1999).
    #[serde(default = "one")]
    pub skew: f64,
}

/// All keys are asked for alike.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformKeys {
    /// How many there are.
    pub count: u32,
}

/// Keys by weight.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedKeys {
    /// The weight of each key; they need not add up to 1.
    pub of: Vec<f64>,
}

fn one() -> f64 {
    1.0
}

/// Keys, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyDist {
    /// By rank.
    Ranks(Dist),
    /// By cumulative probability.
    Table(Vec<f64>),
}

impl Keys {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Zipf(keys) => u64::from(keys.count),
            Self::Uniform(keys) => u64::from(keys.count),
            Self::Weights(keys) => keys.of.len() as u64,
        }
    }

    /// Ready to be drawn.
    ///
    /// # Errors
    /// What is wrong: (field, why).
    pub fn compile(&self) -> Result<KeyDist, (&'static str, String)> {
        let (field, skew) = match self {
            Self::Zipf(keys) => ("count", keys.skew),
            Self::Uniform(_) => ("count", 0.0),
            Self::Weights(_) => ("of", 0.0),
        };
        let count = self.count();
        if !(1..=u64::from(MOST_KEYS)).contains(&count) {
            let why = format!("must be 1 to {MOST_KEYS} keys, not {count}");
            return Err((field, why));
        }
        let Self::Weights(keys) = self else {
            let ranks = Dist::zipf(count, skew).map_err(|why| ("skew", why.to_string()))?;
            return Ok(KeyDist::Ranks(ranks));
        };
        let total: f64 = keys.of.iter().sum();
        let sound = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        if !(keys.of.iter().all(sound) && total.is_finite() && total > 0.0) {
            return Err((
                "of",
                "must be weights of zero or more, and not all zero".into(),
            ));
        }
        let mut sum = 0.0;
        let table = keys.of.iter().map(|weight| {
            sum += weight / total;
            sum
        });
        Ok(KeyDist::Table(table.collect()))
    }
}

impl KeyDist {
    /// Draws a key, from 1.
    pub fn draw(&self, source: &mut impl Source) -> u32 {
        match self {
            Self::Ranks(ranks) => ranks.sample(source) as u32,
            Self::Table(table) => {
                let draw = source.uniform();
                // The last one with a weight where sums round to less than 1.
                let at = table.partition_point(|sum| *sum <= draw);
                let last = table.partition_point(|sum| *sum < table[table.len() - 1]);
                at.min(last) as u32 + 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::random::Keyed;

    fn shares(keys: &Keys) -> Vec<f64> {
        let dist = keys.compile().unwrap();
        let mut counts = vec![0u32; keys.count() as usize];
        for number in 0..100_000 {
            counts[dist.draw(&mut Keyed::new(number, 1)) as usize - 1] += 1;
        }
        counts.iter().map(|count| f64::from(*count) / 1e5).collect()
    }

    #[test]
    fn keys_come_as_often_as_their_law_says() {
        let near = |found: &[f64], law: &[f64]| {
            for (found, law) in found.iter().zip(law) {
                // Four standard deviations of a share of 100,000 draws at most.
                assert!((found - law).abs() < 0.0064, "{found} and not {law}");
            }
        };
        let harmonic = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
        let zipf = Keys::Zipf(ZipfKeys {
            count: 4,
            skew: 1.0,
        });
        let law = [1.0, 2.0, 3.0, 4.0].map(|rank| 1.0 / rank / harmonic);
        near(&shares(&zipf), &law);
        near(
            &shares(&Keys::Uniform(UniformKeys { count: 3 })),
            &[1.0 / 3.0; 3],
        );
        let weights = Keys::Weights(WeightedKeys {
            of: vec![3.0, 0.0, 1.0, 0.0],
        });
        let found = shares(&weights);
        near(&found, &[0.75, 0.0, 0.25, 0.0]);
        assert!(found[1] == 0.0 && found[3] == 0.0, "{found:?}");
    }

    #[test]
    fn keys_that_cannot_be_are_refused() {
        let none = |of: &[f64]| Keys::Weights(WeightedKeys { of: of.to_vec() }).compile();
        assert!(none(&[]).is_err());
        assert!(none(&[0.0, 0.0]).is_err());
        assert!(none(&[1.0, -1.0]).is_err());
        assert!(Keys::Uniform(UniformKeys { count: 0 }).compile().is_err());
        let zipf = |skew| Keys::Zipf(ZipfKeys { count: 2, skew }).compile();
        assert!(zipf(-1.0).is_err() && zipf(f64::NAN).is_err() && zipf(2.0).is_ok());
    }
}
