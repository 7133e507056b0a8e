//! How the cases are read, run and judged.

mod caches;
pub mod cases;

use serde::Deserialize;
use sim_models::experiment;
use sim_models::observe::summary::RunResult;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reads a number from a run.
pub type Read = fn(&RunResult) -> f64;

/// How a measured value is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// By its tolerance, and its z-score counts.
    Statistical,
    /// By its tolerance alone: a percentile carries the rounding of the histogram and a bias of its own.
    Percentile,
    /// By its tolerance alone: the value is an approximation (fluid, mean field, from an empty start).
    Approximation,
    /// By its tolerance alone: nothing is left to chance.
    Deterministic,
}

/// What is read from the runs of a case, and which truth it is compared with.
pub struct Measure {
    pub id: String,
    pub judge: Judge,
    pub get: Box<dyn Fn(&RunResult) -> f64 + Send + Sync>,
}

/// A scenario, how often it is run, and what is read from it.
pub struct Case {
    pub text: String,
    pub seeds: u64,
    pub measures: Vec<Measure>,
}

/// A row of the data.
#[derive(Deserialize)]
struct Row {
    id: String,
    params: serde_json::Value,
    value: f64,
    suggested_tolerance: Option<String>,
}

/// The data.
pub struct Truth(BTreeMap<String, Row>);

/// Where the data suggests no tolerance. Chosen before anything was measured.
const TOLERANCE: f64 = 0.02;

impl Truth {
    pub fn read() -> Self {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../../data/queueing.json"))
            .expect("the data is JSON");
        Self(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// A parameter of a case.
    pub fn param(&self, id: &str, name: &str) -> f64 {
        self.0[id].params[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{id} has no number {name}"))
    }

    /// A parameter that is a list.
    pub fn list(&self, id: &str, name: &str) -> Vec<f64> {
        self.0[id].params[name]
            .as_array()
            .unwrap_or_else(|| panic!("{id} has no list {name}"))
            .iter()
            .map(|number| number.as_f64().expect("a list of numbers"))
            .collect()
    }

    /// A parameter that is a list of lists.
    pub fn matrix(&self, id: &str, name: &str) -> Vec<Vec<f64>> {
        serde_json::from_value(self.0[id].params[name].clone())
            .unwrap_or_else(|_| panic!("{id} has no matrix {name}"))
    }

    /// The expected value, and how far from it a result may be.
    pub fn value(&self, id: &str) -> (f64, f64) {
        let row = &self.0[id];
        (
            row.value,
            tolerance(row.suggested_tolerance.as_deref(), row.value),
        )
    }
}

/// Reads `"2%"`, `"abs 0.003"`, `"exact"`, `"1% abs 0.005"` and the like, whatever words follow.
fn tolerance(text: Option<&str>, value: f64) -> f64 {
    let Some(text) = text else {
        return TOLERANCE * value.abs();
    };
    if text == "exact" {
        return 1e-9;
    }
    let mut words = text.split([' ', '(']).peekable();
    let mut widest: f64 = 0.0;
    while let Some(word) = words.next() {
        if word == "abs" {
            let bound = words.peek().and_then(|word| word.parse().ok());
            widest = widest.max(bound.unwrap_or(0.0));
        } else if let Some(percent) = word.strip_suffix('%') {
            let percent: f64 = percent.parse().unwrap_or(0.0);
            // "1% with 2e6 jobs; 4% at rho=.95": the first one is meant for the general case.
            return widest.max(percent / 100.0 * value.abs());
        }
    }
    assert!(widest > 0.0, "no tolerance in {text:?}");
    widest
}

/// Runs every case with seeds of its own, on all cores; results by case and seed, in order.
pub fn run_all(cases: &[Case]) -> Vec<Vec<RunResult>> {
    let scenarios: Vec<_> = cases
        .iter()
        .map(|case| sim_tests::scenario(&case.text))
        .collect();
    let jobs: Vec<(usize, u64)> = cases
        .iter()
        .enumerate()
        .flat_map(|(case, of)| (0..of.seeds).map(move |seed| (case, seed)))
        .collect();
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<RunResult>>> = jobs.iter().map(|_| Mutex::default()).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    let Some((case, seed)) = jobs.get(job) else {
                        break;
                    };
                    // Cases share names and thus streams: with seeds in common their errors would
                    // hang together, and the battery's mean square would mean little.
                    let seed_of_case = 1000 * (*case as u64 + 1) + seed;
                    let run = experiment::run(&scenarios[*case], seed_of_case)
                        .unwrap_or_else(|wrong| panic!("{wrong}\n{}", cases[*case].text));
                    *done[job].lock().expect("no panic while held") = Some(run);
                }
            });
        }
    });
    let mut results: Vec<Vec<RunResult>> = cases.iter().map(|_| Vec::new()).collect();
    for ((case, _), run) in jobs.iter().zip(done) {
        let run = run.into_inner().expect("no panic while held");
        let run = run.expect("every job was run");
        assert_eq!(
            run.summary.stopped_by.name(),
            "end",
            "{}",
            cases[*case].text
        );
        results[*case].push(run);
    }
    results
}

/// Mean of independent values and its standard error.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// A published strategy of clients that retry.
#[derive(Deserialize)]
pub struct Strategy {
    pub strategy: String,
    pub failure_rate: f64,
    pub clients: u32,
    pub rate_per_client: f64,
    pub duration: f64,
    pub seeds: f64,
    #[serde(rename = "success")]
    success_mean: f64,
    success_sd: f64,
    #[serde(rename = "load")]
    load_mean: f64,
    load_sd: f64,
    /// Mean and standard error of the share of calls that succeed.
    #[serde(skip)]
    pub success: (f64, f64),
    /// Mean and standard error of attempts per call.
    #[serde(skip)]
    pub load: (f64, f64),
}

/// The strategies that our policies can express. Their breaker opens at a share of failures and ours
/// after failures in a row; their serial clients drop calls while they are busy.
pub fn strategies() -> Vec<Strategy> {
    let data: serde_json::Value =
        serde_json::from_str(include_str!("../../data/metastable.json")).expect("the data is JSON");
    let rows: Vec<Strategy> =
        serde_json::from_value(data["client_retry_strategies"]["rows"].clone())
            .expect("rows of strategies");
    rows.into_iter()
        .filter(|row| !row.strategy.starts_with("breaker") && !row.strategy.contains("serial"))
        .map(|row| Strategy {
            success: (row.success_mean, row.success_sd / row.seeds.sqrt()),
            load: (row.load_mean, row.load_sd / row.seeds.sqrt()),
            ..row
        })
        .collect()
}

impl Strategy {
    fn adaptive(&self) -> bool {
        self.strategy.starts_with("adaptive")
    }

    /// What one retry more or less per client changes in attempts per call.
    pub fn one_token_per_client(&self) -> f64 {
        if self.adaptive() && self.failure_rate > 0.0 {
            1.0 / (self.rate_per_client * self.duration)
        } else {
            0.0
        }
    }

    /// The load ends before the run does. The published simulation does the same: at the end its
    /// clients start no more calls, but those under way are played out. Cut off at 10 s instead,
    /// calls that wait out their backoff count with the attempts they have made and not with those
    /// they were about to make: with three retries (0.1 s, 0.2 s, 0.4 s) 1.855 attempts per call
    /// instead of 1 + 1/2 + 1/4 + 1/8 = 1.875. Ten seconds are enough for six doublings.
    pub fn text(&self) -> String {
        let backoff = if self.strategy.ends_with("0.1") {
            "exponential(base: \"100ms\", factor: 2, cap: \"100s\", jitter: none)"
        } else {
            "none"
        };
        let policies = if self.adaptive() {
            // No limit per call: the bucket decides.
            format!("retry(attempts: 1000, backoff: {backoff}), retry_budget(ratio: 0.1, cap: 5)")
        } else if self.strategy == "no_retries" {
            String::new()
        } else {
            format!("retry(attempts: 4, backoff: {backoff})")
        };
        let steps = if self.failure_rate > 0.0 {
            format!("fail(share: {})", self.failure_rate)
        } else {
            String::from("wait(\"0s\")")
        };
        format!(
            r#"(
    duration: "{}s",
    services: {{
        "client": (replicas: {}, threads: unbounded, balance: random, endpoints: {{ "go": [call("server/work")] }}),
        "server": (threads: unbounded, endpoints: {{ "work": [{steps}] }}),
    }},
    calls: {{ "client -> server": [{policies}] }},
    workloads: {{ "load": open(rate: "{}/s", to: "client/go", shape: [step(at: "{}s", factor: 0)]) }},
)"#,
            self.duration + 10.0,
            self.clients,
            self.rate_per_client * f64::from(self.clients),
            self.duration,
        )
    }
}
