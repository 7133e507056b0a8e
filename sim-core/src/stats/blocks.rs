//! Several settings under the same seeds: whether they differ at all, before any two of them are looked at.
//! Of six settings that do not differ the two that lie farthest apart always seem to.

use super::StatsError;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// A spread that is no more than rounding, as a share of the values.
const ROUNDING: f64 = 1e-12;

/// The F test of settings in randomised complete blocks, the seeds (R. A. Fisher, "The Design of
/// Experiments", 1935; G. W. Snedecor and W. G. Cochran, "Statistical Methods", 8th ed., chapter 14): the
/// probability that luck alone sets the means of settings as far apart. `settings` holds the values of each
/// setting by block. Of two settings it is the paired t test. Where settings differ by exactly as much in each
/// block, as counts do now and then, pairing leaves no luck to measure by: they are judged by that of the
/// blocks, as if they were not paired (one-way analysis of variance), or by how improbable it is that all
/// blocks put them in one order, if that says more. Where nothing differs between blocks, either, they differ
/// by no luck: 0. 1 where no setting differs from another.
///
/// # Errors
/// Fewer than two settings or blocks, or not as many values of each setting.
pub fn block_test(settings: &[Vec<f64>]) -> Result<f64, StatsError> {
    let blocks = settings.first().map_or(0, Vec::len);
    for given in [settings.len(), blocks] {
        if given < 2 {
            return Err(StatsError::TooFew {
                what: "a test of settings in blocks",
                needed: 2,
                given,
            });
        }
    }
    if let Some(other) = settings.iter().find(|setting| setting.len() != blocks) {
        return Err(StatsError::Unpaired {
            left: blocks,
            right: other.len(),
        });
    }
    let (n, k) = (blocks as f64, settings.len() as f64);
    let mean = |values: &mut dyn Iterator<Item = f64>, count: f64| values.sum::<f64>() / count;
    let by_setting: Vec<f64> = settings
        .iter()
        .map(|setting| mean(&mut setting.iter().copied(), n))
        .collect();
    let by_block: Vec<f64> = (0..blocks)
        .map(|block| mean(&mut settings.iter().map(|setting| setting[block]), k))
        .collect();
    let all = mean(&mut by_setting.iter().copied(), k);
    let square = |value: f64| value * value;
    let between: f64 = n * by_setting
        .iter()
        .map(|mean| square(mean - all))
        .sum::<f64>();
    let rest: f64 = settings
        .iter()
        .zip(&by_setting)
        .flat_map(|(setting, mean)| {
            let values = setting.iter().zip(&by_block);
            values.map(move |(value, block)| square(value - mean - block + all))
        })
        .sum();
    let largest = settings
        .iter()
        .flatten()
        .fold(0.0, |most: f64, value| most.max(value.abs()));
    let nothing = square(ROUNDING * largest) * n * k;
    if between <= nothing {
        return Ok(1.0);
    }
    let luck: f64 = k * by_block.iter().map(|mean| square(mean - all)).sum::<f64>();
    let above = k - 1.0;
    let tail = |rest: f64, below: f64| {
        let f = (between / above) / (rest / below);
        FisherSnedecor::new(above, below).map_or(1.0, |of| of.sf(f))
    };
    if rest > nothing {
        return Ok(tail(rest, above * (n - 1.0)));
    }
    if luck <= nothing {
        return Ok(0.0);
    }
    let one_order = libm::pow(arrangements(by_setting, ROUNDING * largest), 1.0 - n);
    Ok(tail(luck, k * (n - 1.0)).min(one_order))
}

/// In how many orders values can stand, of which those are alike that differ by no more than this.
fn arrangements(mut values: Vec<f64>, alike: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let (mut orders, mut equal) = (1.0, 1.0);
    for (place, pair) in values.windows(2).enumerate() {
        equal = if pair[1] - pair[0] <= alike {
            equal + 1.0
        } else {
            1.0
        };
        orders *= (place + 2) as f64 / equal;
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::super::paired_t_test;
    use super::*;
    use crate::random::{Seed, Source};

    #[test]
    fn two_settings_are_a_paired_t_test() {
        let (a, b) = (vec![1.0, 2.5, 3.0, 4.5], vec![1.5, 2.0, 4.0, 6.0]);
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
        let (blocks, pairs) = (
            block_test(&[a, b]).unwrap(),
            paired_t_test(&differences).unwrap(),
        );
        assert!((blocks - pairs).abs() < 1e-9, "{blocks} {pairs}");
    }

    #[test]
    fn a_known_table_has_its_known_f() {
        // Deviations of the settings -1, 0 and 1 with a rest of squares 2 over 2 degrees of freedom:
        // F = (4 / 2) / (2 / 2) = 2 with 2 and 2, whose tail is 1 / (1 + F).
        let half = 1.0 / libm::sqrt(6.0);
        let settings = [
            vec![-1.0 + half, -1.0 - half],
            vec![half, -half],
            vec![1.0 - 2.0 * half, 1.0 + 2.0 * half],
        ];
        assert!((block_test(&settings).unwrap() - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_luck_does_not_touch_is_sure() {
        let shifted = |by: f64| vec![0.1 + by, 0.3 + by, 0.2 + by];
        let constant = |value: f64| vec![value; 3];
        assert_eq!(block_test(&[constant(0.3), constant(0.5)]), Ok(0.0));
        assert_eq!(block_test(&[shifted(0.0), shifted(0.0)]), Ok(1.0));
        // By as much in each block: beside luck of 0.1 as much as that is nothing, a hundred times is.
        assert!(block_test(&[shifted(0.0), shifted(0.1)]).unwrap() > 0.2);
        // But not in ten blocks, of which each may put them in either order.
        let many = |by: f64| {
            (0..10)
                .map(|block| f64::from(block) + by)
                .collect::<Vec<f64>>()
        };
        assert_eq!(block_test(&[many(0.0), many(0.125)]), Ok(1.0 / 512.0));
        assert_eq!(arrangements(vec![1.0, 2.0, 1.0, 3.0, 1.0], 0.0), 20.0);
        assert!(block_test(&[shifted(0.0), shifted(10.0)]).unwrap() < 1e-6);
        assert!(block_test(&[shifted(0.0)]).is_err());
        assert!(block_test(&[vec![1.0], vec![2.0]]).is_err());
        assert!(block_test(&[vec![1.0, 2.0], vec![2.0]]).is_err());
    }

    /// Settings that do not differ are said to in one of twenty tables, however few blocks there are and
    /// whatever the seeds have in common; 1000 tables, three standard errors are 2.1 %. Skewed values, and
    /// luck that differs three times from setting to setting, may cost another 2 %.
    #[test]
    fn luck_is_called_a_difference_as_often_as_it_may() {
        let mut luck = Seed(5).stream("test", "blocks");
        for blocks in [2, 3, 10] {
            for skewed in [false, true] {
                let mut wrong = 0;
                for _ in 0..1000 {
                    let shared: Vec<f64> = (0..blocks).map(|_| 5.0 * luck.uniform()).collect();
                    let mut setting = |place: usize| -> Vec<f64> {
                        let mut one = |shared: &f64| {
                            let value = -libm::log(luck.open_uniform());
                            let even = luck.uniform() + luck.uniform() + luck.uniform();
                            shared
                                + if skewed {
                                    (1 + place % 3) as f64 * (value - 1.0)
                                } else {
                                    even
                                }
                        };
                        shared.iter().map(&mut one).collect()
                    };
                    let settings: Vec<Vec<f64>> = (0..6).map(&mut setting).collect();
                    wrong += u32::from(block_test(&settings).unwrap() <= 0.05);
                }
                let most = if skewed { 91 } else { 71 };
                assert!(wrong <= most, "{blocks} {skewed}: {wrong}");
            }
        }
    }
}
