//! The tables of a run: workloads, availability, services, edges and their policies.

use super::style::Style;
use super::table::{Table, wrap};
use crate::units::{count, duration, factor, known, moment, number, percent, rate};
use sim_models::expression::Measure;
use sim_models::observe::summary::{
    EdgeSummary, PolicySummary, ServiceSummary, Summary, TenantSummary, WorkloadSummary,
};
use std::collections::BTreeMap;

/// Two views of latency differ when one is this much above the other.
const DIFFERENT: f64 = 1.05;

/// All tables.
#[must_use]
pub fn all(summary: &Summary, style: Style) -> Vec<Vec<String>> {
    vec![
        styled(&workloads(summary), style),
        styled(&views(summary), style),
        styled(&availability(summary), style),
        tenants(summary, style),
        styled(&services(summary), style),
        styled(&times(summary), style),
        pools(summary).map_or_else(Vec::new, |pools| styled(&pools, style)),
        styled(&edges(summary), style),
        policies(summary, style),
        states(summary, style),
        steps(summary, style),
        styled(&also(summary), style),
    ]
}

/// What was asked for with `--measure`.
#[must_use]
pub fn measures(summary: &Summary) -> Table {
    let mut table = Table::new(&["Measures", "value"]);
    for (text, value) in &summary.measures {
        let print = |value: f64| match text.parse::<Measure>() {
            Ok(measure) => super::values::value(&measure, value),
            Err(_) => number(value),
        };
        table.row(vec![text.clone(), known(value.0, print)]);
    }
    table
}

/// The lines of a table with its headings in style; none if it is empty.
#[must_use]
pub fn styled(table: &Table, style: Style) -> Vec<String> {
    if table.is_empty() {
        return Vec::new();
    }
    let mut lines = table.lines();
    lines[0] = style.heading(&lines[0]);
    lines
}

fn workloads(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Workloads",
        "offered",
        "goodput",
        "success",
        "degraded",
        "failed",
        "open",
        "p50",
        "p99",
        "p99.9",
    ]);
    for (name, w) in &summary.workloads {
        table.row(vec![
            name.clone(),
            known(w.offered_rate, rate),
            known(w.goodput, rate),
            known(w.success_ratio, percent),
            count(w.degraded),
            count(w.failed),
            count(w.unfinished),
            known(w.latency.p50, duration),
            known(w.latency.p99, duration),
            known(w.latency.p999, duration),
        ]);
    }
    table
}

fn differ(w: &WorkloadSummary) -> bool {
    let apart = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => a.max(b) > DIFFERENT * a.min(b),
        // One view sees what the other does not.
        (a, b) => a != b,
    };
    apart(w.latency.p50, w.latency_true.p50) || apart(w.latency.p99, w.latency_true.p99)
}

fn views(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Two views of latency",
        "requests",
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
    ]);
    for (name, w) in summary.workloads.iter().filter(|(_, w)| differ(w)) {
        for (view, latency) in [("monitored", w.latency), ("true", w.latency_true)] {
            let mut row = vec![format!("{view:9} {name}"), count(latency.count)];
            row.extend(
                [
                    latency.mean,
                    latency.p50,
                    latency.p90,
                    latency.p99,
                    latency.p999,
                    latency.max,
                ]
                .map(|value| known(value, duration)),
            );
            table.row(row);
        }
    }
    table
}

fn availability(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Availability",
        "objective",
        "requests",
        "windows",
        "predicted",
        "budget",
        "burn max",
        "MTTR",
        "MTBF",
    ]);
    for (name, w) in &summary.workloads {
        let a = w.availability;
        if a.objective == 0.0 {
            continue;
        }
        let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let times = |value: Option<f64>| {
            let times = |value: f64| format!("{}x", number(value));
            value.map_or_else(|| number(f64::NAN), times)
        };
        table.row(vec![
            name.clone(),
            percent(a.objective),
            percent(known(a.by_requests)),
            percent(known(a.by_windows)),
            percent(known(a.predicted)),
            times(a.budget_used),
            times(a.burn_rate_max),
            duration(known(a.mttr)),
            duration(known(a.mtbf)),
        ]);
    }
    table
}

/// Tenants, and how unevenly they retry; nothing where workloads are labelled with none.
fn tenants(summary: &Summary, style: Style) -> Vec<String> {
    let mut table = Table::new(&[
        "Tenants",
        "offered",
        "goodput",
        "success",
        "refused",
        "p50",
        "p99",
        "per call",
        "retries ok",
        "retries",
        "calls",
    ]);
    let sum = |get: fn(&TenantSummary) -> u64| summary.tenants.values().map(get).sum::<u64>();
    let (retries, firsts) = (sum(|t| t.retries), sum(|t| t.first_attempts));
    for (name, t) in &summary.tenants {
        let ended = (t.good + t.failed) as f64;
        table.row(vec![
            name.clone(),
            count(t.offered),
            known(t.goodput, rate),
            known(t.success_ratio, percent),
            percent(t.refused as f64 / ended),
            known(t.latency.p50, duration),
            known(t.latency.p99, duration),
            known(t.amplification, factor),
            known(t.retry_efficiency, percent),
            percent(t.retries as f64 / retries as f64),
            percent(t.first_attempts as f64 / firsts as f64),
        ]);
    }
    let mut lines = styled(&table, style);
    if let Some(gap) = summary.fairness_gap.filter(|_| summary.tenants.len() > 1) {
        let text = format!(
            "fairness gap {}: half the sum of |share of retries - share of calls|, the last two columns",
            percent(gap)
        );
        lines.extend(wrap(&text, "  ", "  "));
    }
    lines
}

fn services(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Services", "arrivals", "ok", "failed", "rejected", "threads", "cores", "queue", "max",
        "doomed",
    ]);
    for (name, s) in &summary.services {
        table.row(vec![
            name.clone(),
            known(s.arrival_rate, rate),
            share(s.ok, s),
            share(s.failed, s),
            share(s.rejected, s),
            percent(s.utilization),
            known(s.cpu_utilization, percent),
            number(s.queue.mean),
            number(s.queue.max),
            known(s.doomed_share, percent),
        ]);
    }
    table
}

/// Of those that ended: what still waits or runs at the end has neither failed nor succeeded.
fn share(part: u64, service: &ServiceSummary) -> String {
    let ended = service.ok + service.failed + service.rejected;
    percent(part as f64 / ended as f64)
}

fn times(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Time in services",
        "wait p50",
        "wait p99",
        "serve p50",
        "serve p99",
        "all p50",
        "all p99",
        "all max",
    ]);
    for (name, s) in &summary.services {
        table.row(vec![
            name.clone(),
            known(s.waiting.p50, duration),
            known(s.waiting.p99, duration),
            known(s.service_time.p50, duration),
            known(s.service_time.p99, duration),
            known(s.sojourn.p50, duration),
            known(s.sojourn.p99, duration),
            known(s.sojourn.max, duration),
        ]);
    }
    table
}

/// The pools of all services, if there are any.
fn pools(summary: &Summary) -> Option<Table> {
    let mut table = Table::new(&[
        "Pools", "size", "taken", "waiting", "max", "waited", "wait p50", "wait p99", "full",
        "too late",
    ]);
    let mut any = false;
    for (service, s) in &summary.services {
        for (name, pool) in &s.pools {
            any = true;
            let share = |part: u64| {
                // Those who still wait have not been answered in any way.
                let asked = (pool.taken + pool.timeouts).max(pool.waited) + pool.full;
                percent(part as f64 / asked as f64)
            };
            table.row(vec![
                format!("{service}/{name}"),
                count(pool.size),
                percent(pool.utilization),
                number(pool.waiting.mean),
                number(pool.waiting.max),
                share(pool.waited),
                known(pool.wait.p50, duration),
                known(pool.wait.p99, duration),
                share(pool.full),
                share(pool.timeouts),
            ]);
        }
    }
    any.then_some(table)
}

/// What was counted that most systems never do.
fn also(summary: &Summary) -> Table {
    let mut table = Table::new(&["Counted besides", "signal", "count"]);
    let mut rows = |name: &str, also: &BTreeMap<String, u64>| {
        for (signal, n) in also {
            table.row(vec![name.to_owned(), signal.clone(), count(*n)]);
        }
    };
    for (name, workload) in &summary.workloads {
        rows(name, &workload.also);
    }
    for (name, service) in &summary.services {
        rows(name, &service.also);
        for (pool, of) in &service.pools {
            rows(&format!("{name}/{pool}"), &of.also);
        }
    }
    for (name, edge) in &summary.edges {
        rows(name, &edge.also);
    }
    table
}

fn edges(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        "Edges",
        "calls",
        "attempts",
        "success",
        "per call",
        "at worst",
        "retries ok",
        "p50",
        "p99",
    ]);
    for (name, e) in &summary.edges {
        table.row(vec![
            name.clone(),
            known(e.call_rate, rate),
            known(e.attempt_rate, rate),
            percent(success(e)),
            known(e.amplification, factor),
            factor(e.amplification_worst),
            known(e.retry_efficiency, percent),
            known(e.latency.p50, duration),
            known(e.latency.p99, duration),
        ]);
    }
    table
}

fn success(edge: &EdgeSummary) -> f64 {
    let of = |name: &str| edge.outcomes.get(name).copied().unwrap_or_default();
    let all: u64 = edge.outcomes.values().sum();
    (of("ok") + of("degraded")) as f64 / all as f64
}

fn policies(summary: &Summary, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, edge) in &summary.edges {
        let acted: Vec<String> = edge.policies.iter().filter_map(policy_acts).collect();
        if !acted.is_empty() {
            let text = acted.join("; ");
            lines.extend(wrap(&text, &format!("  {name}  "), "      "));
        }
    }
    for (name, service) in &summary.services {
        let acted: Vec<String> = service.admission.iter().filter_map(policy_acts).collect();
        if !acted.is_empty() {
            let text = acted.join("; ");
            lines.extend(wrap(&text, &format!("  {name}, at its door  "), "      "));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, style.heading("What policies did"));
    }
    lines
}

/// What the steps did that keep something.
fn steps(summary: &Summary, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, service) in &summary.services {
        let acted: Vec<String> = service.steps.iter().filter_map(acts).collect();
        if !acted.is_empty() {
            lines.extend(wrap(&acted.join("; "), &format!("  {name}  "), "      "));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, style.heading("What steps did"));
    }
    lines
}

fn policy_acts((name, policy): (&String, &PolicySummary)) -> Option<String> {
    acts((name, &policy.counts))
}

/// Most policies whose states are told.
const MOST_POLICIES: usize = 12;

/// How long policies were in which state, and how they first left the one that they begin in.
fn states(summary: &Summary, style: Style) -> Vec<String> {
    let edges = summary.edges.iter();
    let edges = edges.map(|(name, edge)| (name.clone(), &edge.policies));
    let doors = summary.services.iter();
    let doors = doors.map(|(name, service)| (format!("{name}, at its door"), &service.admission));
    let turned: Vec<(String, &String, &PolicySummary)> = edges
        .chain(doors)
        .flat_map(|(place, policies)| {
            let turned = policies.iter().filter(|(_, one)| one.transition_count > 0);
            turned.map(move |(name, policy)| (place.clone(), name, policy))
        })
        .collect();
    let mut lines = Vec::new();
    for (place, name, policy) in turned.iter().take(MOST_POLICIES) {
        let mut states: Vec<(&String, f64)> = policy.states.iter().map(|(n, s)| (n, *s)).collect();
        states.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shares: Vec<String> = states
            .iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(state, share)| format!("{} {}", state.replace('_', " "), percent(*share)))
            .collect();
        let mut text = format!(
            "{}: {}; turned {}",
            kind_of(name),
            shares.join(", "),
            turns(policy.transition_count)
        );
        if let Some(first) = policy.transitions.first() {
            text += &format!(", first at {}: {}", moment(first.time), first.caller);
            if !first.of.is_empty() {
                text += &format!(" for {}", first.of);
            }
            text += &format!(" from {} to {}", first.from, first.to);
            if !first.why.is_empty() {
                text += &format!(" ({})", first.why);
            }
        }
        lines.extend(wrap(&text, &format!("  {place}  "), "      "));
    }
    if turned.len() > MOST_POLICIES {
        let more = turned.len() - MOST_POLICIES;
        lines.push(format!("  {more} more are in the JSON"));
    }
    if !lines.is_empty() {
        lines.insert(0, style.heading("States of policies"));
    }
    lines
}

fn turns(turned: u64) -> String {
    match turned {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", count(more)),
    }
}

/// The position is there to tell two of a kind apart, which people seldom need.
fn kind_of(name: &str) -> &str {
    name.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
}

/// `retry: retries 12, exhausted 3`, leaving out what never happened.
fn acts((name, counters): (&String, &BTreeMap<String, u64>)) -> Option<String> {
    let counted: Vec<String> = counters
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(counter, n)| format!("{counter} {}", count(*n)))
        .collect();
    (!counted.is_empty()).then(|| format!("{}: {}", kind_of(name), counted.join(", ")))
}
