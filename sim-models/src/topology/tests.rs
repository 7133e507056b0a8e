use super::*;
use crate::input::load;
use crate::scenario::Scenario;
use std::collections::BTreeMap;

fn topology(text: &str) -> (Scenario, Topology) {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    let scenario = loaded.scenario.expect("it is right");
    let topology = Topology::new(&scenario);
    (scenario, topology)
}

const DIAMOND: &str = r#"(
    duration: "100s",
    services: {
        "web": (replicas: 2, threads: 10, cores: 1, endpoints: {
            "page": [work("2ms"), parallel([call("left/get"), [call("right/get"), call(to: "extra/get", optional: true)]]), repeat(3, [call("db/get")])],
            "idle": [],
        }),
        "left": (replicas: 2, endpoints: { "get": [work("5ms"), choice([(1, call("db/get")), (3, work("4ms"))])] }),
        "right": (replicas: 2, threading: async, endpoints: { "get": [wait("10ms"), work("1ms"), fail(0.1)] }),
        "extra": (endpoints: { "get": [fail(1.0)] }),
        "db": (endpoints: { "get": [work("1ms")] }),
        "alone": (endpoints: { "get": [] }),
    },
    links: { "* -> *": (latency: "1ms") },
    workloads: { "users": open(rate: "100/s", to: "web/page") },
    faults: [(at: "10s", for: "10s", share: 0.5, inject: error(service: "db"))],
)"#;

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn counts_visits_and_occupancy() {
    let (scenario, topology) = topology(DIAMOND);
    let db = topology.capacity["db"];
    near(db.rate, 325.0);
    near(db.thread_utilization, 0.325 / 64.0);
    let left = 0.005 + 0.25 * 0.003 + 0.75 * 0.004;
    let right = 0.011 + 0.9 * 0.002;
    let longest = f64::max(left + 0.002, 0.002 + 0.011 + 0.002);
    let page = 0.002 + longest + 3.0 * 0.003;
    near(topology.endpoints["left/get"].latency, left);
    near(topology.endpoints["right/get"].held, 0.001);
    let _ = right;
    near(topology.endpoints["web/page"].held, page);
    near(topology.mean_latency(&scenario, "users"), page + 0.002);
    near(topology.capacity["web"].by_cores, 1000.0);
    near(
        topology.capacity["web"].thread_utilization,
        100.0 * page / 20.0,
    );
    let calls: Vec<_> = topology
        .callees("web")
        .into_iter()
        .map(|(to, calls)| (to, calls.per_request, calls.optional))
        .collect();
    assert_eq!(
        calls,
        [
            ("left", 1.0, false),
            ("right", 1.0, false),
            ("extra", 1.0, true),
            ("db", 3.0, false)
        ]
    );
}

#[test]
fn finds_what_every_request_needs() {
    let (scenario, topology) = topology(DIAMOND);
    assert_eq!(
        topology.inevitable(&scenario, "users"),
        ["web", "left", "right", "db"]
    );
    assert_eq!(topology.single_points(&scenario, "users"), ["db"]);
    assert_eq!(topology.unreachable(), ["alone"]);
    assert!(topology.cycles().is_empty());
}

#[test]
fn finds_circles() {
    let (_, topology) = topology(
        r#"(duration: "1s", services: {
            "a": (endpoints: { "x": [call("b/x")] }),
            "b": (endpoints: { "x": [choice([(1, call("c/x")), (1, [])])] }),
            "c": (endpoints: { "x": [call("b/x")], "y": [call("d/y")] }),
            "d": (threading: async, endpoints: { "y": [choice([(1, call("d/y")), (1, [])])] }),
        }, workloads: { "w": closed(users: 3, think: "1s", to: {"a/x": 1, "c/y": 1}) })"#,
    );
    assert_eq!(topology.cycles(), [vec!["b", "c"], vec!["d"]]);
    assert_eq!(topology.deadlocks(), [vec!["b", "c"]]);
    near(topology.capacity["a"].rate, 1.5);
    near(topology.capacity["d"].rate, 3.0);
    assert_eq!(topology.capacity["a"].open_utilization, 0.0);
}

/// The obvious way: along every path, a circle counting once; and visits wave by wave.
mod twin {
    use super::*;
    use crate::scenario::{Need, Step};
    use crate::topology::flow::{Latencies, count, seconds};
    use std::collections::BTreeSet;

    pub struct Walk<'a> {
        pub scenario: &'a Scenario,
        pub links: Latencies<'a>,
        pub known: BTreeMap<String, f64>,
        pub path: Vec<String>,
    }

    impl Walk<'_> {
        pub fn latency(&mut self, target: &str) -> f64 {
            if let Some(known) = self.known.get(target) {
                return *known;
            }
            if self.path.iter().any(|open| open == target) {
                return 0.0;
            }
            let (service, endpoint) = target.split_once('/').expect("a target");
            let scenario = self.scenario;
            self.path.push(target.into());
            let steps = &scenario.services[service].endpoints[endpoint];
            let latency = self.steps(service, steps);
            self.path.pop();
            self.known.insert(target.into(), latency);
            latency
        }

        fn steps(&mut self, service: &str, steps: &[Step]) -> f64 {
            let (mut going, mut latency) = (1.0, 0.0);
            for step in steps {
                latency += going * self.step(service, step);
                if let Step::Fail(fail) = step {
                    going *= 1.0 - fail.share;
                }
            }
            latency
        }

        fn step(&mut self, service: &str, step: &Step) -> f64 {
            match step {
                Step::Work(work) => seconds(&work.demand),
                Step::Wait(wait) => seconds(&wait.span),
                Step::Call(call) => {
                    let to = call.to.split('/').next().expect("a service");
                    2.0 * self.links.between(service, to) + self.latency(&call.to)
                }
                Step::Parallel(parallel) => {
                    let branches = parallel.branches.iter();
                    let mut means: Vec<f64> = branches.map(|b| self.steps(service, b)).collect();
                    means.sort_by(f64::total_cmp);
                    let needed = match parallel.need {
                        Need::All => means.len(),
                        Need::First(n) => n as usize,
                    };
                    means.get(needed.saturating_sub(1)).copied().unwrap_or(0.0)
                }
                Step::Choice(choice) => {
                    let total: f64 = choice.arms.iter().map(|arm| arm.weight).sum();
                    let arms = choice.arms.iter();
                    arms.map(|arm| arm.weight / total * self.steps(service, &arm.steps))
                        .sum()
                }
                Step::Repeat(repeat) => count(&repeat.times) * self.steps(service, &repeat.steps),
                Step::Fail(_) | Step::Acquire(_) | Step::Release(_) | Step::Cache(_) => 0.0,
            }
        }
    }

    /// Visits per second of every endpoint.
    pub fn visits(scenario: &Scenario, topology: &Topology) -> BTreeMap<String, f64> {
        let mut visits = BTreeMap::new();
        for load in scenario.workloads.values() {
            let crate::scenario::Workload::Open(open) = load else {
                panic!("they are open")
            };
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            let targets = load.targets().iter();
            let mut wave: BTreeMap<String, f64> = targets
                .map(|(to, weight)| (to.into(), open.rate.0 * weight / total))
                .collect();
            for _ in 0..400 {
                let mut next = BTreeMap::new();
                for (target, rate) in wave {
                    *visits.entry(target.clone()).or_insert(0.0) += rate;
                    for (callee, (calls, _)) in &topology.endpoints[&target].calls {
                        *next.entry(callee.clone()).or_insert(0.0) += rate * calls;
                    }
                }
                wave = next;
            }
        }
        visits
    }

    /// What every request of an endpoint needs, in a system without circles.
    pub fn needs(scenario: &Scenario, target: &str) -> BTreeSet<String> {
        let (service, endpoint) = target.split_once('/').expect("a target");
        let mut needs = of_steps(scenario, &scenario.services[service].endpoints[endpoint]);
        needs.insert(service.into());
        needs
    }

    fn of_steps(scenario: &Scenario, steps: &[Step]) -> BTreeSet<String> {
        let mut needs = BTreeSet::new();
        for step in steps {
            let sets: Vec<BTreeSet<String>> = match step {
                Step::Call(call) if !call.optional => vec![self::needs(scenario, &call.to)],
                Step::Parallel(parallel) => {
                    let branches = parallel.branches.iter();
                    branches.map(|branch| of_steps(scenario, branch)).collect()
                }
                Step::Choice(choice) => {
                    let arms = choice.arms.iter();
                    arms.map(|arm| of_steps(scenario, &arm.steps)).collect()
                }
                Step::Repeat(repeat) => vec![of_steps(scenario, &repeat.steps)],
                _ => Vec::new(),
            };
            let every = match step {
                Step::Parallel(parallel) => match parallel.need {
                    Need::All => true,
                    Need::First(n) => n as usize >= parallel.branches.len(),
                },
                Step::Choice(_) => false,
                _ => true,
            };
            if every {
                needs.extend(sets.into_iter().flatten());
            } else {
                let mut sets = sets.into_iter();
                let first = sets.next().unwrap_or_default();
                needs.extend(sets.fold(first, |common, set| &common & &set));
            }
        }
        needs
    }
}

/// A system of at most forty endpoints; `circles` if they may call each other in circles, which they then do
/// rarely enough to come to an end.
fn random(seed: u64, circles: bool) -> String {
    use sim_core::random::{Keyed, Source};
    let mut chance = Keyed::new(seed, 0x5457_494E);
    let mut below = |n: u64| chance.below(n);
    let services = 2 + below(19);
    let mut text = String::new();
    for service in 0..services {
        text += &format!(
            "\"s{service}\": (replicas: {}, threading: {}, endpoints: {{",
            1 + below(2),
            ["sync", "async"][below(2) as usize]
        );
        for endpoint in 0..2 {
            let mut steps = format!("work(\"{}ms\")", 1 + below(9));
            for _ in 0..below(4) {
                let to = if circles {
                    below(services)
                } else if service + 1 < services {
                    service + 1 + below(services - service - 1)
                } else {
                    break;
                };
                let to = format!("s{to}/e{}", below(2));
                let optional = below(5) == 0;
                let call = format!("call(to: \"{to}\", optional: {optional})");
                steps += &match below(if circles { 1 } else { 6 }) {
                    0 => format!(", choice([(1, {call}), (4, work(\"1ms\"))])"),
                    1 => format!(", parallel([[{call}], [wait(\"2ms\")]])"),
                    2 => {
                        format!(", parallel(branches: [[{call}], [wait(\"2ms\")]], need: first(1))")
                    }
                    3 => format!(", repeat({}, [{call}])", 1 + below(3)),
                    4 => format!(", fail(0.125), {call}"),
                    _ => format!(", {call}"),
                };
            }
            text += &format!("\"e{endpoint}\": [{steps}],");
        }
        text += "}),";
    }
    let targets: Vec<String> = (0..1 + below(3))
        .map(|at| format!("\"s{}/e{}\": {}", at % services, below(2), 1 + below(3)))
        .collect();
    let targets = if services == 2 {
        &targets[..1]
    } else {
        &targets[..]
    };
    format!(
        r#"(duration: "100s", services: {{ {text} }},
            links: {{ "* -> *": (latency: "1ms"), "s1 -> *": (latency: "3ms"), "* -> s2": (latency: "5ms") }},
            workloads: {{ "u": open(rate: "10/s", to: {{ {} }}), "v": open(rate: "3/s", to: "s0/e0") }})"#,
        targets.join(", ").replace("s2/", "s1/")
    )
}

#[test]
fn one_pass_finds_what_walks_along_all_paths_find() {
    for seed in 0..300 {
        let circles = seed % 2 == 1;
        let text = random(seed, circles);
        let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
        // A target may be drawn twice.
        let Ok(scenario) = loaded.scenario else {
            continue;
        };
        let topology = Topology::new(&scenario);
        let mut walk = twin::Walk {
            scenario: &scenario,
            links: flow::Latencies::new(&scenario),
            known: BTreeMap::new(),
            path: Vec::new(),
        };
        let visits = twin::visits(&scenario, &topology);
        for (service, of) in &scenario.services {
            for endpoint in of.endpoints.keys() {
                let target = format!("{service}/{endpoint}");
                let flow = &topology.endpoints[&target];
                assert_eq!(
                    flow.latency,
                    walk.latency(&target),
                    "{seed}: {target} in {text}"
                );
                let expected = visits.get(&target).copied().unwrap_or(0.0);
                let near = (flow.rate - expected).abs() <= 1e-6 * expected.max(1.0);
                assert!(
                    near,
                    "{seed}: {target} gets {} and not {expected} in {text}",
                    flow.rate
                );
            }
        }
        if circles {
            continue;
        }
        for (name, load) in &scenario.workloads {
            let mut sets = load
                .targets()
                .iter()
                .map(|(to, _)| twin::needs(&scenario, to));
            let first = sets.next().expect("it asks for something");
            let expected = sets.fold(first, |common, set| &common & &set);
            let found = topology.inevitable(&scenario, name).into_iter().collect();
            assert_eq!(expected, found, "{seed}: {name} in {text}");
        }
    }
}

#[test]
fn sets_of_services_are_the_same_few_or_many() {
    // All of a chain of 300 is needed, and none of what only one of two arms leads to.
    let services: String = (0..300)
        .map(|at| {
            let next = if at < 299 {
                format!("call(\"s{}/e\")", at + 1)
            } else {
                String::new()
            };
            format!("\"s{at}\": (endpoints: {{ \"e\": [{next}] }}),")
        })
        .collect();
    let arms = r#""a": (endpoints: { "e": [choice([(1, call("s0/e")), (1, call("s200/e"))])] }),"#;
    let text = format!(
        r#"(duration: "1s", services: {{ {arms} {services} }}, workloads: {{ "u": open("1/s", "a/e"), "v": open(rate: "1/s", to: {{ "s0/e": 1, "s290/e": 1 }}) }})"#
    );
    let (scenario, topology) = topology(&text);
    let mut expected: Vec<String> = vec!["a".into()];
    expected.extend((200..300).map(|at| format!("s{at}")));
    assert_eq!(topology.inevitable(&scenario, "u"), expected);
    let expected: Vec<String> = (290..300).map(|at| format!("s{at}")).collect();
    assert_eq!(topology.inevitable(&scenario, "v"), expected);
}

#[test]
fn the_first_and_the_last_start_are_those_of_the_list() {
    use sim_core::{SimDuration, SimTime};
    for when in [
        r#"at: "10s""#,
        r#"at: "10s", for: "1s", every: "7s""#,
        r#"at: "10s", for: "1s", every: "10s", times: 3"#,
        r#"at: "0s", for: "1s", every: "50s""#,
        r#"cron: "*/2 * * * *", for: "1s""#,
        r#"cron: "*/2 * * * *", for: "1s", times: 2"#,
    ] {
        let text = format!(
            r#"(duration: "400s", services: {{ "a": (endpoints: {{ "x": [] }}) }}, workloads: {{ "u": open("1/s", "a/x") }},
                faults: [({when}, inject: crash(service: "a"))])"#
        );
        let (scenario, _) = topology(&text);
        for end in [0, 1, 10, 11, 17, 50, 100, 101, 120, 121, 399, 400] {
            let end = SimTime::ZERO + SimDuration::from_secs(end);
            let all = starts(&scenario.faults[0], end);
            let ends = all.first().copied().zip(all.last().copied());
            assert_eq!(
                first_and_last_start(&scenario.faults[0], end),
                ends,
                "{when} by {end}"
            );
        }
    }
}
