//! For people: the sentences first, then the tables that they rest on, then single requests.

use super::{Told, Traced};
use crate::output::human::{command, join};
use crate::output::story;
use crate::output::style::Style;
use crate::output::table::{Table, WIDTH, apart, shorten, width, wrap};
use crate::output::tables::styled;
use crate::units;
use sim_models::experiment::compare::numbers::{Scale, counted, level, probability};
use sim_models::experiment::compare::{Comparison, Fate, Finding, Group, Test};

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
        sections.push(besides(comparison, variant, style));
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

/// The table of what was asked, over all conditions where there are several.
fn overall(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    let title = match comparison.overall() {
        Some(_) => "Measures".to_owned(),
        None => format!(
            "Measures, mean of {} conditions",
            comparison.conditions.len()
        ),
    };
    let asked = findings(comparison, variant, comparison.overall(), true);
    table(comparison, variant, &title, asked, style)
}

/// What was measured besides, what differs most first: to be read on, and called neither better nor
/// worse, for nothing of it was tested.
fn besides(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    let all = findings(comparison, variant, comparison.overall(), false);
    let (mut told, rest): (Vec<Row<'_>>, Vec<Row<'_>>) =
        all.into_iter().partition(|(_, found)| found.matters());
    told.sort_by(|a, b| b.1.size().total_cmp(&a.1.size()));
    let mut lines = table(comparison, variant, "Besides (not tested)", told, style);
    let count = |wanted: &dyn Fn(&Finding) -> bool| {
        let those = rest.iter().filter(|(_, found)| wanted(found));
        those.count()
    };
    let same = count(&|found| found.is_same());
    let unknown = count(&|found| found.pairs.is_empty());
    let least = level(comparison.question.difference);
    let parts = [
        (same, "the same in all runs".to_owned()),
        (
            rest.len() - same - unknown,
            format!("closer than what matters ({least})"),
        ),
        (unknown, "never measured with both".to_owned()),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !parts.is_empty() {
        lines.extend(wrap(
            &format!("Other measures: {}.", parts.join(", ")),
            "  ",
            "  ",
        ));
    }
    lines
}

/// Where there are several conditions: the measures of the first sentences, condition by condition.
fn by_condition(comparison: &Comparison, variant: usize, style: Style) -> Vec<String> {
    if comparison.conditions.len() < 2 {
        return Vec::new();
    }
    let measures = 0..comparison.measures.len();
    measures
        .filter(|measure| comparison.tested[*measure])
        .take(BY_CONDITION)
        .flat_map(|measure| {
            let title = shorten(&comparison.measures[measure].label(), WIDTH / 3);
            let conditions = comparison.conditions.iter().enumerate();
            let rows = conditions.filter_map(|(number, condition)| {
                let finding = comparison.finding(variant, measure, Some(number))?;
                Some((condition.label.clone(), finding))
            });
            table(comparison, variant, &title, rows.collect(), style)
        })
        .collect()
}

/// A finding under its name.
type Row<'a> = (String, &'a Finding);

/// What was found under a condition about what is tested, or what is not, by the names of measures.
fn findings(
    comparison: &Comparison,
    variant: usize,
    condition: Option<usize>,
    tested: bool,
) -> Vec<Row<'_>> {
    let measures = 0..comparison.measures.len();
    measures
        .filter(|measure| comparison.tested[*measure] == tested)
        .filter_map(|measure| {
            let finding = comparison.finding(variant, measure, condition)?;
            Some((comparison.measures[measure].label(), finding))
        })
        .collect()
}

/// A table of differences; nothing where there are none.
fn table(
    comparison: &Comparison,
    variant: usize,
    title: &str,
    rows: Vec<Row<'_>>,
    style: Style,
) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let names = [&comparison.baseline, &comparison.variants[variant]];
    let names = apart(&names.map(String::as_str), MOST_NAME);
    let tested = rows.iter().any(|(_, found)| found.adjusted_p.is_some());
    let difference = format!("difference ({})", level(comparison.question.level));
    let mut headings = vec![names[0].as_str(), names[1].as_str(), difference.as_str()];
    if tested {
        headings.extend(["p adj.", "verdict"]);
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(_, finding)| {
            let mut cells = cells(comparison, finding);
            cells.truncate(headings.len());
            cells
        })
        .collect();
    // What the numbers leave is for the names, which must stay apart.
    let wide = |column: usize| {
        let cells = cells.iter().map(|row| width(&row[column]));
        2 + cells.fold(width(headings[column]), usize::max)
    };
    let room = WIDTH - (0..headings.len()).map(wide).sum::<usize>();
    let full: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let title = shorten(title, room);
    headings.insert(0, &title);
    let mut table = Table::new(&headings);
    for (name, cells) in apart(&full, room - 2).into_iter().zip(cells) {
        table.row([vec![name], cells].concat());
    }
    painted(&table, style)
}

/// The values, their difference, the corrected p-value and what follows.
fn cells(comparison: &Comparison, finding: &Finding) -> Vec<String> {
    let measure = &comparison.measures[finding.measure];
    let nothing = || units::NOTHING.to_owned();
    // What is the same in all runs was not tested.
    let p = finding.adjusted_p.filter(|_| finding.test != Test::None);
    let p = p.map_or_else(nothing, |p| {
        probability(p).replace("p = ", "").replace("p ", "")
    });
    let verdict = finding.verdict.words().to_owned();
    let (Some(difference), Some(scale)) = (&finding.difference, finding.scale(measure)) else {
        let runs = finding.runs;
        if runs == 0 {
            let verdict = "not measured".to_owned();
            return vec![nothing(), nothing(), nothing(), nothing(), verdict];
        }
        let never = |count: u32| format!("{count}/{runs} never");
        let (baseline, variant) = finding.never;
        return vec![never(baseline), never(variant), nothing(), p, verdict];
    };
    let value = |value: Option<f64>| value.map_or_else(nothing, |v| scale.value(v));
    let reach = if difference.half_width.is_finite() {
        format!(" ± {}", scale.bare(difference.half_width))
    } else {
        String::new()
    };
    vec![
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
    let names = [&comparison.baseline, &comparison.variants[variant]];
    let names = apart(&names.map(String::as_str), MOST_NAME);
    let mut table = Table::new(&["Verdicts", &names[0], &names[1]]);
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
    let names = apart(&[baseline, variant], MOST_NAME);
    let mut table = Table::new(&[
        &format!("With {}", names[0]),
        &format!("with {}", names[1]),
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
    let seeds = match told.seeds {
        (first, last) if first == last => format!("seed {first}"),
        (first, last) => format!("seeds {first} to {last}"),
    };
    let least = level(question.difference);
    let tests = match comparison.family {
        0 => {
            "in nothing that is asked do any two runs differ, so that nothing was tested".to_owned()
        }
        tests => {
            let corrected = match tests {
                1 => "of the one test".to_owned(),
                tests => format!("corrected for {tests} tests (Holm)"),
            };
            format!(
                "p-values are {corrected}, so that all claims together are wrong with a probability of at most {}; intervals are those of each difference by itself. Differences below {least} of what the baseline measures do not matter here (--difference)",
                level(1.0 - question.level),
            )
        }
    };
    let mut lines = wrap(
        &format!(
            "{} of each, {seeds}; {tests}.",
            counted(u64::from(comparison.replications), "replication"),
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
