//! The cases: a scenario text from the parameters of the data, and what is read from its runs.
//!
//! What the data leaves open, once for all: the limit of a system counts the jobs in service; a job
//! that is turned away is gone; a timeout cancels nothing; draws of instances are without replacement.

use super::{Case, Judge, Measure, Truth};
use Judge::{Approximation, Deterministic, Percentile, Statistical};
use sim_models::observe::summary::{EdgeSummary, RunResult, ServiceSummary, WorkloadSummary};
use std::fmt::Write;

/// Independent seeds of each case.
const SEEDS: u64 = 16;

/// Requests of one seed after the warm-up; a tenth as many come before it.
const JOBS: f64 = 320_000.0;

/// Cases that cannot be measured, and why.
pub const NOT_MEASURED: &[(&str, &[&str])] = &[
    (
        "no result tells the share of requests that waited at all",
        &[
            "mmc-2-Pwait",
            "mmc-5-Pwait",
            "brooker-erlang-PQ-c5-a2.5",
            "brooker-erlang-PQ-c10-a5",
            "dm1-sigma",
            "nested-10-Pwait",
        ],
    ),
    (
        "no result tells the share of time that was spent above a level",
        &["mginf-tail-130", "mginf-tail-60"],
    ),
    (
        "no result has this percentile; `a_closed_loop_omits_the_freeze` has the ones beside it",
        &["co-closed-p99.99", "co-open-p75"],
    ),
    (
        "service is never interrupted for another request",
        &["plcfs-W", "prio-pr-T1"],
    ),
    ("queues know no priorities", &["prio-np-Wq1", "prio-np-Wq2"]),
    (
        "the patience of a call is a constant, not a distribution",
        &[
            "erlangA-1-8-Pab",
            "erlangA-1-8-PW",
            "erlangA-1-8-Wq",
            "erlangA-1-15-Pab",
            "erlangA-1-15-PW",
            "erlangA-1-15-Wq",
        ],
    ),
    (
        "no backoff is exponentially distributed",
        &["retrial-lin-5-orbit", "retrial-lin-5-rate"],
    ),
    (
        "a request that is cancelled ends its step first",
        &["redundancy-4-4"],
    ),
    (
        "the parameters do not name the distribution of the leaf",
        &["hedge-fanout100-extra"],
    ),
    ("instances do not sleep when idle", &["setup-W"]),
    (
        "threads are alike: there are no servers for one type of request only",
        &["hol-single-0.8"],
    ),
    (
        "one failure in a million requests needs more requests than a test can run",
        &["avail-parallel-3"],
    ),
    (
        "a cache puts out who was used least recently",
        &[
            "lfu-ideal-10000-0.8-100",
            "lfu-ideal-10000-0.8-1000",
            "lfu-ideal-10000-1.0-500",
        ],
    ),
    (
        "reading an entry of a cache does not lengthen its life, and finding it again does",
        &["ttl-sliding-2", "ttl-sliding-0.1", "stampede-nocoalesce"],
    ),
    (
        "a cache finds nothing before it is asked for",
        &["xfetch-1-stampede", "xfetch-1-lead"],
    ),
    (
        "there are no rate limiters",
        &[
            "tokenbucket-8-10-5",
            "tokenbucket-15-10-10",
            "tokenbucket-max",
        ],
    ),
    (
        "there is no adaptive throttling",
        &[
            "sre-throttle-1000-2",
            "sre-throttle-1000-1.1",
            "sre-throttle-150-2",
        ],
    ),
    (
        "our retry budget fills by first attempts, not by successes",
        &["grpc-throttle-total", "grpc-throttle-threshold"],
    ),
    (
        "sockets have no ports that run out",
        &["ports-1024", "ports-linux"],
    ),
];

/// A scenario with one workload, called `load`.
struct Text {
    services: String,
    load: String,
    calls: String,
    faults: String,
    regions: String,
    warmup: f64,
    duration: f64,
    window: f64,
}

impl Text {
    /// Runs long enough for [`JOBS`] requests at this rate after the warm-up.
    fn new(services: impl Into<String>, load: impl Into<String>, rate: f64) -> Self {
        Self::lasting(services, load, 0.1 * JOBS / rate, 1.1 * JOBS / rate)
    }

    fn lasting(
        services: impl Into<String>,
        load: impl Into<String>,
        warmup: f64,
        duration: f64,
    ) -> Self {
        Self {
            services: services.into(),
            load: load.into(),
            calls: String::new(),
            faults: String::new(),
            regions: String::new(),
            warmup,
            duration,
            // Nothing is read from the windows.
            window: duration / 50.0,
        }
    }

    fn calls(mut self, calls: impl Into<String>) -> Self {
        self.calls = calls.into();
        self
    }

    fn faults(mut self, faults: impl Into<String>) -> Self {
        self.faults = faults.into();
        self
    }

    fn regions(mut self, regions: impl Into<String>) -> Self {
        self.regions = regions.into();
        self
    }

    fn by_the_second(mut self) -> Self {
        self.window = 1.0;
        self
    }

    fn case(self) -> Case {
        Case {
            text: self.to_string(),
            seeds: SEEDS,
            measures: Vec::new(),
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            r#"(
    budget: (events: 50000000),
    warmup: "{:.9}s", duration: "{:.9}s", window: "{:.9}s",
    regions: {{ {} }},
    services: {{ {} }},
    calls: {{ {} }},
    workloads: {{ "load": {} }},
    faults: [{}],
)"#,
            self.warmup,
            self.duration,
            self.window,
            self.regions,
            self.services,
            self.calls,
            self.load,
            self.faults,
        )
    }
}

/// A number of a run; what is not known is no number, and so never right.
fn known(value: impl Into<Option<f64>>) -> f64 {
    value.into().unwrap_or(f64::NAN)
}

/// The share of requests that failed of those that ended.
fn lost(load: &WorkloadSummary) -> Option<f64> {
    load.success_ratio.map(|success| 1.0 - success)
}

impl Case {
    fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    fn run(
        mut self,
        id: impl Into<String>,
        judge: Judge,
        get: impl Fn(&RunResult) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.measures.push(Measure {
            id: id.into(),
            judge,
            get: Box::new(get),
        });
        self
    }

    /// Reads a number of a service.
    fn service<V: Into<Option<f64>> + 'static>(
        self,
        id: impl Into<String>,
        judge: Judge,
        name: &'static str,
        get: fn(&ServiceSummary) -> V,
    ) -> Self {
        self.run(id, judge, move |run| {
            known(get(&run.summary.services[name]))
        })
    }

    /// Reads a number of service `q`.
    fn q<V: Into<Option<f64>> + 'static>(
        self,
        id: impl Into<String>,
        judge: Judge,
        get: fn(&ServiceSummary) -> V,
    ) -> Self {
        self.service(id, judge, "q", get)
    }

    /// Reads a number of the workload.
    fn load<V: Into<Option<f64>> + 'static>(
        self,
        id: impl Into<String>,
        judge: Judge,
        get: fn(&WorkloadSummary) -> V,
    ) -> Self {
        self.run(id, judge, move |run| {
            known(get(&run.summary.workloads["load"]))
        })
    }

    /// Reads a number of an edge.
    fn edge<V: Into<Option<f64>> + 'static>(
        self,
        id: impl Into<String>,
        judge: Judge,
        name: &'static str,
        get: fn(&EdgeSummary) -> V,
    ) -> Self {
        self.run(id, judge, move |run| known(get(&run.summary.edges[name])))
    }
}

/// An exponential distribution of this mean, s.
fn exponential(mean: f64) -> String {
    format!("exponential(\"{mean:.9}s\")")
}

/// Service `q` with so many servers; what cannot wait is turned away.
fn queue(servers: f64, limit: &str, work: &str) -> String {
    station("q", servers, limit, work)
}

fn station(name: &str, servers: f64, limit: &str, work: &str) -> String {
    format!(
        r#""{name}": (threads: {servers}, queue: (limit: {limit}), backlog: 0, endpoints: {{ "serve": [work({work})] }}), "#
    )
}

/// A service without limits that runs these steps at endpoint `serve`.
fn endless(name: &str, steps: &str) -> String {
    format!(
        r#""{name}": (threads: unbounded, backlog: unbounded, endpoints: {{ "serve": [{steps}] }}), "#
    )
}

fn poisson(rate: f64, to: &str) -> String {
    format!(r#"open(rate: "{rate}/s", to: "{to}")"#)
}

fn rejected(service: &ServiceSummary) -> f64 {
    service.rejected as f64 / service.arrivals as f64
}

/// One queue, Poisson arrivals.
fn open_queue(rate: f64, servers: f64, limit: &str, work: &str) -> Case {
    Text::new(queue(servers, limit, work), poisson(rate, "q/serve"), rate).case()
}

/// One client or workload whose service stands still from 100 s to 200 s.
pub fn frozen(load: &str, duration: f64) -> String {
    Text::lasting(
        r#""q": (threads: unbounded, backlog: unbounded, endpoints: { "serve": [work("1ms")] })"#,
        load,
        0.0,
        duration,
    )
    .faults(r#"(at: "100s", for: "100s", inject: pause(service: "q"))"#)
    .to_string()
}

/// The worked example of metastability: the server stands still for ten seconds from 60 s on.
pub fn outage(rate: f64, capacity: f64, duration: f64) -> String {
    Text::lasting(
        queue(1.0, "unbounded", &exponential(1.0 / capacity)),
        poisson(rate, "q/serve"),
        20.0,
        duration,
    )
    .calls(r#""load -> q": [retry(attempts: 2, backoff: none), timeout("1s")]"#)
    .faults(r#"(at: "60s", for: "10s", inject: pause(service: "q"))"#)
    .by_the_second()
    .to_string()
}

/// Seconds from the end of the outage to the first second whose answers in time reach half of the
/// load, the length of the rest of the run if none does.
pub fn recovery(run: &RunResult, rate: f64) -> f64 {
    let ok = &run.series.workloads["load"].ok;
    let after = &ok[70..];
    after
        .iter()
        .position(|ok| *ok as f64 >= rate / 2.0)
        .unwrap_or(after.len()) as f64
}

/// Usable answers per second in the last hundred seconds.
fn goodput_at_the_end(run: &RunResult) -> f64 {
    let ok = &run.series.workloads["load"].ok;
    ok[ok.len() - 100..].iter().sum::<u64>() as f64 / 100.0
}

/// All cases.
pub fn cases(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(single_server(truth));
    cases.extend(many_servers(truth));
    cases.extend(losses(truth));
    cases.extend(general_service(truth));
    cases.extend(arrivals_and_disciplines(truth));
    cases.extend(networks(truth));
    cases.extend(closed_loops(truth));
    cases.extend(forks(truth));
    cases.extend(retries(truth));
    cases.extend(balancers(truth));
    cases.extend(outages(truth));
    cases
}

fn single_server(truth: &Truth) -> Vec<Case> {
    let mm1 = |id: &str| {
        let mu = truth.param(id, "mu");
        open_queue(
            truth.param(id, "lambda"),
            1.0,
            "unbounded",
            &exponential(1.0 / mu),
        )
    };
    let mut cases = Vec::new();
    for name in ["mm1-a", "mm1-c"] {
        let case = mm1(&format!("{name}-W"))
            .q(format!("{name}-W"), Statistical, |q| q.sojourn.mean)
            .q(format!("{name}-L"), Statistical, |q| q.in_system.mean)
            .q(format!("{name}-Lq"), Statistical, |q| q.queue.mean)
            .q(format!("{name}-p50"), Percentile, |q| q.sojourn.p50)
            .q(format!("{name}-p95"), Percentile, |q| q.sojourn.p95)
            .q(format!("{name}-p99"), Percentile, |q| q.sojourn.p99)
            .q(format!("{name}-p99.9"), Percentile, |q| q.sojourn.p999)
            .q(format!("{name}-wq99"), Percentile, |q| q.waiting.p99);
        cases.push(case);
    }
    cases.push(mm1("mm1-sd-W").q("mm1-sd-W", Statistical, |q| q.sojourn.sd));
    cases.push(mm1("brooker-open-p99").q("brooker-open-p99", Percentile, |q| q.sojourn.p99));
    cases.push(mm1("disc-FIFO-sdWq").q("disc-FIFO-sdWq", Statistical, |q| q.waiting.sd));

    // From empty: what is there after 1,000 s is what has come in excess.
    let id = "mm1-overload-growth";
    let work = exponential(1.0 / truth.param(id, "mu"));
    let load = poisson(truth.param(id, "lambda"), "q/serve");
    cases.push(
        Text::lasting(queue(1.0, "unbounded", &work), load, 0.0, 1000.0)
            .case()
            .run(id, Approximation, |run| {
                run.summary.workloads["load"].unfinished as f64 / run.summary.simulated_seconds
            }),
    );
    for id in ["mm1-late-frac-0.5", "mm1-late-frac-1"] {
        let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
        let services = queue(1.0, "unbounded", &exponential(1.0 / mu));
        cases.push(
            Text::new(services, poisson(lambda, "q/serve"), lambda)
                .calls(format!(
                    r#""load -> q": [timeout("{}s")]"#,
                    truth.param(id, "timeout")
                ))
                .case()
                .load(id, Statistical, lost),
        );
    }
    let id = "overload-fifo-goodput";
    let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
    let limit = truth.param(id, "K_total") - 1.0;
    cases.push(
        Text::new(
            queue(1.0, &limit.to_string(), &exponential(1.0 / mu)),
            poisson(lambda, "q/serve"),
            lambda,
        )
        .calls(format!(
            r#""load -> q": [timeout("{}s")]"#,
            truth.param(id, "timeout")
        ))
        .case()
        .load(id, Statistical, |load| load.goodput),
    );
    // The caller takes back what still waits; what runs is finished.
    for id in ["mmcD-1-8-0.5-Pab", "mmcD-1-15-0.5-Pab"] {
        let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
        let services = queue(truth.param(id, "c"), "unbounded", &exponential(1.0 / mu));
        cases.push(
            Text::new(services, poisson(lambda, "q/serve"), lambda)
                .calls(format!(
                    r#""load -> q": [timeout("{}s"), cancellation()]"#,
                    truth.param(id, "tau")
                ))
                .case()
                .q(id, Statistical, |q| {
                    1.0 - q.started as f64 / q.arrivals as f64
                }),
        );
    }
    cases
}

fn many_servers(truth: &Truth) -> Vec<Case> {
    let mmc = |id: &str| {
        let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
        open_queue(
            lambda,
            truth.param(id, "c"),
            "unbounded",
            &exponential(1.0 / mu),
        )
    };
    let mut cases = Vec::new();
    for name in ["mmc-2", "mmc-5"] {
        cases.push(
            mmc(&format!("{name}-W"))
                .q(format!("{name}-Wq"), Statistical, |q| q.waiting.mean)
                .q(format!("{name}-W"), Statistical, |q| q.sojourn.mean)
                .q(format!("{name}-p50"), Percentile, |q| q.sojourn.p50)
                .q(format!("{name}-p95"), Percentile, |q| q.sojourn.p95)
                .q(format!("{name}-p99"), Percentile, |q| q.sojourn.p99)
                .q(format!("{name}-wq99"), Percentile, |q| q.waiting.p99),
        );
    }
    for c in [1, 2, 5, 10, 20] {
        let id = format!("brooker-erlang-W-c{c}");
        cases.push(mmc(&id).q(id, Statistical, |q| q.sojourn.mean));
    }
    cases
}

fn losses(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    for size in ["10-7", "100-90", "5-10"] {
        for (law, work) in [("expo", "exponential(\"1s\")"), ("dete", "\"1s\"")] {
            let id = format!("erlangB-{size}-{law}");
            let (lambda, c) = (truth.param(&id, "lambda"), truth.param(&id, "c"));
            cases.push(open_queue(lambda, c, "0", work).q(id, Statistical, rejected));
        }
    }
    for id in ["bulkhead-pooled", "bulkhead-split"] {
        let (a, c) = (truth.param(id, "a"), truth.param(id, "c"));
        cases.push(open_queue(a, c, "0", "exponential(\"1s\")").q(id, Statistical, rejected));
    }
    // The long jobs of an empty start come in step, a hundred seconds apart: whole periods only.
    let id = "sre-bimodal-pooled";
    let work = r#"mixture([(0.95, constant("100ms")), (0.05, constant("100s"))])"#;
    let (lambda, c) = (truth.param(id, "lambda"), truth.param(id, "c"));
    cases.push(
        Text::lasting(
            queue(c, "0", work),
            poisson(lambda, "q/serve"),
            200.0,
            700.0,
        )
        .case()
        .seeds(4)
        .q(id, Approximation, rejected),
    );
    let limited = |id: &str, c: f64| {
        let waiting = truth.param(id, "K_total") - c;
        let work = exponential(1.0 / truth.param(id, "mu"));
        open_queue(truth.param(id, "lambda"), c, &waiting.to_string(), &work)
    };
    cases.push(
        limited("mmck-3-10-PB", truth.param("mmck-3-10-PB", "c"))
            .q("mmck-3-10-PB", Statistical, rejected)
            .q("mmck-3-10-W", Statistical, |q| q.sojourn.mean)
            .load("mmck-3-10-throughput", Statistical, |load| load.goodput)
            .q("mmck-3-10-util", Statistical, |q| q.utilization),
    );
    for name in ["mm1k-10-9", "mm1k-20-15"] {
        cases.push(
            limited(&format!("{name}-PB"), 1.0)
                .q(format!("{name}-PB"), Statistical, rejected)
                .q(format!("{name}-W"), Statistical, |q| q.sojourn.mean)
                .q(format!("{name}-p99"), Percentile, |q| q.sojourn.p99),
        );
    }
    cases
}

fn general_service(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, work, percentiles) in [
        ("mg1-det", "\"100ms\"", true),
        ("mg1-erl4", "erlang(mean: \"100ms\", stages: 4)", true),
        (
            "mg1-h2cv2=4",
            "hyperexponential(mean: \"100ms\", cv: 2)",
            true,
        ),
        ("mg1-unif", "uniform(\"0s\", \"200ms\")", true),
        ("mg1-logn-cv1", "lognormal(mean: \"100ms\", cv: 1)", true),
        ("mg1-weib2", "weibull(mean: \"100ms\", shape: 2)", true),
    ] {
        let lambda = truth.param(&format!("{name}-Wq"), "lambda");
        let mut case = open_queue(lambda, 1.0, "unbounded", work)
            .q(format!("{name}-Wq"), Statistical, |q| q.waiting.mean)
            .q(format!("{name}-sdWq"), Statistical, |q| q.waiting.sd);
        if percentiles {
            case = case
                .q(format!("{name}-wq-p50"), Percentile, |q| q.waiting.p50)
                .q(format!("{name}-wq-p95"), Percentile, |q| q.waiting.p95)
                .q(format!("{name}-wq-p99"), Percentile, |q| q.waiting.p99);
        }
        cases.push(case);
    }
    for rho in ["0.1", "0.3", "0.5", "0.7", "0.9"] {
        let id = format!("omission-rho{rho}-W");
        let lambda = truth.param(&id, "rho") / 0.1;
        let work = "weibull(mean: \"100ms\", shape: 2)";
        cases.push(
            open_queue(lambda, 1.0, "unbounded", work).q(id, Statistical, |q| q.sojourn.mean),
        );
    }
    // Two kinds of requests in one queue.
    let id = "fifo-mg1-mix-Wq";
    let (l1, l2) = (truth.param(id, "l1"), truth.param(id, "l2"));
    let services = r#""q": (threads: 1, queue: (limit: unbounded), backlog: 0, endpoints: {
        "short": [work("20ms")],
        "long": [work(lognormal(mean: "150ms", cv: 2))],
    })"#;
    let load = format!(
        r#"open(rate: "{}/s", to: {{ "q/short": {l1}, "q/long": {l2} }})"#,
        l1 + l2
    );
    cases.push(
        Text::new(services, load, l1 + l2)
            .case()
            .q(id, Statistical, |q| q.waiting.mean),
    );
    cases
}

fn arrivals_and_disciplines(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    let id = "dm1-W";
    let services = queue(1.0, "unbounded", &exponential(1.0 / truth.param(id, "mu")));
    cases.push(
        Text::new(
            services,
            r#"open(rate: "8/s", to: "q/serve", arrivals: constant)"#,
            8.0,
        )
        .case()
        .q(id, Statistical, |q| q.sojourn.mean),
    );
    let id = "batch-5-W";
    let (rate, k) = (truth.param(id, "batch_rate"), truth.param(id, "k"));
    let services = queue(1.0, "unbounded", &exponential(1.0 / truth.param(id, "mu")));
    cases.push(
        Text::new(
            services,
            format!(r#"open(rate: "{rate}/s", to: "q/serve", batch: {k})"#),
            rate * k,
        )
        .case()
        .q(id, Statistical, |q| q.sojourn.mean),
    );
    let id = "disc-LIFO-sdWq";
    let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
    let services = format!(
        r#""q": (threads: 1, queue: (limit: unbounded, order: lifo), backlog: 0, endpoints: {{ "serve": [work({})] }})"#,
        exponential(1.0 / mu)
    );
    cases.push(
        Text::new(services, poisson(lambda, "q/serve"), lambda)
            .case()
            .q(id, Statistical, |q| q.waiting.sd),
    );
    // All threads run at once and share one core.
    let id = "ps-W";
    let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
    let services = format!(
        r#""q": (threads: unbounded, cores: 1, endpoints: {{ "serve": [work({})] }})"#,
        exponential(1.0 / mu)
    );
    cases.push(
        Text::new(services, poisson(lambda, "q/serve"), lambda)
            .case()
            .q(id, Statistical, |q| q.sojourn.mean),
    );
    let id = "hol-split-0.8";
    let (lambda, mu) = (truth.param(id, "lambda_each"), truth.param(id, "mu"));
    cases.push(
        open_queue(lambda, 1.0, "unbounded", &exponential(1.0 / mu))
            .q(id, Statistical, |q| q.waiting.mean),
    );
    cases
}

fn networks(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    let names = ["s1", "s2", "s3"];

    let rates = truth.list("tandem3-W", "mu");
    let mut services = endless(
        "front",
        r#"call("s1/serve"), call("s2/serve"), call("s3/serve")"#,
    );
    for (name, mu) in names.iter().zip(&rates) {
        services += &station(name, 1.0, "unbounded", &exponential(1.0 / mu));
    }
    let lambda = truth.param("tandem3-W", "lambda");
    cases.push(
        Text::new(services, poisson(lambda, "front/serve"), lambda)
            .case()
            .load("tandem3-W", Statistical, |load| load.latency.mean)
            .load("tandem3-p50", Percentile, |load| load.latency.p50)
            .load("tandem3-p95", Percentile, |load| load.latency.p95),
    );

    // A router without limits walks each request through the stations: visit i, then as the
    // routing matrix says visit another or leave.
    let rates = truth.list("jackson3-W", "mu");
    let routing = truth.matrix("jackson3-W", "routing");
    let mut visits = String::new();
    for (i, row) in routing.iter().enumerate() {
        write!(
            visits,
            r#""visit{}": [call("s{}/serve"), choice(["#,
            i + 1,
            i + 1
        )
        .expect("a String takes everything");
        for (j, share) in row.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            write!(visits, r#"({share}, [call("router/visit{}")]), "#, j + 1)
                .expect("a String takes everything");
        }
        let leave = 1.0 - row.iter().sum::<f64>();
        write!(visits, "({leave}, [])])], ").expect("a String takes everything");
    }
    let mut services = format!(
        r#""router": (threads: unbounded, backlog: unbounded, endpoints: {{ {visits} }}), "#
    );
    for (name, mu) in names.iter().zip(&rates) {
        services += &station(name, 1.0, "unbounded", &exponential(1.0 / mu));
    }
    let gamma = truth.list("jackson3-W", "gamma")[0];
    let mut case = Text::new(services, poisson(gamma, "router/visit1"), gamma)
        .case()
        .load("jackson3-W", Statistical, |load| load.latency.mean);
    for (i, name) in names.into_iter().enumerate() {
        case = case.run(format!("jackson3-lam{}", i + 1), Statistical, move |run| {
            let summary = &run.summary;
            summary.services[name].arrivals as f64
                / (summary.simulated_seconds - summary.warmup_seconds)
        });
    }
    cases.push(case);

    // A quarter comes back each time; after twelve passes (one in 17 million) all leave.
    let id = "feedback-W";
    let (lambda, again) = (truth.param(id, "lambda"), truth.param(id, "p_return"));
    let mut steps = String::from(r#"call("q/serve")"#);
    for _ in 0..12 {
        steps = format!(
            r#"call("q/serve"), choice([({again}, [{steps}]), ({}, [])])"#,
            1.0 - again
        );
    }
    let services = endless("front", &steps)
        + &queue(1.0, "unbounded", &exponential(1.0 / truth.param(id, "mu")));
    cases.push(
        Text::new(services, poisson(lambda, "front/serve"), lambda)
            .case()
            .load(id, Statistical, |load| load.latency.mean),
    );

    // A thread of `q` is held while it waits for `b`.
    let id = "nested-10-W";
    let (lambda, pool) = (truth.param(id, "lambda"), truth.param(id, "pool"));
    let services = format!(
        r#""q": (threads: {pool}, queue: (limit: unbounded), backlog: 0, endpoints: {{ "serve": [work({}), call("b/serve")] }}), "#,
        exponential(1.0 / truth.param(id, "local_rate"))
    ) + &station(
        "b",
        1.0,
        "unbounded",
        &exponential(1.0 / truth.param(id, "B_rate")),
    );
    cases.push(
        Text::new(services, poisson(lambda, "q/serve"), lambda)
            .case()
            .load(id, Statistical, |load| load.latency.mean),
    );
    cases
}

fn closed_loops(truth: &Truth) -> Vec<Case> {
    let closed = |users: f64, think: f64, to: &str| {
        format!(
            r#"closed(users: {users}, think: {}, to: "{to}")"#,
            exponential(think)
        )
    };
    let mut cases = Vec::new();
    for (name, servers) in [
        ("closed1-10", None),
        ("closed1-20", None),
        ("closed-mmc-4-40", Some("c")),
    ] {
        let id = format!("{name}-X");
        let servers = servers.map_or(1.0, |c| truth.param(&id, c));
        let services = queue(servers, "unbounded", &exponential(truth.param(&id, "S")));
        let load = closed(truth.param(&id, "N"), truth.param(&id, "Z"), "q/serve");
        let rate = truth.value(&id).0;
        cases.push(
            Text::new(services, load, rate)
                .case()
                .load(id, Statistical, |load| load.goodput)
                .load(format!("{name}-R"), Statistical, |load| load.latency.mean),
        );
    }
    for name in ["closed3-5", "closed3-30"] {
        let id = format!("{name}-X");
        let mut services = endless(
            "front",
            r#"call("s1/serve"), call("s2/serve"), call("s3/serve")"#,
        );
        for (station_name, demand) in ["s1", "s2", "s3"].iter().zip(truth.list(&id, "demands")) {
            services += &station(station_name, 1.0, "unbounded", &exponential(demand));
        }
        let load = closed(truth.param(&id, "N"), truth.param(&id, "Z"), "front/serve");
        let rate = truth.value(&id).0;
        cases.push(
            Text::new(services, load, rate)
                .case()
                .load(id, Statistical, |load| load.goodput)
                .load(format!("{name}-R"), Statistical, |load| load.latency.mean),
        );
    }
    for name in ["brooker-closed-1", "brooker-closed-10"] {
        let id = format!("{name}-util");
        let service = truth.param(&id, "S_mean");
        let load = closed(
            truth.param(&id, "mpl"),
            truth.param(&id, "think_mean"),
            "q/serve",
        );
        let rate = truth.value(&id).0 / service;
        cases.push(
            Text::new(queue(1.0, "unbounded", &exponential(service)), load, rate)
                .case()
                .q(id, Statistical, |q| q.utilization)
                .load(format!("{name}-R"), Statistical, |load| load.latency.mean),
        );
    }
    cases
}

fn forks(truth: &Truth) -> Vec<Case> {
    let branches = |n: f64, branch: &str| vec![format!("[{branch}]"); n as usize].join(", ");
    let mut cases = Vec::new();

    let id = "forkjoin2-5-T";
    let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
    let services = endless(
        "front",
        r#"parallel([[call("s1/serve")], [call("s2/serve")]])"#,
    ) + &station("s1", 1.0, "unbounded", &exponential(1.0 / mu))
        + &station("s2", 1.0, "unbounded", &exponential(1.0 / mu));
    cases.push(
        Text::new(services, poisson(lambda, "front/serve"), lambda)
            .case()
            .load(id, Statistical, |load| load.latency.mean),
    );

    // A leaf without limits draws from this distribution; fewer requests where there are more leaves.
    let leaves = |steps: &str, work: &str, requests: f64| {
        let services = endless("front", steps) + &endless("leaf", &format!("work({work})"));
        Text::lasting(services, poisson(1.0, "front/serve"), 0.0, requests)
    };
    let exp1 = exponential(1.0);
    for (name, requests) in [("fanout-10", JOBS / 10.0), ("fanout-100", JOBS / 80.0)] {
        let n = truth.param(&format!("{name}-mean"), "n");
        let steps = format!("parallel([{}])", branches(n, r#"call("leaf/serve")"#));
        cases.push(
            leaves(&steps, &exp1, requests)
                .case()
                .load(format!("{name}-mean"), Statistical, |load| {
                    load.latency.mean
                })
                .load(format!("{name}-p99"), Percentile, |load| load.latency.p99),
        );
    }
    let name = "quorum-3of5";
    let id = format!("{name}-mean");
    let (n, k) = (truth.param(&id, "n"), truth.param(&id, "k"));
    let steps = format!(
        "parallel(branches: [{}], need: first({k}))",
        branches(n, r#"call("leaf/serve")"#)
    );
    cases.push(
        leaves(&steps, &exp1, JOBS / 2.0)
            .case()
            .load(id, Statistical, |load| load.latency.mean)
            .load(format!("{name}-p99"), Percentile, |load| load.latency.p99),
    );
    for id in ["chain3-p99", "chain10-p99"] {
        let n = truth.param(id, "n") as usize;
        let steps = vec![r#"call("leaf/serve")"#; n].join(", ");
        cases.push(
            leaves(&steps, &exp1, JOBS / 2.0)
                .case()
                .load(id, Percentile, |load| load.latency.p99),
        );
    }
    let id = "brooker-serial-sd-10";
    let steps = vec![r#"call("leaf/serve")"#; truth.param(id, "n") as usize].join(", ");
    let work = r#"mixture([(0.99, normal(mean: "10ms", sd: "2ms")), (0.01, normal(mean: "100ms", sd: "10ms"))])"#;
    cases.push(
        leaves(&steps, work, JOBS / 2.0)
            .case()
            // The data counts milliseconds here.
            .load(id, Statistical, |load| {
                load.latency.sd.map(|sd| sd * 1000.0)
            }),
    );
    // A request is slow that takes a second; the caller waits for half of one.
    for (id, requests) in [
        ("tailatscale-100", JOBS / 20.0),
        ("tailatscale-2000", JOBS / 400.0),
    ] {
        let (n, p) = (truth.param(id, "n"), truth.param(id, "p"));
        let work = format!(
            r#"work(mixture([({}, constant("10ms")), ({p}, constant("1s"))]))"#,
            1.0 - p
        );
        let steps = format!("parallel([{}])", branches(n, &work));
        cases.push(
            Text::lasting(
                endless("front", &steps),
                poisson(1.0, "front/serve"),
                0.0,
                requests,
            )
            .calls(r#""load -> front": [timeout("500ms")]"#)
            .case()
            .load(id, Statistical, lost),
        );
    }
    // A hedge: a second branch that waits before it calls, and the first answer wins.
    let id = "hedge-exp-0.5-mean";
    let steps = format!(
        r#"parallel(branches: [[call("leaf/serve")], [wait("{}s"), call("spare/serve")]], need: first(1))"#,
        truth.param(id, "d")
    );
    let services = endless("front", &steps)
        + &endless("leaf", &format!("work({exp1})"))
        + &endless("spare", &format!("work({exp1})"));
    cases.push(
        Text::lasting(services, poisson(1.0, "front/serve"), 0.0, JOBS)
            .case()
            .load(id, Statistical, |load| load.latency.mean)
            .run("hedge-exp-0.5-extra", Statistical, |run| {
                run.summary.edges["front -> spare"].calls as f64
                    / run.summary.edges["front -> leaf"].calls as f64
            }),
    );
    cases
}

fn retries(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    let failing = |share: f64| endless("q", &format!("fail(share: {share})"));
    for name in ["retry-iid-0.1-3", "retry-iid-0.5-3", "retry-iid-0.9-2"] {
        let id = format!("{name}-att");
        let attempts = truth.param(&id, "retries") + 1.0;
        cases.push(
            Text::new(
                failing(truth.param(&id, "f")),
                poisson(100.0, "q/serve"),
                100.0,
            )
            .calls(format!(
                r#""load -> q": [retry(attempts: {attempts}, backoff: none)]"#
            ))
            .case()
            .edge(id, Statistical, "load -> q", |edge| edge.amplification)
            .load(format!("{name}-fail"), Statistical, lost),
        );
    }
    // A chain in which every layer tries again, and the last one fails.
    let stack = |layers: f64, attempts: f64, share: f64| {
        let layers = layers as usize;
        let (mut services, mut calls) = (String::new(), String::new());
        for i in 0..layers {
            services += &endless(&format!("l{i}"), &format!(r#"call("l{}/serve")"#, i + 1));
            write!(
                calls,
                r#""l{i} -> l{}": [retry(attempts: {attempts}, backoff: none)], "#,
                i + 1
            )
            .expect("a String takes everything");
        }
        services += &endless(&format!("l{layers}"), &format!("fail(share: {share})"));
        Text::lasting(services, poisson(10.0, "l0/serve"), 0.0, 4000.0).calls(calls)
    };
    fn at_the_bottom(layers: f64) -> impl Fn(&RunResult) -> f64 {
        let bottom = format!("l{layers}");
        move |run| {
            run.summary.services[&bottom].arrivals as f64
                / run.summary.workloads["load"].offered as f64
        }
    }
    for id in ["retry-layers-64", "retry-layers-243"] {
        let (layers, attempts) = (truth.param(id, "layers"), truth.param(id, "attempts"));
        let mut text = stack(layers, attempts, 1.0);
        text.duration = 100.0;
        cases.push(
            text.case()
                .seeds(1)
                .run(id, Deterministic, at_the_bottom(layers)),
        );
    }
    let id = "retry-layers-iid-att";
    let (layers, attempts) = (truth.param(id, "layers"), truth.param(id, "attempts"));
    cases.push(stack(layers, attempts, truth.param(id, "f")).case().run(
        id,
        Statistical,
        at_the_bottom(layers),
    ));

    let refused = |policies: String| {
        Text::new(failing(1.0), poisson(100.0, "q/serve"), 100.0)
            .calls(format!(r#""load -> q": [{policies}]"#))
            .case()
            .seeds(1)
    };
    let id = "sre-retry-3x";
    let attempts = truth.param(id, "attempts");
    cases.push(
        refused(format!("retry(attempts: {attempts}, backoff: none)")).edge(
            id,
            Deterministic,
            "load -> q",
            |edge| edge.amplification,
        ),
    );
    let id = "sre-retry-1.1x";
    let ratio = truth.param(id, "ratio");
    cases.push(
        refused(format!(
            "retry(attempts: 3, backoff: none), retry_budget(ratio: {ratio})"
        ))
        .edge(id, Deterministic, "load -> q", |edge| edge.amplification),
    );

    // The backend does 10,000/s: one after the other, 100 us each, with room for two to wait.
    let id = "sre-retry-growth-1";
    let (cap, offered) = (truth.param(id, "cap"), truth.param(id, "offered"));
    let mut case = Text::lasting(
        queue(1.0, "2", &format!("\"{:.9}s\"", 1.0 / cap)),
        format!(r#"open(rate: "{offered}/s", to: "q/serve", arrivals: constant)"#),
        0.0,
        12.0,
    )
    // Nobody gives up before the last of the ten seconds.
    .calls(r#""load -> q": [retry(attempts: 20, backoff: constant(base: "1s", jitter: none))]"#)
    .by_the_second()
    .case()
    .seeds(1);
    for second in [1, 5, 10] {
        case = case.run(
            format!("sre-retry-growth-{second}"),
            Deterministic,
            move |run| run.series.edges["load -> q"].attempts[second] as f64,
        );
    }
    cases.push(case);

    for id in ["hotos21-recovery-100", "hotos21-recovery-140"] {
        let lambda = truth.param(id, "lambda");
        cases.push(
            Case {
                text: outage(lambda, truth.param(id, "mu"), 400.0),
                seeds: SEEDS,
                measures: Vec::new(),
            }
            .run(id, Approximation, move |run| recovery(run, lambda)),
        );
    }
    for id in ["hotos21-stuck-160", "hotos21-stuck-280"] {
        cases.push(
            Case {
                text: outage(truth.param(id, "lambda"), truth.param(id, "mu"), 570.0),
                seeds: 4,
                measures: Vec::new(),
            }
            .run(id, Approximation, goodput_at_the_end),
        );
    }
    cases
}

fn balancers(truth: &Truth) -> Vec<Case> {
    let replicas = |n: f64, mu: f64, lambda: f64, balance: &str| {
        let services = format!(
            r#""q": (replicas: {n}, threads: 1, queue: (limit: unbounded), backlog: 0, balance: {balance}, endpoints: {{ "serve": [work({})] }})"#,
            exponential(1.0 / mu)
        );
        Text::new(services, poisson(lambda, "q/serve"), lambda)
    };
    let mut cases = Vec::new();
    let id = "roundrobin-2-W";
    cases.push(
        replicas(
            truth.param(id, "servers"),
            truth.param(id, "mu"),
            truth.param(id, "total_lambda"),
            "round_robin",
        )
        .case()
        .q(id, Statistical, |q| q.sojourn.mean)
        .q("roundrobin-2-p99", Percentile, |q| q.sojourn.p99),
    );
    // Of two instances two are drawn, so that this is the shortest queue.
    let id = "jsq-2-16-d2";
    cases.push(
        replicas(
            truth.param(id, "n"),
            truth.param(id, "mu"),
            truth.param(id, "lambda"),
            "power_of_two",
        )
        .case()
        .q(id, Statistical, |q| q.sojourn.mean),
    );
    for id in ["pod-2-0.8", "pod-2-0.9"] {
        let n = 500.0;
        let lambda = n * truth.param(id, "rho");
        let mut text = replicas(n, truth.param(id, "mu"), lambda, "power_of_two");
        // Each of the 500 queues needs its own warm-up.
        (text.warmup, text.duration) = (100.0, 300.0);
        cases.push(
            text.case()
                .seeds(8)
                .q(id, Approximation, |q| q.sojourn.mean),
        );
    }
    cases
}

fn outages(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    let id = "co-open-mean";
    let rate = truth.param(id, "rate");
    cases.push(
        Case {
            // The load ends with the freeze.
            text: frozen(
                &format!(
                    r#"open(rate: "{rate}/s", to: "q/serve", arrivals: constant, shape: [step(at: "200s", factor: 0)])"#
                ),
                201.0,
            ),
            seeds: 1,
            measures: Vec::new(),
        }
        .load(id, Deterministic, |load| load.latency.mean),
    );

    let id = "breakdown-6-W";
    let (lambda, mu) = (truth.param(id, "lambda"), truth.param(id, "mu"));
    let fault = format!(
        r#"(random: (mtbf: "{}s", mttr: {}), inject: pause(service: "q"))"#,
        1.0 / truth.param(id, "fail_rate"),
        exponential(1.0 / truth.param(id, "repair_rate"))
    );
    cases.push(
        Text::new(
            queue(1.0, "unbounded", &exponential(1.0 / mu)),
            poisson(lambda, "q/serve"),
            lambda,
        )
        .faults(fault)
        .case()
        .q(id, Statistical, |q| q.sojourn.mean),
    );

    // Availability by requests, a few in each outage.
    let hour = 3600.0;
    let id = "avail-onoff";
    let (up, down) = (truth.param(id, "MTTF_h"), truth.param(id, "MTTR_h"));
    cases.push(
        Text::lasting(
            endless("q", "wait(\"0s\")"),
            r#"open(rate: "0.2/h", to: "q/serve")"#,
            0.0,
            200_000.0 * hour,
        )
        .faults(format!(
            r#"(random: (mtbf: "{up}h", mttr: exponential("{down}h")), inject: crash(service: "q"))"#
        ))
        .case()
        .load(id, Statistical, |load| load.success_ratio),
    );

    // Outages whose lengths are known by their median and 99th percentile; in minutes.
    let id = "inspection-MTTR";
    let (median, p99) = (truth.param(id, "median"), truth.param(id, "p99"));
    cases.push(
        Text::lasting(
            endless("q", "wait(\"0s\")"),
            r#"open(rate: "1/d", to: "q/serve")"#,
            0.0,
            4000.0 * hour,
        )
        .faults(format!(
            r#"(random: (mtbf: "60min", mttr: lognormal(median: "{median}min", p99: "{p99}min")), inject: crash(service: "q"))"#
        ))
        .case()
        .run(id, Statistical, |run| {
            // The last outage may be cut off by the end of the run.
            let periods = &run.summary.faults[0].periods;
            let whole = &periods[..periods.len() - 1];
            whole.iter().map(|(from, to)| to - from).sum::<f64>() / whole.len() as f64 / 60.0
        }),
    );

    // Three hosts in one zone; a caller tries all three.
    let id = "avail-corr-dc";
    let (host, zone, n) = (
        truth.param(id, "A"),
        truth.param(id, "D"),
        truth.param(id, "N"),
    );
    let up = |availability: f64| availability / (1.0 - availability);
    let mut faults = format!(
        r#"(random: (mtbf: "{:.6}h", mttr: exponential("1h")), inject: crash(service: "q", zone: "z")), "#,
        up(zone)
    );
    for i in 0..n as u32 {
        write!(
            faults,
            r#"(random: (mtbf: "{:.6}h", mttr: exponential("1h")), inject: crash(service: "q", instances: only([{i}]))), "#,
            up(host)
        )
        .expect("a String takes everything");
    }
    cases.push(
        Text::lasting(
            format!(
                r#""q": (replicas: {n}, threads: unbounded, zones: ["z"], endpoints: {{ "serve": [wait("0s")] }})"#
            ),
            r#"open(rate: "1/h", to: "q/serve")"#,
            0.0,
            100_000.0 * hour,
        )
        .regions(r#""r": ["z"]"#)
        .calls(format!(r#""load -> q": [retry(attempts: {n}, backoff: none)]"#))
        .faults(faults)
        .case()
        .load(id, Statistical, |load| load.success_ratio),
    );

    // Dependencies that fail for a share of the requests.
    let parts = |availability: &[f64], steps: &str| {
        let mut services = endless("front", steps);
        for (i, a) in availability.iter().enumerate() {
            services += &endless(&format!("d{i}"), &format!("fail(share: {:.9})", 1.0 - a));
        }
        // One request is up to 25 calls, all independent of each other.
        let seconds = JOBS / 8.0 / 100.0;
        Text::lasting(services, poisson(100.0, "front/serve"), 0.0, seconds)
    };
    let calls = |n: usize, open: &str, close: &str| {
        (0..n)
            .map(|i| format!(r#"{open}call("d{i}/serve"){close}"#))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let id = "avail-series-3";
    let a = truth.list(id, "A");
    cases.push(
        parts(&a, &calls(a.len(), "", ""))
            .case()
            .load(id, Statistical, |load| load.success_ratio),
    );
    let id = "avail-series-25";
    let a = vec![truth.param(id, "A"); truth.param(id, "n") as usize];
    cases.push(
        parts(&a, &calls(a.len(), "", ""))
            .case()
            .load(id, Statistical, |load| load.success_ratio),
    );
    for id in ["quorum-2of3-0.99", "quorum-3of5-0.99"] {
        let a = vec![truth.param(id, "p_up"); truth.param(id, "n") as usize];
        let steps = format!(
            "parallel(branches: [{}], need: first({}))",
            calls(a.len(), "[", "]"),
            truth.param(id, "k")
        );
        cases.push(
            parts(&a, &steps)
                .case()
                .load(id, Statistical, |load| load.success_ratio),
        );
    }
    cases.extend(super::caches::cases(truth));
    cases
}
