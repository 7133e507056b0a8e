//! Where variants change places: better under some conditions, worse under others.

use super::comparison::Comparison;
use super::comparison::{Boundary, Change, Side};
use super::finding::Judgement;

/// All changes of places.
pub(super) fn changes(comparison: &Comparison) -> Vec<Change> {
    let mut changes = Vec::new();
    for variant in 0..comparison.variants.len() {
        for measure in 0..comparison.measures.len() {
            let those = |verdict: Judgement| -> Vec<usize> {
                let findings = comparison.findings.iter();
                findings
                    .filter(|found| (found.variant, found.measure) == (variant, measure))
                    .filter(|found| found.verdict == verdict)
                    .filter_map(|found| found.condition)
                    .collect()
            };
            let (better, worse) = (those(Judgement::Better), those(Judgement::Worse));
            if better.is_empty() || worse.is_empty() {
                continue;
            }
            let axes = 0..comparison.condition_axes.len();
            let boundary = axes
                .filter_map(|axis| boundary(comparison, axis, &better, &worse))
                .next();
            changes.push(Change {
                variant,
                measure,
                better,
                worse,
                boundary,
            });
        }
    }
    changes
}

/// The boundary on this axis, if all that is worse lies to one side of all that is better.
fn boundary(
    comparison: &Comparison,
    axis: usize,
    better: &[usize],
    worse: &[usize],
) -> Option<Boundary> {
    let places = |conditions: &[usize]| -> Option<Vec<(f64, String)>> {
        let mut places = Vec::new();
        for condition in conditions {
            let coordinate = &comparison.conditions[*condition].coordinates[axis];
            places.push((coordinate.number?, coordinate.label.clone()));
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(places)
    };
    let (better, worse) = (places(better)?, places(worse)?);
    let (better_first, better_last) = (better.first()?, better.last()?);
    let (worse_first, worse_last) = (worse.first()?, worse.last()?);
    let (side, worse_to, better_from) = if worse_last.0 < better_first.0 {
        (Side::Below, worse_last, better_first)
    } else if worse_first.0 > better_last.0 {
        (Side::Above, worse_first, better_last)
    } else {
        return None;
    };
    let between = |number: f64| {
        let (low, high) = (worse_to.0.min(better_from.0), worse_to.0.max(better_from.0));
        low < number && number < high
    };
    let all = comparison.conditions.iter();
    Some(Boundary {
        axis,
        adjacent: !all
            .filter_map(|condition| condition.coordinates[axis].number)
            .any(between),
        worse: side,
        worse_to: worse_to.1.clone(),
        better_from: better_from.1.clone(),
    })
}
