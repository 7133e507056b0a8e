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

/// The best and the worst of a measure: the title of its charts, and what does not fit into it. Where all is
/// `luck`, none is the best: points that lie apart by luck alone always have one that comes first.
#[must_use]
pub fn extremes(grid: &Grid, column: &Column, luck: bool) -> (String, Option<String>) {
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
    if luck {
        let (low, high) = (measured.text(low.1.mean), measured.text(high.1.mean));
        let title = format!("{name}: no effect was found, {low} to {high}");
        return (title, None);
    }
    let (first, last) = match measured.wish {
        Wish::Low | Wish::Neither => (low, high),
        Wish::High => (high, low),
    };
    let short = grid.factors.len() > MOST_IN_TITLE;
    // What is written alike is alike to the reader.
    let ties = |value: Estimate| {
        let text = measured.text(value.mean);
        let same = known.iter().filter(|k| measured.text(k.1.mean) == text);
        same.count()
    };
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
    if !best.1.has_interval() {
        return None;
    }
    // Where several are the best alike, the title says so.
    let is_best = |value: &Estimate| value.mean == best.1.mean;
    let ties = known.iter().filter(|(_, value)| is_best(value)).count();
    let those = if ties > 1 { "those" } else { "that" };
    let rivals = known.iter().filter(|(_, value)| {
        !is_best(value)
            && value.has_interval()
            && value.low <= best.1.high
            && value.high >= best.1.low
    });
    match rivals.count() {
        0 if known.len() > ties => Some(format!("No other interval overlaps {those} of the best.")),
        0 => None,
        1 => Some(format!(
            "The interval of one other point overlaps {those} of the best: compare them before choosing."
        )),
        count => Some(format!(
            "The intervals of {count} other points overlap {those} of the best: compare them before \
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
    // Only the knees that are drawn; what is written alike at both ends is none to a reader.
    let shows = |knee: &Knee| measured.text(knee.values[0]) != measured.text(knee.values[2]);
    let all = curves.iter().flat_map(|curve| {
        let found = knee::knees(across, &curve.points).into_iter();
        let found = found.filter(|knee| curve.knees.contains(&knee.level) && shows(knee));
        found.map(move |knee| one(curve, &knee))
    });
    let all: Vec<String> = all.collect();
    let told = &all[..all.len().min(MOST_KNEES)];
    let more = match all.len() - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!all.is_empty()).then(|| format!("{}{more}.", capital(&told.join("; "))))
}

/// In how many points the hypothesis held, of the runs that could be judged: the title of charts of verdicts.
#[must_use]
pub fn holding(held: &[Option<f64>]) -> String {
    let known = || held.iter().copied().flatten();
    let (all, none) = (
        known().filter(|share| *share >= 1.0).count(),
        known().filter(|share| *share <= 0.0).count(),
    );
    let points = known().count();
    let open = held.len() - points;
    if points == 0 {
        return "The hypothesis could not be judged in any run: runs must last longer".to_owned();
    }
    let unjudged = match open {
        0 => String::new(),
        1 => "; at 1 point no run could be judged: it must last longer".to_owned(),
        open => format!("; at {open} points no run could be judged: they must last longer"),
    };
    if held.len() == 1 {
        let share = known().next().unwrap_or_default();
        return format!("The hypothesis held in {:.0}% of the runs", share * 100.0);
    }
    let mixed = points - all - none;
    let text = if open == 0 && all == points {
        format!("held in every run of all {points} points")
    } else if open == 0 && none == points {
        format!("held at none of the {points} points")
    } else {
        let of = held.len();
        let parts = [
            (all, format!("in every run of {all} of {of} points")),
            (mixed, format!("in some runs of {mixed}")),
            (none, format!("in none of {none}")),
        ];
        let parts: Vec<&str> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, text)| text.as_str())
            .collect();
        match parts.split_last() {
            Some((last, [])) => format!("held {last}"),
            Some((last, rest)) => format!("held {}, and {last}", rest.join(", ")),
            None => String::new(),
        }
    };
    format!("The hypothesis {text}{unjudged}")
}

/// With a capital letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
