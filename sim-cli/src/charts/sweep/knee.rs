//! Where a curve has a knee.
//!
//! A knee is the last value up to which a measure stays within a tenth of all the way that it goes, if that
//! is a good part of the axis, and the next value lies beyond it by its whole interval. A straight line or a
//! gentle bend has none.

use crate::charts::plot::data::{Estimate, Factor};
use crate::charts::scale::Spread;

/// Up to this share of the way a curve is flat.
const FLAT: f64 = 0.1;
/// The flat stretch takes this share of the axis at least.
const STRETCH: f64 = 0.4;
/// Fewer points than this show no knee.
const LEAST: usize = 5;

/// A knee.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knee {
    /// The level at which it is.
    pub level: usize,
    /// The level at which the flat begins, and that at the other end of the axis.
    pub ends: [usize; 2],
    /// What the measure is where the flat begins, at the knee, and at the other end of the axis.
    pub values: [f64; 3],
}

/// The knees of a curve along a parameter: none, one, or two of a step from one flat to another.
#[must_use]
pub fn knees(across: &Factor, points: &[Option<Estimate>]) -> Vec<Knee> {
    let (Some(numbers), Some(points)) = (across.numbers(), known(points)) else {
        return Vec::new();
    };
    if points.len() < LEAST {
        return Vec::new();
    }
    let place = |number: f64| match across.spread() {
        Spread::Log => libm::log(number),
        Spread::Linear | Spread::Root => number,
    };
    let places: Vec<f64> = numbers.into_iter().map(place).collect();
    let upwards: Vec<usize> = (0..points.len()).collect();
    let downwards: Vec<usize> = upwards.iter().rev().copied().collect();
    [upwards, downwards]
        .iter()
        .filter_map(|order| flat(order, &places, &points))
        .collect()
}

/// All points, if all are finite.
fn known(points: &[Option<Estimate>]) -> Option<Vec<Estimate>> {
    let finite = |point: &Option<Estimate>| point.filter(|point| point.mean.is_finite());
    points.iter().map(finite).collect()
}

/// The end of the flat stretch at the beginning of an order of levels.
fn flat(order: &[usize], places: &[f64], points: &[Estimate]) -> Option<Knee> {
    let means = || points.iter().map(|point| point.mean);
    let least = means().fold(f64::INFINITY, f64::min);
    let most = means().fold(f64::NEG_INFINITY, f64::max);
    let way = FLAT * (most - least);
    let (first, last) = (order[0], order[order.len() - 1]);
    let start = points[first].mean;
    let length = order
        .iter()
        .take_while(|level| (points[**level].mean - start).abs() <= way)
        .count();
    let (knee, beyond) = (order[length.checked_sub(1)?], *order.get(length)?);
    let stretch = (places[knee] - places[first]).abs() / (places[last] - places[first]).abs();
    let next = points[beyond];
    // A single run has no interval; its value stands for itself.
    let (low, high) = if next.has_interval() {
        (next.low, next.high)
    } else if next.runs > 1 {
        return None;
    } else {
        (next.mean, next.mean)
    };
    let left = low > start + way || high < start - way;
    (length > 2 && stretch >= STRETCH && left).then_some(Knee {
        level: knee,
        ends: [first, last],
        values: [start, points[knee].mean, points[last].mean],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::plot::data::Level;

    fn found(curve: impl Fn(f64) -> f64) -> Vec<usize> {
        let numbers: Vec<f64> = (0..=20).map(|n| f64::from(n) / 20.0).collect();
        let level = |number: &f64| Level {
            label: number.to_string(),
            number: Some(*number),
        };
        let across = Factor {
            name: "load".into(),
            levels: numbers.iter().map(level).collect(),
            ..Factor::default()
        };
        let value = |number: &f64| {
            let mean = curve(*number);
            Some(Estimate::new(mean, mean - 0.001, mean + 0.001))
        };
        let points: Vec<Option<Estimate>> = numbers.iter().map(value).collect();
        knees(&across, &points)
            .iter()
            .map(|knee| knee.level)
            .collect()
    }

    #[test]
    fn knees_are_where_they_are_and_bends_have_none() {
        let none: [usize; 0] = [];
        assert_eq!(found(|x| x), none, "a line");
        assert_eq!(found(|x| x * x), none, "a gentle bend");
        assert_eq!(found(|_| 1.0), none, "nothing happens");
        assert_eq!(found(|x| (x - 0.5).abs()), none, "a valley");
        assert_eq!(found(|x| if x > 0.6 { x - 0.6 } else { 0.0 }), [12]);
        // Within a tenth of the way from 0 to 0.43 lies 0.03, at 0.4, and not 0.08, at 0.35.
        let last = |x| if x < 0.43 { 0.43 - x } else { 0.0 };
        assert_eq!(found(last), [8], "flat at its end");
        assert_eq!(found(|x| f64::from(u8::from(x > 0.52))), [10, 11], "a step");
        // M/M/1 up to a load of 0.95: a tenth of the way from 1 to 20 is 2.9, at a load of 0.655.
        assert_eq!(found(|x| 1.0 / (1.0 - 0.95 * x)), [13]);
    }
}
