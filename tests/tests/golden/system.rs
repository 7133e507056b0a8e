//! A system as its author would think of it, and as text of the scenario language.
//!
//! Units: seconds, per second.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A duration that is drawn anew each time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    Constant(f64),
    Uniform(f64, f64),
    Exponential(f64),
    /// Mean, and what 99 % do not exceed.
    Lognormal(f64, f64),
}

/// What is exceeded once in 100,000 times, in standard deviations of a normal distribution.
const RARE: f64 = 4.265;
/// The same for 99 %.
const P99: f64 = 2.326;

impl Delay {
    pub fn mean(self) -> f64 {
        match self {
            Self::Constant(mean) | Self::Exponential(mean) | Self::Lognormal(mean, _) => mean,
            Self::Uniform(low, high) => (low + high) / 2.0,
        }
    }

    /// What is exceeded once in 100,000 times.
    pub fn tail(self) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Uniform(_, high) => high,
            Self::Exponential(mean) => libm::log(1e5) * mean,
            Self::Lognormal(mean, p99) => {
                // ln(p99 / mean) = z sigma - sigma^2 / 2.
                let sigma = P99 - libm::sqrt(P99 * P99 - 2.0 * libm::log(p99 / mean));
                mean * libm::exp(RARE * sigma - sigma * sigma / 2.0)
            }
        }
    }

    fn text(self) -> String {
        match self {
            Self::Constant(value) => format!("\"{}\"", span(value)),
            Self::Uniform(low, high) => format!("uniform(\"{}\", \"{}\")", span(low), span(high)),
            Self::Exponential(mean) => format!("exponential(\"{}\")", span(mean)),
            Self::Lognormal(mean, p99) => {
                format!(
                    "lognormal(mean: \"{}\", p99: \"{}\")",
                    span(mean),
                    span(p99)
                )
            }
        }
    }
}

/// A span of time as it is written in a scenario.
pub fn span(seconds: f64) -> String {
    let micros = libm::round(seconds * 1e6) as u64;
    let units = [(60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
    let whole = units
        .into_iter()
        .find(|(size, _)| micros >= *size && micros.is_multiple_of(*size));
    let (size, unit) = whole.unwrap_or((1, "us"));
    format!("{}{unit}", micros / size)
}

/// A service and one of its endpoints, by index.
pub type Endpoint = (usize, usize);

#[derive(Clone, Debug)]
pub enum Step {
    Work(Delay),
    Wait(Delay),
    /// Fails with this probability.
    Fail(f64),
    Call(Endpoint),
    /// The request can do without its answer.
    Optional(Endpoint),
    /// Calls with this probability: a look-up that missed the cache.
    Perhaps(f64, Endpoint),
    /// Calls both at the same time.
    Both(Endpoint, Endpoint),
    /// Calls so many times in turn.
    Repeat(u32, Endpoint),
    /// As written: what nobody would write on purpose.
    Written(&'static str),
}

impl Step {
    /// Who is called, how often in the mean, and how often at most.
    pub fn calls(&self) -> Vec<(Endpoint, f64, f64)> {
        match self {
            Self::Work(_) | Self::Wait(_) | Self::Fail(_) | Self::Written(_) => Vec::new(),
            Self::Call(to) | Self::Optional(to) => vec![(*to, 1.0, 1.0)],
            Self::Perhaps(share, to) => vec![(*to, *share, 1.0)],
            Self::Both(left, right) => vec![(*left, 1.0, 1.0), (*right, 1.0, 1.0)],
            Self::Repeat(times, to) => vec![(*to, f64::from(*times), f64::from(*times))],
        }
    }
}

#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    pub replicas: u32,
    /// Of one instance; none: unbounded.
    pub threads: Option<u32>,
    pub is_async: bool,
    pub cores: Option<u32>,
    /// None: unbounded.
    pub queue: Option<u32>,
    pub backlog: u32,
    pub balance: &'static str,
    /// Whether its instances are spread over the zones.
    pub zoned: bool,
    /// Share of its threads that are busy at the peak, from which their number follows; none: they are
    /// what they are.
    pub busy: Option<f64>,
    pub endpoints: Vec<(String, Vec<Step>)>,
}

#[derive(Clone, Debug)]
pub enum Load {
    Open {
        rate: f64,
        constant: bool,
        /// As written, and by how much it raises the rate at most.
        shape: Option<(String, f64)>,
    },
    Closed {
        users: u32,
        think: Delay,
    },
}

#[derive(Clone, Debug)]
pub struct Workload {
    pub name: String,
    pub load: Load,
    /// By weight.
    pub to: Vec<(Endpoint, u32)>,
}

impl Workload {
    /// Requests per second, of closed loads at most.
    pub fn rate(&self) -> f64 {
        match &self.load {
            Load::Open { rate, .. } => *rate,
            Load::Closed { users, think } => f64::from(*users) / think.mean(),
        }
    }

    /// Requests per second at the peak of its shape.
    pub fn peak(&self) -> f64 {
        match &self.load {
            Load::Open {
                shape: Some((_, factor)),
                rate,
                ..
            } => rate * factor,
            _ => self.rate(),
        }
    }

    /// Share of its requests for each endpoint.
    pub fn shares(&self) -> impl Iterator<Item = (Endpoint, f64)> + '_ {
        let total: u32 = self.to.iter().map(|(_, weight)| weight).sum();
        let share = move |weight: u32| f64::from(weight) / f64::from(total);
        self.to
            .iter()
            .map(move |(to, weight)| (*to, share(*weight)))
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    Workload(usize),
    Service(usize),
}

/// How a call is made.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Attempts, and the ratio of the retry budget if there is one.
    pub retry: Option<(u32, Option<f64>)>,
    /// First pause before a retry; none: no pause.
    pub backoff: Option<f64>,
    pub breaker: bool,
    /// Whether an attempt is given up after a while.
    pub timed: bool,
    /// After how long: computed if `timed`, unless it is here already.
    pub timeout: Option<f64>,
    /// The whole list as written, instead of all that: what nobody would write on purpose.
    pub written: Option<&'static str>,
}

impl Policies {
    pub fn attempts(&self) -> u32 {
        self.retry.map_or(1, |(attempts, _)| attempts)
    }

    /// By how much retries may multiply the calls in the long run.
    pub fn amplification(&self) -> f64 {
        match self.retry {
            Some((attempts, None)) => f64::from(attempts),
            Some((attempts, Some(ratio))) => f64::from(attempts).min(1.0 + ratio),
            None => 1.0,
        }
    }

    /// The longest that a call takes; none where nothing bounds it.
    pub fn longest(&self) -> Option<f64> {
        let attempts = self.attempts();
        // Pauses double: 1 + 2 + 4 + ...
        let pauses = self.backoff.unwrap_or(0.0) * (f64::from(1 << (attempts - 1)) - 1.0);
        Some(self.timeout? * f64::from(attempts) + pauses)
    }

    fn text(&self) -> String {
        if let Some(written) = self.written {
            return written.into();
        }
        let mut all = Vec::new();
        if let Some((attempts, budget)) = self.retry {
            let backoff = match self.backoff {
                Some(base) => format!("exponential(base: \"{}\", cap: \"10s\")", span(base)),
                None => "none".into(),
            };
            all.push(format!("retry(attempts: {attempts}, backoff: {backoff})"));
            if let Some(ratio) = budget {
                all.push(format!("retry_budget(ratio: {ratio})"));
            }
        }
        if self.breaker {
            all.push("breaker(failures: 5, open_for: \"10s\")".into());
        }
        if let Some(after) = self.timeout {
            all.push(format!("timeout(\"{}\")", span(after)));
        }
        all.join(", ")
    }
}

#[derive(Clone, Debug)]
pub struct System {
    pub seed: u64,
    pub duration: f64,
    pub warmup: f64,
    pub window: f64,
    /// Callers come before those whom they call.
    pub services: Vec<Service>,
    pub workloads: Vec<Workload>,
    /// Calls that have policies.
    pub calls: BTreeMap<(Caller, usize), Policies>,
    /// One-way delay of all links.
    pub link: Delay,
    /// As written.
    pub faults: Vec<String>,
    /// Names of the faults and of the shapes that disturb on purpose.
    pub planned: Vec<String>,
    pub steady: Vec<String>,
    pub always: Vec<String>,
    /// Within, and for how long it must hold then.
    pub recovers: Option<(f64, f64)>,
    pub objective: f64,
}

impl System {
    fn target(&self, (service, endpoint): Endpoint) -> String {
        let service = &self.services[service];
        format!("{}/{}", service.name, service.endpoints[endpoint].0)
    }

    fn caller(&self, caller: Caller) -> &str {
        match caller {
            Caller::Workload(at) => &self.workloads[at].name,
            Caller::Service(at) => &self.services[at].name,
        }
    }

    fn step(&self, step: &Step) -> String {
        match step {
            Step::Work(delay) => format!("work({})", delay.text()),
            Step::Wait(delay) => format!("wait({})", delay.text()),
            Step::Fail(share) => format!("fail({share})"),
            Step::Written(text) => (*text).to_owned(),
            Step::Call(to) => format!("call(\"{}\")", self.target(*to)),
            Step::Optional(to) => format!("call(to: \"{}\", optional: true)", self.target(*to)),
            Step::Perhaps(share, to) => format!(
                "choice([({share}, [call(\"{}\")]), ({}, [])])",
                self.target(*to),
                1.0 - share
            ),
            Step::Both(left, right) => format!(
                "parallel([[call(\"{}\")], [call(\"{}\")]])",
                self.target(*left),
                self.target(*right)
            ),
            Step::Repeat(times, to) => {
                format!("repeat({times}, [call(\"{}\")])", self.target(*to))
            }
        }
    }

    fn service(&self, service: &Service) -> String {
        let bound =
            |bound: Option<u32>| bound.map_or("unbounded".into(), |bound| bound.to_string());
        let mut text = format!(
            "        \"{}\": (replicas: {}, threads: {}, queue: (limit: {}), backlog: {}, balance: {}",
            service.name,
            service.replicas,
            bound(service.threads),
            bound(service.queue),
            service.backlog,
            service.balance,
        );
        if service.is_async {
            text += ", threading: async";
        }
        if let Some(cores) = service.cores {
            text += &format!(", cores: {cores}");
        }
        if service.zoned {
            text += ", zones: [\"north-1\", \"north-2\"]";
        }
        text += ", endpoints: {\n";
        for (name, steps) in &service.endpoints {
            let steps: Vec<String> = steps.iter().map(|step| self.step(step)).collect();
            text += &format!("            \"{name}\": [{}],\n", steps.join(", "));
        }
        text + "        }),\n"
    }

    fn workload(&self, workload: &Workload) -> String {
        let to = match &workload.to[..] {
            [(to, _)] => format!("\"{}\"", self.target(*to)),
            several => {
                let weighted = several.iter();
                let weighted: Vec<String> = weighted
                    .map(|(to, weight)| format!("\"{}\": {weight}", self.target(*to)))
                    .collect();
                format!("{{{}}}", weighted.join(", "))
            }
        };
        let load = match &workload.load {
            Load::Open {
                rate,
                constant,
                shape,
            } => {
                let mut text = format!("open(rate: \"{rate}/s\", to: {to}");
                if *constant {
                    text += ", arrivals: constant";
                }
                if let Some((shape, _)) = shape {
                    text += &format!(", shape: [{shape}]");
                }
                text + ")"
            }
            Load::Closed { users, think } => {
                format!("closed(users: {users}, think: {}, to: {to})", think.text())
            }
        };
        format!("        \"{}\": {load},\n", workload.name)
    }

    /// As text of the scenario language.
    pub fn text(&self) -> String {
        let mut text = format!(
            "(\n    title: \"golden {}\", duration: \"{}\", warmup: \"{}\", window: \"{}\", seed: {},\n",
            self.seed,
            span(self.duration),
            span(self.warmup),
            span(self.window),
            self.seed
        );
        if self.services.iter().any(|service| service.zoned) {
            text += "    regions: {\"north\": [\"north-1\", \"north-2\"]},\n";
        }
        text += "    services: {\n";
        for service in &self.services {
            text += &self.service(service);
        }
        let latency = self.link.text();
        text += "    },\n";
        writeln!(text, "    links: {{\"* -> *\": (latency: {latency})}},").expect("it is a String");
        text += "    calls: {\n";
        for ((from, to), policies) in &self.calls {
            let (from, to) = (self.caller(*from), &self.services[*to].name);
            text += &format!("        \"{from} -> {to}\": [{}],\n", policies.text());
        }
        text += "    },\n    workloads: {\n";
        for workload in &self.workloads {
            text += &self.workload(workload);
        }
        text += "    },\n    faults: [\n";
        for fault in &self.faults {
            text += &format!("        {fault},\n");
        }
        text += "    ],\n    hypothesis: (";
        let quoted = |checks: &[String]| {
            let checks: Vec<String> = checks.iter().map(|check| format!("\"{check}\"")).collect();
            checks.join(", ")
        };
        if !self.steady.is_empty() {
            text += &format!("steady: [{}], ", quoted(&self.steady));
        }
        if !self.always.is_empty() {
            text += &format!("always: [{}], ", quoted(&self.always));
        }
        if let Some((within, stretch)) = self.recovers {
            let (within, stretch) = (span(within), span(stretch));
            text += &format!("recovers: (within: \"{within}\", stretch: \"{stretch}\"), ");
        }
        text + &format!("objective: {}),\n)\n", self.objective)
    }
}
