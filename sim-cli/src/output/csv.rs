//! The series as CSV in long form: one row per window and name. Units stand in the headings; a cell
//! is empty where there was nothing to measure.

use super::json::round;
use csv::{Terminator, Writer, WriterBuilder};
use sim_models::observe::summary::Series;
use std::borrow::Cow;
use std::collections::BTreeSet;

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new())
}

fn put(writer: &mut Writer<Vec<u8>>, row: &[String]) {
    writer
        .write_record(row)
        .expect("writing to memory cannot fail, and rows are equally long");
}

/// A text of the user as a cell: spreadsheets take what begins with `=`, `+`, `-` or `@` (of any width) for a
/// formula and compute it, so such a text gets an apostrophe in front, which they take for "this is text"
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let first = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r'];
    if text.starts_with(first) && text.parse::<f64>().is_err() {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

fn finish(writer: Writer<Vec<u8>>) -> Vec<u8> {
    writer.into_inner().expect("writing to memory cannot fail")
}

fn count(counts: &[u64], window: usize) -> String {
    counts.get(window).map(u64::to_string).unwrap_or_default()
}

fn level(levels: &[f64], window: usize) -> String {
    match levels.get(window) {
        Some(level) if level.is_finite() => round(*level).to_string(),
        _ => String::new(),
    }
}

fn headings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Workloads: counts of the window, latencies in seconds, and one column per outcome of failures.
#[must_use]
pub fn workloads(series: &Series) -> Vec<u8> {
    let outcomes: BTreeSet<&String> = series
        .workloads
        .values()
        .flat_map(|workload| workload.failed.keys())
        .collect();
    let mut writer = writer();
    let mut head = headings(&[
        "time_s",
        "workload",
        "offered_count",
        "ok_count",
        "degraded_count",
        "in_flight_count",
        "latency_s_p50",
        "latency_s_p99",
        "latency_true_s_p50",
        "latency_true_s_p99",
    ]);
    head.extend(outcomes.iter().map(|name| format!("failed_{name}_count")));
    put(&mut writer, &head);
    for (name, workload) in &series.workloads {
        for (i, time) in series.time.iter().enumerate() {
            let mut row = vec![
                round(*time).to_string(),
                text(name).into_owned(),
                count(&workload.offered, i),
                count(&workload.ok, i),
                count(&workload.degraded, i),
                count(&workload.in_flight, i),
                level(&workload.latency_p50, i),
                level(&workload.latency_p99, i),
                level(&workload.latency_true_p50, i),
                level(&workload.latency_true_p99, i),
            ];
            row.extend(outcomes.iter().map(|outcome| {
                let counts = workload.failed.get(*outcome);
                counts.map_or_else(|| "0".to_owned(), |counts| count(counts, i))
            }));
            put(&mut writer, &row);
        }
    }
    finish(writer)
}

/// Services: counts of the window, time averages, instances.
#[must_use]
pub fn services(series: &Series) -> Vec<u8> {
    let mut writer = writer();
    let head = headings(&[
        "time_s",
        "service",
        "arrivals_count",
        "ok_count",
        "failed_count",
        "rejected_count",
        "utilization_ratio",
        "cpu_utilization_ratio",
        "queue_mean_count",
        "queue_max_count",
        "doomed_count",
        "up_count",
    ]);
    put(&mut writer, &head);
    for (name, service) in &series.services {
        for (i, time) in series.time.iter().enumerate() {
            let row = [
                round(*time).to_string(),
                text(name).into_owned(),
                count(&service.arrivals, i),
                count(&service.ok, i),
                count(&service.failed, i),
                count(&service.rejected, i),
                level(&service.utilization, i),
                level(&service.cpu_utilization, i),
                level(&service.queue, i),
                count(&service.queue_max, i),
                count(&service.doomed, i),
                count(&service.up, i),
            ];
            put(&mut writer, &row);
        }
    }
    finish(writer)
}

/// Edges: counts of the window, breakers.
#[must_use]
pub fn edges(series: &Series) -> Vec<u8> {
    let mut writer = writer();
    let head = headings(&[
        "time_s",
        "edge",
        "calls_count",
        "attempts_count",
        "retries_count",
        "failures_count",
        "calls_sent_count",
        "call_attempts_count",
        "breakers_open_count",
    ]);
    put(&mut writer, &head);
    for (name, edge) in &series.edges {
        for (i, time) in series.time.iter().enumerate() {
            let row = [
                round(*time).to_string(),
                text(name).into_owned(),
                count(&edge.calls, i),
                count(&edge.attempts, i),
                count(&edge.retries, i),
                count(&edge.failures, i),
                count(&edge.calls_sent, i),
                count(&edge.call_attempts, i),
                count(&edge.breakers_open, i),
            ];
            put(&mut writer, &row);
        }
    }
    finish(writer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;

    #[test]
    fn every_window_of_every_name_has_a_row() {
        let series = retry_storm().series;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let table = text(workloads(&series));
        assert_eq!(table.lines().count(), 301);
        assert!(
            table
                .lines()
                .next()
                .unwrap()
                .ends_with("failed_timeout_deadline_count")
        );
        assert_eq!(text(services(&series)).lines().count(), 901);
        assert_eq!(text(edges(&series)).lines().count(), 901);
    }

    #[test]
    fn no_name_is_a_formula() {
        for name in ["=1+1", "+cmd", "-2+3", "@SUM(1)", "＝1"] {
            assert_eq!(text(name), format!("'{name}"));
        }
        for name in ["a=b", "-5", "+1.5", "10%", "", "web -> db"] {
            assert_eq!(text(name), name);
        }
        let mut series = retry_storm().series;
        let shoppers = series.workloads.remove("shoppers").unwrap();
        series
            .workloads
            .insert("=HYPERLINK(\"x\")".into(), shoppers);
        let table = String::from_utf8(workloads(&series)).unwrap();
        assert!(
            table.contains(",\"'=HYPERLINK(\"\"x\"\")\","),
            "{}",
            &table[..500]
        );
    }

    #[test]
    fn nothing_measured_is_an_empty_cell() {
        let mut series = retry_storm().series;
        let workload = series.workloads.get_mut("shoppers").unwrap();
        workload.latency_p50[0] = f64::NAN;
        let table = String::from_utf8(workloads(&series)).unwrap();
        let row = table.lines().nth(1).unwrap();
        assert!(row.split(',').nth(6).unwrap().is_empty(), "{row}");
    }
}
