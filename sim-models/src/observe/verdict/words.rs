//! What a verdict says.

use super::aftermath::{Aftermath, Elsewhere, Loss, Unjudged};
use super::blast::Charged;
use super::damage::Fate;
use super::disturbance::Disturbance;
use super::pace::{Improvement, Pace};
use super::steady::{Check, Steady, late};
use crate::expression::Expression;
use crate::expression::metric::{Metric, Of, Unit};
use crate::expression::naming::Measure;
use crate::observe::figures::{HUGE, powered};
use crate::observe::summary::{CheckSummary, Damage, DeedSummary};
use crate::quantity::units::Rate;
use sim_core::{SimDuration, SimTime};
use std::ops::Range;

/// Share of requests that still wait from which on that is told beside how slow answers are.
const STILL: f64 = 0.01;
/// Workloads that are named one by one.
const NAMED: usize = 3;

/// A number with three significant digits.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if value.abs() >= HUGE {
        return powered(value);
    }
    let text = format!("{value:.*}", digits(value));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}

/// Digits after the point that make three significant ones.
fn digits(value: f64) -> usize {
    let digits = 2 - libm::floor(libm::log10(value.abs())) as i32;
    digits.clamp(0, 12) as usize
}

/// A span of time, s, as people read it: `3.42s`, `1h12min`.
pub(super) fn span(seconds: f64) -> String {
    if seconds.is_finite() {
        SimDuration::from_secs_f64(seconds).rounded().to_string()
    } else {
        "for ever".into()
    }
}

/// About so long: two significant digits.
fn about(seconds: f64) -> String {
    let unit = if seconds > 0.0 {
        libm::pow(10.0, libm::floor(libm::log10(seconds)) - 1.0)
    } else {
        1.0
    };
    span(libm::round(seconds / unit) * unit)
}

/// A share as per cent, never rounded up to all or down to nothing: `28 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match short(percent) {
        all if all == "100" && share < 1.0 => "over 99.9 %".into(),
        text => format!("{text} %"),
    }
}

/// A value in the unit of its measure.
fn in_unit(value: f64, measure: &Measure) -> String {
    match measure.unit() {
        // Amplification is a factor.
        Unit::Ratio if measure.metric.of() != Of::Edge && (0.0..=1.0).contains(&value) => {
            percent(value)
        }
        Unit::Seconds => span(value),
        Unit::Rate => Rate(short(value).parse().unwrap_or(value)).to_string(),
        Unit::Ratio | Unit::Count => short(value),
    }
}

/// Who was hurt, by how much and for how long: `buyers: 28 % lost for 307s; browsers unharmed`.
/// `charged` says of each workload how long it was hurt while which disturbances were on, if those are several.
pub(super) fn harm(names: &[String], fates: &[Fate], charged: &[Charged]) -> String {
    let hurt = fates
        .iter()
        .zip(charged)
        .filter_map(|(fate, charged)| match fate {
            Fate::Hurt(damage, _) => Some((&**damage, charged)),
            _ => None,
        });
    let mut hurt: Vec<(&Damage, &Charged)> = hurt.collect();
    hurt.sort_by(|(a, _), (b, _)| severity(b).total_cmp(&severity(a)));
    let of = |wanted: Fate| -> Vec<&str> {
        let names = names.iter().zip(fates);
        let names = names.filter(|(_, fate)| **fate == wanted);
        names.map(|(name, _)| name.as_str()).collect()
    };
    let (unharmed, unknown) = (of(Fate::Unharmed), of(Fate::Unknown));
    let unanswered = names
        .iter()
        .zip(fates)
        .filter_map(|(name, fate)| match fate {
            Fate::Unanswered(all) => Some((name, all)),
            _ => None,
        });
    let unanswered: Vec<(&String, &u64)> = unanswered.collect();
    let mut parts: Vec<String> = hurt
        .iter()
        .take(NAMED)
        .map(|(damage, charged)| suffered(damage) + &during_which(charged))
        .collect();
    if hurt.len() > NAMED {
        parts.push(format!("{} more were hurt", hurt.len() - NAMED));
    }
    parts.extend(
        unanswered
            .iter()
            .take(NAMED)
            .map(|(name, all)| format!("{name}: none of {all} requests was answered")),
    );
    if unanswered.len() > NAMED {
        parts.push(format!("{} more got no answer", unanswered.len() - NAMED));
    }
    if !unharmed.is_empty() {
        parts.push(match (hurt.is_empty(), unharmed.len()) {
            (true, _) if unknown.is_empty() && unanswered.is_empty() => {
                "nobody was hurt".to_owned()
            }
            (_, many) if many > NAMED => format!("{many} others unharmed"),
            _ => format!("{} unharmed", listed(&unharmed)),
        });
    }
    if !unknown.is_empty() {
        let who = if unknown.len() > NAMED {
            format!("{} others", unknown.len())
        } else {
            listed(&unknown)
        };
        parts.push(format!("{who}: too few requests to tell"));
    }
    parts.join("; ")
}

/// The workloads that were hurt, the worst first.
pub(super) fn worst_first(fates: &[Fate]) -> Vec<Damage> {
    let mut hurt: Vec<Damage> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::Hurt(damage, _) => Some(Damage::clone(damage)),
            _ => None,
        })
        .collect();
    hurt.sort_by(|a, b| severity(b).total_cmp(&severity(a)));
    hurt
}

/// Share lost times how long; those who were only slow come last.
fn severity(damage: &Damage) -> f64 {
    let lost = damage.lost_share.unwrap_or(0.0) * damage.lost_seconds;
    lost + damage.slow_seconds * 1e-6
}

/// While which of several disturbances it was, and how long: ` (1min during `a`, 30s during `a` and `b` together)`.
fn during_which(charged: &Charged) -> String {
    let parts = charged.iter().take(NAMED).map(|(who, seconds)| {
        let names: Vec<&str> = who.iter().map(String::as_str).collect();
        let long = span(*seconds);
        match names.len() {
            0 => format!("{long} while none was on"),
            1 => format!("{long} during {}", quoted(&names)),
            _ => format!("{long} during {} together", quoted(&names)),
        }
    });
    let mut parts: Vec<String> = parts.collect();
    if charged.len() > NAMED {
        let rest = charged[NAMED..].iter().map(|(_, seconds)| seconds);
        parts.push(format!("{} during others", span(rest.sum())));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!(" ({})", parts.join(", "))
}

fn suffered(damage: &Damage) -> String {
    let name = &damage.workload;
    let lost = damage.lost_share.filter(|_| damage.lost_seconds > 0.0);
    let lost =
        lost.map(|share| format!("{} lost for {}", percent(share), span(damage.lost_seconds)));
    let slow = (damage.slow_seconds > 0.0)
        .then(|| slowed(damage))
        .flatten();
    let parts: Vec<String> = lost.into_iter().chain(slow).collect();
    format!("{name}: {}", parts.join(", "))
}

/// How slow answers were, by the quantile that grew most, and who still waits.
fn slowed(damage: &Damage) -> Option<String> {
    let long = span(damage.slow_seconds);
    let waiting = damage.waiting_share.unwrap_or(0.0);
    let known = (
        damage.slow_quantile,
        damage.slow_latency,
        damage.slow_latency_before,
    );
    let slow = if let (Some(quantile), Some(now), Some(before)) = known {
        let (now, before) = (span(now), span(before));
        let name = short(100.0 * quantile);
        Some(format!("p{name} {now} instead of {before} for {long}"))
    } else if damage.lost == 0 {
        // So many never got an answer that nobody knows how long they take.
        return Some(format!("{} not answered for {long}", percent(waiting)));
    } else {
        None
    };
    let still =
        (waiting >= STILL).then(|| format!("{} still waiting at the end", percent(waiting)));
    let parts: Vec<String> = slow.into_iter().chain(still).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Why all was well; `missed` is a check that does not hold over the whole run, though luck explains it in each
/// stretch, and what was measured.
pub(super) fn held(all: &[Disturbance], kept: bool, missed: Option<(&Check, f64)>) -> String {
    let came: Vec<&str> = names_of(all);
    let stays = all.iter().any(Disturbance::stays);
    match (came.is_empty(), kept) {
        (true, _) => "every check held".into(),
        (false, true) => format!(
            "what the hypothesis allows while a fault is on was kept, with {}",
            quoted(&came)
        ),
        (false, false) => {
            let when = format!("{}{}", quoted(&came), if stays { "" } else { " and after" });
            match missed {
                None => format!("the steady state held throughout, during {when}"),
                Some((check, value)) => format!(
                    "the steady state broke in no stretch by more than luck explains, during {when}; over the whole run `{}` is at {}",
                    check.text,
                    in_unit(value, &check.expression.measure)
                ),
            }
        }
    }
}

/// What to add where all was well and these workloads got no answer: no check may have asked.
pub(super) fn unanswered(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        few if few.len() <= NAMED => format!("; not one request of {} was answered", listed(few)),
        many => format!("; of {} workloads not one request was answered", many.len()),
    }
}

/// The names of those that came, each once.
fn names_of(all: &[Disturbance]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for disturbance in all.iter().filter(|one| !one.periods.is_empty()) {
        if !names.contains(&disturbance.summary.name.as_str()) {
            names.push(&disturbance.summary.name);
        }
    }
    names
}

fn quoted(names: &[&str]) -> String {
    if names.len() > NAMED {
        return format!("each of {} disturbances", names.len());
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    listed(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// That all was well again, where nobody said what that is.
pub(super) fn well_again(name: &str, seconds: f64) -> String {
    if seconds > 0.0 {
        format!(
            "all was as before {} after `{name}` was gone",
            span(seconds)
        )
    } else {
        format!("all was as before as soon as `{name}` was gone")
    }
}

/// That it came back.
pub(super) fn recovered(name: &str, seconds: f64) -> String {
    if seconds > 0.0 {
        format!(
            "the steady state broke, and held again {} after `{name}` was gone",
            span(seconds)
        )
    } else {
        format!("the steady state broke, and held again as soon as `{name}` was gone")
    }
}

/// That a check failed.
pub(super) fn refuted(check: &CheckSummary) -> String {
    if check.kind == "recovers" {
        let took = check.value.map_or_else(|| "never".to_owned(), span);
        return format!(
            "it recovered, but not in time: {} after {took}, and {} are allowed",
            check.check,
            span(check.limit)
        );
    }
    let latency = |check: &CheckSummary| {
        let read = check.check.parse::<Expression>();
        read.is_ok_and(|read| read.measure.metric == Metric::Latency)
    };
    let value = match check.value {
        Some(value) => value_of(check, value),
        None if latency(check) => "too many got no answer".into(),
        None => "nothing was measured".into(),
    };
    let when = if check.kind == "during" {
        " while a fault was on,"
    } else {
        ""
    };
    format!(
        "`{}` did not hold{when} over {}: {value}",
        check.check, check.over
    )
}

/// A value in the unit of its check.
pub(super) fn value_of(check: &CheckSummary, value: f64) -> String {
    let read = check.check.parse::<Expression>();
    read.map_or_else(|_| short(value), |read| in_unit(value, &read.measure))
}

/// Why a disturbance cannot be judged, and what it would take.
pub(super) fn unjudged(steady: &Steady<'_>, disturbance: &Disturbance, why: &Unjudged) -> String {
    let name = &disturbance.summary.name;
    let stretch = steady.measurer.plan.window.0 * steady.stretch as u64;
    let stretch = SimDuration(stretch);
    let over = steady.over();
    match why {
        Unjudged::NeverOn => format!("`{name}` never came: nothing was tested"),
        Unjudged::StillOn { other: Some(other) } => format!(
            "`{other}` was on when the run ended, and hides what came after `{name}`: let it end, or judge it by `during` or `always`"
        ),
        Unjudged::StillOn { other: None } if disturbance.stays() => format!(
            "`{name}` stays on to the end of the run, so nothing is known of a recovery: give it an end (`for`), or say with `during` or `always` what it may do"
        ),
        Unjudged::StillOn { other: None } => format!(
            "`{name}` was still on when the run ended at {over}: to judge it takes a run that goes on for at least {stretch} after it"
        ),
        Unjudged::TooShort { left, held } => {
            let missing = SimDuration::from_secs_f64((stretch.as_secs_f64() - held).max(0.0));
            let seen = if *held > 0.0 {
                format!("and held for the last {}", span(*held))
            } else {
                "and did not hold yet".to_owned()
            };
            format!(
                "the run ended {} after `{name}` and what came with it, {seen}; to judge a recovery takes {stretch} of steady state: set a `duration` of {} or more",
                span(*left),
                (over + missing).since(SimTime::ZERO).rounded()
            )
        }
        Unjudged::Nothing => format!(
            "no request was answered after `{name}`, so nothing is known of what it did: set a longer `duration` or more load"
        ),
        Unjudged::NoBefore => format!(
            "there was no steady state to see before `{name}`, so nobody can say what it broke: let it begin later, after the warm-up"
        ),
        Unjudged::Elsewhere(elsewhere) => format!(
            "{}, and `{name}` cannot have reached it: nothing is known of what came after `{name}`",
            hurt_since(elsewhere)
        ),
    }
}

/// Who is hurt, and since when.
fn hurt_since(elsewhere: &Elsewhere) -> String {
    let hurt: Vec<&str> = elsewhere.hurt.iter().map(String::as_str).collect();
    let were = if hurt.len() > 1 { "were" } else { "was" };
    let since = elsewhere.begun;
    let since = since.map_or(String::new(), |begun| format!(" from {begun} on"));
    format!("{} {were} hurt{since}", listed(&hurt))
}

/// What to add to a check that fails at the end, where no disturbance can have reached what it is about; `done` is
/// the last thing that a controller did before the damage began, and who did it.
pub(super) fn untouched(elsewhere: &Elsewhere, done: Option<(&str, &DeedSummary)>) -> String {
    let hurt = hurt_since(elsewhere);
    let since = if elsewhere.alone {
        ""
    } else {
        " that came since"
    };
    match (done, elsewhere.alone) {
        // What it did may have reached anything.
        (Some((who, deed)), _) => format!(
            "; {hurt}; no fault or spike{since} can have reached it, and the last thing done by then was `{}` by `{who}` at {}",
            deed.what,
            span(deed.time)
        ),
        (None, true) => format!("; {hurt}, and nothing that disturbed the run can have reached it"),
        (None, false) => format!("; {hurt}, and nothing that came since can have reached it"),
    }
}

/// Why a disturbance counts as not recovered from.
pub(super) fn lost(steady: &Steady<'_>, disturbance: &Disturbance, loss: &Loss) -> String {
    let name = &disturbance.summary.name;
    let quiet = loss.quiet;
    let gone = loss.since.as_ref().map_or(quiet, |since| since.gone);
    let after = span(steady.start(loss.after.end).since(gone).as_secs_f64());
    let late = late(&loss.after);
    let what = match loss.check.map(|check| &steady.checks[check]) {
        Some(check) => {
            let value = steady
                .measurer
                .over(&check.expression.measure, late.clone());
            let measure = &check.expression.measure;
            let value = value.map_or("nothing is answered".into(), |value| {
                in_unit(value, measure)
            });
            format!(
                "`{}` does not hold ({value} over the last {})",
                check.text,
                length(steady, &late)
            )
        }
        None if !steady.checks.is_empty() => format!(
            "the steady state breaks again and again, and never held for {}",
            SimDuration(steady.measurer.plan.window.0 * steady.stretch as u64)
        ),
        None => {
            let rate = |windows: &Range<usize>| {
                let workloads = 0..steady.before.len();
                let traffic = workloads.map(|w| steady.measurer.traffic(w, windows.clone()));
                traffic
                    .map(|t| t.good as f64 / t.seconds.max(1e-9))
                    .sum::<f64>()
            };
            format!(
                "goodput is {}/s over the last {}, where it was {}/s before",
                short(rate(&late)),
                length(steady, &late),
                short(rate(&steady.calm))
            )
        }
    };
    if let Some(back) = loss.back {
        let since = |window: usize| span(steady.start(window).since(quiet).as_secs_f64());
        let left = span(steady.over().since(steady.start(back)).as_secs_f64());
        return format!(
            "`{name}` was gone at {quiet}, and the steady state held again only {} later, for the {left} that were left",
            since(back)
        );
    }
    let outlook = match (&loss.overloaded, &loss.pace, loss.more_load) {
        (Some((service, times)), ..) => format!(
            "{service} is asked for {} times what it can carry, with or without `{name}`",
            short(*times)
        ),
        _ if loss.down.is_some() => {
            loss.down
                .as_ref()
                .map_or(String::new(), |(service, down, of)| {
                    let are = if *down == 1 { "is" } else { "are" };
                    format!("{down} of the {of} instances of {service} {are} down")
                })
        }
        (_, Pace::Better(better), _) => getting_better(steady, quiet, better),
        (_, _, Some(more)) => format!("the load is {} times what it was before", short(more)),
        (_, Pace::Stays, None) => {
            "nothing gets better: the trigger is gone and the damage stays".into()
        }
        (_, Pace::Unknown, None) => {
            "the run ended too soon after it to tell whether it gets better".into()
        }
    };
    let yet = if loss.is_metastable() { "yet " } else { "" };
    let trigger = match loss.since.as_ref().and_then(|since| since.begun) {
        None => format!("`{name}` was gone at {gone}"),
        Some(begun) => format!(
            "the damage began at {begun}, after `{name}` did, and all that can have reached it was gone at {gone}"
        ),
    };
    format!("{trigger}, {yet}{after} later {what}, and {outlook}")
}

fn getting_better(steady: &Steady<'_>, quiet: SimTime, better: &Improvement) -> String {
    let (from, to) = better.from_to;
    let how = match &better.queue_of {
        Some(service) => format!(
            "the queue of {service} drains ({} to {} waiting)",
            short(libm::round(from)),
            short(libm::round(to))
        ),
        None => "it gets better".to_owned(),
    };
    let seconds = expected(steady, quiet, better);
    format!(
        "{how}: at this pace it holds about {} after the end of it",
        about(seconds)
    )
}

/// When it would hold again at this pace, s after all was quiet.
pub(super) fn expected(steady: &Steady<'_>, quiet: SimTime, better: &Improvement) -> f64 {
    steady.over().since(quiet).as_secs_f64() + better.remaining
}

fn length(steady: &Steady<'_>, windows: &Range<usize>) -> String {
    span(
        steady
            .start(windows.end)
            .since(steady.start(windows.start))
            .as_secs_f64(),
    )
}

/// The worst of what came after the disturbances, by its rank.
pub(super) fn lost_worst<'a>(
    all: &'a [Disturbance],
    aftermaths: &'a [Aftermath],
) -> Option<(&'a Disturbance, &'a Loss)> {
    let lost = all
        .iter()
        .zip(aftermaths)
        .filter_map(|(disturbance, aftermath)| match aftermath {
            Aftermath::Lost(loss) => Some((disturbance, &**loss)),
            _ => None,
        });
    // Of those that are metastable the trigger, or else the first.
    lost.min_by_key(|(_, loss)| (!loss.is_metastable(), loss.since.is_none()))
}
