//! What a sweep says about a measure, in words.

use super::grid::Grid;
use super::knee::{self, Knee};
use super::values::Column;
use crate::charts::plot::curves::Curve;
use crate::charts::plot::data::{Estimate, Factor, Measured, Wish};

/// No more knees than this are told of in words.
const MOST_KNEES: usize = 2;

/// More parameters than this do not fit into a title.
const MOST_IN_TITLE: usize = 2;

/// The best and the worst of a measure: the title of its charts, and what does not fit into it.
#[must_use]
pub fn extremes(grid: &Grid, column: &Column) -> (String, Option<String>) {
    let measured = &column.measured;
    let known = known(column);
    let name = capital(&measured.name);
    let low = known
        .iter()
        .copied()
        .reduce(|a, b| if b.1.mean < a.1.mean { b } else { a });
    let high = known
        .iter()
        .copied()
        .reduce(|a, b| if b.1.mean > a.1.mean { b } else { a });
    let (Some(low), Some(high)) = (low, high) else {
        return (format!("{name}: nothing was measured"), None);
    };
    if low.1.mean == high.1.mean {
        let text = measured.text(low.1.mean);
        return match known.len() {
            1 => (format!("{name}: {text}"), None),
            _ => (format!("{name}: {text} at every point"), None),
        };
    }
    let (first, last) = match measured.wish {
        Wish::Low | Wish::Neither => (low, high),
        Wish::High => (high, low),
    };
    let short = grid.factors.len() > MOST_IN_TITLE;
    let ties = |value: Estimate| known.iter().filter(|k| k.1.mean == value.mean).count();
    let at = |(point, value): (usize, Estimate)| {
        let text = measured.text(value.mean);
        match ties(value) {
            1 if short => text,
            1 => format!("{text} with {}", grid.setting(point)),
            ties => format!("{text} at {ties} of {} points", grid.levels.len()),
        }
    };
    let words = match measured.wish {
        Wish::Neither => ("from", " to", "Lowest", "highest"),
        Wish::Low | Wish::High => ("at best", ", at worst", "Best", "worst"),
    };
    let title = format!("{name}: {} {}{} {}", words.0, at(first), words.1, at(last));
    let with = |word: &str, (point, value): (usize, Estimate)| {
        (short && ties(value) == 1).then(|| format!("{word} with {}", grid.setting(point)))
    };
    let settings: Vec<String> = [with(words.2, first), with(words.3, last)]
        .into_iter()
        .flatten()
        .collect();
    let settings = capital(&settings.join("; "));
    (
        title,
        (!settings.is_empty()).then(|| format!("{settings}.")),
    )
}

fn known(column: &Column) -> Vec<(usize, Estimate)> {
    let values = column.values.iter().copied().enumerate();
    values
        .filter_map(|(point, value)| value.map(|value| (point, value)))
        .filter(|(_, value)| !value.mean.is_nan())
        .collect()
}

/// How many points may be as good as the best, by their intervals.
#[must_use]
pub fn rivals(column: &Column) -> Option<String> {
    let known = known(column);
    let better = |a: f64, b: f64| match column.measured.wish {
        Wish::Low => a < b,
        Wish::High => a > b,
        Wish::Neither => false,
    };
    if column.measured.wish == Wish::Neither {
        return None;
    }
    let best = known
        .iter()
        .copied()
        .reduce(|a, b| if better(b.1.mean, a.1.mean) { b } else { a })?;
    // Where several are the best alike, the title says so.
    let ties = known.iter().filter(|(_, value)| value.mean == best.1.mean);
    if !best.1.has_interval() || ties.count() > 1 {
        return None;
    }
    let rivals = known.iter().filter(|(point, value)| {
        *point != best.0
            && value.has_interval()
            && value.low <= best.1.high
            && value.high >= best.1.low
    });
    match rivals.count() {
        0 if known.len() > 1 => Some("No other interval overlaps that of the best.".to_owned()),
        0 => None,
        1 => Some(
            "The interval of one other point overlaps that of the best: compare the two before \
             choosing."
                .to_owned(),
        ),
        count => Some(format!(
            "The intervals of {count} other points overlap that of the best: compare them before \
             choosing."
        )),
    }
}

/// Where the curves of a measure along a parameter have knees, in words; `curves` are named unless there is
/// one.
#[must_use]
pub fn knees(across: &Factor, measured: &Measured, curves: &[Curve]) -> Option<String> {
    let one = |curve: &Curve, knee: &Knee| {
        let at = |level: usize| across.levels[level].label.clone();
        let [start, here, end] = knee.values.map(|value| measured.text(value));
        let whose = match curves.len() {
            1 => String::new(),
            _ => format!(" of {}", curve.name),
        };
        let flat = if start == here {
            here
        } else {
            format!("{start} to {here}")
        };
        format!(
            "knee{whose} at {} = {}: from {} to there it stays at {flat}, by {} it is at {end}",
            across.name,
            at(knee.level),
            at(knee.ends[0]),
            at(knee.ends[1]),
        )
    };
    let all = curves.iter().flat_map(|curve| {
        let found = knee::knees(across, &curve.points);
        found.into_iter().map(move |knee| one(curve, &knee))
    });
    let all: Vec<String> = all.take(MOST_KNEES).collect();
    (!all.is_empty()).then(|| format!("{}.", capital(&all.join("; "))))
}

/// In how many points the hypothesis held: the title of charts of verdicts.
#[must_use]
pub fn holding(held: &[Option<f64>]) -> String {
    let known = || held.iter().copied().flatten();
    let (all, none) = (
        known().filter(|share| *share >= 1.0).count(),
        known().filter(|share| *share <= 0.0).count(),
    );
    let points = known().count();
    if points == 1 {
        let share = known().next().unwrap_or_default();
        return format!("The hypothesis held in {:.0}% of the runs", share * 100.0);
    }
    match (all, none) {
        (all, _) if all == points => {
            format!("The hypothesis held in every run of all {points} points")
        }
        (_, none) if none == points => {
            format!("The hypothesis held at none of the {points} points")
        }
        _ => {
            let mixed = points - all - none;
            let mixed = if mixed > 0 {
                format!(", in some runs of {mixed}")
            } else {
                String::new()
            };
            format!(
                "The hypothesis held in every run of {all} of {points} points{mixed}, and in none of {none}"
            )
        }
    }
}

/// With a capital letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
