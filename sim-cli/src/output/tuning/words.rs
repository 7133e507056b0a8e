//! The sentences about tuning, and the numbers in them.

use super::{spoken, used};
use crate::files::setting;
use crate::output::sweep::human::setting as setting_of;
use crate::output::values::value;
use crate::units;
use sim_core::stats::{Interval, share_at_least};
use sim_models::experiment::compare::numbers::Scale;
use sim_models::experiment::space::Point;
use sim_models::experiment::tune::{Elsewhere, Finalist, Goal, Held, Standing, Transfer, Tuning};
use sim_models::expression::Measure;
use std::collections::BTreeSet;

/// Replications under fresh seeds.
pub fn confirmed(tuning: &Tuning) -> u64 {
    tuning
        .finalists
        .first()
        .map_or(0, |one| one.all.share.count)
}

/// The confidence level: `95%`.
pub fn level(tuning: &Tuning) -> String {
    let level = tuning
        .finalists
        .first()
        .map_or(0.95, |one| one.all.share.level);
    units::percent(level).replace(".0%", "%")
}

/// `attempts=2, threads=8`.
pub fn settings(tuning: &Tuning, point: &Point) -> String {
    setting_of(&tuning.axes, point)
}

/// The same with how many others it stands for.
pub fn named(tuning: &Tuning, one: &Finalist) -> String {
    let now = if tuning.is_now(one) {
        " (as it is now)"
    } else {
        ""
    };
    let name = one.point.map_or("as it is now".into(), |point| {
        format!("{}{now}", settings(tuning, &tuning.points[point]))
    });
    match one.alike.len() {
        0 => name,
        alike => format!("{name} and {alike} alike"),
    }
}

/// `--set PATH=VALUE ...`, to be pasted.
pub fn flags(point: &Point) -> String {
    let flags: String = point.set.iter().map(setting).collect();
    flags.trim_start().to_owned()
}

/// `210ms ±5.5ms`.
pub fn interval(measure: &Measure, found: &Interval) -> String {
    let mean = value(measure, found.mean);
    if !found.half_width.is_finite() || found.half_width == 0.0 {
        return mean;
    }
    format!("{mean} ±{}", value(measure, found.half_width))
}

/// `-240 ±10 ms`: with as many digits as its interval warrants.
pub fn difference(measure: &Measure, found: &Interval) -> String {
    let scale = Scale::of(measure, found);
    let sign = if found.mean > 0.0 { "+" } else { "" };
    let mean = scale.bare(found.mean);
    if !found.half_width.is_finite() || found.half_width == 0.0 {
        return format!("{sign}{mean}{}", scale.difference);
    }
    format!(
        "{sign}{mean} ±{}{}",
        scale.bare(found.half_width),
        scale.difference
    )
}

/// `30 of 30`, or that there is nothing to hold.
pub fn held(found: &Held) -> String {
    if found.idle {
        return units::NOTHING.into();
    }
    format!("{} of {}", found.count, found.share.count)
}

fn under(tuning: &Tuning) -> &'static str {
    match tuning.constraints.len() {
        0 => "",
        1 => " under the constraint",
        _ => " under the constraints",
    }
}

fn goal(goal: &Goal) -> String {
    let what = if goal.maximise { "highest" } else { "lowest" };
    format!("{what} {}", goal.measure.label())
}

/// How sure it is that the constraints hold.
fn sure(tuning: &Tuning, one: &Finalist) -> String {
    if tuning.constraints.is_empty() {
        return String::new();
    }
    let many = if tuning.constraints.len() == 1 {
        "The constraint"
    } else {
        "All constraints"
    };
    let share = &one.all.share;
    let least = share_at_least(one.all.count, share.count, share.level).unwrap_or(0.0);
    format!(
        " {many} held in {} of {} fresh runs, so in at least {} of all with {} confidence.",
        one.all.count,
        share.count,
        units::percent(least),
        level(tuning)
    )
}

/// How the first goal compares with the present setting.
fn against_now(tuning: &Tuning, one: &Finalist) -> String {
    let (Some(now), Some(first)) = (tuning.now(), tuning.goals.first()) else {
        return String::new();
    };
    match (&now.goals[0].mean, &one.against_present[0]) {
        (Some(was), Some(found)) => {
            let scale =
                Scale::of_difference(&first.measure, found, [was.mean, was.mean + found.mean]);
            let (more, low, high) = if found.mean < 0.0 {
                ("less", -found.high, -found.low)
            } else {
                ("more", found.low, found.high)
            };
            if !found.excludes_zero() {
                return format!(
                    " against {} now: no difference found ({}).",
                    spoken(first, was.mean),
                    difference(&first.measure, found)
                );
            }
            format!(
                " against {} now: {} {more} ({} to {}).",
                spoken(first, was.mean),
                scale.difference(found.mean.abs()),
                scale.bare(low),
                scale.bare(high)
            )
        }
        _ => " (now there is nothing to measure).".into(),
    }
}

/// The winner in one sentence.
pub fn winner(tuning: &Tuning, one: &Finalist) -> String {
    let (Some(point), Some(first)) = (one.point, tuning.goals.first()) else {
        return String::new();
    };
    let reached = one.goals[0]
        .mean
        .map_or(units::NOTHING.into(), |mean| spoken(first, mean.mean));
    let ties = ties(tuning, one);
    // What is better than the present setting is said of the one that is given, not of a runner-up.
    if !tuning.improves(one) {
        return format!("{}{}", no_better(tuning, one), sure(tuning, one));
    }
    format!(
        "{} gives the {}{}: {reached}{}{}{ties}",
        settings(tuning, &tuning.points[point]),
        goal(first),
        under(tuning),
        against_now(tuning, one),
        sure(tuning, one),
    )
}

/// That nothing is worth a change, and how the one that ranked first compares.
fn no_better(tuning: &Tuning, one: &Finalist) -> String {
    let (Some(point), Some(first), Some(now)) = (one.point, tuning.goals.first(), tuning.now())
    else {
        return String::new();
    };
    let was = now.goals[0].mean;
    let was = was.map_or(units::NOTHING.into(), |mean| spoken(first, mean.mean));
    let (name, label) = (
        settings(tuning, &tuning.points[point]),
        first.measure.label(),
    );
    let found = match &one.against_present[0] {
        _ if tuning.is_now(one) => {
            format!("{name} is the present setting, and ranked first: {label} {was}.")
        }
        Some(found) => {
            let said = if found.excludes_zero() {
                "is worse"
            } else {
                "makes no difference that was found"
            };
            let by = difference(&first.measure, found);
            format!("{label} is {was} now; {name} ranked first and {said} ({by}).")
        }
        None => format!("{name} ranked first, and there is nothing to compare."),
    };
    format!(
        "Nothing that was tried was shown to be better than the present setting. {found}{}",
        lucky(tuning, one)
    )
}

/// Runners-up that look better than the present setting under the fresh seeds: each by itself, and chosen
/// among all of them.
fn lucky(tuning: &Tuning, first: &Finalist) -> String {
    let rivals = tuning.finalists.iter();
    let rivals = rivals.filter(|one| one.point.is_some() && one.point != first.point);
    let better = rivals.clone().filter(|one| tuning.improves(one)).count();
    match better {
        0 => String::new(),
        better => format!(
            " Under the fresh seeds {better} of {} runners-up did better, each by itself: of so many some may by \
             luck. More --confirm would tell.",
            rivals.count()
        ),
    }
}

/// Finalists that meet the constraints and do not differ from the winner beyond luck, or are better.
fn ties(tuning: &Tuning, winner: &Finalist) -> String {
    let rivals = tuning.finalists.iter().filter(|one| {
        one.point.is_some() && one.point != winner.point && one.all.share.mean >= tuning.share
    });
    let (mut tied, mut better) = (0, 0);
    for rival in rivals {
        let sign = if tuning.goals[0].maximise { -1.0 } else { 1.0 };
        match rival.against_winner[0] {
            Some(found) if found.excludes_zero() => better += usize::from(found.mean * sign < 0.0),
            _ => tied += 1,
        }
    }
    let mut text = String::new();
    if better > 0 {
        text.push_str(&format!(
            " Of the runners-up {better} did better under the fresh seeds."
        ));
    }
    if tied > 0 {
        text.push_str(&format!(
            " Of the runners-up {tied} cannot be told from it."
        ));
    }
    text
}

/// The front in a few sentences.
pub fn front(tuning: &Tuning, all: &[&Finalist]) -> String {
    let goals: Vec<String> = tuning.goals.iter().map(goal).collect();
    let (goals, under) = (goals.join(" and "), under(tuning));
    if let Some(text) = nothing_better(tuning, all) {
        return text;
    }
    let now = beside_now(tuning, all);
    match all {
        [one] => format!(
            "{} gives the {goals}{under}: no other that was left beats it in any.{now}{}",
            named(tuning, one),
            sure(tuning, one)
        ),
        _ => {
            let which = if all.len() > 2 {
                "the one nearest to the best of all goals, marked >, is"
            } else {
                "the first of them, marked >, is"
            };
            let tried = if used(tuning).is_some_and(|one| tuning.is_now(one)) {
                "taken: it is the present setting"
            } else {
                "used and tried elsewhere"
            };
            format!(
                "{} settings, marked * and >, trade {goals} off against each other{under}; no other that was left \
                 beats one of them in everything.{now} Below, {which} {tried}.{}",
                all.len(),
                used(tuning).map_or(String::new(), |one| sure(tuning, one))
            )
        }
    }
}

/// That a setting which was dropped after a few runs looked better in all goals than one of the front does
/// under the fresh seeds.
pub fn seems_beaten(tuning: &Tuning, one: &Finalist) -> Option<String> {
    let finalist = |point| {
        tuning
            .finalists
            .iter()
            .any(|other| other.point == Some(point))
    };
    let beats = |standing: &Standing| {
        let goals = tuning.goals.iter().zip(&standing.score.goals);
        standing.score.failing == 0.0
            && goals.zip(&one.goals).all(|((goal, score), outcome)| {
                let sign = if goal.maximise { -1.0 } else { 1.0 };
                let mean = outcome.mean.map_or(f64::INFINITY, |mean| mean.mean * sign);
                score.lost == 0.0 && score.mean * sign < mean
            })
    };
    // The last rung that a setting reached knows it best.
    let mut seen = BTreeSet::new();
    let rungs = tuning.rungs.iter().rev();
    let mut last = rungs
        .flat_map(|rung| rung.standings.iter().map(move |standing| (rung, standing)))
        .filter(|(_, standing)| seen.insert(standing.point));
    let (rung, other) = last.find(|(_, other)| !finalist(other.point) && beats(other))?;
    Some(format!(
        "{} is on the front, too, but {}, which was dropped after {} runs, looked better in all goals: keep more \
         of them (--eta, --finalists) to be sure.",
        settings(tuning, &tuning.points[one.point?]),
        settings(tuning, &tuning.points[other.point]),
        rung.replications,
    ))
}

/// How many of a front beat the present setting: better in one goal beyond luck, and worse in none.
fn beside_now(tuning: &Tuning, all: &[&Finalist]) -> String {
    let beats = |one: &&&Finalist| tuning.now().is_some() && tuning.beats_now(one);
    match (all.iter().filter(beats).count(), all.len()) {
        (0, _) => " None of them beats the present setting in everything.".into(),
        (1, 1) => {
            " It beats the present setting: better in one goal at least, worse in none.".into()
        }
        (some, count) => format!(
            " The present setting is beaten by {some} of the {count}: better in one goal at least, worse in none."
        ),
    }
}

/// That nobody of a front was shown to be better than the present setting, and how those that ranked first
/// compare with it; none where one was, or where they trade goals off against each other.
fn nothing_better(tuning: &Tuning, all: &[&Finalist]) -> Option<String> {
    tuning.now()?;
    let improves = |one: &&&Finalist| tuning.improves(one);
    let some = all.iter().filter(improves).count();
    let found = match all {
        [one] if tuning.beats_now(one) => return None,
        [one] if some > 0 => format!(
            "{} ranked first: better in a goal, and worse in another.",
            named(tuning, one)
        ),
        [one] if tuning.is_now(one) => {
            format!("{} ranked first.", named(tuning, one))
        }
        [one] => format!(
            "{} ranked first, and was not shown to be better in any goal.",
            named(tuning, one)
        ),
        _ if some > 0 => return None,
        _ => format!(
            "{} settings, marked * and >, ranked first, none of them shown to be better in any goal.",
            all.len()
        ),
    };
    let sure = match all {
        [one] => sure(tuning, one),
        _ => used(tuning).map_or(String::new(), |one| sure(tuning, one)),
    };
    Some(format!(
        "Nothing that was tried was shown to be better than the present setting. {found}{sure}"
    ))
}

/// That whether the hypothesis held could not be judged, so that nothing ranks first in how often it did.
pub fn unjudged(tuning: &Tuning) -> Option<String> {
    let count = tuning.unjudged()?;
    Some(format!(
        "No setting can be said to hold most often: of {} of {} it could not be judged in every run whether the \
         hypothesis held, and nothing ranks against what is not known. The runs must last longer (duration).",
        count,
        tuning.points.len()
    ))
}

/// That the setting lies at an end of what was searched.
pub fn ends(tuning: &Tuning) -> Option<String> {
    // What is no better than the present setting promises nothing beyond.
    let point = used(tuning).filter(|one| tuning.improves(one))?.point?;
    let each: Vec<String> = tuning
        .ends
        .iter()
        .map(|end| {
            let axis = &tuning.axes[end.axis];
            let side = if end.upper { "upper" } else { "lower" };
            format!(
                "{}={} is at the {side} end of what was searched",
                axis.name, tuning.points[point].coordinates[end.axis].label
            )
        })
        .collect();
    (!each.is_empty()).then(|| {
        format!(
            "{}: what lies beyond was not tried, and may be better still. Widen --vary, if there is more.",
            each.join(", ")
        )
    })
}

/// That nothing meets the constraints, what comes nearest, and which constraint binds.
pub fn infeasible(tuning: &Tuning) -> String {
    let Some(nearest) = tuning.finalists.first() else {
        return "There is no candidate.".into();
    };
    let name = nearest.point.map_or(String::new(), |point| {
        settings(tuning, &tuning.points[point])
    });
    let held = nearest.constraints.iter().zip(&tuning.constraints);
    let binding = held.min_by_key(|(held, _)| held.count);
    let binding = binding.map_or(String::new(), |(held, check)| match held.missing {
        0 => format!(
            " The constraint that binds is {check}, which it met in {} of them.",
            held.count
        ),
        all if all == held.share.count => format!(
            " Of {check} there was no value in any of them: nothing to measure, or runs that end too soon to be \
             judged (duration)."
        ),
        some => format!(
            " The constraint that binds is {check}, which it met in {} of them; in {some} there was no value: \
             nothing to measure, or runs that end too soon to be judged (duration).",
            held.count
        ),
    });
    format!(
        "No setting meets the constraints in {} of the runs. The nearest is {name}: all of them held in {} of {} \
         fresh runs.{binding}",
        units::percent(tuning.share).replace(".0%", "%"),
        nearest.all.count,
        nearest.all.share.count,
    )
}

/// The best value of the first goal among candidates that broke the constraints, as far as they came.
pub fn given_up(tuning: &Tuning) -> Option<String> {
    let (goal, best) = (tuning.goals.first()?, used(tuning)?);
    let reached = best.goals[0].mean?.mean;
    let sign = if goal.maximise { -1.0 } else { 1.0 };
    let first = tuning.rungs.first()?;
    let broken = first.standings.iter().filter(|one| {
        let score = one.score.goals[0];
        one.score.failing > 0.0 && score.lost == 0.0 && score.mean * sign < reached * sign
    });
    let better = broken.min_by(|a, b| {
        let mean = |one: &&Standing| one.score.goals[0].mean * sign;
        mean(a).total_cmp(&mean(b))
    })?;
    Some(format!(
        "Given up for the constraints: {} had a {} of {} in the first rung ({} runs), but {}.",
        settings(tuning, &tuning.points[better.point]),
        goal.measure.label(),
        spoken(goal, better.score.goals[0].mean),
        first.replications,
        if better.score.unknown > 0.0 {
            "not all that they limit had a value"
        } else {
            "broke them"
        },
    ))
}

/// That the setting is worse than the present one somewhere, and by how much. `also` says how many of the
/// other scenarios the user named: only those tell whether it fits more than what it was tuned on.
pub fn trap(tuning: &Tuning, also: usize) -> Option<String> {
    // What is given up for another goal here is no news elsewhere.
    let given = used(tuning).map_or(Vec::new(), |one| worse(tuning, one));
    let bad = |other: &Elsewhere| match other.verdict {
        Transfer::Worse => true,
        Transfer::Mixed => {
            let there = worse(tuning, &other.chosen);
            there
                .iter()
                .zip(&given)
                .any(|(there, here)| *there && !here)
                || !there.contains(&true)
                || other.chosen.all.count < other.present.all.count
        }
        Transfer::Better | Transfer::Same | Transfer::Open => false,
    };
    let elsewhere = tuning.elsewhere.iter();
    let worse: Vec<String> = elsewhere
        .filter(|other| bad(other))
        .map(|other| format!("{} ({})", other.name, damage(tuning, other)))
        .collect();
    if worse.is_empty() {
        return None;
    }
    // What only it meets the constraints in, or is better in for another goal, it does fit.
    let named = tuning
        .elsewhere
        .iter()
        .take(also)
        .filter(|other| other.verdict == Transfer::Worse);
    let fits = match (named.count(), tuning.outage) {
        (0, _) => "",
        (_, true) => " It fits this outage, not the system.",
        (_, false) => " It fits this load, not the system.",
    };
    Some(format!(
        "Careful: it is worse than the present setting elsewhere: {}.{fits}",
        worse.join("; ")
    ))
}

/// For each goal whether a setting is worse in it than the present one beyond luck.
fn worse(tuning: &Tuning, one: &Finalist) -> Vec<bool> {
    let goals = tuning.goals.iter().zip(&one.against_present);
    let worse = goals.map(|(goal, found)| {
        let sign = if goal.maximise { -1.0 } else { 1.0 };
        found.is_some_and(|found| found.excludes_zero() && found.mean * sign > 0.0)
    });
    worse.collect()
}

/// Where the setting does not meet the constraints.
pub fn unmet(tuning: &Tuning) -> Option<String> {
    let unmet: Vec<String> = tuning
        .elsewhere
        .iter()
        .filter(|other| other.chosen.all.share.mean < tuning.share)
        .map(|other| {
            let all = &other.chosen.all;
            let missing = other.chosen.constraints.iter().filter(|one| !one.idle);
            let missing = match missing.map(|one| one.missing).max() {
                None | Some(0) => String::new(),
                Some(missing) => format!(", {missing} without a value"),
            };
            format!(
                "{} ({} of {} runs held{missing})",
                other.name, all.count, all.share.count
            )
        })
        .collect();
    (!unmet.is_empty()).then(|| {
        format!(
            "It does not meet the constraints everywhere: {}.",
            unmet.join("; ")
        )
    })
}

/// `failed ratio of shoppers 12% instead of 0.5%`, for each goal that is worse.
fn damage(tuning: &Tuning, other: &Elsewhere) -> String {
    let mut parts = Vec::new();
    let worse = worse(tuning, &other.chosen);
    for (number, goal) in tuning.goals.iter().enumerate() {
        let means = other.chosen.goals[number]
            .mean
            .zip(other.present.goals[number].mean);
        if let (true, Some((is, was))) = (worse[number], means) {
            let (label, is, was) = (
                goal.measure.label(),
                spoken(goal, is.mean),
                spoken(goal, was.mean),
            );
            parts.push(format!("{label} {is} instead of {was}"));
        }
    }
    let (is, was) = (&other.chosen.all, &other.present.all);
    let held = format!(
        "constraints held in {} of {} runs instead of {}",
        is.count, is.share.count, was.count
    );
    let met = |all: &Held| all.share.mean >= tuning.share;
    if is.count < was.count {
        parts.push(held);
    } else if met(is) && !met(was) && !parts.is_empty() {
        return format!("{}, but {held}", parts.join(", "));
    }
    if parts.is_empty() {
        parts.push("values are lost more often".into());
    }
    parts.join(", ")
}
