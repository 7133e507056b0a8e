//! Which settings matter, for people and for programs.

use super::human::{command, join};
use super::style::Style;
use super::table::{Table, wrap};
use super::tables::styled;
use super::values::value;
use crate::units;
use serde_json::{Value, json as object};
use sim_core::stats::Interval;
use sim_models::experiment::compare::numbers::counted;
use sim_models::experiment::sensitivity::{
    Effect, Effects, Indices, Influence, MOST_REPLICATIONS, Method, Sensitivity,
};

/// Version of the keys of the JSON.
const SCHEMA: u32 = 1;

/// From so many base samples on intervals hold known indices as often as they say, within what 200 tries
/// can tell (the tests of `sim_models::experiment::sensitivity::sobol`).
pub const COVERED: u32 = 128;

/// Luck above this share is worth more replications.
const MUCH_LUCK: f64 = 0.05;

/// The result as text.
#[must_use]
pub fn render(found: &Sensitivity, reproduce: &str, style: Style) -> String {
    let mut sections = Vec::new();
    for effects in &found.measures {
        let mut lines = wrap(&sentence(found, effects), "", "");
        lines[0] = style.heading(&lines[0]);
        sections.push(lines);
        sections.push(table(found, effects, style));
        sections.push(wrap(&luck(found, effects), "", ""));
    }
    let mut ending = wrap(
        &format!(
            "{} runs: {} {}, {} each under {}. {}{}",
            units::count(found.runs),
            found.samples,
            kind(found.method),
            counted(u64::from(found.replications), "replication"),
            match found.replications {
                1 => format!("seed {}", found.seed),
                more => {
                    let last = found.seed.wrapping_add(u64::from(more) - 1);
                    format!("seeds {} to {last}", found.seed)
                }
            },
            confidence(found),
            narrow(found),
        ),
        "",
        "",
    );
    ending.push(style.heading("Reproduce with"));
    ending.extend(command(reproduce));
    sections.push(ending);
    join(&sections)
}

/// What is said with which confidence, and over what.
fn confidence(found: &Sensitivity) -> &'static str {
    match (found.method, found.replications) {
        (Method::Sobol, 1) => {
            "All is said with 95% confidence for each; intervals are over the points, under this seed."
        }
        (Method::Sobol, _) => {
            "That settings matter, and their order, is said with 95% confidence for all together, all else with \
             95% for each; intervals are over the points and the seeds."
        }
        (Method::Morris, _) => {
            "That settings matter is said with 95% confidence for all together, all else with 95% for each; \
             intervals are over the points, under these seeds."
        }
    }
}

/// Bootstrap intervals from few samples are too narrow.
fn narrow(found: &Sensitivity) -> String {
    if found.samples >= COVERED || found.method == Method::Morris {
        return String::new();
    }
    format!(
        " Intervals from so few samples may be too narrow: of functions whose shares are known they held these in \
         89 of 100 or more with 64, and from {COVERED} on in 91 or more."
    )
}

/// What matters, in one sentence.
fn sentence(found: &Sensitivity, effects: &Effects) -> String {
    let measure = effects.measure.to_string();
    if effects.sd == 0.0 {
        let points = found.runs / u64::from(found.replications.max(1));
        return format!(
            "{measure} is the same at all {} points: nothing that was varied changed it.",
            units::count(points)
        );
    }
    let mut parts = vec![matters(found, effects)];
    let not = names(found, effects, Influence::Negligible);
    if !not.is_empty() {
        let verb = if not.len() == 1 {
            "does not matter"
        } else {
            "do not matter"
        };
        parts.push(format!(
            "{} {verb}: {}",
            list(&not),
            little(found, effects, &not)
        ));
    }
    let unproven = names(found, effects, Influence::Unproven);
    if !unproven.is_empty() {
        parts.push(format!(
            "of {} {} {} show {}, {}",
            list(&unproven),
            found.samples,
            kind(found.method),
            little(found, effects, &unproven),
            takes(found, effects, Influence::Unproven)
        ));
    }
    let unclear = effects.that(Influence::Unclear).into_iter();
    let (hidden, unclear): (Vec<usize>, Vec<usize>) =
        unclear.partition(|axis| effects.settings[*axis].replications.is_some());
    for (axes, why) in [
        (
            hidden,
            hidden_by_luck as fn(&Sensitivity, &Effects) -> String,
        ),
        (unclear, |found, effects| {
            takes(found, effects, Influence::Unclear)
        }),
    ] {
        if !axes.is_empty() {
            let verb = if axes.len() == 1 { "is" } else { "are" };
            let names = list(&named(found, &axes));
            parts.push(format!("{names} {verb} unclear: {}", why(found, effects)));
        }
    }
    parts.join("; ") + "."
}

fn names(found: &Sensitivity, effects: &Effects, influence: Influence) -> Vec<String> {
    named(found, &effects.that(influence))
}

fn named(found: &Sensitivity, axes: &[usize]) -> Vec<String> {
    axes.iter()
        .map(|axis| found.axes[*axis].name.clone())
        .collect()
}

/// What it would take to see what luck hides.
fn hidden_by_luck(found: &Sensitivity, effects: &Effects) -> String {
    let needed = effects.settings.iter().filter_map(|one| one.replications);
    let needed = needed.max().unwrap_or(0);
    let made = found.replications;
    if needed > MOST_REPLICATIONS {
        return format!(
            "{made} replications differ too much to tell, and it would take more than {}",
            units::count(u64::from(MOST_REPLICATIONS))
        );
    }
    format!(
        "{made} replications differ too much to tell; take more, about {needed} (--replications {needed})"
    )
}

/// What matters, in groups between which the order is sure.
fn matters(found: &Sensitivity, effects: &Effects) -> String {
    let measure = &effects.measure;
    let groups: Vec<String> = effects
        .groups
        .iter()
        .map(|group| list(&named(found, group)))
        .collect();
    let several = effects.groups.concat().len() > 1;
    let explained = explained(found, effects);
    match &groups[..] {
        [] => format!("No setting can be said to matter for {measure}"),
        [one] if several => {
            format!("{one} matter for {measure}, in no clear order{explained}")
        }
        [one] => format!("{one} matters for {measure}{explained}"),
        all => {
            let order = if effects.groups.iter().all(|group| group.len() == 1) {
                "in this order"
            } else {
                "in this order but for those joined by \"and\""
            };
            let text = all.join(", then ");
            format!("{text} matter for {measure}, {order}{explained}")
        }
    }
}

/// What is too little to matter, in words: the claim about those that do not.
fn little(found: &Sensitivity, effects: &Effects, names: &[String]) -> String {
    let each = if names.len() == 1 { "" } else { "each " };
    let bound = effects.negligible.bound;
    match found.method {
        Method::Sobol => format!("{each}less than {} of its variance", percent(bound)),
        Method::Morris => format!(
            "{each}a mu* of less than {} ({})",
            value(&effects.measure, bound),
            if effects.negligible.luck {
                "what luck does"
            } else {
                "a tenth of what the strongest does"
            }
        ),
    }
}

/// What it would take to say more about the settings of which too little is known.
fn takes(found: &Sensitivity, effects: &Effects, influence: Influence) -> String {
    let kind = kind(found.method);
    if effects.luck.is_none() {
        let once = "one replication cannot tell what settings do from luck (--replications 2)";
        if influence == Influence::Unclear {
            return once.into();
        }
    }
    let settings = effects.that(influence).into_iter();
    let settings = settings.filter(|axis| effects.settings[*axis].replications.is_none());
    let needed: Option<Vec<u32>> = settings.map(|axis| effects.settings[axis].needed).collect();
    let needed = needed.and_then(|each| each.into_iter().max());
    let (so_few, bound) = (
        format!("{} {kind}", found.samples),
        little(found, effects, &[String::new()]),
    );
    match (needed, influence) {
        (Some(needed), Influence::Unproven) => {
            format!("but to prove it takes about {}", enough(found, needed))
        }
        (Some(needed), _) => format!(
            "to tell whether it is more or {bound} takes about {}",
            enough(found, needed)
        ),
        (None, Influence::Unproven) => "but do not prove it".into(),
        (None, _) => format!("with {so_few} it may be more or {bound}"),
    }
}

/// A number of samples as the flag takes it.
fn enough(found: &Sensitivity, needed: u32) -> String {
    let samples = match found.method {
        Method::Sobol => needed.next_power_of_two(),
        Method::Morris => needed,
    };
    format!("{needed} {} (--samples {samples})", kind(found.method))
}

fn kind(method: Method) -> &'static str {
    match method {
        Method::Sobol => "base samples",
        Method::Morris => "trajectories",
    }
}

fn explained(found: &Sensitivity, effects: &Effects) -> String {
    if found.method == Method::Morris {
        return " (a screening finds what matters; mu*, a mean step times the steps of the range, is no change over \
                the whole range)"
            .into();
    }
    let said = |what: &str, share: &Interval| {
        format!(
            "; {what} {} of its variance ({})",
            percent(share.mean),
            percents(share)
        )
    };
    match (&effects.that(Influence::Matters)[..], effects.together) {
        // The number of the table, and no other.
        ([one], _) => match effects.settings[*one].indices {
            Indices::Sobol { first, .. } => said("by itself it explains", &first),
            Indices::Morris { .. } => String::new(),
        },
        (_, Some(share)) => said("together they explain", &share),
        (_, None) => String::new(),
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A share in whole per cent: indices are not known better.
fn percent(share: f64) -> String {
    let text = format!("{:.0}%", share * 100.0);
    if text == "-0%" { "0%".into() } else { text }
}

fn percents(interval: &Interval) -> String {
    format!("{} to {}", percent(interval.low), percent(interval.high))
}

fn table(found: &Sensitivity, effects: &Effects, style: Style) -> Vec<String> {
    let headings = match found.method {
        Method::Sobol => ["Share of variance", "total", "alone", "with others", ""],
        Method::Morris => ["Mean step, times the steps", "mu*", "mu", "sigma", ""],
    };
    let mut table = Table::new(&headings);
    for axis in &effects.order {
        let effect = &effects.settings[*axis];
        let mut row = vec![found.axes[*axis].name.clone()];
        match effect.indices {
            Indices::Sobol {
                first,
                total,
                interactions,
            } => {
                row.extend(
                    [total, first, interactions].map(|share| shown(effects, effect, &share)),
                );
            }
            Indices::Morris { mu, mu_star, sigma } => {
                let show = |number| value(&effects.measure, number);
                let (low, high) = (show(mu_star.low), show(mu_star.high));
                row.push(format!("{} ({low} to {high})", show(mu_star.mean)));
                row.extend([show(mu), show(sigma)]);
            }
        }
        row.push(words(effect.influence).to_owned());
        table.row(row);
    }
    styled(&table, style)
}

/// How much of a share is known.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    /// Nothing: there is no variance to share, or luck hides it.
    Nothing,
    /// What the samples show, not how far it may be off: they may have missed a part of the ranges.
    Estimate,
    /// Its interval too.
    All,
}

fn known(effects: &Effects, effect: &Effect) -> Known {
    if effects.sd == 0.0 || effect.replications.is_some() {
        Known::Nothing
    } else if effect.influence == Influence::Unproven {
        Known::Estimate
    } else {
        Known::All
    }
}

fn shown(effects: &Effects, effect: &Effect, share: &Interval) -> String {
    match known(effects, effect) {
        Known::Nothing => units::NOTHING.into(),
        Known::Estimate => format!("{} ({})", percent(share.mean), units::NOTHING),
        Known::All => format!("{} ({})", percent(share.mean), percents(share)),
    }
}

fn words(influence: Influence) -> &'static str {
    match influence {
        Influence::Matters => "matters",
        Influence::Unclear => "unclear",
        Influence::Unproven => "not seen to matter",
        Influence::Negligible => "does not matter",
    }
}

fn luck(found: &Sensitivity, effects: &Effects) -> String {
    let mean = format!(
        "Over the points its mean is {}, its standard deviation {}.",
        value(&effects.measure, effects.mean),
        value(&effects.measure, effects.sd)
    );
    let luck = match effects.luck {
        None if found.replications < 2 => {
            "How much of that is luck one replication cannot tell: give --replications 2 or more."
                .into()
        }
        None => String::new(),
        Some(share) => {
            // Where luck hides settings it is said above how many that takes.
            let hides = effects
                .settings
                .iter()
                .any(|one| one.replications.is_some());
            let much = if share > MUCH_LUCK && !hides {
                format!(
                    ": more replications (--replications {}) would lower that",
                    found.replications.saturating_mul(2)
                )
            } else {
                String::new()
            };
            // The intervals of shares know that of luck no better than the seeds tell it.
            let beyond = effects.settings.iter().any(|effect| match effect.indices {
                Indices::Sobol { total, .. } => {
                    known(effects, effect) == Known::All && total.high > 1.0 - share + 0.005
                }
                Indices::Morris { .. } => false,
            });
            let beyond = if beyond {
                " How much that is is itself known no better than so few seeds tell it, so intervals may reach beyond \
                 what it leaves."
            } else {
                ""
            };
            format!(
                "Luck makes {} of the variance between points{much}.{beyond}",
                units::percent(share)
            )
        }
    };
    format!("{mean} {luck}")
}

/// The result as JSON.
#[must_use]
pub fn json(found: &Sensitivity) -> Value {
    let method = match found.method {
        Method::Sobol => "sobol",
        Method::Morris => "morris",
    };
    let measures = found.measures.iter().map(|effects| {
        let settings = found.axes.iter().zip(&effects.settings).map(|(axis, effect)| {
            let mut told = match effect.indices {
                Indices::Sobol { first, total, interactions } => {
                    let share = |share: &Interval| match known(effects, effect) {
                        Known::Nothing => Value::Null,
                        Known::Estimate => {
                            object!({ "mean": share.mean, "low": null, "high": null, "level": null })
                        }
                        Known::All => interval(share),
                    };
                    object!({
                        "first": share(&first),
                        "total": share(&total),
                        "interactions": share(&interactions),
                    })
                }
                Indices::Morris { mu, mu_star, sigma } => object!({
                    "mu": mu, "mu_star": interval(&mu_star), "sigma": sigma,
                }),
            };
            told["name"] = object!(axis.name);
            told["paths"] = object!(axis.paths);
            told["samples_needed"] = object!(effect.needed);
            told["replications_needed"] = object!(effect.replications);
            told["influence"] = object!(match effect.influence {
                Influence::Matters => "matters",
                Influence::Unclear => "unclear",
                Influence::Unproven => "unproven",
                Influence::Negligible => "negligible",
            });
            told
        });
        object!({
            "measure": effects.measure.to_string(),
            "column": effects.measure.column(),
            "mean": effects.mean,
            "sd": effects.sd,
            "luck": effects.luck,
            "settings": settings.collect::<Vec<_>>(),
            "order": effects.order.iter().map(|axis| found.axes[*axis].name.clone()).collect::<Vec<_>>(),
            "groups": effects.groups.iter().map(|group| {
                group.iter().map(|axis| found.axes[*axis].name.clone()).collect::<Vec<_>>()
            }).collect::<Vec<_>>(),
            "negligible": effects.negligible.bound,
            "together": effects.together.as_ref().map(interval),
            "sentence": sentence(found, effects),
        })
    });
    object!({
        "schema": SCHEMA,
        "method": method,
        "samples": found.samples,
        "replications": found.replications,
        "seed": found.seed,
        "runs": found.runs,
        "measures": measures.collect::<Vec<_>>(),
    })
}

fn interval(interval: &Interval) -> Value {
    object!({ "mean": interval.mean, "low": interval.low, "high": interval.high, "level": interval.level })
}
