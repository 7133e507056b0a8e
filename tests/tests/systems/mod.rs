//! Random systems as texts of the scenario language.

mod controllers;
pub mod registry;

use sim_core::random::{Keyed, Source};
use sim_tests::draws::Draws;
use std::fmt::Write;

const ORDERS: [&str; 9] = [
    "fifo",
    "lifo",
    "adaptive_lifo(above: 2)",
    "adaptive_lifo(above: 1, drop_after: \"20ms\")",
    "codel(target: \"2ms\", interval: \"20ms\")",
    "codel(target: \"1ms\", interval: \"10ms\", drop: all_late)",
    "edf",
    "fair",
    "by_priority",
];

const BALANCERS: [&str; 9] = [
    "round_robin",
    "random(panic: 0.7)",
    "least_outstanding",
    "power_of_two",
    "weighted_round_robin(weights: [3, 1], panic: 0.5)",
    "peak_ewma(decay: \"1s\")",
    "peak_ewma(decay: \"300ms\", penalty: \"100ms\")",
    "consistent_hash",
    "consistent_hash(bound: 1.2, panic: 0.5)",
];

/// Draws a system.
struct Maker {
    chance: Keyed,
    services: u64,
    /// Endpoints of each service.
    endpoints: Vec<u64>,
    workloads: u64,
    /// Whether the service that is being written has pools.
    pools: bool,
    /// Whether policies are drawn from the registries.
    registered: bool,
}

/// The system of a seed.
pub fn system(seed: u64) -> String {
    drawn(seed, false)
}

/// The system of a seed, with policies drawn from the registries.
#[allow(dead_code)] // not every test that draws systems draws these
pub fn registered(seed: u64) -> String {
    drawn(seed, true)
}

fn drawn(seed: u64, registered: bool) -> String {
    let mut maker = Maker {
        registered,
        chance: Keyed::new(seed, 0x5357_4152),
        services: 0,
        endpoints: Vec::new(),
        workloads: 0,
        pools: false,
    };
    maker.services = maker.number(1, 5);
    maker.endpoints = (0..maker.services).map(|_| maker.number(1, 2)).collect();
    maker.workloads = maker.number(1, 3);
    maker.scenario(seed)
}

impl Draws for Maker {
    fn source(&mut self) -> &mut Keyed {
        &mut self.chance
    }
}

impl Maker {
    /// Some of these, in any order.
    fn shuffled(&mut self, mut of: Vec<String>) -> Vec<String> {
        for at in (1..of.len()).rev() {
            let other = self.chance.below(at as u64 + 1) as usize;
            of.swap(at, other);
        }
        of
    }

    /// A duration of about so many milliseconds. Whole ones are frequent: they meet at one instant.
    fn span(&mut self, milliseconds: u64) -> String {
        let mean = self.number(1, 2 * milliseconds);
        match self.number(0, 7) {
            0 => format!("exponential(\"{mean}ms\")"),
            1 => format!("uniform(\"0ms\", \"{mean}ms\")"),
            2 => format!("lognormal(mean: \"{mean}ms\", p99: \"{}ms\")", 4 * mean),
            _ => format!("\"{mean}ms\""),
        }
    }

    fn scenario(&mut self, seed: u64) -> String {
        let mut text = String::new();
        let duration = self.number(8, 16);
        writeln!(
            text,
            "(\n    title: \"swarm {seed}\", duration: \"{duration}s\", seed: {seed}, budget: (events: 60000),\n    \
             regions: {{\"north\": [\"a\", \"b\"], \"south\": [\"c\"]}}, hosts: {{\"h0\": \"a\", \"h1\": \"b\"}},\n    services: {{"
        )
        .expect("a String takes everything");
        for service in 0..self.services {
            let service = self.service(service);
            text += &service;
        }
        text += "    },\n    links: {\n";
        text += &self.links();
        text += "    },\n    calls: {\n";
        text += &self.calls();
        text += "    },\n    workloads: {\n";
        let mut open = Vec::new();
        for workload in 0..self.workloads {
            let load = self.workload();
            if load.starts_with("open") {
                open.push(format!("w{workload}"));
            }
            text += &format!("        \"w{workload}\": {load},\n");
        }
        text += "    },\n    faults: [\n";
        let count = self.number(0, 5);
        let mut faults: Vec<String> = (0..count).map(|_| self.fault()).collect();
        let (mut controllers, lifts) = match self.chance(0.5) {
            true => self.controllers(&open),
            false => Default::default(),
        };
        match faults.first_mut() {
            Some(first) if lifts => *first = first.replacen('(', "(name: \"f0\", ", 1),
            None => controllers = controllers.replace("lift(\"f0\")", "wait(\"1s\")"),
            _ => {}
        }
        for fault in faults {
            let lives = format!("crash(lives: \"{}ms\", ", self.number(1, 500));
            let fault = match self.chance(0.3) {
                true => fault.replace("crash(", &lives),
                false => fault,
            };
            text += &format!("        {fault},\n");
        }
        text + "    ],\n    controllers: {\n" + &controllers + "    },\n)\n"
    }

    fn service(&mut self, number: u64) -> String {
        let mut text = format!(
            "        \"s{number}\": (\n            replicas: {}",
            self.number(1, 3)
        );
        if self.chance(0.9) {
            text += &format!(", threads: {}", self.number(1, 8));
        } else {
            text += ", threads: unbounded";
        }
        if self.chance(0.4) {
            text += ", threading: async";
        }
        if self.chance(0.4) {
            text += &format!(", cores: {}", self.one(&["0.5", "1", "2", "3"]));
        }
        if self.chance(0.5) {
            let limit = self.one(&["0", "1", "3", "10", "unbounded"]);
            let order = self.one(&ORDERS);
            text += &format!(", queue: (limit: {limit}, order: {order})");
        }
        if self.chance(0.8) {
            text += &format!(
                ", backlog: {}",
                self.one(&["0", "1", "4", "20", "unbounded"])
            );
        }
        if self.chance(0.25) {
            let admission = self.admission();
            text += &format!(", admission: [{admission}]");
        }
        let balance = self.one(&BALANCERS);
        text += &format!(", balance: {balance}");
        if self.chance(0.4) {
            text += ", zones: [\"a\", \"b\", \"c\"]";
        } else if self.chance(0.4) {
            text += ", hosts: [\"h0\", \"h1\"]";
        }
        self.pools = self.chance(0.4);
        if self.pools {
            let pools = [self.pool(), self.pool()];
            text += &format!(", pools: {{\"p\": {}, \"q\": {}}}", pools[0], pools[1]);
        }
        text += ",\n            endpoints: {\n";
        for endpoint in 0..self.endpoints[number as usize] {
            let steps = self.steps(number, 2);
            text += &format!("                \"e{endpoint}\": [{steps}],\n");
        }
        text + "            },\n        ),\n"
    }

    fn pool(&mut self) -> String {
        let mut text = format!("(size: {}", self.number(1, 5));
        let queue = self.one(&["0", "1", "4", "unbounded"]);
        text += &format!(", queue: {queue}");
        if queue != "0" && self.chance(0.6) {
            text += &format!(", wait: \"{}ms\"", self.number(1, 60));
        }
        text + ")"
    }

    fn target(&mut self, first: u64) -> String {
        let service = self.number(first, self.services - 1);
        let endpoint = self.number(0, self.endpoints[service as usize] - 1);
        format!("s{service}/e{endpoint}")
    }

    /// Steps of a service, which calls those behind it alone.
    fn steps(&mut self, service: u64, depth: u64) -> String {
        let steps: Vec<String> = (0..self.number(1, 3))
            .map(|_| self.step(service, depth))
            .collect();
        steps.join(", ")
    }

    fn step(&mut self, service: u64, depth: u64) -> String {
        let calls = service + 1 < self.services;
        if self.pools && self.chance(0.3) {
            let pool = self.one(&["p", "q"]);
            let held = if depth > 0 {
                self.steps(service, depth - 1)
            } else {
                format!("wait({})", self.span(6))
            };
            return if self.chance(0.8) {
                format!("acquire(\"{pool}\"), {held}, release(\"{pool}\")")
            } else {
                format!("acquire(\"{pool}\"), {held}")
            };
        }
        match self.number(0, 14) {
            0..=2 => format!("work({})", self.span(4)),
            3 => format!("wait({})", self.span(6)),
            4..=8 if calls => {
                let to = self.target(service + 1);
                if self.chance(0.2) {
                    format!("call(to: \"{to}\", optional: true)")
                } else {
                    format!("call(\"{to}\")")
                }
            }
            9 | 10 if depth > 0 => {
                let count = self.number(1, 3);
                let branches: Vec<String> = (0..count)
                    .map(|_| format!("[{}]", self.steps(service, depth - 1)))
                    .collect();
                let branches = branches.join(", ");
                if self.chance(0.5) {
                    let need = self.number(1, count);
                    format!("parallel(branches: [{branches}], need: first({need}))")
                } else {
                    format!("parallel([{branches}])")
                }
            }
            11 if depth > 0 => {
                let (left, right) = (
                    self.steps(service, depth - 1),
                    self.steps(service, depth - 1),
                );
                format!("choice([(2, [{left}]), (1, [{right}]), (1, [])])")
            }
            12 if depth > 0 => {
                let steps = self.steps(service, depth - 1);
                format!("repeat({}, [{steps}])", self.number(0, 3))
            }
            13 if depth > 0 => {
                let limits = self.one(&[
                    "",
                    "size: 1, ",
                    "ttl: \"300ms\", jitter: 0.5, ",
                    "size: 5, ttl: \"50ms\", persistent: true, ",
                ]);
                let steps = self.steps(service, depth - 1);
                format!("cache({limits}on_miss: [{steps}])")
            }
            14 => format!("fail({})", self.one(&["0.01", "0.1", "0.5"])),
            _ => format!("work({})", self.span(3)),
        }
    }

    fn links(&mut self) -> String {
        let mut text = String::new();
        if self.chance(0.7) {
            text += &format!("        \"* -> *\": (latency: {}),\n", self.span(2));
        }
        if self.chance(0.3) {
            let service = self.number(0, self.services - 1);
            text += &format!(
                "        \"* -> s{service}\": (latency: {}),\n",
                self.span(5)
            );
        }
        if self.chance(0.2) {
            text += &format!(
                "        \"zone:a -> zone:b\": (latency: {}),\n",
                self.span(8)
            );
        }
        text
    }

    fn calls(&mut self) -> String {
        let mut text = String::new();
        let mut patterns = vec!["* -> *".to_owned()];
        for callee in 0..self.services {
            for workload in 0..self.workloads {
                patterns.push(format!("w{workload} -> s{callee}"));
            }
            for caller in 0..callee {
                patterns.push(format!("s{caller} -> s{callee}"));
            }
            patterns.push(format!("* -> s{callee}/e0"));
        }
        for pattern in patterns {
            if self.chance(0.45) {
                // Where the last service is asked, or anybody may be, nobody else is: no circle of fallbacks.
                let last = format!("-> s{}", self.services - 1);
                let others = pattern != "* -> *" && !pattern.contains(&last);
                let policies = self.policies(others);
                text += &format!("        \"{pattern}\": [{policies}],\n");
            }
        }
        text
    }

    fn policies(&mut self, others: bool) -> String {
        if self.registered {
            return registry::some(self, &registry::AT_CALLER, 7).join(", ");
        }
        let mut policies = Vec::new();
        if self.chance(0.3) {
            let propagate = self.one(&["true", "false"]);
            let after = self.number(1, 100);
            policies.push(format!(
                "deadline(after: \"{after}ms\", propagate: {propagate})"
            ));
        }
        for share in [0.6, 0.1] {
            if self.chance(share) {
                let retry = self.retry();
                policies.push(retry);
            }
        }
        let scope = self.one(&["instance", "shared"]);
        if self.chance(0.25) {
            let cap = self.number(0, 10);
            policies.push(format!(
                "retry_budget(ratio: 0.1, cap: {cap}, scope: {scope}{})",
                self.by(false)
            ));
        }
        if self.chance(0.2) {
            let budget = self.retry_budget(scope);
            policies.push(budget);
        }
        if self.chance(0.3) {
            let (failures, open) = (self.number(1, 6), self.number(10, 800));
            policies.push(format!(
                "breaker(failures: {failures}, open_for: \"{open}ms\", scope: {scope}{})",
                self.by(true)
            ));
        }
        for share in [0.6, 0.1] {
            if self.chance(share) {
                policies.push(format!("timeout(\"{}ms\")", self.number(1, 60)));
            }
        }
        if self.chance(0.4) {
            policies.push("cancellation()".to_owned());
        }
        for share in [0.25, 0.05] {
            if self.chance(share) {
                let (after, attempts) = (self.number(1, 40), self.number(1, 4));
                let another = self.one(&["true", "false"]);
                let learn = self.one(&[
                    "",
                    ", next_at_once: false, learn: percentile(rank: 0.9, slice: \"500ms\")",
                    ", result: first",
                    ", learn: average(window: 5, factor: 1.5)",
                ]);
                policies.push(format!(
                    "hedge(after: \"{after}ms\", attempts: {attempts}, another_instance: {another}{learn})"
                ));
            }
        }
        if self.chance(0.25) {
            let (permits, queue) = (self.number(1, 12), self.number(0, 6));
            let wait = self.number(1, 50);
            let wait = if queue > 0 && self.chance(0.5) {
                format!(", wait: \"{wait}ms\"")
            } else {
                String::new()
            };
            policies.push(format!(
                "bulkhead(permits: {permits}, queue: {queue}{wait}, scope: {scope}{})",
                self.by(true)
            ));
        }
        if self.chance(0.2) {
            let (rate, burst, wait) = (self.number(5, 200), self.number(1, 10), self.number(0, 60));
            policies.push(format!(
                "rate_limit(rate: \"{rate}/s\", burst: {burst}, wait: \"{wait}ms\", scope: {scope}{}, push_back: true)",
                self.by(false)
            ));
        }
        if self.chance(0.25) {
            let (wait, share) = (self.number(1, 60), self.one(&["true", "false"]));
            policies.push(format!(
                "coalesce(wait: \"{wait}ms\", share_failures: {share}, scope: {scope})"
            ));
        }
        if self.chance(0.15) {
            policies.push("fallback".to_owned());
        }
        if self.chance(0.25) {
            let (failures, base) = (self.number(1, 5), self.number(1, 3000));
            let (share, panic) = (self.one(&["0.1", "0.5", "1"]), self.one(&["0", "0.5", "1"]));
            policies.push(format!(
                "outlier_ejection(failures: {failures}, base: \"{base}ms\", share: {share}, panic: {panic}, scope: {scope})"
            ));
        }
        if self.chance(0.2) {
            let (interval, base) = (self.number(50, 3000), self.number(1, 3000));
            let (failures, volume) = (self.number(1, 5), self.number(1, 20));
            let (split, one) = (self.one(&["true", "false"]), self.one(&["true", "false"]));
            policies.push(format!(
                "outlier_ejection(failures: 0, interval: \"{interval}ms\", base: \"{base}ms\", jitter: \"{base}ms\", split: {split}, at_least_one: {one}, rules: [in_a_row(failures: {failures}, enforced: 0.5), success_rate(instances: 2, volume: {volume}), failure_rate(instances: 1, volume: {volume})], scope: {scope})"
            ));
        }
        if self.chance(0.2) {
            let (failures, window) = (self.number(0, 5), self.number(5, 3000));
            let (base, longest) = (self.number(1, 500), self.number(500, 3000));
            policies.push(format!(
                "failure_accrual(failures: {failures}, window: \"{window}ms\", requests: 2, base: \"{base}ms\", longest: \"{longest}ms\", scope: {scope})"
            ));
        }
        if others && self.chance(0.25) {
            let target = self.target(self.services - 1);
            policies.push(format!("fallback(to: \"{target}\")"));
        }
        if self.chance(0.25) {
            let (k, window) = (self.one(&["1", "1.1", "2"]), self.number(24, 3000));
            policies.push(format!(
                "throttle(k: {k}, window: \"{window}ms\", scope: {scope}{})",
                self.by(true)
            ));
        }
        if self.chance(0.2) {
            let limit = self.gradient_limit(scope, true);
            policies.push(limit);
        }
        if self.chance(0.25) {
            let (age, by) = (
                self.number(1, 900),
                self.one(&["request", "endpoint", "key"]),
            );
            policies.push(format!(
                "stale(max_age: \"{age}ms\", scope: {scope}, by: {by})"
            ));
        }
        let adapts = self.adapts(scope);
        policies.extend(adapts);
        let mut policies = self.shuffled(policies);
        // What is inside a memory by callee must not ask another instance.
        let again = ["retry(", "hedge(", "fallback(to"];
        let again = |policy: &String| again.iter().any(|name| policy.starts_with(name));
        if let Some(last) = policies.iter().rposition(again) {
            for policy in &mut policies[..last] {
                *policy = policy.replace("by: callee", "by: endpoint");
            }
            // This one always remembers by callee: it stands inside of what asks another.
            let is_accrual = |policy: &String| policy.starts_with("failure_accrual");
            let (accruals, others): (Vec<String>, Vec<String>) =
                policies.into_iter().partition(is_accrual);
            policies = others;
            policies.extend(accruals);
        }
        policies.join(", ")
    }

    fn gradient_limit(&mut self, scope: &str, callee: bool) -> String {
        let (least, window, queue) = (self.number(1, 5), self.number(1, 900), self.number(0, 6));
        let smoothing = self.one(&["0.2", "1"]);
        format!(
            "gradient_limit(initial: 5, least: {least}, most: 50, queue: {queue}, smoothing: {smoothing}, long: 20, window: \"{window}ms\", samples: 2, scope: {scope}{})",
            self.by(callee)
        )
    }

    /// What finds by itself how much its callee takes.
    fn adapts(&mut self, scope: &str) -> Vec<String> {
        let mut policies = Vec::new();
        if self.chance(0.2) {
            let (limit, by) = (self.concurrency_limit(), self.by(true));
            policies.push(format!("concurrency_limit({limit}, scope: {scope}{by})"));
        }
        if self.chance(0.15) {
            let (least, every, base) = (
                self.number(1, 5),
                self.number(20, 900),
                self.one(&["", ", base: \"5ms\""]),
            );
            policies.push(format!(
                "probing_limit(least: {least}, update: \"10ms\", probe_every: \"{every}ms\", probe_samples: 3, scope: {scope}{base}{})",
                self.by(true)
            ));
        }
        if self.chance(0.15) {
            let (rate, threshold) = (self.number(0, 20), self.one(&["0.5", "0.95", "1"]));
            policies.push(format!(
                "admission_control(window: \"1s\", threshold: {threshold}, aggression: 2, least_rate: \"{rate}/s\", scope: {scope}{})",
                self.by(true)
            ));
        }
        if self.chance(0.15) {
            let window = self.number(24, 3000);
            policies.push(format!(
                "nack_admission(window: \"{window}ms\", on: [rejected, error], scope: {scope}{})",
                self.by(true)
            ));
        }
        if self.chance(0.15) {
            policies.push(format!(
                "adaptive_rate(least: \"20/s\", on: [rejected, error], scope: {scope}{})",
                self.by(false)
            ));
        }
        policies
    }

    fn concurrency_limit(&mut self) -> String {
        let algorithm = self.one(&[
            "aimd(initial: 5, least: 1, slow: \"20ms\")",
            "fixed(3)",
            "vegas(initial: 5, probe_multiplier: 2)",
            "gradient(initial: 5, probe_interval: 7)",
            "gradient2(initial: 5, least: 1, long: 20)",
        ]);
        let window = self.one(&[
            "",
            ", window: (least: \"20ms\", most: \"200ms\", samples: 2)",
            ", window: (samples: 2, aggregate: percentile(at: 0.9, of: 20))",
        ]);
        let shares = self.one(&["", ", shares: (critical: 0.5, sheddable: 0.3)"]);
        let room = self.one(&[
            "",
            ", queue: 5",
            ", queue: 5, wait: \"20ms\"",
            ", queue: 5, wait: \"20ms\", order: lifo",
        ]);
        format!("algorithm: {algorithm}{window}{shares}{room}")
    }

    /// What a memory is divided by.
    fn by(&mut self, callee: bool) -> &'static str {
        match self.number(0, 9) {
            0 => ", by: endpoint",
            1 => ", by: tenant",
            2 => ", by: key",
            3 => ", by: request",
            4 | 5 if callee => ", by: callee",
            _ => "",
        }
    }

    fn admission(&mut self) -> String {
        if self.registered {
            return registry::some(self, &registry::AT_DOOR, 4).join(", ");
        }
        let mut policies = Vec::new();
        let scope = self.one(&["instance", "shared"]);
        if self.chance(0.5) {
            let (permits, queue) = (self.number(1, 12), self.number(0, 6));
            policies.push(format!(
                "bulkhead(permits: {permits}, queue: {queue}, scope: {scope}, push_back: after(\"20ms\"){})",
                self.by(false)
            ));
        }
        if self.chance(0.4) {
            let (rate, wait) = (self.number(5, 200), self.number(0, 60));
            policies.push(format!(
                "rate_limit(rate: \"{rate}/s\", wait: \"{wait}ms\", push_back: true, scope: {scope}{})",
                self.by(false)
            ));
        }
        if self.chance(0.4) {
            let (least, slow) = (self.number(1, 5), self.number(1, 50));
            policies.push(format!(
                "adaptive_limit(initial: 5, least: {least}, most: 50, slow: \"{slow}ms\", scope: {scope}{})",
                self.by(false)
            ));
        }
        if self.chance(0.3) {
            let limit = self.gradient_limit(scope, false);
            policies.push(limit);
        }
        if self.chance(0.4) {
            let (queueing, window) = (self.number(1, 20), self.number(10, 900));
            let push_back = self.one(&["", ", push_back: never", ", push_back: after(\"30ms\")"]);
            policies.push(format!(
                "shed_by_priority(queueing: \"{queueing}ms\", window: \"{window}ms\", down: 0.3, up: 0.1, scope: {scope}{push_back})"
            ));
        }
        if self.chance(0.2) {
            let (limit, by) = (self.concurrency_limit(), self.by(false));
            policies.push(format!("concurrency_limit({limit}, scope: {scope}{by})"));
        }
        if self.chance(0.2) {
            let (left, most) = (self.number(0, 30), self.one(&["", ", most: 0.5"]));
            policies.push(format!(
                "shed_by_deadline(left: \"{left}ms\"{most}, scope: {scope})"
            ));
        }
        if self.chance(0.4) {
            policies.push(format!("timeout(\"{}ms\")", self.number(1, 60)));
        }
        self.shuffled(policies).join(", ")
    }

    /// One of the other ways to bound retries.
    fn retry_budget(&mut self, scope: &str) -> String {
        let by = self.by(false);
        let some = self.number(1, 5);
        match self.number(0, 6) {
            0 => format!(
                "retry_throttle(max_tokens: {}, scope: {scope}{by})",
                2 * some
            ),
            1 => format!(
                "retry_share(share: 0.{some}, ttl: \"1s\", min_per_second: {some}, scope: {scope}{by})"
            ),
            2 => format!("retry_concurrency(most: {some}, share: 0.{some}, scope: {scope}{by})"),
            3 => format!("retry_goodput(share: 0.{some}, scope: {scope}{by})"),
            4 => format!("retry_rate(most: \"{some}0/s\", scope: {scope}{by})"),
            _ => format!("request_budget(retries: {some})"),
        }
    }

    fn retry(&mut self) -> String {
        let attempts = self.number(1, 4);
        let jitter = self.one(&[
            "none",
            "full",
            "equal",
            "decorrelated",
            "proportional(0.5)",
            "above(0.5)",
            "added(\"5ms\")",
        ]);
        let base = self.number(1, 40);
        let backoff = match self.number(0, 4) {
            0 | 1 => "none".to_owned(),
            2 => format!("constant(base: \"{base}ms\", jitter: {jitter})"),
            3 => format!("linear(base: \"{base}ms\", cap: \"60ms\", jitter: {jitter})"),
            _ => format!("exponential(base: \"{base}ms\", cap: \"100ms\", jitter: {jitter})"),
        };
        let on = if self.chance(0.2) {
            ", on: [error, timeout_attempt, timeout_deadline, breaker_open, refused]"
        } else {
            ""
        };
        let respects = self.one(&["true", "false"]);
        let another = self.one(&["", "", ", another_instance: true"]);
        format!(
            "retry(attempts: {attempts}, backoff: {backoff}{on}, respect_push_back: {respects}{another})"
        )
    }

    fn workload(&mut self) -> String {
        let to = if self.chance(0.3) {
            let (left, right) = (self.target(0), self.target(0));
            if left == right {
                format!("\"{left}\"")
            } else {
                format!("{{\"{left}\": 3, \"{right}\": 1}}")
            }
        } else {
            format!("\"{}\"", self.target(0))
        };
        if self.chance(0.6) {
            let rate = self.number(5, 120);
            let mut text = format!("open(rate: \"{rate}/s\", to: {to}");
            if self.chance(0.4) {
                text += ", arrivals: constant";
            }
            if self.chance(0.2) {
                text += &format!(", batch: {}", self.number(2, 6));
            }
            if self.chance(0.3) {
                let shape = self.one(&[
                    "spike(at: \"3s\", for: \"1s\", factor: 4)",
                    "step(at: \"4s\", factor: 0.5)",
                    "ramp(at: \"1s\", over: \"5s\", factor: 2)",
                    "diurnal(period: \"6s\", amplitude: 0.9, peak: \"2s\")",
                ]);
                text += &format!(", shape: [{shape}]");
            }
            text + &self.carried() + ")"
        } else {
            let users = self.number(1, 25);
            let think = self.span(150);
            let mut text = format!("closed(users: {users}, think: {think}, to: {to}");
            if self.chance(0.6) {
                let patience = self.span(60);
                let then = self.one(&["give_up", "click_again"]);
                let clicks = self.number(1, 4);
                text += &format!(", patience: {patience}, then: {then}, clicks: {clicks}");
            }
            if self.chance(0.4) {
                text += ", start: asking";
            }
            text + &self.carried() + ")"
        }
    }

    /// What travels with the requests of a workload.
    fn carried(&mut self) -> String {
        let mut text = String::new();
        if self.chance(0.5) {
            let keys = self.one(&[
                "zipf(count: 50, skew: 1.3)",
                "uniform(3)",
                "weights([5, 0, 1])",
            ]);
            text += &format!(", keys: {keys}");
        }
        if self.chance(0.6) {
            let priority = self.one(&["critical_plus", "sheddable_plus", "sheddable"]);
            text += &format!(", priority: {priority}");
        }
        if self.chance(0.3) {
            text += &format!(", tenant: \"{}\"", self.one(&["red", "blue"]));
        }
        text
    }

    /// Where a fault of instances hits.
    fn place(&mut self) -> String {
        let mut text = String::new();
        if self.chance(0.85) {
            text += &format!("service: \"s{}\"", self.number(0, self.services - 1));
        } else {
            text += self.one(&[
                "zone: \"a\"",
                "zone: \"b\"",
                "region: \"north\"",
                "host: \"h0\"",
            ]);
        }
        match self.number(0, 5) {
            0 => text += ", instances: one",
            1 => text += ", instances: count(1)",
            2 => text += ", instances: percent(50)",
            3 => text += ", instances: only([0])",
            _ => {}
        }
        text
    }

    /// Which of the requests there a fault hits.
    fn requests(&mut self) -> String {
        let mut text = self.place();
        if self.chance(0.2) {
            text += &format!(", workload: \"w{}\"", self.number(0, self.workloads - 1));
        }
        text
    }

    fn link(&mut self) -> String {
        let service = self.number(0, self.services - 1);
        let link = match self.number(0, 4) {
            0 => "* -> *".to_owned(),
            1 => format!("w0 -> s{service}"),
            2 => format!("s{service} -> *"),
            3 => format!("* -> s{service}#0"),
            _ => format!("* -> s{service}"),
        };
        let direction = self.one(&["both", "to", "from"]);
        format!("link: \"{link}\", direction: {direction}")
    }

    fn fault(&mut self) -> String {
        let at = self.number(0, 6000);
        let lasts = self.number(1, 3000);
        let mut text = match self.number(0, 7) {
            0 => format!("at: \"{at}ms\""),
            1 => format!(
                "at: \"{at}ms\", for: \"{lasts}ms\", every: \"{}ms\", times: 3",
                lasts + self.number(1, 2000)
            ),
            2 => format!(
                "random: (mtbf: \"{}ms\", mttr: \"{}ms\")",
                self.number(500, 4000),
                self.number(100, 1500)
            ),
            // At coinciding instants.
            3 => format!("at: \"{}s\", for: \"1s\"", self.number(1, 4)),
            _ => format!("at: \"{at}ms\", for: \"{lasts}ms\""),
        };
        if self.chance(0.2) {
            text += &format!(", ramp: \"{}ms\"", self.number(100, 1000));
        }
        let kind = self.number(0, 12);
        // Crashes, pauses and partitions hit all or nothing.
        let sharing = !matches!(kind, 0..=3 | 9);
        if sharing && self.chance(0.4) {
            text += &format!(", share: {}", self.one(&["0.1", "0.5"]));
            if self.chance(0.3) {
                text += ", correlation: 0.5";
            }
        }
        let inject = match kind {
            0 => format!("crash({})", self.place()),
            1 => format!(
                "crash({}, boot: \"{}ms\")",
                self.place(),
                self.number(1, 900)
            ),
            2 | 3 => format!("pause({})", self.place()),
            4 => format!(
                "slow({}, factor: {}, add: {})",
                self.requests(),
                self.one(&["0.5", "1", "3"]),
                self.span(5)
            ),
            5 => format!("error({})", self.requests()),
            6 => format!("hang({})", self.requests()),
            7 => format!("latency({}, add: {})", self.link(), self.span(10)),
            8 => format!(
                "loss({}, rate: {}, retransmit: \"{}ms\")",
                self.link(),
                self.one(&["0.1", "0.6", "1"]),
                self.one(&["0", "5", "200"])
            ),
            9 => format!("partition({})", self.link()),
            10 => format!(
                "duplicate({}, rate: {})",
                self.link(),
                self.one(&["0.1", "0.5", "1"])
            ),
            11 => format!("wrong_answer({}, status: 502)", self.requests()),
            _ => format!(
                "transient({}, first: {})",
                self.requests(),
                self.number(1, 9)
            ),
        };
        format!("({text}, inject: {inject})")
    }
}
