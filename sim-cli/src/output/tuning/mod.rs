//! What tuning found, for people and for programs.

mod words;
mod json;

pub use json::json;

use super::human::{command, join};
use super::style::Style;
use super::table::{Table, shorten, wrap};
use super::tables::styled;
use super::values::value;
use crate::units;
use sim_models::experiment::tune::{Finalist, Goal, Held, Outcome, Transfer, Tuning};
use sim_models::expression::Measure;
use words::{held, interval};

/// The result as text. `also` says how many of the other scenarios the user named.
#[must_use]
pub fn render(tuning: &Tuning, also: usize, reproduce: &str, style: Style) -> String {
    join(&[
        headline(tuning, style),
        to_use(tuning, style),
        finalists(tuning, style),
        constraints(tuning, style),
        given_up(tuning),
        elsewhere(tuning, style),
        warning(tuning, also, style),
        rungs(tuning, style),
        ending(tuning, reproduce, style),
    ])
}

fn chosen(tuning: &Tuning) -> impl Iterator<Item = &Finalist> {
    tuning.chosen.iter().map(|place| &tuning.finalists[*place])
}

/// The finalist that is used.
fn used(tuning: &Tuning) -> Option<&Finalist> {
    tuning.finalists.get(tuning.used?)
}

fn headline(tuning: &Tuning, style: Style) -> Vec<String> {
    let all: Vec<&Finalist> = chosen(tuning).collect();
    let (text, paint): (String, fn(Style, &str) -> String) = match &all[..] {
        [] => (words::infeasible(tuning), Style::bad),
        [one] if tuning.goals.len() == 1 && !tuning.improves(one) => {
            (words::winner(tuning, one), Style::careful)
        }
        [one] if tuning.goals.len() == 1 => (words::winner(tuning, one), Style::good),
        front if front.iter().any(|one| tuning.improves(one)) => {
            (words::front(tuning, front), Style::good)
        }
        front => (words::front(tuning, front), Style::careful),
    };
    let (text, paint) = match words::unjudged(tuning) {
        Some(text) if !all.is_empty() => (text, Style::careful as fn(Style, &str) -> String),
        _ => (text, paint),
    };
    let mut lines = wrap(&text, "", "");
    if let Some(first) = lines.first_mut() {
        *first = paint(style, first);
    }
    lines
}

/// The commands of what is chosen, that of the one that is used first; none of what would change nothing.
fn to_use(tuning: &Tuning, style: Style) -> Vec<String> {
    let used = used(tuning);
    let others = tuning
        .chosen
        .iter()
        .filter(|place| Some(**place) != tuning.used)
        .map(|place| &tuning.finalists[*place]);
    if tuning.unjudged().is_some() {
        return Vec::new();
    }
    let worth = |one: &&Finalist| !tuning.is_now(one) && tuning.improves(one);
    // Of a front only those are offered that are better than the present setting in something.
    let others = others.filter(|one| tuning.improves(one));
    let (beaten, others): (Vec<&Finalist>, Vec<&Finalist>) =
        others.partition(|one| words::seems_beaten(tuning, one).is_some());
    let all = used.into_iter().filter(worth).chain(others.iter().copied());
    let points = all.filter_map(|one| one.point.map(|point| &tuning.points[point]));
    let mut lines = Vec::new();
    for point in points {
        let first = lines.is_empty();
        let word = if first { "To use" } else { "Or" };
        let heading = format!("{word} {}", words::settings(tuning, point));
        let mut heading = wrap(&heading, "", "");
        if first {
            heading[0] = style.heading(&heading[0]);
        }
        lines.extend(heading);
        lines.extend(command(&words::flags(point)));
    }
    for text in beaten
        .iter()
        .filter_map(|one| words::seems_beaten(tuning, one))
    {
        lines.extend(wrap(&text, "", "  "));
    }
    lines
}

/// Short, so that the names of settings have room.
fn goal_heading(goal: &Goal) -> String {
    shorten(&goal.measure.label(), 22)
}

fn shown(goal: &Goal, outcome: &Outcome) -> String {
    let mean = match &outcome.mean {
        Some(mean) => interval(&goal.measure, mean),
        None => units::NOTHING.to_owned(),
    };
    match outcome.lost {
        0 => mean,
        lost => format!("{mean}, none in {lost}"),
    }
}

fn finalists(tuning: &Tuning, style: Style) -> Vec<String> {
    let seeds = format!("{} fresh seeds", words::confirmed(tuning));
    let (name, mut headings) = match &tuning.goals[..] {
        // One goal is named once, so that the names of settings have room.
        [goal] => (
            format!("{}, {seeds}", goal.measure.label()),
            vec!["mean".into()],
        ),
        goals => (seeds, goals.iter().map(goal_heading).collect::<Vec<_>>()),
    };
    let with_differences = tuning.goals.len() == 1;
    if with_differences {
        headings.push("against now".into());
    }
    if !tuning.constraints.is_empty() {
        headings.push("held".into());
    }
    headings.insert(0, name);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = Table::new(&headings);
    for (place, one) in tuning.shown() {
        let mark = if tuning.chosen.len() > 1 && tuning.used == Some(place) {
            "> "
        } else if tuning.chosen.contains(&place) {
            "* "
        } else {
            ""
        };
        let mut row = vec![format!("{mark}{}", words::named(tuning, one))];
        for (goal, outcome) in tuning.goals.iter().zip(&one.goals) {
            row.push(shown(goal, outcome));
            if with_differences {
                row.push(against_now(goal, one));
            }
        }
        if !tuning.constraints.is_empty() {
            row.push(held(&one.all));
        }
        table.row(row);
    }
    styled(&table, style)
}

/// How the first goal differs from the present setting.
fn against_now(goal: &Goal, one: &Finalist) -> String {
    match one.against_present.first() {
        Some(Some(difference)) => words::difference(&goal.measure, difference),
        _ => units::NOTHING.to_owned(),
    }
}

fn constraints(tuning: &Tuning, style: Style) -> Vec<String> {
    if tuning.constraints.is_empty() {
        return Vec::new();
    }
    let whose = if tuning.chosen.is_empty() {
        "nearest"
    } else {
        "chosen"
    };
    let mut table = Table::new(&["Constraints", whose, "held", "now", "held"]);
    let first = tuning.used.unwrap_or(0);
    for (number, check) in tuning.constraints.iter().enumerate() {
        let mut row = vec![check.to_string()];
        for one in [tuning.finalists.get(first), tuning.now()] {
            let Some(found) = one.map(|one| &one.constraints[number]) else {
                continue;
            };
            row.push(limited(&check.measure, found));
            row.push(held(found));
        }
        table.row(row);
    }
    styled(&table, style)
}

/// The mean of what a constraint limits; of what did not end there is none.
fn limited(measure: &Measure, found: &Held) -> String {
    match (&found.mean, found.endless) {
        (Some(mean), _) => interval(measure, mean),
        (None, 0) => units::NOTHING.to_owned(),
        (None, all) if all == found.share.count => value(measure, f64::INFINITY),
        (None, some) => format!("{} in {some}", value(measure, f64::INFINITY)),
    }
}

/// What the constraints cost: the best candidate that broke them, as it looked in the rungs.
fn given_up(tuning: &Tuning) -> Vec<String> {
    match words::given_up(tuning) {
        Some(text) => wrap(&text, "", ""),
        None => Vec::new(),
    }
}

fn elsewhere(tuning: &Tuning, style: Style) -> Vec<String> {
    let Some(goal) = tuning.goals.first() else {
        return Vec::new();
    };
    // The present setting does as it does.
    if used(tuning).is_none_or(|one| tuning.is_now(one)) {
        return Vec::new();
    }
    let heading = format!("Elsewhere: {}", goal.measure.label());
    let mut headings = vec![heading.as_str(), "chosen", "now", "difference"];
    if !tuning.constraints.is_empty() {
        headings.push("held");
        headings.push("now");
    }
    headings.push("");
    let mut table = Table::new(&headings);
    for other in &tuning.elsewhere {
        let (is, was) = (&other.chosen, &other.present);
        let mut row = vec![
            other.name.clone(),
            shown(goal, &is.goals[0]),
            shown(goal, &was.goals[0]),
            against_now(goal, is),
        ];
        if !tuning.constraints.is_empty() {
            row.push(held(&is.all));
            row.push(held(&was.all));
        }
        row.push(transfer(other.verdict).to_owned());
        table.row(row);
    }
    styled(&table, style)
}

fn transfer(verdict: Transfer) -> &'static str {
    match verdict {
        Transfer::Better => "better",
        Transfer::Same => "same",
        Transfer::Open => "not told apart",
        Transfer::Mixed => "mixed",
        Transfer::Worse => "WORSE",
    }
}

fn warning(tuning: &Tuning, also: usize, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(text) = words::ends(tuning) {
        let mut wrapped = wrap(&text, "", "");
        wrapped[0] = style.careful(&wrapped[0]);
        lines.extend(wrapped);
    }
    if let Some(text) = words::trap(tuning, also) {
        let mut wrapped = wrap(&text, "", "");
        wrapped[0] = style.bad(&wrapped[0]);
        lines.extend(wrapped);
    }
    if let Some(text) = words::unmet(tuning) {
        let mut wrapped = wrap(&text, "", "");
        wrapped[0] = style.careful(&wrapped[0]);
        lines.extend(wrapped);
    }
    if also == 0 {
        let what = if tuning.outage { "outage" } else { "load" };
        let text = format!(
            "Tuned on this {what}, and tried only in changes of the same scenario. A setting that is right for \
             one {what} can be wrong for the next: try it in others with --also OTHER.ron"
        );
        let mut wrapped = wrap(&text, "", "");
        wrapped[0] = style.careful(&wrapped[0]);
        lines.extend(wrapped);
    }
    lines
}

fn rungs(tuning: &Tuning, style: Style) -> Vec<String> {
    let mut table = Table::new(&[
        "Runs spent",
        "settings",
        "replications each",
        "runs",
        "kept",
    ]);
    let mut rest = tuning.runs;
    for (number, rung) in tuning.rungs.iter().enumerate() {
        rest -= rung.runs;
        table.row(vec![
            format!("rung {}", number + 1),
            rung.standings.len().to_string(),
            rung.replications.to_string(),
            units::count(rung.runs),
            rung.kept.to_string(),
        ]);
    }
    table.row(vec![
        "fresh seeds, here and elsewhere".into(),
        String::new(),
        words::confirmed(tuning).to_string(),
        units::count(rest),
        String::new(),
    ]);
    styled(&table, style)
}

fn ending(tuning: &Tuning, reproduce: &str, style: Style) -> Vec<String> {
    let level = words::level(tuning);
    let text = format!(
        "{} runs; the rungs used seeds {} to {}, everything else {} to {}. Intervals hold with {level} \
         confidence each, those elsewhere all together; values are means over the replications.",
        units::count(tuning.runs),
        tuning.seed,
        tuning.fresh_seed.wrapping_sub(1),
        tuning.fresh_seed,
        tuning
            .fresh_seed
            .wrapping_add(words::confirmed(tuning))
            .wrapping_sub(1),
    );
    let mut lines = wrap(&text, "", "");
    lines.push(style.heading("Reproduce with"));
    lines.extend(command(reproduce));
    lines
}

/// A value of a goal; for words.
fn spoken(goal: &Goal, mean: f64) -> String {
    value(&goal.measure, mean)
}
