//! The series as CSV in long form: one row per window and name, in the columns of the table of signals. Units stand
//! in the headings; a cell is empty where there was nothing to measure.

use super::json::round;
use csv::{Terminator, Writer, WriterBuilder};
use sim_models::observe::summary::{Columns, Series, Summary, Values, WorkloadSeries};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

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

/// A value of a column; empty where there was nothing to measure.
fn cell(values: Values<'_>, window: usize) -> String {
    let counts = |counts: &[u64]| counts.get(window).map(u64::to_string);
    let found = match values {
        Values::Counts(all) => counts(all),
        Values::Numbers(all) => all
            .get(window)
            .filter(|number| number.is_finite())
            .map(|number| round(*number).to_string()),
    };
    found.unwrap_or_default()
}

/// The files of a run: one for each kind of thing that there is.
#[must_use]
pub fn files(series: &Series) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        ("workloads.csv", workloads(series)),
        ("services.csv", services(series)),
        ("edges.csv", edges(series)),
    ];
    if !series.pools.is_empty() {
        files.push(("pools.csv", pools(series)));
    }
    if !series.states.is_empty() {
        files.push(("states.csv", states(series)));
    }
    files
}

/// States of policies: one row for each window, policy and state but the first, in which it is otherwise.
#[must_use]
pub fn states(series: &Series) -> Vec<u8> {
    let mut writer = writer();
    let head = ["time_s", "edge", "policy", "state", "share_ratio"];
    put(&mut writer, &head.map(str::to_owned));
    for (edge, policies) in &series.states {
        for (policy, states) in policies {
            for (state, shares) in states {
                for (time, share) in series.time.iter().zip(shares) {
                    let row = [
                        round(*time).to_string(),
                        text(edge).into_owned(),
                        policy.clone(),
                        state.clone(),
                        round(*share).to_string(),
                    ];
                    put(&mut writer, &row);
                }
            }
        }
    }
    finish(writer)
}

/// When policies turned from one state into another; none where none did.
#[must_use]
pub fn transitions(summary: &Summary) -> Option<Vec<u8>> {
    let edges = summary.edges.iter();
    let edges = edges.map(|(name, edge)| (name, &edge.policies));
    let doors = summary.services.iter();
    let doors = doors.map(|(name, service)| (name, &service.admission));
    let mut rows = Vec::new();
    for (edge, policies) in edges.chain(doors) {
        for (policy, told) in policies {
            for one in &told.transitions {
                let row = [
                    round(one.time).to_string(),
                    text(edge).into_owned(),
                    policy.clone(),
                    text(&one.caller).into_owned(),
                    text(&one.of).into_owned(),
                    one.from.clone(),
                    one.to.clone(),
                    text(&one.why).into_owned(),
                ];
                rows.push((one.time, row));
            }
        }
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut writer = writer();
    let head = [
        "time_s", "edge", "policy", "caller", "of", "from", "to", "why",
    ];
    put(&mut writer, &head.map(str::to_owned));
    for (_, row) in &rows {
        put(&mut writer, row);
    }
    Some(finish(writer))
}

/// Workloads: their columns, and one for each outcome of failures.
#[must_use]
pub fn workloads(series: &Series) -> Vec<u8> {
    let all = series.workloads.values();
    let outcomes: BTreeSet<&String> = all.flat_map(|workload| workload.failed.keys()).collect();
    let heads = outcomes.iter().map(|name| format!("failed_{name}_count"));
    let more = |workload: &WorkloadSeries, window: usize| {
        let failed = |outcome: &&String| {
            let counts = workload.failed.get(*outcome);
            counts.map_or_else(|| "0".to_owned(), |counts| cell(counts.into(), window))
        };
        outcomes.iter().map(failed).collect()
    };
    table(
        &series.time,
        "workload",
        &series.workloads,
        heads.collect(),
        more,
    )
}

/// Services.
#[must_use]
pub fn services(series: &Series) -> Vec<u8> {
    plain(&series.time, "service", &series.services)
}

/// Edges.
#[must_use]
pub fn edges(series: &Series) -> Vec<u8> {
    plain(&series.time, "edge", &series.edges)
}

/// Pools.
#[must_use]
pub fn pools(series: &Series) -> Vec<u8> {
    plain(&series.time, "pool", &series.pools)
}

fn plain<S: Columns>(time: &[f64], of: &str, all: &BTreeMap<String, S>) -> Vec<u8> {
    table(time, of, all, Vec::new(), |_, _| Vec::new())
}

/// The columns of all series of a kind, those that are shown, and after them more.
fn table<S: Columns>(
    time: &[f64],
    of: &str,
    all: &BTreeMap<String, S>,
    heads: Vec<String>,
    more: impl Fn(&S, usize) -> Vec<String>,
) -> Vec<u8> {
    let shown = S::COLUMNS.iter();
    let shown: Vec<_> = shown
        .filter(|column| column.is_shown(all.values()))
        .collect();
    let mut writer = writer();
    let mut head = vec!["time_s".to_owned(), of.to_owned()];
    head.extend(shown.iter().map(|column| column.heading.to_owned()));
    head.extend(heads);
    put(&mut writer, &head);
    for (name, series) in all {
        for (window, time) in time.iter().enumerate() {
            let mut row = vec![round(*time).to_string(), text(name).into_owned()];
            row.extend(
                shown
                    .iter()
                    .map(|column| cell((column.values)(series), window)),
            );
            row.extend(more(series, window));
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
