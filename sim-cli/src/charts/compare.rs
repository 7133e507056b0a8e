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
use sim_models::experiment::compare::numbers::counted;
use sim_models::experiment::compare::{Comparison, Finding, Judgement, VerdictShares};
use sim_models::observe::conclusion::Conclusion;
use std::collections::BTreeSet;

/// The most charts of differences by condition.
const MOST_MEASURES: usize = 3;
/// The most bytes of sentences above a chart: four lines or so.
const MOST_LETTERS: usize = 640;
/// The most rows of a chart that were not asked for, of all variants together.
const MOST_BESIDES: usize = 24;
/// The most letters of a title: three lines.
const MOST_TITLE: usize = 260;

/// All charts of a comparison, the main one first.
#[must_use]
pub fn charts(comparison: &Comparison) -> Vec<Chart> {
    let chart = |name: String, svg| Chart { name, svg };
    let mut charts = vec![chart("differences".to_owned(), differences(comparison))];
    if comparison.conditions.len() > 1 {
        let asked = telling(comparison).into_iter();
        let asked = asked.filter(|measure| comparison.tested[*measure]);
        for measure in asked.take(MOST_MEASURES) {
            let name = values::file_name(&comparison.measures[measure]);
            let svg = by_condition(comparison, measure);
            charts.push(chart(format!("conditions-{name}"), svg));
        }
    }
    for variant in 0..comparison.variants.len() {
        let name = format!("pairs-{}", file_name(&comparison.variants[variant]));
        charts.push(chart(name, paired(comparison, variant)));
    }
    if !comparison.verdicts.is_empty() {
        charts.push(chart("verdicts".to_owned(), verdicts(comparison)));
    }
    charts
}

/// The measures, those that were asked for first, then what differs most with any variant.
fn telling(comparison: &Comparison) -> Vec<usize> {
    let overall = comparison.overall();
    let size = |measure: usize| {
        let variants = 0..comparison.variants.len();
        let found = variants.filter_map(|variant| comparison.finding(variant, measure, overall));
        found.map(Finding::size).fold(0.0, f64::max)
    };
    let mut measures: Vec<usize> = (0..comparison.measures.len()).collect();
    measures.sort_by(|a, b| {
        let rank = |n: usize| (!comparison.tested[n], values::rank(&comparison.measures[n]));
        // What differs in nothing comes last, whatever it is.
        let same = |n: usize| size(n) == 0.0;
        (same(*a), rank(*a).0)
            .cmp(&(same(*b), rank(*b).0))
            .then(size(*b).total_cmp(&size(*a)))
            .then(rank(*a).cmp(&rank(*b)))
    });
    measures
}

fn note(comparison: &Comparison) -> String {
    let marks = match comparison.family {
        0 => String::new(),
        1 => "; marks follow the one test".to_owned(),
        tests => format!("; marks follow tests corrected for {tests} tests"),
    };
    format!(
        "{}, each variant under the same luck  ·  {:.0}% intervals of each difference by itself\
         {marks}  ·  {}",
        counted(u64::from(comparison.replications), "replication"),
        comparison.question.level * 100.0,
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
        Judgement::Better => Says::Better,
        Judgement::Worse => Says::Worse,
        Judgement::Different => Says::Different,
        Judgement::NoDifference | Judgement::Undecided | Judgement::TooFew => Says::Nothing,
        Judgement::NotTested => Says::Untested,
    }
}

/// What was measured before and after: `38.05% → 39.17%`, or in how many runs it came to an end.
fn change_words(comparison: &Comparison, finding: &Finding) -> String {
    let measure = &comparison.measures[finding.measure];
    if let Some(scale) = finding.scale(measure) {
        let value = |value: Option<f64>| scale.value(value.unwrap_or_default());
        return format!("{} → {}", value(finding.baseline), value(finding.value));
    }
    if finding.runs == 0 {
        return NOTHING.to_owned();
    }
    let never = endless(measured(measure, None).unit);
    let (before, after) = finding.never;
    format!("{never} in {before} → {after} of {} runs", finding.runs)
}

fn row(comparison: &Comparison, finding: &Finding, name: String) -> Row {
    let words = change_words(comparison, finding);
    let words = match finding.verdict {
        Judgement::NotTested => words,
        verdict => format!("{}: {words}", verdict.words()),
    };
    // What was nothing before, or never ends, has no share that it changed by.
    let (more, less) = finding.signs();
    let beyond = finding.matters().then(|| match more.cmp(&less) {
        std::cmp::Ordering::Greater => Some(Estimate::exact(f64::INFINITY)),
        std::cmp::Ordering::Less => Some(Estimate::exact(f64::NEG_INFINITY)),
        std::cmp::Ordering::Equal => None,
    });
    let beyond = beyond.flatten();
    let same = finding.is_same().then(|| Estimate::exact(0.0));
    Row {
        name,
        estimate: finding.relative.map(estimate).or(same).or(beyond),
        says: says(finding),
        words,
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

/// What was asked of every variant, and of the rest what differs most.
fn differences(comparison: &Comparison) -> String {
    let overall = comparison.overall();
    let measures = telling(comparison);
    let kinds = [Wish::Low, Wish::High, Wish::Neither];
    let most = MOST_BESIDES / comparison.variants.len().max(1);
    let mut groups = Vec::new();
    for (variant, name) in comparison.variants.iter().enumerate() {
        let rows = |wanted: &dyn Fn(&Finding) -> bool| -> Vec<Row> {
            let all = measures.iter();
            let found = all.filter_map(|n| comparison.finding(variant, *n, overall));
            found
                .filter(|found| wanted(found))
                .map(|found| {
                    let label = comparison.measures[found.measure].label();
                    row(comparison, found, label)
                })
                .collect()
        };
        let tested = |found: &Finding| comparison.tested[found.measure];
        for wish in kinds {
            let asked = |found: &Finding| {
                tested(found) && measured(&comparison.measures[found.measure], None).wish == wish
            };
            groups.push(Group {
                title: name.clone(),
                sides: sides(wish),
                rows: rows(&asked),
            });
        }
        let mut besides = rows(&|found| !tested(found) && found.matters());
        let size = |row: &Row| row.estimate.map_or(0.0, |estimate| estimate.mean.abs());
        besides.sort_by(|a, b| size(b).total_cmp(&size(a)));
        besides.truncate(most);
        groups.push(Group {
            title: format!("{name}, besides"),
            sides: sides(Wish::Neither),
            rows: besides,
        });
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

/// What was found of each variant, with numbers if they fit.
fn headline(comparison: &Comparison) -> String {
    let all = comparison.variants.len();
    let told = |numbers: bool, count: usize| {
        let variants = (0..count).map(|variant| told_of(comparison, variant, numbers));
        let variants: Vec<String> = variants.collect();
        let more = match all - count {
            0 => String::new(),
            1 => "; and 1 more variant".to_owned(),
            more => format!("; and {more} more variants"),
        };
        format!(
            "Against \"{}\": {}{more}",
            comparison.baseline,
            variants.join("; ")
        )
    };
    let fits = |text: &String| text.chars().count() <= MOST_TITLE;
    let mut tries = std::iter::once(told(true, all)).chain((1..=all).rev().map(|n| told(false, n)));
    tries.find(fits).unwrap_or_else(|| told(false, 1))
}

/// What a variant is better and worse in, first of all.
fn told_of(comparison: &Comparison, variant: usize, numbers: bool) -> String {
    let name = &comparison.variants[variant];
    let overall = comparison.overall();
    let mut measures: Vec<usize> = (0..comparison.measures.len()).collect();
    measures.sort_by_key(|measure| values::rank(&comparison.measures[*measure]));
    let found = measures
        .iter()
        .filter_map(|n| comparison.finding(variant, *n, overall));
    let found: Vec<&Finding> = found.collect();
    let kinds = [Judgement::Better, Judgement::Worse, Judgement::Different];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter_map(|verdict| {
            let mut claims = found.iter().filter(|found| found.verdict == verdict);
            let first = claims.next()?;
            let label = comparison.measures[first.measure].label();
            let numbers = if numbers {
                format!(" ({})", change_words(comparison, first))
            } else {
                String::new()
            };
            let more = match claims.count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Some(format!("{} in {label}{numbers}{more}", verdict.words()))
        })
        .collect();
    match parts.is_empty() {
        true => format!("\"{name}\": no difference found"),
        false => format!("\"{name}\": {}", parts.join(", ")),
    }
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
                Says::Different | Says::Nothing | Says::Untested => tally[2] += 1,
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
        .filter(|panel| panel.pairs.iter().any(|(left, right)| left != right))
        .collect();
    let counted: Vec<String> = panels
        .iter()
        .filter(|panel| panel.measured.wish != Wish::Neither)
        .take(1)
        .map(|panel| {
            let count = |wanted: Wish| {
                let those = panel.pairs.iter().filter(|(left, right)| match wanted {
                    Wish::Low => right < left,
                    _ => right > left,
                });
                those.count()
            };
            let (low, high) = (count(Wish::Low), count(Wish::High));
            let (better, worse) = match panel.measured.wish {
                Wish::Low => (low, high),
                _ => (high, low),
            };
            let (word, most) = if better >= worse {
                ("better", better)
            } else {
                ("worse", worse)
            };
            format!(
                "{} is {word} in {most} of {} replications",
                panel.measured.name,
                panel.pairs.len()
            )
        })
        .collect();
    let title = match counted.first() {
        Some(counted) => format!(
            "With \"{name}\" instead of \"{}\", {counted}",
            comparison.baseline
        ),
        None if panels.is_empty() => format!(
            "\"{name}\" and \"{}\" are the same in every replication",
            comparison.baseline
        ),
        None => format!("\"{name}\" instead of \"{}\"", comparison.baseline),
    };
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
    let pooled: Vec<&VerdictShares> = comparison
        .verdicts
        .iter()
        .filter(|s| s.condition.is_none() || !several)
        .collect();
    let title = verdict_title(comparison, &pooled);
    let heading: Vec<&str> = comparison
        .condition_axes
        .iter()
        .map(|a| a.0.as_str())
        .collect();
    let heading = [heading.join(", "), comparison.axis.clone()];
    shares::shares(&Shares {
        page: Page::new(title, shares::GUIDE, &note(comparison)),
        heading: heading.join(" · ").trim_start_matches(" · ").to_owned(),
        kinds: kinds.into_iter().collect(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    })
}

/// In how many runs the hypothesis held with each variant, of those that could be judged: as many variants as
/// fit.
fn verdict_title(comparison: &Comparison, pooled: &[&VerdictShares]) -> String {
    let open = pooled.iter().any(|shares| shares.open > 0);
    let told = |count: usize| {
        let parts = pooled.iter().take(count).map(|shares| {
            let (held, runs) = (shares.held, shares.held.pairs());
            let name = &comparison.variants[shares.variant];
            if runs == 0 {
                return format!("could not be judged with \"{name}\"");
            }
            let (with, without) = (held.both + held.left, held.both + held.right);
            // Where some could not be judged, each pair of variants has runs of its own.
            if open {
                format!("held in {with} of {runs} runs with \"{name}\" that could be judged ({without} with \"{}\")", comparison.baseline)
            } else {
                format!("in {with} with \"{name}\"")
            }
        });
        let mut parts: Vec<String> = parts.collect();
        match pooled.len() - count {
            0 => {}
            more => parts.push(format!("and {}", counted(more as u64, "more variant"))),
        }
        let base = pooled.first().filter(|_| !open).map(|shares| {
            let count = shares.held.both + shares.held.right;
            let name = &comparison.baseline;
            format!(
                "held in {count} of {} runs with \"{name}\", ",
                shares.held.pairs()
            )
        });
        format!(
            "The hypothesis {}{}",
            base.unwrap_or_default(),
            parts.join(", ")
        )
    };
    let fits = |text: &String| text.chars().count() <= MOST_TITLE;
    let mut tries = (1..=pooled.len()).rev().map(told);
    tries.find(fits).unwrap_or_else(|| told(1))
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

    /// Many variants whose long names begin alike: titles and headings still tell them apart, and end whole.
    #[test]
    fn variants_that_begin_alike_are_told_apart() {
        const NAMES: [&str; 10] = [
            "a rather long name of a variant with a breaker of ten",
            "a rather long name of a variant with a breaker of twenty",
            "a rather long name of a variant with a breaker of thirty",
            "a rather long name of a variant with a bulkhead of ten",
            "a rather long name of a variant with a bulkhead of twenty",
            "a rather long name of a variant with a bulkhead of thirty",
            "a rather long name of a variant with a hedge after 10ms",
            "a rather long name of a variant with a hedge after 20ms",
            "a rather long name of a variant with a hedge after 30ms",
            "a rather long name of a variant as it is",
        ];
        let varied = [words("variant", &NAMES)];
        let points = combinations(&varied);
        let sweep = sweep("Ten of them", &varied, &points);
        let pressure = |levels: &[usize]| 0.3 + 0.03 * levels[0] as f64;
        let table = Table::new(&sweep, records(&points, pressure));
        let comparison = compare(&table, &Question::new(0, NAMES[9])).unwrap();
        let all = charts(&comparison);
        let named = |name: &str| &all.iter().find(|chart| chart.name == name).unwrap().svg;
        let title = |svg: &str| {
            let (_, rest) = svg.split_once("<title>").unwrap();
            rest.split_once("</title>").unwrap().0.to_owned()
        };
        let verdicts = title(named("verdicts"));
        assert!(verdicts.starts_with("The hypothesis held in"), "{verdicts}");
        assert!(
            verdicts.ends_with("more variants") && !verdicts.contains('…'),
            "{verdicts}"
        );
        let differences = named("differences");
        for part in ["breaker of twenty", "bulkhead of ten", "hedge after 30ms"] {
            assert!(differences.contains(part), "{part}");
        }
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
