//! The result of a run for people: the verdict first, then why, then the numbers.

use super::style::Style;
use super::table::{Table, WIDTH, shorten, width, wrap};
use super::tables;
use crate::units;
use sim_models::expression::{Expression, Unit};
use sim_models::observe::conclusion::{Conclusion, StoppedBy};
use sim_models::observe::summary::{CheckSummary, FaultSummary, Incident, RunResult, Summary};

/// Longer lists are cut, and say so.
const MOST: usize = 20;

/// The result as text that fits [`WIDTH`] columns; `reproduce` is the command that repeats the run.
#[must_use]
pub fn render(result: &RunResult, reproduce: &str, style: Style) -> String {
    let summary = &result.summary;
    let mut sections = vec![headline(summary, style), hypothesis(summary, style)];
    sections.push(tables::styled(&tables::measures(summary), style));
    sections.extend(tables::all(summary, style));
    sections.push(failures(summary, style));
    sections.push(faults(summary, style));
    sections.push(incidents(summary, style));
    sections.push(moments(summary, style));
    sections.push(examples(summary, style));
    sections.push(ending(summary, reproduce, style));
    let mut text = join(&sections);
    for story in &result.stories {
        text.push('\n');
        text.push_str(&super::story::render(story));
    }
    text
}

/// Sections with an empty line between; empty ones are left out.
#[must_use]
pub fn join(sections: &[Vec<String>]) -> String {
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in section {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The verdict in its colour.
#[must_use]
pub fn painted_verdict(verdict: Conclusion, words: &str, style: Style) -> String {
    match verdict {
        Conclusion::Held => style.good(words),
        Conclusion::Recovered | Conclusion::Inconclusive => style.careful(words),
        Conclusion::NoHypothesis => style.heading(words),
        _ => style.bad(words),
    }
}

fn headline(summary: &Summary, style: Style) -> Vec<String> {
    let hypothesis = &summary.hypothesis;
    let words = units::verdict_of(hypothesis);
    let verdict = painted_verdict(hypothesis.verdict, &words, style);
    let room = WIDTH.saturating_sub(2 + width(&words));
    let mut lines = vec![format!("{verdict}  {}", shorten(&summary.scenario, room))];
    if !hypothesis.harm.is_empty() {
        lines.extend(wrap(&hypothesis.harm, "  ", "  "));
    }
    if !hypothesis.reason.is_empty() {
        lines.extend(wrap(&hypothesis.reason, "  ", "  "));
    }
    let mut warn = |text: &str| {
        lines.extend(wrap(text, "  ", "  ").iter().map(|l| style.careful(l)));
    };
    if let Some(limit) = &hypothesis.close_to_edge {
        warn(&format!(
            "Close to a limit ({limit}), where one run proves little: add --replications 20."
        ));
    }
    if let Some(why) = &summary.stalled {
        let why = why.replacen("time", "Time", 1);
        warn(&format!("{why}."));
    }
    if !summary.stopped_by.is_end() {
        warn(&format!(
            "Stopped at {} by {}: the results are partial.",
            units::moment(summary.simulated_seconds),
            match summary.stopped_by {
                StoppedBy::Interrupt => "an interruption".to_owned(),
                StoppedBy::Stalled => "a circle without an end".to_owned(),
                budget => format!("the budget of {budget} (`budget.{budget}` raises it)"),
            }
        ));
    }
    lines
}

fn hypothesis(summary: &Summary, style: Style) -> Vec<String> {
    let checks = &summary.hypothesis.checks;
    if checks.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&["Hypothesis", "when", "over", "measured", "limit"]);
    for check in checks {
        table.row(vec![
            check.check.clone(),
            check.kind.clone(),
            check.over.clone(),
            measured(check, check.value),
            measured(check, Some(check.limit)),
        ]);
    }
    let mut lines = table.lines();
    lines[0] = style.heading(&lines[0]);
    // The rows get a tick or a cross in their indent.
    for (line, check) in lines[1..].iter_mut().zip(checks) {
        let mark = match check.held {
            Some(true) => style.good("✓"),
            Some(false) => style.bad("✗"),
            None => style.careful("?"),
        };
        *line = format!("{mark} {}", line.get(2..).unwrap_or_default());
    }
    lines
}

/// A value in the unit that its check is about.
fn measured(check: &CheckSummary, value: Option<f64>) -> String {
    let Some(value) = value else {
        return if check.kind == "recovers" {
            "never"
        } else {
            units::NOTHING
        }
        .to_owned();
    };
    if check.kind == "recovers" {
        return units::duration(value);
    }
    let Ok(read) = check.check.parse::<Expression>() else {
        return units::number(value);
    };
    let metric = read.measure.metric;
    match metric.unit() {
        // It did not end.
        Unit::Seconds if value.is_infinite() => "never".to_owned(),
        Unit::Seconds => units::duration(value),
        Unit::Rate => units::rate(value),
        Unit::Ratio
            if ["ratio", "availability", "utilization", "share"]
                .iter()
                .any(|word| metric.name().contains(word)) =>
        {
            units::percent(value)
        }
        Unit::Ratio | Unit::Count => units::number(value),
    }
}

fn heading(text: &str, style: Style) -> String {
    style.heading(text)
}

fn failures(summary: &Summary, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, workload) in &summary.workloads {
        if workload.failed == 0 {
            continue;
        }
        let failed = workload.outcomes.iter();
        let failed = failed.filter(|(outcome, _)| !matches!(outcome.as_str(), "ok" | "degraded"));
        let title = format!("{name}: ended");
        lines.extend(ranked(&title, failed, workload.failed));
        let title = format!("{name}: began at");
        lines.extend(ranked(&title, workload.causes.iter(), workload.failed));
    }
    if !lines.is_empty() {
        lines.insert(0, heading("Failures", style));
    }
    lines
}

/// `what 12,345 (67%), ...`, the largest first.
fn ranked<'a>(
    title: &str,
    counts: impl Iterator<Item = (&'a String, &'a u64)>,
    all: u64,
) -> Vec<String> {
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    if counts.is_empty() {
        return Vec::new();
    }
    let mut parts: Vec<String> = counts
        .iter()
        .take(MOST)
        .map(|(name, count)| {
            let share = **count as f64 / all.max(1) as f64;
            format!(
                "{name} {} ({})",
                units::count(**count),
                units::percent(share)
            )
        })
        .collect();
    if counts.len() > MOST {
        parts.push(format!("{} more", counts.len() - MOST));
    }
    wrap(&parts.join(", "), &format!("  {title} "), "      ")
}

fn faults(summary: &Summary, style: Style) -> Vec<String> {
    if summary.faults.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("Faults", style)];
    for fault in &summary.faults {
        lines.extend(wrap(&fault_text(fault, summary), "  ", "      "));
    }
    lines
}

/// Whether a fault was on from before the measured time to the end.
fn is_background(fault: &FaultSummary, summary: &Summary) -> bool {
    let mut periods = fault.periods.iter();
    periods
        .any(|(start, end)| *start <= summary.warmup_seconds && *end >= summary.simulated_seconds)
}

fn fault_text(fault: &FaultSummary, summary: &Summary) -> String {
    let mut periods: Vec<String> = fault
        .periods
        .iter()
        .take(MOST / 4)
        .map(|(start, end)| format!("{}..{}", units::moment(*start), units::moment(*end)))
        .collect();
    match fault.periods.len() - periods.len() {
        0 => {}
        1 => periods.push("1 more period".into()),
        more => periods.push(format!("{more} more periods")),
    }
    if periods.is_empty() {
        periods.push("never on".into());
    }
    let became = match (fault.verdict, fault.recovery_seconds) {
        (Conclusion::Recovered, Some(0.0)) => "recovered as soon as it was gone".to_owned(),
        (Conclusion::Recovered, Some(seconds)) => {
            format!("recovered after {}", units::duration(seconds))
        }
        (Conclusion::NoHypothesis, _) if is_background(fault, summary) => {
            "on all the time, so part of the system".to_owned()
        }
        (Conclusion::NoHypothesis, Some(0.0)) => "all well as soon as it was gone".to_owned(),
        (Conclusion::NoHypothesis, Some(seconds)) => {
            format!("all well after {}", units::duration(seconds))
        }
        (Conclusion::NoHypothesis, None) => "not judged".to_owned(),
        (verdict, _) => verdict.words(),
    };
    // Where nothing was steady, or somebody was never answered, who was hurt by what is not known.
    let mut loads = summary.workloads.values();
    let unknown = summary.hypothesis.verdict == Conclusion::NeverSteady
        || loads.any(|load| load.offered > 0 && load.ok + load.degraded == 0);
    let blast = if fault.blast_radius.is_empty() && unknown {
        "whom it hurt is not known".to_owned()
    } else if fault.blast_radius.is_empty() {
        "hurt nobody".to_owned()
    } else {
        format!("hurt {}", fault.blast_radius.join(", "))
    };
    // A spike is load, and has nothing to touch.
    let touched = if fault.kind == "spike" {
        String::new()
    } else {
        format!("touched {}; ", units::count(fault.touched))
    };
    format!(
        "{} ({} at {}): {}; {touched}{became}; {blast}",
        fault.name,
        fault.kind,
        if fault.target.is_empty() {
            "everything"
        } else {
            &fault.target
        },
        periods.join(", "),
    )
}

fn incidents(summary: &Summary, style: Style) -> Vec<String> {
    if summary.incidents.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&["Incidents", "from", "to", "lasted", "success", "because"]);
    for incident in summary.incidents.iter().take(MOST) {
        table.row(vec![
            incident.workload.clone(),
            units::moment(incident.start),
            if incident.over {
                units::moment(incident.end)
            } else {
                "the end".into()
            },
            units::duration(incident.end - incident.start),
            units::percent(incident.success_ratio.unwrap_or(f64::NAN)),
            because(incident),
        ]);
    }
    let mut lines = tables::styled(&table, style);
    more(&mut lines, summary.incidents.len());
    lines
}

/// What proves an incident.
fn because(incident: &Incident) -> String {
    let failed = format!(
        "{} of {} failed",
        units::count(incident.failed),
        units::count(incident.ended)
    );
    let hang = format!("at least {} hang", units::count(incident.hanging));
    match incident.rule.as_str() {
        "failures" => failed,
        "hanging" => hang,
        _ => format!("{failed}, {hang}"),
    }
}

fn more(lines: &mut Vec<String>, count: usize) {
    if count > MOST {
        lines.push(format!("  {} more are in the JSON", count - MOST));
    }
}

fn moments(summary: &Summary, style: Style) -> Vec<String> {
    if summary.moments.is_empty() {
        return Vec::new();
    }
    let shown = &summary.moments[..summary.moments.len().min(MOST)];
    let times: Vec<String> = shown.iter().map(|m| units::moment(m.time)).collect();
    let wide = times.iter().map(|t| width(t)).max().unwrap_or_default();
    let mut lines = vec![heading("Notable moments", style)];
    for (moment, time) in shown.iter().zip(times) {
        let rest = " ".repeat(wide + 4);
        lines.extend(wrap(&moment.what, &format!("  {time:>wide$}  "), &rest));
    }
    more(&mut lines, summary.moments.len());
    lines
}

fn examples(summary: &Summary, style: Style) -> Vec<String> {
    if summary.examples.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(&["Worth a look", "request", "at", "took", "workload"]);
    for example in summary.examples.iter().take(MOST) {
        table.row(vec![
            example.why.clone(),
            example.request.to_string(),
            units::moment(example.time),
            units::duration(example.latency),
            shorten(&example.workload, 20),
        ]);
    }
    let mut lines = tables::styled(&table, style);
    more(&mut lines, summary.examples.len());
    lines.push("  see one with --explain-request NUMBER".into());
    lines
}

fn ending(summary: &Summary, reproduce: &str, style: Style) -> Vec<String> {
    let warmup = if summary.warmup_seconds > 0.0 {
        format!(
            " ({} of them warm-up, in no total)",
            units::short_duration(summary.warmup_seconds)
        )
    } else {
        String::new()
    };
    let mut lines = vec![
        format!(
            "Simulated {}{warmup} with {} events, seed {}",
            units::short_duration(summary.simulated_seconds),
            units::count(summary.events),
            summary.seed
        ),
        format!("Digest {}", summary.digest),
        heading("Reproduce with", style),
    ];
    lines.extend(command(reproduce));
    lines
}

/// A command over as many lines as it needs, so that it can still be pasted into a shell. Words in
/// quotes stay whole.
#[must_use]
pub fn command(text: &str) -> Vec<String> {
    let mut lines = vec!["  ".to_owned()];
    for word in shell_words(text) {
        let line = lines.last_mut().expect("there is a first line");
        let fresh = line.trim().is_empty();
        // Two characters are kept for the backslash.
        if fresh || width(line) + 1 + width(&word) + 2 <= WIDTH {
            if !fresh {
                line.push(' ');
            }
            line.push_str(&word);
        } else {
            line.push_str(" \\");
            lines.push(format!("    {word}"));
        }
    }
    lines
}

/// Splits at blanks outside quotes.
fn shell_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match quote {
            None if c == ' ' => words.push(String::new()),
            None => {
                quote = matches!(c, '\'' | '"').then_some(c);
                words.last_mut().expect("there is a word").push(c);
            }
            Some(open) => {
                if c == open {
                    quote = None;
                }
                words.last_mut().expect("there is a word").push(c);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    with_values(words)
}

/// Keeps options and their values together.
fn with_values(words: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        match kept.last_mut() {
            Some(option) if is_option(option) && !word.starts_with('-') => {
                option.push(' ');
                option.push_str(&word);
            }
            _ => kept.push(word),
        }
    }
    kept
}

fn is_option(word: &str) -> bool {
    word.starts_with("--") && !word.contains([' ', '='])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{crowd, retry_storm};

    const REPRODUCE: &str = "sim run scenarios/retry-storm.ron --seed 7 --set 'calls.\"web -> orders\".retry.attempts=4' --set services.db.threads=16";

    #[test]
    fn output_fits_and_starts_with_the_verdict() {
        let text = render(&retry_storm(), REPRODUCE, Style::PLAIN);
        for line in text.lines() {
            assert!(width(line) <= WIDTH, "{} > {WIDTH}: {line}", width(line));
            assert_eq!(line, line.trim_end());
        }
        assert!(
            text.starts_with(
                "METASTABLE  Retry storm: a slow database\n  shoppers: 88 % lost for 230s\n"
            ),
            "{text}"
        );
        assert!(!text.contains('\x1b'));
        assert!(text.contains("✗ within 30s"), "{text}");
        assert!(
            text.contains("Digest 9f2c4d0a6b1e83577d21c0ffee5a9b34"),
            "{text}"
        );
    }

    #[test]
    fn values_of_checks_have_the_unit_of_their_metric() {
        let shown = |text: &str, value: f64| {
            let check = CheckSummary {
                kind: "always".into(),
                check: text.into(),
                ..CheckSummary::default()
            };
            measured(&check, Some(value))
        };
        assert_eq!(shown("recovery_time < 30s", f64::INFINITY), "never");
        for (text, value) in [
            ("mttr(a) < 30s", units::duration(12.5)),
            ("waiting(a, p99) < 30s", units::duration(12.5)),
            ("arrivals(a) < 30/s", units::rate(12.5)),
            ("burn_rate(a) < 30", units::number(12.5)),
            ("rejected_ratio(a) < 30%", units::percent(12.5)),
            ("busy(a, max) < 30", units::number(12.5)),
        ] {
            assert_eq!(shown(text, 12.5), value, "{text}");
        }
    }

    #[test]
    fn long_names_fit_too() {
        let mut result = crowd();
        let long = "a-workload-with-a-name-of-quite-unreasonable-length".repeat(3);
        let summary = &mut result.summary;
        summary.scenario.clone_from(&long);
        let workload = summary.workloads["shoppers"].clone();
        summary.workloads.insert(long.clone(), workload);
        let edge = summary.edges["web -> orders"].clone();
        summary.edges.insert(format!("{long} -> orders"), edge);
        summary.hypothesis.checks[0].check = format!("success_ratio({long}) >= 0.999");
        summary.incidents[0].workload = long;
        let text = render(&result, "sim run x.ron", Style::PLAIN);
        let lines = text.lines().filter(|line| !line.contains("a-workload-with-a-name-of-quite-unreasonable-lengtha-workload-with-a-name-of-quite-unreasonable-length"));
        for line in lines {
            assert!(width(line) <= WIDTH, "{} > {WIDTH}: {line}", width(line));
        }
    }

    #[test]
    fn commands_are_broken_where_a_shell_allows_it() {
        let lines = command(REPRODUCE);
        assert!(lines.len() == 2 && lines[0].ends_with('\\'), "{lines:?}");
        assert!(
            lines
                .iter()
                .any(|l| l.contains("'calls.\"web -> orders\".retry.attempts=4'"))
        );
    }

    #[test]
    fn a_spike_touches_nothing() {
        let mut summary = retry_storm().summary;
        let mut fault = summary.faults.remove(0);
        assert!(fault_text(&fault, &summary).contains("; touched 24,210; "));
        (fault.kind, fault.touched) = ("spike".to_owned(), 0);
        let text = fault_text(&fault, &summary);
        assert!(
            !text.contains("touched") && text.contains("; hurt "),
            "{text}"
        );
    }

    #[test]
    fn colour_only_where_it_is_wanted() {
        let no_color = Some(std::ffi::OsStr::new("1"));
        assert_eq!(Style::detect(true, no_color), Style::PLAIN);
        assert_eq!(Style::detect(false, None), Style::PLAIN);
        let text = render(&retry_storm(), REPRODUCE, Style::detect(true, None));
        assert!(text.starts_with("\x1b[1;31mMETASTABLE"));
    }

    /// For people: `cargo test -p sim-cli print -- --ignored --nocapture`.
    #[test]
    #[ignore = "prints for people to look at"]
    fn print() {
        println!("{}", render(&retry_storm(), REPRODUCE, Style::PLAIN));
    }
}
