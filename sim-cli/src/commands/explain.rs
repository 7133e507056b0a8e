//! `sim explain`: what something that can be written means, a code of a diagnostic, a metric, or what another tool
//! calls it.

use crate::output::parts::{choices, elsewhere, kind, remarks};
use clap::Args as ClapArgs;
use sim_models::expression::{Expression, METRICS, Metric, Unit};
use sim_models::limits::LIMITS;
use sim_models::reference::{Field, Part, Reference, causes};
use sim_models::scenario::diagnostics::{CODES, nearest};
use sim_models::signals::{Kind, SIGNALS, Shown, Signal};
use sim_models::spelling::elsewhere as foreign;
use std::io::{self, Write};

/// Explains anything that can be written in a scenario (a policy, a fault, a step, a field), a metric, a code such as
/// V0002, `limits`, or a name that another tool has for one of these, such as failureRateThreshold.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// What to explain; without it, all there is.
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub name: Option<String>,
}

/// Writes the explanation. The exit code is 2 if there is nothing of this name.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    if let Some((code, title, long)) = args.name.as_ref().and_then(|name| code(name)) {
        write!(out, "{code}: {title}\n\n{long}\n")?;
        return Ok(0);
    }
    let all = Reference::new();
    let Some(name) = &args.name else {
        out.write_all(overview(&all).as_bytes())?;
        return Ok(0);
    };
    let text = about(&all, name);
    if !text.is_empty() {
        out.write_all(text.as_bytes())?;
        return Ok(0);
    }
    writeln!(err, "error: there is nothing called `{name}`")?;
    let parts = all.parts().iter();
    let fields = parts
        .clone()
        .flat_map(|part| part.fields.iter().map(|field| field.name.as_str()));
    let known = parts.map(|part| part.name.as_str()).chain(fields);
    let others = METRICS.iter().map(|(_, name, _)| *name).chain(["limits"]);
    let others = others.chain(kept().map(|signal| signal.name));
    let theirs = foreign::all().map(|foreign| foreign.name);
    let near = nearest(name, known.chain(others)).or_else(|| nearest(name, theirs));
    if let Some(near) = near {
        writeln!(err, "help: did you mean `{near}`?")?;
    }
    writeln!(err, "help: `sim explain` lists all that can be explained")?;
    Ok(2)
}

/// The diagnostic of a code: nothing else is called so.
fn code(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    CODES
        .iter()
        .find(|(code, ..)| code.eq_ignore_ascii_case(name))
}

/// All that there is of a name.
fn about(all: &Reference, name: &str) -> String {
    let mut found = Vec::new();
    found.extend(all.named(name).map(|part| of_part(all, part)));
    found.extend(group(all, name));
    for (_, metric, summary) in METRICS {
        if metric.eq_ignore_ascii_case(name) {
            found.push(format!(
                "{metric} (metric): {}\n{}",
                summary.trim(),
                measured(metric)
            ));
        }
    }
    let signals = kept().filter(|signal| signal.name.eq_ignore_ascii_case(name));
    found.extend(signals.map(of_signal));
    for (cause, docs) in causes() {
        if foreign::plain(cause) == foreign::plain(name) {
            found.push(format!("{cause} (cause of failures): {docs}\n"));
        }
    }
    if name.eq_ignore_ascii_case("limits") {
        found.push(limits());
    }
    let is_new = !found.is_empty();
    found.extend(of_fields(all, name, is_new));
    if found.is_empty() {
        found.extend(of_others(all, name));
    } else {
        found.extend(meant_otherwise(all, name));
    }
    found.join("\n")
}

/// A part by its name, and what it is where that says more.
fn titled(part: &Part) -> String {
    if part.name == part.group.one {
        part.name.clone()
    } else {
        format!("{} ({})", part.name, part.group.one)
    }
}

/// A part: what it is, an example, its docs, its fields.
fn of_part(all: &Reference, part: &Part) -> String {
    let mut text = format!("{}: {}\n\n  {}\n", titled(part), part.summary, part.placed);
    if part.docs.trim_end_matches('.') != part.summary {
        text.push_str(&format!("\n{}\n", part.docs));
    }
    for remark in remarks(part) {
        text.push_str(&format!("\n{remark}\n"));
    }
    match part.fields.len() {
        0 => {}
        1 => text.push_str("\nIts field, which needs no name:\n"),
        _ => text.push_str("\nIts fields, in the order in which values without names fill them:\n"),
    }
    for field in &part.fields {
        text.push_str(&format!("\n  {:<14} {}\n", field.name, kind(part, field)));
        text.push_str(&said(all, field));
    }
    let theirs = elsewhere(part);
    if !theirs.is_empty() {
        text.push_str("\nElsewhere:\n\n");
        text.extend(theirs.iter().map(|line| format!("  {line}\n")));
    }
    text
}

/// What a field says, and what may stand there.
fn said(all: &Reference, field: &Field) -> String {
    let mut text: String = field
        .docs
        .lines()
        .map(|line| format!("{:17}{line}\n", ""))
        .collect();
    let choices = choices(all, field);
    if !choices.is_empty() {
        text.push_str(&format!("{:17}One of: {}.\n", "", choices.join(", ")));
    }
    text
}

/// The fields of a name. Those of one type are told of once.
fn of_fields(all: &Reference, name: &str, after_more: bool) -> Vec<String> {
    let mut told: Vec<(&Field, Vec<String>, String)> = Vec::new();
    for (part, field) in all.fields(name) {
        let owner = titled(part);
        let kind = kind(part, field);
        match told
            .iter_mut()
            .find(|(known, _, other)| known.docs == field.docs && *other == kind)
        {
            Some((_, owners, _)) => owners.push(owner),
            None => told.push((field, vec![owner], kind)),
        }
    }
    let also = if after_more { "also " } else { "" };
    let text = |(field, owners, kind): &(&Field, Vec<String>, String)| {
        let owners = owners.join(", ");
        format!(
            "{} is {also}a field of {owners}\n\n  {:<14} {kind}\n{}",
            field.name,
            field.name,
            said(all, field)
        )
    };
    let mut texts: Vec<String> = told.iter().map(text).collect();
    if !after_more
        && let Some((part, _)) = all.fields(name).next()
        && let Some(last) = texts.last_mut()
    {
        last.push_str(&format!(
            "\nAn example, and all fields beside it: `sim explain {}`.\n",
            part.name
        ));
    }
    texts
}

/// All of a kind: `sim explain policy`.
fn group(all: &Reference, name: &str) -> Option<String> {
    let wanted = foreign::plain(name);
    let parts: Vec<&Part> = all
        .parts()
        .iter()
        .filter(|part| {
            let words = [part.group.one.to_owned(), format!("{}s", part.group.one)];
            part.group.example.is_empty() && words.iter().any(|word| foreign::plain(word) == wanted)
        })
        .collect();
    let title = parts.first()?.group.all;
    Some(format!(
        "{title}:\n{}",
        parts
            .iter()
            .map(|part| row(&part.name, &part.summary))
            .collect::<String>()
    ))
}

/// What other tools mean by a name, and then what it is here.
fn of_others(all: &Reference, name: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut ours = Vec::new();
    let found = foreign::meant(name);
    for foreign in &found {
        texts.push(format!("{}\n", foreign.told()));
        if !foreign.ours.is_empty() && !ours.contains(&foreign.ours) {
            ours.push(foreign.ours);
        }
    }
    for ours in ours {
        match ours.contains('.') {
            true => texts.extend(of_fields(all, ours, false)),
            false => texts.extend(all.named(ours).map(|part| of_part(all, part))),
        }
    }
    texts
}

/// What other tools mean by a name that we have too, where that differs or is called otherwise here, and is not said with
/// the part of this name.
fn meant_otherwise(all: &Reference, name: &str) -> Option<String> {
    let ours: Vec<&str> = all.named(name).map(|part| part.name.as_str()).collect();
    let owner = |ours: &'static str| ours.split('.').next().unwrap_or_default();
    let is_other = |ours: &str| {
        let last = ours.rsplit('.').next().unwrap_or_default();
        foreign::plain(last) != foreign::plain(name)
    };
    let differ = foreign::meant(name).into_iter().filter(|foreign| {
        let differs = !foreign.differs.is_empty() || is_other(foreign.ours);
        differs && !ours.contains(&owner(foreign.ours))
    });
    let lines: String = differ
        .map(|foreign| format!("  {}\n", foreign.told()))
        .collect();
    (!lines.is_empty()).then(|| format!("Elsewhere:\n\n{lines}"))
}

/// A line of a list.
fn row(name: &str, summary: &str) -> String {
    format!("  {name:<22} {}\n", summary.trim())
}

/// The signals that are kept by windows; those that are made of them are measures.
pub(super) fn kept() -> impl Iterator<Item = &'static Signal> {
    SIGNALS.iter().filter(|signal| signal.kind != Kind::Derived)
}

/// Where a signal is found, in sentences.
pub(super) fn found(signal: &Signal) -> String {
    let mut told = Vec::new();
    let file = signal.of.file().unwrap_or_default();
    for (shown, when) in [
        (Shown::always, ""),
        (Shown::used, ", where it is not zero throughout"),
    ] {
        let columns = signal.columns.iter().filter(|one| one.shown == shown);
        let columns: Vec<&str> = columns.map(|column| column.heading).collect();
        if !columns.is_empty() {
            told.push(format!("In {file} it is {}{when}.", columns.join(", ")));
        }
    }
    if let Some(measure) = signal.measure {
        told.push(format!("As a measure it is `{measure}`."));
    }
    told.join(" ")
}

fn of_signal(signal: &Signal) -> String {
    format!(
        "{} (signal of {}): {}\n\nIt is {}. {}\n",
        signal.name,
        signal.of.words(),
        signal.doc,
        signal.kind.words(),
        found(signal)
    )
}

/// What is limited, and the limits.
pub(super) fn limits() -> String {
    let rows = LIMITS
        .iter()
        .map(|(what, limit)| format!("  {limit:>10}  {}\n", what.trim()));
    let rows: String = rows.collect();
    format!(
        "There can be at most\n\n{rows}\nand what a run takes is bounded by `budget`: events, in_flight and memory.\n"
    )
}

/// What a metric is about and measured in, and how it is written.
pub(super) fn measured(name: &str) -> String {
    let found = METRICS.iter().find(|(_, other, _)| *other == name);
    let Some((metric, ..)) = found else {
        return String::new();
    };
    let about = metric.of().words();
    let unit = match metric.unit() {
        Unit::Ratio => "a ratio",
        Unit::Rate => "per second",
        Unit::Seconds => "in seconds",
        Unit::Count => "a count",
    };
    let scope = if metric.by_windows() {
        "over whole runs, their windows, and stretches of time"
    } else {
        "over whole runs"
    };
    let rate = matches!(metric, Metric::Goodput | Metric::Throughput);
    let whole = if rate {
        "A whole run counts what ended after the warm-up and divides it by that time; so does each window."
    } else {
        "A whole run counts the requests that began after the warm-up, a window those that ended in it."
    };
    let stretches = if metric.by_requests() {
        let check = metric.example().parse::<Expression>();
        let measure = check.map_or_else(|_| name.to_owned(), |check| check.measure.to_string());
        format!(
            "\n{whole}\nOf a stretch of time it counts\n\n  {measure} in 60s..90s{:>18}  the requests that began then, whenever they ended\n  {measure} of requests ended in 60s..90s  those that ended then, whenever they began\n",
            ""
        )
    } else if metric.by_windows() {
        "\nOf a stretch of time, `in 60s..90s`, it tells what happened then, whenever the requests began.\n".to_owned()
    } else {
        String::new()
    };
    let second = metric.arguments();
    let second = if second.is_empty() {
        String::new()
    } else {
        format!(
            "\nThe second of its arguments is one of {}.\n",
            second.join(", ")
        )
    };
    format!(
        "\nIt is about {about}, {unit}, and measured {scope}.\n{second}\n  {}\n{stretches}",
        metric.example()
    )
}

/// How checks and measures are written.
pub(super) const WRITTEN: &str = r#"  A check:                latency(shoppers, p99) < 250ms
  Of a stretch of time:   goodput(shoppers) in 60s..90s > 700/s
    which means the requests that began then, as `of requests begun in 60s..90s`
    does; `of requests ended in 60s..90s` means those that ended then.
  Two measures of a unit: goodput(shoppers) / offered(shoppers) >= 95%
                          latency(shoppers, p99) < 2 * latency(shoppers, p50)
    where a stretch after the second of a ratio is meant for both.

"#;

/// A list of all there is, by kind.
fn overview(all: &Reference) -> String {
    let mut text = "Structs and values:\n".to_owned();
    let single = all
        .parts()
        .iter()
        .filter(|part| !part.group.example.is_empty());
    text.extend(single.map(|part| row(&part.name, &part.summary)));
    let mut before = "";
    for part in all
        .parts()
        .iter()
        .filter(|part| part.group.example.is_empty())
    {
        if part.group.all != before {
            before = part.group.all;
            text.push_str(&format!("\n{before}:\n"));
        }
        text.push_str(&row(&part.name, &part.summary));
    }
    text.push_str("\nMetrics of checks, sweeps and comparisons:\n");
    text.push_str(WRITTEN);
    text.extend(METRICS.iter().map(|(_, name, summary)| row(name, summary)));
    text.push_str("\nSignals that are kept by windows:\n");
    text.extend(
        kept().map(|signal| row(signal.name, &format!("{}: {}", signal.of.one(), signal.doc))),
    );
    text.push_str("\nLimits:\n");
    text.push_str(&row("limits", "How many there can be of what"));
    text.push_str("\nDiagnostics:\n");
    text.extend(CODES.iter().map(|(code, title, _)| row(code, title)));
    let tools: Vec<&str> = foreign::TOOLS
        .iter()
        .copied()
        .flatten()
        .map(|(tool, _)| *tool)
        .collect();
    text.push_str(&format!(
        "\nAlso fields (`attempts`, `retry.attempts`), kinds (`policy`), and names of {}.\n",
        tools.join(", ")
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: Option<&str>) -> (u8, String, String) {
        let args = Args {
            name: name.map(str::to_owned),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&args, &mut out, &mut err).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    /// What is said of a name holds all of these.
    fn says(name: &str, parts: &[&str]) {
        let (code, text, _) = ask(Some(name));
        assert_eq!(code, 0, "{name}");
        for part in parts {
            assert!(text.contains(part), "{name}: {part}\n{text}");
        }
    }

    #[test]
    fn examples_of_metrics_can_be_read() {
        for (metric, name, _) in METRICS {
            let check: Expression = metric.example().parse().expect(name);
            assert_eq!(check.measure.metric, *metric);
            assert!(measured(name).contains(&metric.example()));
        }
    }

    #[test]
    fn fields_are_told_with_units_bounds_and_defaults() {
        says(
            "retry",
            &[
                "retry (policy): tries again",
                "attempts       whole number, 1 to 10000; `3` unless given",
                "`exponential(base: \"50ms\", factor: 2, cap: \"20s\", jitter: full)` unless given",
                "One of: none, constant, linear, exponential, finagle.",
                "gRPC `maxAttempts` (`attempts`)",
            ],
        );
        says("hedge", &["after          duration; must be given"]);
        says(
            "bulkhead",
            &[
                "permits        whole number, at least 1; `25` unless given",
                "(`admission`)",
            ],
        );
        // A bound that depends on another field is told in words.
        says(
            "adaptive_limit",
            &["initial        whole number, must be between `least` and `most`; `20` unless given"],
        );
        says(
            "rate_limit",
            &["rate           rate, more than zero; must be given"],
        );
        says(
            "outlier_ejection",
            &["share          number, 0 to 1; `0.5` unless given"],
        );
        says("fallback", &["to             text; may be left out"]);
        says(
            "admission",
            &["a field of service", "list: policy", "adaptive_limit"],
        );
        assert!(
            !ask(Some("admission")).1.contains("hedge"),
            "no hedge at a door"
        );
        says("retry.attempts", &["attempts is a field of retry (policy)"]);
        says(
            "attempts",
            &[
                "a field of",
                "`attempts` of Istio is `retry.attempts` here: it counts retries",
            ],
        );
        says("include", &["a field of scenario", "list: text"]);
        says("policy", &["Policies of calls:", "hedge"]);
    }

    #[test]
    fn names_of_other_tools_lead_to_ours() {
        says(
            "failureRateThreshold",
            &[
                "of resilience4j is `breaker.failure_rate` here",
                "a field of resilience4j.circuitBreaker",
            ],
        );
        says("failure-rate-threshold", &["resilience4j"]);
        says("slidingWindowSize", &["is `breaker.window` here"]);
        says("max_retries", &["`max_retries: 2` is `attempts: 3`"]);
        says(
            "hedgingPolicy",
            &["a field of grpc", "`hedgingPolicy` of gRPC is `hedge` here"],
        );
        says("reset_peer", &["Toxiproxy", "crash (fault)"]);
        says("limit_data", &["has no like here"]);
        says("pod-kill", &["Chaos Mesh"]);
    }

    #[test]
    fn explains_codes_and_names() {
        assert!(ask(Some("v0012")).1.starts_with("V0012: a cron pattern"));
        says(
            "outcome_ratio",
            &[
                "a workload, a ratio",
                "stretches of time",
                "timeout_attempt",
                "outcome_ratio(shoppers, timeout_attempt) <= 1%",
            ],
        );
        says(
            "timeout-pool",
            &["timeout_pool (cause of failures): Waited too long"],
        );
        says("recovery_time", &["  recovery_time <= 30s\n"]);
        says("limits", &["     10000  Replicas of a service\n"]);
        says(
            "latency",
            &["(fault)", "(metric)", "latency is also a field of link\n"],
        );
        let (code, _, err) = ask(Some("retyr"));
        assert_eq!(code, 2);
        assert!(err.contains("did you mean `retry`?"), "{err}");
        let all = ask(None).1;
        for part in [
            "partition",
            "W0003",
            "goodput",
            "breaker",
            "lognormal",
            "round_robin",
            "lifo",
            "diurnal",
        ] {
            assert!(all.contains(part), "{part}");
        }
    }
}
