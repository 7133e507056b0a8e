//! `sim explain`: what a code of a diagnostic, a policy, a balancer, a queue order, a fault or a metric means.

use clap::Args as ClapArgs;
use sim_models::balancers::{self, BalancerSpec};
use sim_models::controllers::{self, ControllerSpec};
use sim_models::expression::{Expression, METRICS, Metric, Of, Unit};
use sim_models::faults::{self, FaultKind};
use sim_models::limits::LIMITS;
use sim_models::queues::{self, OrderSpec};
use sim_models::resilience::{self, PolicySpec};
use sim_models::scenario::diagnostics::{CODES, nearest};
use sim_models::scenario::explain;
use std::io::{self, Write};

/// Explains a code such as V0002, the name of a policy, a balancer, a queue order, a fault or a metric, or `limits`.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// What to explain; without it, all there is.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Writes the explanation. The exit code is 2 if there is nothing of this name.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Some(name) = &args.name else {
        out.write_all(overview().as_bytes())?;
        return Ok(0);
    };
    let text = about(name);
    if !text.is_empty() {
        out.write_all(text.as_bytes())?;
        return Ok(0);
    }
    writeln!(err, "error: there is nothing called `{name}`")?;
    let names = entries().map(|(_, name, _)| name).chain(["limits"]);
    if let Some(near) = nearest(name, names) {
        writeln!(err, "help: did you mean `{near}`?")?;
    }
    writeln!(err, "help: `sim explain` lists all that can be explained")?;
    Ok(2)
}

/// Kind, name and summary of everything but codes.
fn entries() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of = |kind| move |(name, summary): &(&'static str, &'static str)| (kind, *name, *summary);
    let policies = resilience::REGISTRY.iter().map(of("policy"));
    let kinds = faults::REGISTRY.iter().map(of("fault"));
    let metrics = METRICS.iter().map(|(_, name, doc)| ("metric", *name, *doc));
    let controllers = controllers::REGISTRY.iter().map(of("controller"));
    let choosers = balancers::REGISTRY.iter().map(of("balancer"));
    let orders = queues::REGISTRY.iter().map(of("queue order"));
    policies
        .chain(choosers)
        .chain(orders)
        .chain(kinds)
        .chain(controllers)
        .chain(metrics)
}

fn about(name: &str) -> String {
    let mut text = String::new();
    for (code, title, long) in CODES {
        if code.eq_ignore_ascii_case(name) {
            text.push_str(&format!("{code}: {title}\n\n{long}\n"));
        }
    }
    for (kind, found, summary) in entries() {
        if found.eq_ignore_ascii_case(name) {
            text.push_str(&format!("{found} ({kind}): {}\n", summary.trim()));
            text.push_str(&written(kind, found));
            text.push_str(&measured(kind, found));
        }
    }
    if name.eq_ignore_ascii_case("limits") {
        text.push_str(&limits());
    }
    text
}

/// What is limited, and the limits.
fn limits() -> String {
    let rows = LIMITS
        .iter()
        .map(|(what, limit)| format!("  {limit:>10}  {}\n", what.trim()));
    let rows: String = rows.collect();
    format!(
        "There can be at most\n\n{rows}\nand what a run takes is bounded by `budget`: events, in_flight and memory.\n"
    )
}

/// An example of a policy, a balancer, a queue order, a fault or a controller, and all its fields: those that it does not give as they are by
/// default.
fn written(kind: &str, name: &str) -> String {
    let example = |registry: &[(&str, &str)], examples: &[&'static str]| {
        let at = registry.iter().position(|(other, _)| *other == name)?;
        examples.get(at).copied()
    };
    let (example, out, before, after) = match kind {
        "policy" => {
            let Some(example) = example(resilience::REGISTRY, resilience::EXAMPLES) else {
                return String::new();
            };
            let out = explain::written_out::<PolicySpec>(example);
            (example, out, "calls: { \"web -> db\": [", "] }")
        }
        "balancer" => {
            let Some(example) = example(balancers::REGISTRY, balancers::EXAMPLES) else {
                return String::new();
            };
            let out = explain::written_out::<BalancerSpec>(example);
            (example, out, "\"db\": (replicas: 3, balance: ", ", ..)")
        }
        "queue order" => {
            let Some(example) = example(queues::REGISTRY, queues::EXAMPLES) else {
                return String::new();
            };
            let out = explain::written_out::<OrderSpec>(example);
            (
                example,
                out,
                "\"db\": (queue: (limit: 100, order: ",
                "), ..)",
            )
        }
        "fault" => {
            let Some(example) = example(faults::REGISTRY, faults::EXAMPLES) else {
                return String::new();
            };
            let out = explain::written_out::<FaultKind>(example);
            (
                example,
                out,
                "faults: [(at: \"60s\", for: \"10s\", inject: ",
                ")]",
            )
        }
        "controller" => {
            let Some(example) = example(controllers::REGISTRY, controllers::EXAMPLES) else {
                return String::new();
            };
            let out = explain::written_out::<ControllerSpec>(example);
            (example, out, "controllers: { \"on call\": ", " }")
        }
        _ => return String::new(),
    };
    let out = out.unwrap_or_default();
    let lines: Vec<String> = out.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "\n  {before}{example}{after}\n\nThe same with every field; what the example does not give is as by default:\n\n{}",
        lines.concat()
    )
}

/// What a metric is about and measured in, and how it is written.
fn measured(kind: &str, name: &str) -> String {
    let found = METRICS.iter().find(|(_, other, _)| *other == name);
    let Some((metric, ..)) = found.filter(|_| kind == "metric") else {
        return String::new();
    };
    let about = match metric.of() {
        Of::Workload => "a workload",
        Of::Service => "a service",
        Of::Edge => "an edge",
        Of::Pool => "a pool of a service",
        Of::Tenant => "a tenant, which `tenant` of workloads names",
        Of::Run => "the run as a whole",
    };
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
const WRITTEN: &str = r#"  A check:                latency(shoppers, p99) < 250ms
  Of a stretch of time:   goodput(shoppers) in 60s..90s > 700/s
    which means the requests that began then, as `of requests begun in 60s..90s`
    does; `of requests ended in 60s..90s` means those that ended then.
  Two measures of a unit: goodput(shoppers) / offered(shoppers) >= 95%
                          latency(shoppers, p99) < 2 * latency(shoppers, p50)
    where a stretch after the second of a ratio is meant for both.

"#;

fn overview() -> String {
    let mut text = String::new();
    let mut before = "";
    for (kind, name, summary) in entries() {
        if kind != before {
            let title = match kind {
                "policy" => "Policies of calls",
                "balancer" => "Balancers of services",
                "queue order" => "Orders of queues",
                "fault" => "Faults",
                "controller" => "Controllers",
                _ => "Metrics of checks, sweeps and comparisons",
            };
            let gap = if before.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{title}:\n"));
            if kind == "metric" {
                text.push_str(WRITTEN);
            }
            before = kind;
        }
        text.push_str(&format!("  {name:<22} {}\n", summary.trim()));
    }
    text.push_str("\nLimits:\n  limits                 How many there can be of what\n");
    text.push_str("\nDiagnostics:\n");
    for (code, title, _) in CODES {
        text.push_str(&format!("  {code:<22} {title}\n"));
    }
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

    #[test]
    fn examples_can_be_read() {
        for example in resilience::EXAMPLES {
            explain::written_out::<PolicySpec>(example).expect(example);
        }
        for example in faults::EXAMPLES {
            explain::written_out::<FaultKind>(example).expect(example);
        }
        for (kind, name, _) in entries().filter(|(kind, ..)| *kind != "metric") {
            let text = written(kind, name);
            assert!(text.contains(name) && text.lines().count() >= 5, "{text}");
            assert!(!text.ends_with("default:\n\n"), "{name} cannot be read");
        }
        assert!(written("policy", "retry").contains("jitter: full"));
        // What an example gives is not called a default.
        let crash = written("fault", "crash");
        assert!(
            crash.contains("what the example does not give is as by default:")
                && crash.matches("boot: \"5s\"").count() == 2,
            "{crash}"
        );
    }

    #[test]
    fn examples_of_metrics_can_be_read() {
        for (metric, name, _) in METRICS {
            let check: Expression = metric.example().parse().expect(name);
            assert_eq!(check.measure.metric, *metric);
            assert!(measured("metric", name).contains(&metric.example()));
        }
    }

    #[test]
    fn explains_codes_and_names() {
        assert!(ask(Some("v0012")).1.starts_with("V0012: a cron pattern"));
        assert!(ask(Some("retry")).1.contains("retry (policy): tries again"));
        let share = ask(Some("outcome_ratio")).1;
        for part in [
            "a workload, a ratio",
            "stretches of time",
            "timeout_attempt",
            "outcome_ratio(shoppers, timeout_attempt) <= 1%",
        ] {
            assert!(share.contains(part), "{part}: {share}");
        }
        assert!(
            ask(Some("recovery_time"))
                .1
                .contains("  recovery_time <= 30s\n")
        );
        let limits = ask(Some("limits")).1;
        assert!(
            limits.contains("     10000  Replicas of a service\n"),
            "{limits}"
        );
        let both = ask(Some("latency")).1;
        assert!(
            both.contains("(fault)") && both.contains("(metric)"),
            "{both}"
        );
        let (code, _, err) = ask(Some("retyr"));
        assert_eq!(code, 2);
        assert!(err.contains("did you mean `retry`?"), "{err}");
        let all = ask(None).1;
        for part in ["partition", "W0003", "goodput", "breaker"] {
            assert!(all.contains(part), "{part}");
        }
    }
}
