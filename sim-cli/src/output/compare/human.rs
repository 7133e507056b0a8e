//! For people: the sentences first, then the tables that they rest on, then single requests.

use super::{Told, Traced};
use crate::output::human::{command, join};
use crate::output::style::Style;
use crate::output::table::{Table, WIDTH, shorten, wrap};
use crate::output::tables::styled;
use crate::output::{story, units};
use sim_models::experiment::compare::numbers::{Scale, level, probability};
use sim_models::experiment::compare::{Comparison, Fate, Finding, Group};

/// Tables by condition are printed for so many measures, those that the sentences are about.
const BY_CONDITION: usize = 2;
/// Rows of a transition table.
const MOST_TRANSITIONS: usize = 8;
/// Names of variants head columns.
const MOST_NAME: usize = 16;

/// The comparison as text.
#[must_use]
pub fn render(told: &Told, style: Style) -> String {
    let comparison = &told.comparison;
    let mut sections = vec![heading(comparison, style)];
    sections.push(sentences(comparison));
    for variant in 0..comparison.variants.len() {
        sections.push(overall(comparison, variant, style));
        sections.push(by_condition(comparison, variant, style));
        sections.push(verdicts(comparison, variant, style));
        for traced in told
            .joined
            .iter()
            .filter(|traced| traced.variant == variant)
        {
            sections.push(requests(comparison, traced, style));
        }
    }
    sections.push(ending(told, style));
    join(&sections)
}

fn heading(comparison: &Comparison, style: Style) -> Vec<String> {
    let variants = comparison.variants.join(", ");
    let text = format!(
        "{variants} against {}  {}",
        comparison.baseline, comparison.title
    );
    vec![style.heading(&shorten(&text, WIDTH))]
}

fn sentences(comparison: &Comparison) -> Vec<String> {
    let sentences = comparison.sentences.iter();
    sentences
        .flat_map(|sentence| wrap(sentence, "", "  "))
        .collect()
}

/// The table of all measures, over all conditions where there are several.
fn overall(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    let overall = comparison.overall();
    let title = match overall {
        Some(_) => "Measures".to_owned(),
        None => format!(
            "Measures, mean of {} conditions",
            comparison.conditions.len()
        ),
    };
    let mut table = headed(comparison, variant, &title);
    for measure in 0..comparison.measures.len() {
        if let Some(finding) = comparison.finding(variant, measure, overall) {
            let name = comparison.measures[measure].label();
            table.row(row(comparison, finding, name));
        }
    }
    painted(&table, style)
}

/// Where there are several conditions: the measures of the first sentences, condition by condition.
fn by_condition(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if comparison.conditions.len() < 2 {
        return lines;
    }
    for measure in 0..comparison.measures.len().min(BY_CONDITION) {
        let title = shorten(&comparison.measures[measure].label(), WIDTH / 3);
        let mut table = headed(comparison, variant, &title);
        for (number, condition) in comparison.conditions.iter().enumerate() {
            if let Some(finding) = comparison.finding(variant, measure, Some(number)) {
                table.row(row(comparison, finding, condition.label.clone()));
            }
        }
        lines.extend(painted(&table, style));
    }
    lines
}

/// An empty table of differences.
fn headed(comparison: &Comparison, variant: usize, title: &str) -> Table {
    Table::new(&[
        title,
        &shorten(&comparison.baseline, MOST_NAME),
        &shorten(&comparison.variants[variant], MOST_NAME),
        &format!("difference ({})", level(comparison.question.level)),
        "p adj.",
        "verdict",
    ])
}

fn row(comparison: &Comparison, finding: &Finding, name: String) -> Vec<String> {
    let measure = &comparison.measures[finding.measure];
    let p = probability(finding.adjusted_p)
        .replace("p = ", "")
        .replace("p ", "");
    let verdict = finding.verdict.words().to_owned();
    let (Some(difference), Some(scale)) = (&finding.difference, finding.scale(measure)) else {
        let runs = finding.pairs.len();
        let nothing = units::NOTHING.to_owned();
        if runs == 0 {
            let verdict = "not measured".to_owned();
            return vec![
                name,
                nothing.clone(),
                nothing.clone(),
                nothing.clone(),
                nothing,
                verdict,
            ];
        }
        let never = |count: u32| format!("{count}/{runs} never");
        let (baseline, variant) = finding.never;
        return vec![name, never(baseline), never(variant), nothing, p, verdict];
    };
    let value = |value: Option<f64>| value.map_or(units::NOTHING.to_owned(), |v| scale.value(v));
    let reach = if difference.half_width.is_finite() {
        format!(" ± {}", scale.bare(difference.half_width))
    } else {
        String::new()
    };
    vec![
        name,
        value(finding.baseline),
        value(finding.value),
        signed(&scale, difference.mean) + &reach,
        p,
        verdict,
    ]
}

fn signed(scale: &Scale, value: f64) -> String {
    let text = scale.bare(value);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value > 0.0 && !is_zero {
        format!("+{text}")
    } else {
        text
    }
}

/// A table whose last column says what is better and what is worse.
fn painted(table: &Table, style: Style) -> Vec<String> {
    let paint = |line: String| {
        if let Some(start) = line.strip_suffix("better") {
            format!("{start}{}", style.good("better"))
        } else if let Some(start) = line.strip_suffix("worse") {
            format!("{start}{}", style.bad("worse"))
        } else {
            line
        }
    };
    styled(table, style).into_iter().map(paint).collect()
}

/// How often each verdict came.
fn verdicts(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    let overall = comparison.overall();
    let mut all = comparison.verdicts.iter();
    let Some(shares) = all.find(|shares| (shares.variant, shares.condition) == (variant, overall))
    else {
        return Vec::new();
    };
    let name = |name: &str| shorten(name, MOST_NAME);
    let mut table = Table::new(&[
        "Verdicts",
        &name(&comparison.baseline),
        &name(&comparison.variants[variant]),
    ]);
    for (verdict, baseline, variant) in &shares.counts {
        table.row(vec![
            units::verdict(*verdict),
            baseline.to_string(),
            variant.to_string(),
        ]);
    }
    styled(&table, style)
}

/// Which requests fared differently, and why.
fn requests(comparison: &Comparison, traced: &Traced, style: Style) -> Vec<String> {
    let joined = &traced.joined;
    let (baseline, variant) = (&comparison.baseline, &comparison.variants[traced.variant]);
    let condition = match comparison.conditions[traced.condition].label.as_str() {
        "" => String::new(),
        label => format!(" at {label}"),
    };
    let mut lines = vec![style.heading(&shorten(
        &format!("Request by request, seed {}{condition}", joined.seed),
        WIDTH,
    ))];
    let mut told = format!(
        "{} of {} requests came with both; of {} answered with both, {} were faster with {variant} and {} slower.",
        units::count(joined.joined),
        units::count(joined.requests.0),
        units::count(joined.answered),
        units::count(joined.faster),
        units::count(joined.slower),
    );
    if joined.moved > 0 {
        told.push_str(&format!(
            " {} of them came at another time, since users wait for answers before they ask again.",
            units::count(joined.moved)
        ));
    }
    lines.extend(wrap(&told, "  ", "  "));
    let mut table = Table::new(&[
        &format!("With {}", shorten(baseline, MOST_NAME)),
        &format!("with {}", shorten(variant, MOST_NAME)),
        "requests",
    ]);
    for transition in joined.transitions.iter().take(MOST_TRANSITIONS) {
        table.row(vec![
            transition.baseline.to_owned(),
            transition.variant.to_owned(),
            units::count(transition.count),
        ]);
    }
    lines.extend(styled(&table, style));
    for group in &joined.groups {
        lines.extend(group_lines(baseline, variant, group));
    }
    if let Some(largest) = joined.groups.first() {
        let names = [baseline, variant];
        lines.extend(stories(names.map(String::as_str), largest, style));
    }
    lines
}

fn fate(fate: &Fate) -> String {
    match &fate.cause {
        Some(cause) => format!("{} (began as {cause})", fate.outcome),
        None => fate.outcome.to_owned(),
    }
}

/// What happened to a group, and one of it.
fn group_lines(baseline: &str, variant: &str, group: &Group) -> Vec<String> {
    let (number, other) = group.example;
    let example = if number == other {
        format!("request {number}")
    } else {
        format!("request {number} and {other}")
    };
    let text = format!(
        "{} requests of {}: {} with {baseline}, {} with {variant}, such as {example}.",
        units::count(group.count),
        group.workload,
        fate(&group.baseline),
        fate(&group.variant),
    );
    wrap(&text, "", "  ")
}

/// The stories of the example of a group, one after the other.
fn stories(names: [&str; 2], group: &Group, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, story) in names.iter().zip(&group.stories) {
        lines.push(String::new());
        lines.push(style.heading(&format!("With {name}")));
        lines.extend(story::render(story).lines().map(str::to_owned));
    }
    lines
}

fn ending(told: &Told, style: Style) -> Vec<String> {
    let comparison = &told.comparison;
    let question = &comparison.question;
    let mut lines = wrap(
        &format!(
            "{} replications of each, seeds {} to {}; p-values are corrected for {} tests (Holm), so that all claims together are wrong with a probability of at most {}; intervals are those of each difference by itself.",
            comparison.replications,
            told.seeds.0,
            told.seeds.1,
            comparison.family,
            level(1.0 - question.level),
        ),
        "",
        "",
    );
    if comparison.cut_short > 0 {
        lines.push(style.careful(&format!(
            "{} runs were stopped by a budget: their results are partial.",
            comparison.cut_short
        )));
    }
    lines.push(style.heading("Reproduce with"));
    lines.extend(command(&told.reproduce));
    lines
}
