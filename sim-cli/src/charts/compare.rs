//! Charts of a comparison: differences with their intervals, under each condition, pair by pair, and
//! how the runs ended.

use super::Chart;
use super::file_name;
use super::plot::data::{Estimate, Measured, NOTHING, Wish, endless};
use super::plot::forest::{self, Forest, Group, Row, Says};
use super::plot::page::Page;
use super::plot::pairs::{self, Pairs};
use super::plot::shares::{self, Shares};
use super::scale::Unit;
use super::sweep::measured;
use super::sweep::values;
use sim_core::stats::Interval;
use sim_models::experiment::compare::{Comparison, Finding, Verdict};
use sim_models::observe::conclusion::Conclusion;
use std::collections::BTreeSet;

/// The most charts of differences by condition.
const MOST_MEASURES: usize = 3;
/// The most bytes of sentences above a chart: four lines or so.
const MOST_LETTERS: usize = 640;
/// The most charts of pairs.
const MOST_VARIANTS: usize = 2;

/// All charts of a comparison, the main one first.
#[must_use]
pub fn charts(comparison: &Comparison) -> Vec<Chart> {
    let chart = |name: String, svg| Chart { name, svg };
    let mut charts = vec![chart("differences".to_owned(), differences(comparison))];
    if comparison.conditions.len() > 1 {
        for measure in telling(comparison).into_iter().take(MOST_MEASURES) {
            let name = values::file_name(&comparison.measures[measure]);
            let svg = by_condition(comparison, measure);
            charts.push(chart(format!("conditions-{name}"), svg));
        }
    }
    for variant in 0..comparison.variants.len().min(MOST_VARIANTS) {
        let name = format!("pairs-{}", file_name(&comparison.variants[variant]));
        charts.push(chart(name, paired(comparison, variant)));
    }
    if !comparison.verdicts.is_empty() {
        charts.push(chart("verdicts".to_owned(), verdicts(comparison)));
    }
    charts
}

/// The measures, the most telling first.
fn telling(comparison: &Comparison) -> Vec<usize> {
    let mut measures: Vec<usize> = (0..comparison.measures.len()).collect();
    measures.sort_by_key(|measure| values::rank(&comparison.measures[*measure]));
    measures
}

fn note(comparison: &Comparison) -> String {
    format!(
        "{} replications, each variant under the same luck  ·  {:.0}% intervals of each difference \
         by itself; marks follow tests corrected for {} questions  ·  {}",
        comparison.replications,
        comparison.question.level * 100.0,
        comparison.family,
        comparison.title
    )
}

/// A change as a share of the baseline.
fn change(name: &str) -> Measured {
    Measured {
        name: name.to_owned(),
        unit: Unit::Ratio,
        wish: Wish::Neither,
        limit: None,
    }
}

fn estimate(interval: Interval) -> Estimate {
    Estimate::new(interval.mean, interval.low, interval.high)
}

fn says(finding: &Finding) -> Says {
    match finding.verdict {
        Verdict::Better => Says::Better,
        Verdict::Worse => Says::Worse,
        Verdict::Different => Says::Different,
        Verdict::NoDifference | Verdict::Undecided => Says::Nothing,
    }
}

fn row(comparison: &Comparison, finding: &Finding, name: String) -> Row {
    let shown = measured(&comparison.measures[finding.measure], None);
    let value = |value: Option<f64>| value.map_or_else(|| NOTHING.to_owned(), |v| shown.text(v));
    let never = match finding.never {
        (0, 0) => String::new(),
        (before, after) => format!(", {} {before} → {after} times", endless(shown.unit)),
    };
    Row {
        name,
        estimate: finding.relative.map(estimate),
        says: says(finding),
        words: format!(
            "{}: {} → {}{never}",
            finding.verdict.words(),
            value(finding.baseline),
            value(finding.value)
        ),
    }
}

/// What left and right of zero mean for these findings.
fn sides(wish: Wish) -> (String, String) {
    let (left, right) = match wish {
        Wish::Low => ("← lower: better", "higher: worse →"),
        Wish::High => ("← lower: worse", "higher: better →"),
        Wish::Neither => ("← lower", "higher →"),
    };
    (left.to_owned(), right.to_owned())
}

fn differences(comparison: &Comparison) -> String {
    let overall = comparison.overall();
    let kinds = [Wish::Low, Wish::High, Wish::Neither];
    let mut groups = Vec::new();
    for (variant, name) in comparison.variants.iter().enumerate() {
        for wish in kinds {
            let rows = telling(comparison)
                .into_iter()
                .filter(|n| measured(&comparison.measures[*n], None).wish == wish)
                .filter_map(|n| {
                    let finding = comparison.finding(variant, n, overall)?;
                    Some(row(comparison, finding, comparison.measures[n].label()))
                })
                .collect();
            groups.push(Group {
                title: name.clone(),
                sides: sides(wish),
                rows,
            });
        }
    }
    let page = Page::new(headline(comparison), forest::GUIDE, &note(comparison))
        .because(sentences(comparison));
    forest::forest(&Forest {
        page,
        measured: change(&format!("change against {}", comparison.baseline)),
        groups,
    })
}

/// The sentences that fit above a chart, whole ones only; the command prints them all.
fn sentences(comparison: &Comparison) -> String {
    let mut told = String::new();
    for sentence in &comparison.sentences {
        if told.len() + sentence.len() > MOST_LETTERS && !told.is_empty() {
            break;
        }
        told.push_str(sentence);
        told.push(' ');
    }
    told
}

/// In how many measures each variant is better and worse.
fn headline(comparison: &Comparison) -> String {
    let told = comparison
        .variants
        .iter()
        .enumerate()
        .map(|(variant, name)| {
            let measures = 0..comparison.measures.len();
            let findings = measures
                .filter_map(|measure| comparison.finding(variant, measure, comparison.overall()));
            let count = |wanted: Verdict| {
                let findings = findings.clone();
                match findings.filter(|found| found.verdict == wanted).count() {
                    0 => "none".to_owned(),
                    count => count.to_string(),
                }
            };
            let (better, worse) = (count(Verdict::Better), count(Verdict::Worse));
            format!("\"{name}\" is better in {better} and worse in {worse}")
        });
    let told: Vec<String> = told.collect();
    format!(
        "Of {} measures, {} than \"{}\"",
        comparison.measures.len(),
        told.join(", "),
        comparison.baseline
    )
}

fn by_condition(comparison: &Comparison, measure: usize) -> String {
    let label = comparison.measures[measure].label();
    let wish = measured(&comparison.measures[measure], None).wish;
    let mut tally = [0_usize; 3];
    let mut groups = Vec::new();
    for (variant, name) in comparison.variants.iter().enumerate() {
        let conditions = comparison.conditions.iter().enumerate();
        let rows: Vec<Row> = conditions
            .filter_map(|(n, condition)| {
                let finding = comparison.finding(variant, measure, Some(n))?;
                Some(row(comparison, finding, condition.label.clone()))
            })
            .collect();
        for row in &rows {
            match row.says {
                Says::Better => tally[0] += 1,
                Says::Worse => tally[1] += 1,
                Says::Different | Says::Nothing => tally[2] += 1,
            }
        }
        groups.push(Group {
            title: name.clone(),
            sides: sides(wish),
            rows,
        });
    }
    let [better, worse, neither] = tally;
    let title = match wish {
        Wish::Neither => format!("{label}, condition by condition"),
        _ => format!(
            "{label} against \"{}\": better in {better} of {} comparisons, worse in {worse}, not told \
             apart in {neither}",
            comparison.baseline,
            better + worse + neither
        ),
    };
    let page = Page::new(
        super::sweep::findings::capital(&title),
        forest::GUIDE,
        &note(comparison),
    );
    forest::forest(&Forest {
        page,
        measured: change(&format!(
            "change of {label} against {}",
            comparison.baseline
        )),
        groups,
    })
}

fn paired(comparison: &Comparison, variant: usize) -> String {
    let name = &comparison.variants[variant];
    let panels: Vec<pairs::Panel> = telling(comparison)
        .into_iter()
        .filter_map(|measure| {
            let finding = comparison.finding(variant, measure, comparison.overall())?;
            let pairs = finding
                .pairs
                .iter()
                .map(|pair| (pair.baseline, pair.variant));
            Some(pairs::Panel {
                measured: measured(&comparison.measures[measure], None),
                variant: name.clone(),
                pairs: pairs.collect(),
            })
        })
        .filter(|panel| !panel.pairs.is_empty())
        .collect();
    let counted: Vec<String> = panels
        .iter()
        .filter(|panel| panel.measured.wish != Wish::Neither)
        .take(1)
        .map(|panel| {
            let better = panel.pairs.iter().filter(|(left, right)| {
                if panel.measured.wish == Wish::Low {
                    right < left
                } else {
                    right > left
                }
            });
            format!(
                "{} is better in {} of {} replications",
                panel.measured.name,
                better.count(),
                panel.pairs.len()
            )
        })
        .collect();
    let title = format!(
        "With \"{name}\" instead of \"{}\", {}",
        comparison.baseline,
        counted.join(", ")
    );
    let title = title.trim_end_matches(", ");
    pairs::pairs(&Pairs {
        page: Page::new(title, pairs::GUIDE, &note(comparison)),
        baseline: comparison.baseline.clone(),
        panels,
    })
}

fn verdicts(comparison: &Comparison) -> String {
    let all = comparison.verdicts.iter().flat_map(|shares| &shares.counts);
    let kinds: BTreeSet<Conclusion> = all.map(|(verdict, ..)| *verdict).collect();
    let several = comparison.conditions.len() > 1;
    let shown = comparison
        .verdicts
        .iter()
        .filter(|s| s.condition.is_some() || !several);
    type Row = (Option<usize>, (String, Vec<u32>));
    let mut rows: Vec<Row> = Vec::new();
    for shares in shown {
        let condition = shares
            .condition
            .map(|n| comparison.conditions[n].label.as_str());
        let condition = condition.filter(|label| !label.is_empty());
        let name = |variant: &str| match condition {
            Some(label) => format!("{label} · {variant}"),
            None => variant.to_owned(),
        };
        let counts = |side: fn(&(Conclusion, u32, u32)) -> u32| {
            let count = |kind: &Conclusion| {
                let same = shares.counts.iter().filter(|count| count.0 == *kind);
                same.map(side).sum()
            };
            kinds.iter().map(count).collect::<Vec<u32>>()
        };
        let both = [
            (name(&comparison.baseline), counts(|count| count.1)),
            (
                name(&comparison.variants[shares.variant]),
                counts(|count| count.2),
            ),
        ];
        for row in both {
            // The baseline comes once for each condition, not once for each variant.
            let row = (shares.condition, row);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    // Under each condition the variants side by side.
    rows.sort_by_key(|(condition, _)| *condition);
    rows.truncate(60);
    let pooled = comparison
        .verdicts
        .iter()
        .find(|s| s.condition.is_none() || !several);
    let title = pooled.map_or_else(String::new, |shares| {
        let held = shares.counts.iter().filter(|count| count.0.passes());
        let (before, after) = held.fold((0, 0), |sum, count| (sum.0 + count.1, sum.1 + count.2));
        let all: u32 = shares.counts.iter().map(|count| count.1).sum();
        format!(
            "The hypothesis held in {after} of {all} runs with \"{}\", in {before} with \"{}\"",
            comparison.variants[shares.variant], comparison.baseline
        )
    });
    let heading: Vec<&str> = comparison
        .condition_axes
        .iter()
        .map(|a| a.0.as_str())
        .collect();
    let heading = [heading.join(", "), comparison.axis.clone()];
    shares::shares(&Shares {
        page: Page::new(title, shares::GUIDE, &note(comparison)),
        heading: heading.join(" · ").trim_start_matches(" · ").to_owned(),
        kinds: kinds.iter().map(|kind| kind.words()).collect(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::charts::plot::legible::assert_legible;
    use crate::charts::sweep::tests::{combinations, plain, records, sweep, words};
    use sim_models::experiment::compare::{Question, compare};
    use sim_models::experiment::sweep::Table;

    /// Charts of made-up comparisons.
    pub fn examples() -> Vec<(String, Vec<Chart>)> {
        let variants = || {
            words(
                "variant",
                &["as it is", "with a breaker", "three attempts only"],
            )
        };
        let load = plain("load", &[200.0, 400.0, 800.0]);
        let drawn = |name: &str, varied: &[_]| {
            let points = combinations(varied);
            let sweep = sweep("Breaker or fewer attempts?", varied, &points);
            // The breaker helps under load and harms without; fewer attempts do little.
            let pressure = |levels: &[usize]| {
                let load = levels.get(1).copied().unwrap_or(2) as f64;
                match levels[0] {
                    1 => 0.35 + 0.05 * load,
                    2 => 0.2 + 0.26 * load,
                    _ => 0.2 + 0.3 * load,
                }
            };
            let table = Table::new(&sweep, records(&points, pressure));
            let comparison = compare(&table, &Question::new(0, "as it is")).unwrap();
            (name.to_owned(), charts(&comparison))
        };
        vec![
            drawn("one-condition", &[variants()]),
            drawn("three-conditions", &[variants(), load]),
        ]
    }

    #[test]
    fn comparisons_are_legible_and_name_the_better_side() {
        for (name, charts) in examples() {
            assert_legible(&charts);
            assert_eq!(charts[0].name, "differences", "{name}");
            assert!(charts[0].svg.contains("← lower: better"));
            assert!(
                charts
                    .iter()
                    .any(|chart| chart.name == "pairs-with_a_breaker")
            );
            assert!(charts.last().unwrap().name == "verdicts" && charts.len() <= 8);
        }
    }
}
