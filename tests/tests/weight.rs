//! What large experiments weigh, and that what is too large is refused before it is laid out.

use sim_cli::exit;
use sim_models::experiment::sweep::{Record, Row};
use sim_models::observe::conclusion::{Conclusion, StoppedBy};
use sim_tests::command::{Folder, sim};

#[test]
fn a_run_of_a_sweep_keeps_little_more_than_its_values() {
    let (runs, measures) = (10_000, 9);
    let mut rows: Vec<Row> = Vec::with_capacity(runs);
    let held = allocation_counter::measure(|| {
        rows.extend((0..runs).map(|number| {
            Row::from(Record {
                point: 0,
                replication: number as u32,
                seed: number as u64,
                digest: number as u128,
                events: 1000,
                stopped_by: StoppedBy::End,
                verdict: Conclusion::Held,
                values: vec![Some(0.5); measures],
                windows: vec![vec![Some(0.5); measures]; 100],
            })
        }));
    });
    let each = held.bytes_current as usize / runs;
    assert_eq!(each, 8 * measures, "bytes of a run besides its row");
    assert_eq!(rows[9999].values.get(8), Some(0.5));
}

#[test]
fn points_without_room_are_refused_before_they_are_made() {
    let folder = Folder::new("weight");
    let services: String = (0..40)
        .map(|n| format!(r#""s{n}": (endpoints: {{"x": [work("1ms")]}}),"#))
        .collect();
    let file = folder.put(
        "a.ron",
        &format!(
            r#"(duration: "1s", services: {{ {services} }}, workloads: {{"w": open(rate: "5/s", to: "s0/x")}})"#
        ),
    );
    let (code, _, err) = sim(&[
        "sweep",
        &file,
        "--vary",
        "services.s0.threads=1..400:400",
        "--vary",
        "workloads.w.rate=1/s..500/s:500",
        "--replications",
        "1",
    ]);
    assert_eq!(code, exit::BAD_INPUT, "{err}");
    assert!(
        err.contains("the scenarios of 200000 points take about"),
        "{err}"
    );
    assert!(err.contains("--sample"), "{err}");
    let (code, _, err) = sim(&[
        "sweep",
        &file,
        "--vary",
        "services.s0.threads=1,2",
        "--shard",
        "1/20000",
    ]);
    assert_eq!(code, exit::BAD_INPUT, "{err}");
    assert!(err.contains("10000 at most"), "{err}");
}
