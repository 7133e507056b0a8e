//! Systems at the edges of what can be said: times from nanoseconds to hours, every distribution, loops, many
//! services, every kind of load, policy and fault, in any combination that is sound.

use sim_core::random::Keyed;
use sim_tests::draws::Draws;
use std::fmt::Write;

/// Units of time that systems live in, ns.
const UNITS: [u64; 5] = [10, 1_000, 1_000_000, 1_000_000_000, 3_600_000_000_000];

/// Draws a system.
struct Maker {
    chance: Keyed,
    /// What everything is measured in, ns.
    unit: u64,
    services: u64,
    loads: u64,
    /// Units that the run lasts.
    lasts: u64,
}

/// The wild system of a seed, as a text of the scenario language.
pub fn wild(seed: u64) -> String {
    let chance = Keyed::new(seed, 0x5749_4c44);
    let mut maker = Maker {
        chance,
        unit: 1,
        services: 1,
        loads: 1,
        lasts: 1,
    };
    maker.unit = maker.one(&UNITS);
    maker.services = maker.one(&[1, 2, 3, 5, 8, 25]);
    maker.loads = maker.one(&[1, 2, 3, 7]);
    maker.lasts = maker.number(20, 400);
    maker.scenario(seed)
}

impl Draws for Maker {
    fn source(&mut self) -> &mut Keyed {
        &mut self.chance
    }
}

impl Maker {
    /// Hundredths of a unit to a time.
    fn time(&self, hundredths: u64) -> String {
        format!("\"{}ns\"", (self.unit * hundredths / 100).max(1))
    }

    /// A time from `low` to `high` hundredths of a unit.
    fn span(&mut self, low: u64, high: u64) -> String {
        let hundredths = self.number(low, high);
        self.time(hundredths)
    }

    /// A distribution whose mean is about so many hundredths of a unit at most.
    fn drawn(&mut self, most: u64, depth: u64) -> String {
        let mean = self.number(1, most);
        let at = |share: u64| self.time(mean * share / 10);
        let (tenth, whole, double, tenfold) = (at(1), at(10), at(20), at(100));
        match self.number(0, 20) {
            0 => format!("uniform({tenth}, {double})"),
            1 => format!("exponential({whole})"),
            2 => format!("exponential(p99: {tenfold})"),
            3 => format!("normal(mean: {whole}, sd: {double})"),
            4 => format!("lognormal(mean: {whole}, p99: {tenfold})"),
            5 => format!("lognormal(mean: {whole}, cv: 5.0)"),
            6 => format!("gamma(mean: {whole}, shape: 0.2)"),
            7 => format!("erlang(mean: {whole}, stages: 4)"),
            8 => format!("weibull(mean: {whole}, shape: 0.5)"),
            9 => format!("pareto(scale: {tenth}, alpha: 1.1)"),
            10 => format!("hyperexponential(mean: {whole}, cv: 4.0)"),
            11 => {
                format!("empirical(min: {tenth}, p50: {whole}, p99: {double}, max: {tenfold})")
            }
            12 if depth > 0 => {
                let (often, rarely) = (self.drawn(most, depth - 1), self.drawn(most, depth - 1));
                format!("mixture([(0.99, {often}), (0.01, {rarely})])")
            }
            13 if depth > 0 => {
                let of = self.drawn(most, depth - 1);
                format!("shifted(by: {tenth}, of: {of})")
            }
            14 if depth > 0 => {
                let of = self.drawn(most, depth - 1);
                format!("scaled(by: {}, of: {of})", self.one(&["0.001", "1", "30"]))
            }
            15 => format!("truncated(of: exponential({whole}), min: {tenth}, max: {double})"),
            16 => "\"0s\"".into(),
            _ => whole,
        }
    }

    fn count(&mut self) -> &'static str {
        self.one(&[
            "0",
            "1",
            "3",
            "uniform(0, 3)",
            "geometric(1.5)",
            "zipf(20, 1.1)",
            "poisson(1.5)",
        ])
    }

    fn scenario(&mut self, seed: u64) -> String {
        let duration = self.time(self.lasts * 100);
        let parts = self.one(&[1, 7, 40, 300]);
        let window = self.time(self.lasts * 100 / parts);
        let warmup = if self.chance(0.3) {
            self.time(self.lasts * 10)
        } else {
            "\"0s\"".into()
        };
        let mut text = format!(
            "(\n    title: \"wild {seed}\", duration: {duration}, window: {window}, warmup: {warmup}, seed: {seed},\n    \
             budget: (events: 40000), regions: {{\"north\": [\"a\", \"b\"], \"south\": [\"c\"]}},\n    services: {{\n"
        );
        for service in 0..self.services {
            text += &self.service(service);
        }
        text += "    },\n    links: {\n";
        for pattern in ["* -> *", "* -> s0", "s0 -> *", "zone:a -> zone:c"] {
            if self.chance(0.4) {
                let latency = self.drawn(50, 1);
                writeln!(text, "        \"{pattern}\": (latency: {latency}),").expect("a String");
            }
        }
        text += "    },\n    calls: {\n";
        for callee in 0..self.services.min(6) {
            for caller in ["*", "s0", "w0"] {
                if self.chance(0.3) && caller != format!("s{callee}") {
                    let policies = self.policies();
                    writeln!(text, "        \"{caller} -> s{callee}\": [{policies}],")
                        .expect("a String");
                }
            }
        }
        text += "    },\n    workloads: {\n";
        for load in 0..self.loads {
            let of = self.load();
            writeln!(text, "        \"w{load}\": {of},").expect("a String");
        }
        text += "    },\n    faults: [\n";
        for number in 0..self.one(&[0, 1, 2, 4, 9]) {
            let of = self.fault(number);
            writeln!(text, "        {of},").expect("a String");
        }
        text += "    ],\n";
        if self.chance(0.6) {
            text += &self.hypothesis();
        }
        text + ")\n"
    }

    fn service(&mut self, number: u64) -> String {
        let mut text = format!(
            "        \"s{number}\": (replicas: {}",
            self.one(&[1, 1, 2, 3, 17])
        );
        let threads = self.one(&["1", "2", "8", "1000", "unbounded"]);
        write!(text, ", threads: {threads}").expect("a String");
        if self.chance(0.4) {
            text += ", threading: async";
        }
        if self.chance(0.4) {
            let cores = self.one(&["0.001", "0.5", "1", "64"]);
            write!(text, ", cores: {cores}").expect("a String");
        }
        if self.chance(0.6) {
            let limit = self.one(&["0", "1", "10", "100000", "unbounded"]);
            let order = self.one(&[
                "fifo",
                "lifo",
                "adaptive_lifo(above: 3)",
                "codel",
                "edf",
                "fair",
                "by_priority",
            ]);
            write!(text, ", queue: (limit: {limit}, order: {order})").expect("a String");
        }
        if self.chance(0.6) {
            let backlog = self.one(&["0", "1", "20", "unbounded"]);
            write!(text, ", backlog: {backlog}").expect("a String");
        }
        let balance = self.one(&[
            "round_robin",
            "random",
            "least_outstanding",
            "power_of_two",
            "peak_ewma",
            "weighted_round_robin([3, 1])",
            "consistent_hash(bound: 1.1)",
        ]);
        write!(text, ", balance: {balance}").expect("a String");
        if self.chance(0.5) {
            text += ", zones: [\"a\", \"b\", \"c\"]";
        }
        let steps = self.steps(number, 2);
        writeln!(text, ", endpoints: {{\"x\": [{steps}]}}),").expect("a String");
        text
    }

    fn steps(&mut self, service: u64, depth: u64) -> String {
        let many = self.number(1, 3);
        let steps: Vec<String> = (0..many).map(|_| self.step(service, depth)).collect();
        steps.join(", ")
    }

    fn step(&mut self, service: u64, depth: u64) -> String {
        match self.number(0, 13) {
            0 | 1 => format!("wait({})", self.drawn(300, 2)),
            2..=4 if service + 1 < self.services => {
                let to = self.number(service + 1, self.services - 1);
                let optional = self.one(&["true", "false"]);
                format!("call(to: \"s{to}/x\", optional: {optional})")
            }
            // Once in a while somebody calls back: a loop.
            5 => {
                let to = self.number(0, self.services - 1);
                format!("choice([(1, [call(\"s{to}/x\")]), (4, [])])")
            }
            6 | 7 if depth > 0 => {
                let many = self.number(1, 4);
                let branches: Vec<String> = (0..many)
                    .map(|_| format!("[{}]", self.steps(service, depth - 1)))
                    .collect();
                let need = self.number(1, many);
                format!(
                    "parallel(branches: [{}], need: first({need}))",
                    branches.join(", ")
                )
            }
            8 if depth > 0 => {
                let steps = self.steps(service, depth - 1);
                format!("choice([(1e-9, []), (1, [{steps}]), (0.5, [])])")
            }
            9 if depth > 0 => {
                let steps = self.steps(service, depth - 1);
                format!("repeat({}, [{steps}])", self.count())
            }
            10 if depth > 0 => {
                let limits = self.one(&[
                    "",
                    "size: 1, ",
                    "size: 4294967295, ",
                    "ttl: \"1ns\", jitter: 1, ",
                ]);
                let steps = self.steps(service, depth - 1);
                format!("cache({limits}on_miss: [{steps}])")
            }
            11 => format!("fail({})", self.one(&["0.000001", "0.05", "0.9", "1"])),
            _ => format!("work({})", self.drawn(100, 2)),
        }
    }

    fn policies(&mut self) -> String {
        let mut policies = Vec::new();
        for _ in 0..self.number(0, 6) {
            let scope = self.one(&["instance", "shared"]);
            let policy = match self.number(0, 5) {
                0 => {
                    let after = self.span(1, 2000);
                    format!("deadline(after: {after}, propagate: {})", self.chance(0.5))
                }
                1 => self.retry(),
                2 => format!(
                    "retry_budget(ratio: {}, cap: {}, scope: {scope})",
                    self.one(&["0.001", "0.1", "1"]),
                    self.one(&["0", "1", "1000"])
                ),
                3 => {
                    let open = self.span(1, 10_000);
                    format!(
                        "breaker(failures: {}, open_for: {open}, scope: {scope})",
                        self.one(&[1, 3, 1000])
                    )
                }
                4 => format!("timeout({})", self.span(1, 1000)),
                _ => "cancellation()".into(),
            };
            policies.push(policy);
        }
        policies.join(", ")
    }

    fn retry(&mut self) -> String {
        let attempts = self.one(&[1, 2, 3, 5, 50]);
        let jitter = self.one(&["none", "full", "equal", "decorrelated", "proportional(0.9)"]);
        let (base, cap) = (self.span(1, 50), self.span(50, 10_000));
        let backoff = match self.number(0, 3) {
            0 => "none".to_owned(),
            1 => format!("constant(base: {base}, jitter: {jitter})"),
            2 => format!("linear(base: {base}, cap: {cap}, jitter: {jitter})"),
            _ => format!("exponential(base: {base}, factor: 3.0, cap: {cap}, jitter: {jitter})"),
        };
        format!("retry(attempts: {attempts}, backoff: {backoff})")
    }

    fn load(&mut self) -> String {
        let one = self.number(0, self.services - 1);
        let two = self.number(0, self.services - 1);
        let to = if one == two {
            format!("\"s{one}/x\"")
        } else {
            format!("{{\"s{one}/x\": 1e-3, \"s{two}/x\": 7}}")
        };
        let mut text = if self.chance(0.6) {
            // Up to two in a unit, as often as that is.
            let per_unit = self.number(1, 200) as f64 / 100.0;
            let rate = per_unit * 1e9 / self.unit as f64;
            let arrivals = self.one(&["poisson", "constant"]);
            let mut text = format!("open(rate: \"{rate}/s\", arrivals: {arrivals}, to: {to}");
            if self.chance(0.3) {
                write!(text, ", batch: {}", self.one(&[2, 10, 300])).expect("a String");
            }
            let (at, lasts) = (self.time(self.lasts * 20), self.time(self.lasts * 10));
            let factor = self.one(&["0", "0.01", "3", "1000"]);
            match self.number(0, 5) {
                0 => write!(
                    text,
                    ", shape: [spike(at: {at}, for: {lasts}, factor: {factor})]"
                ),
                1 => write!(text, ", shape: [step(at: {at}, factor: {factor})]"),
                2 => write!(
                    text,
                    ", shape: [ramp(at: {at}, over: {lasts}, factor: {factor})]"
                ),
                3 => write!(
                    text,
                    ", shape: [diurnal(period: {lasts}, amplitude: 1.0, peak: {at})]"
                ),
                _ => Ok(()),
            }
            .expect("a String");
            text
        } else {
            let users = self.one(&[1, 5, 40, 2000]);
            let think = self.drawn(1000, 1);
            let mut text = format!("closed(users: {users}, think: {think}, to: {to}");
            if self.chance(0.5) {
                let patience = self.drawn(500, 1);
                let then = self.one(&["give_up", "click_again"]);
                let clicks = self.one(&[1, 3, 50]);
                write!(
                    text,
                    ", patience: {patience}, then: {then}, clicks: {clicks}"
                )
                .expect("a String");
            }
            if self.chance(0.4) {
                text += ", start: asking";
            }
            text
        };
        if self.chance(0.4) {
            write!(text, ", tenant: \"t{}\"", self.number(0, 2)).expect("a String");
        }
        text + ")"
    }

    fn place(&mut self) -> String {
        let service = self.number(0, self.services - 1);
        let which = self.one(&["all", "one", "count(1)", "percent(0.1)", "only([0])"]);
        match self.number(0, 5) {
            0 => "zone: \"a\"".into(),
            1 => "region: \"south\"".into(),
            _ => format!("service: \"s{service}\", instances: {which}"),
        }
    }

    fn link(&mut self) -> String {
        let service = self.number(0, self.services - 1);
        let link = match self.number(0, 3) {
            0 => "* -> *".to_owned(),
            1 => "zone:a -> *".to_owned(),
            2 => format!("s{service} -> *"),
            _ => format!("* -> s{service}"),
        };
        let direction = self.one(&["both", "to", "from"]);
        format!("link: \"{link}\", direction: {direction}")
    }

    fn fault(&mut self, number: u64) -> String {
        let (at, lasts) = (
            self.number(0, self.lasts * 90),
            self.number(1, self.lasts * 30),
        );
        let (begins, long) = (self.time(at), self.time(lasts));
        let mut text = format!("name: \"f{number}\", ");
        match self.number(0, 4) {
            0 => write!(text, "at: {begins}"),
            1 => {
                let every = self.time(lasts + 1 + self.lasts * 5);
                write!(text, "at: {begins}, for: {long}, every: {every}, times: 30")
            }
            2 => {
                let (mtbf, mttr) = (self.time(self.lasts * 10), self.drawn(self.lasts * 4, 1));
                write!(text, "random: (mtbf: {mtbf}, mttr: {mttr})")
            }
            _ => write!(text, "at: {begins}, for: {long}"),
        }
        .expect("a String");
        if self.chance(0.2) {
            write!(text, ", ramp: {}", self.time(self.lasts * 5)).expect("a String");
        }
        let kind = self.number(0, 8);
        // Crashes, pauses and partitions hit all or nothing.
        if matches!(kind, 3..=7) && self.chance(0.5) {
            let share = self.one(&["0.000001", "0.3", "0.999999"]);
            write!(text, ", share: {share}, correlation: 0.9").expect("a String");
        }
        let inject = match kind {
            0 => format!("crash({})", self.place()),
            1 => {
                let boot = self.span(1, self.lasts * 10);
                format!("crash({}, boot: {boot})", self.place())
            }
            2 => format!("pause({})", self.place()),
            3 => {
                let add = self.drawn(500, 1);
                let factor = self.one(&["0.001", "1", "50"]);
                format!("slow({}, factor: {factor}, add: {add})", self.place())
            }
            4 => format!("error({})", self.place()),
            5 => format!("hang({})", self.place()),
            6 => {
                let add = self.drawn(500, 1);
                format!("latency({}, add: {add})", self.link())
            }
            7 => {
                let again = self.span(1, 500);
                let rate = self.one(&["0.000001", "0.5", "1"]);
                format!("loss({}, rate: {rate}, retransmit: {again})", self.link())
            }
            _ => format!("partition({})", self.link()),
        };
        format!("({text}, inject: {inject})")
    }

    fn hypothesis(&mut self) -> String {
        let load = self.number(0, self.loads - 1);
        let limit = self.span(1, 1000).replace('"', "");
        let checks = [
            format!("success_ratio(w{load}) >= 0.99"),
            format!("latency(w{load}, p99) < {limit}"),
            format!("latency_true(w{load}, max) < {limit}"),
            format!("goodput(w{load}) / offered(w{load}) > 0.5"),
            "utilization(s0) < 0.9".into(),
            "queue(s0, max) <= 5".into(),
            format!("failed_ratio(w{load}) == 0"),
        ];
        let mut some = || {
            let chosen: Vec<String> = checks
                .iter()
                .filter(|_| self.chance(0.25))
                .map(|check| format!("\"{check}\""))
                .collect();
            format!("[{}]", chosen.join(", "))
        };
        let (steady, during, always) = (some(), some(), some());
        let mut text = format!("    hypothesis: (steady: {steady}, always: {always}");
        if self.chance(0.3) {
            write!(text, ", during: {during}").expect("a String");
        }
        if self.chance(0.5) {
            let (within, stretch) = (self.time(self.lasts * 20), self.time(self.lasts * 5));
            write!(text, ", recovers: (within: {within}, stretch: {stretch})").expect("a String");
        }
        let objective = self.one(&["0.5", "0.999", "0.999999"]);
        text + &format!(", objective: {objective}),\n")
    }
}
