//! Which settings matter, for people and for programs.

use super::folder::FolderError;
use super::human::{command, join};
use super::style::Style;
use super::sweep::folder::put;
use super::sweep::human::value;
use super::table::{Table, wrap};
use super::tables::styled;
use super::units;
use serde_json::{Value, json as object};
use sim_core::stats::Interval;
use sim_models::experiment::sensitivity::{Effects, Indices, Influence, Method, Sensitivity};
use std::fs;
use std::path::Path;

/// Version of the keys of the JSON.
const SCHEMA: u32 = 1;

/// Luck above this share is worth more replications.
const MUCH_LUCK: f64 = 0.05;

/// Makes the folder, and says in it what is done, before anything is run.
///
/// # Errors
/// If a file cannot be written.
pub fn prepare(folder: &Path, scenario: &str, reproduce: &str) -> Result<(), FolderError> {
    fs::create_dir_all(folder).map_err(|source| FolderError::Io {
        path: folder.to_owned(),
        source,
    })?;
    // What was found earlier must not pass for the result of this.
    let _ = fs::remove_file(folder.join("sensitivity.json"));
    put(folder, "scenario.ron", scenario)?;
    put(folder, "reproduce.txt", reproduce)
}

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
    let points = match found.method {
        Method::Sobol => "base samples",
        Method::Morris => "trajectories",
    };
    let mut ending = wrap(
        &format!(
            "{} runs: {} {points}, {} replications each under seeds {} to {}.",
            units::count(found.runs),
            found.samples,
            found.replications,
            found.seed,
            found.seed.wrapping_add(u64::from(found.replications) - 1),
        ),
        "",
        "",
    );
    ending.push(style.heading("Reproduce with"));
    ending.extend(command(reproduce));
    sections.push(ending);
    join(&sections)
}

/// What matters, in one sentence.
fn sentence(found: &Sensitivity, effects: &Effects) -> String {
    let names = |influence| -> Vec<String> {
        let which = effects.that(influence).into_iter();
        which.map(|axis| found.axes[axis].name.clone()).collect()
    };
    let measure = effects.measure.to_string();
    if effects.sd == 0.0 {
        return format!("{measure} is the same at all points: none of the settings matters.");
    }
    let (matters, unclear, not) = (
        names(Influence::Matters),
        names(Influence::Unclear),
        names(Influence::Negligible),
    );
    let mut parts = Vec::new();
    match &matters[..] {
        [] => parts.push(format!("No setting can be said to matter for {measure}")),
        [one] => parts.push(format!(
            "{one} matters for {measure}{}",
            explained(found, effects)
        )),
        several => parts.push(format!(
            "{} matter for {measure}, in this order{}",
            list(several),
            explained(found, effects)
        )),
    }
    for (names, one, many) in [
        (&not, "does not matter", "do not matter"),
        (
            &unclear,
            "is unclear with so few samples",
            "are unclear with so few samples",
        ),
    ] {
        if !names.is_empty() {
            let verb = if names.len() == 1 { one } else { many };
            parts.push(format!("{} {verb}", list(names)));
        }
    }
    parts.join("; ") + "."
}

fn explained(found: &Sensitivity, effects: &Effects) -> String {
    let several = effects.that(Influence::Matters).len() > 1;
    let who = if several {
        "together they explain"
    } else {
        "it explains"
    };
    match (found.method, effects.together) {
        (Method::Morris, _) => " (a screening ranks, it does not share the variance out)".into(),
        (Method::Sobol, Some(share)) => {
            format!(
                "; {who} {} of its variance ({})",
                percent(share.mean),
                percents(&share)
            )
        }
        (Method::Sobol, None) => String::new(),
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
        Method::Morris => ["Over the whole range", "mu*", "mu", "sigma", ""],
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
                    [total, first, interactions]
                        .map(|share| format!("{} ({})", percent(share.mean), percents(&share))),
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

fn words(influence: Influence) -> &'static str {
    match influence {
        Influence::Matters => "matters",
        Influence::Unclear => "unclear",
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
            let much = if share > MUCH_LUCK {
                format!(
                    ": more replications (--replications {}) would lower that",
                    found.replications.saturating_mul(2)
                )
            } else {
                String::new()
            };
            format!(
                "Luck makes {} of the variance between points{much}.",
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
                Indices::Sobol { first, total, interactions } => object!({
                    "first": interval(&first),
                    "total": interval(&total),
                    "interactions": interval(&interactions),
                }),
                Indices::Morris { mu, mu_star, sigma } => object!({
                    "mu": mu, "mu_star": interval(&mu_star), "sigma": sigma,
                }),
            };
            told["name"] = object!(axis.name);
            told["paths"] = object!(axis.paths);
            told["influence"] = object!(match effect.influence {
                Influence::Matters => "matters",
                Influence::Unclear => "unclear",
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
