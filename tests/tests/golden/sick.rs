//! Sick systems: a healthy one with one planted cause, and what must be found in it.
//!
//! The cause sits in a `vault` that every request of the `buyers` needs, so that it is certain whom it
//! hurts. What it does follows from its numbers, not from a try: see each kind.

use super::dice::Dice;
use super::healthy::{Wish, skeleton, steady};
use super::sizing::round_up;
use super::system::{Caller, Delay, Load, Policies, Service, Step, System, Workload, span};

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The only instance dies and stays dead.
    Dead,
    /// The only instance dies and is started again.
    Restarted,
    /// The dependency takes twenty times as long for a minute: six times what its threads can do.
    Slow,
    /// Three attempts of 45 % load are 135 %, and a full queue outlasts the timeout: once it is full,
    /// it stays full.
    Storm,
    /// Three threads of load for two.
    Undersized,
    /// The caller gives up before the shortest answer.
    Impatient,
    /// A fifth of the messages is lost each way, and not sent again.
    Lossy,
    /// A fifth of one workload's requests fails for a while.
    Failing,
    /// Five times the load for a minute, where there is room for two and a half.
    Spike,
    /// Two zones lose sight of each other: half of the calls cross over.
    Partition,
    /// The dependency hangs shortly before the run ends.
    Late,
    /// The dependency stands still for 30 s; the queue drains by 0.18 s each second, and the run ends before it is empty.
    Draining,
    /// Everything that the hurt ask for takes two and a half times as long for two minutes, and room is left.
    Sluggish,
}

pub const KINDS: &[Kind] = &[
    Kind::Dead,
    Kind::Restarted,
    Kind::Slow,
    Kind::Storm,
    Kind::Undersized,
    Kind::Impatient,
    Kind::Lossy,
    Kind::Failing,
    Kind::Spike,
    Kind::Partition,
    Kind::Late,
    Kind::Draining,
    Kind::Sluggish,
];

/// Whom it hurts.
pub const HURT: &str = "buyers";
/// Where the cause sits.
pub const VICTIM: &str = "vault";

/// What must be said of a sick system.
#[derive(Clone, Debug)]
pub struct Expected {
    /// One of these.
    pub verdicts: &'static [&'static str],
    /// When the damage is done, s.
    pub during: (f64, f64),
    /// Share of the requests of the hurt that get an answer then, at most; the generator's own truth.
    pub answered: f64,
    /// An incident of the hurt, within that time.
    pub incident: bool,
    /// A notable moment besides the planned ones, within that time.
    pub moment: bool,
    /// The hurt are in the blast radius.
    pub blast: bool,
    /// `sim check` suspects the dependency.
    pub suspicion: bool,
    /// How long after its cause has gone it will be over, where the run ends before, s.
    pub pace: Option<f64>,
}

impl Kind {
    /// Share of the dependency's threads that are busy before anything goes wrong.
    fn busy(self) -> f64 {
        match self {
            Self::Storm => 0.45,
            Self::Undersized => 1.5,
            Self::Spike => 0.4,
            Self::Draining => 0.85,
            Self::Sluggish => 0.15,
            _ => 0.3,
        }
    }

    /// A sick system, and what must be said of it.
    pub fn plant(self, seed: u64) -> (System, Expected) {
        let mut dice = Dice::new(seed, 0x51c4 + self as u64);
        let wish = Wish {
            events: 60_000.0,
            duration: Some(if self == Self::Draining { 260.0 } else { 420.0 }),
            services: 8,
        };
        let mut system = skeleton(seed, &mut dice, wish);
        system.window = 1.0;
        let many = matches!(self, Self::Storm | Self::Draining);
        let rates: &[f64] = if many {
            &[20.0, 30.0, 50.0]
        } else {
            &[5.0, 10.0, 20.0, 50.0]
        };
        let rate = dice.one(rates);
        let threads = match self {
            Self::Undersized => 2,
            Self::Draining => 8,
            _ => dice.number(4, 8),
        };
        let replicas = if self == Self::Partition { 2 } else { 1 };
        let mean = self.busy() * f64::from(threads * replicas) / rate;
        let victim = self.dependency(&mut system, &mut dice, rate, mean, threads, replicas);
        self.calls(&mut system, mean, victim);
        let sizes = system.size();
        for at in 0..system.workloads.len() - 1 {
            steady(&mut system, &sizes, &mut dice, at);
        }
        system.steady.push(format!("success_ratio({HURT}) >= 0.99"));
        if self == Self::Draining {
            // M/M/8 at 85 % answers 99.9 % within ten service times.
            let bound = span(15.0 * mean);
            system
                .steady
                .push(format!("latency({HURT}, p99) < {bound}"));
        }
        let expected = self.cause(&mut system);
        if !matches!(self, Self::Undersized | Self::Impatient) {
            system.recovers = Some((60.0, 30.0));
        }
        (system, expected)
    }

    /// Adds the hurt workload and the dependency that it needs; the number of that one.
    fn dependency(
        self,
        system: &mut System,
        dice: &mut Dice,
        rate: f64,
        mean: f64,
        threads: u32,
        replicas: u32,
    ) -> usize {
        let victim = system.services.len();
        // What waits must not be bounded by accident elsewhere.
        let free = matches!(
            self,
            Self::Storm | Self::Draining | Self::Spike | Self::Sluggish
        );
        if self == Self::Partition {
            // Calls elsewhere that nobody gives up would hold threads for ever.
            system
                .services
                .iter_mut()
                .for_each(|service| service.zoned = false);
        }
        let entry = &mut system.services[0];
        if free {
            (entry.threads, entry.is_async, entry.cores) = (None, true, None);
        }
        if self == Self::Partition {
            (entry.zoned, entry.replicas) = (true, 2);
        }
        let front = Step::Work(Delay::Exponential(0.002));
        let steps = vec![front, Step::Call((victim, 0))];
        entry.endpoints.push(("buy".into(), steps));
        let to = vec![((0, entry.endpoints.len() - 1), 1)];
        let work = match self {
            Self::Impatient => Delay::Uniform(0.5 * mean, 1.5 * mean),
            _ => Delay::Exponential(mean),
        };
        system.services.push(Service {
            name: VICTIM.into(),
            replicas,
            threads: Some(threads),
            is_async: false,
            cores: None,
            queue: match self {
                // A full queue takes 3.3 timeouts of 25 service times.
                Self::Storm => Some((3.3 * 25.0 * f64::from(threads)) as u32),
                Self::Draining | Self::Sluggish => None,
                _ => Some(0),
            },
            backlog: if self == Self::Storm { 0 } else { 128 },
            balance: "round_robin",
            zoned: self == Self::Partition,
            busy: None,
            endpoints: vec![("open".into(), vec![Step::Work(work)])],
        });
        system.workloads.push(Workload {
            name: HURT.into(),
            load: Load::Open {
                rate,
                constant: dice.chance(0.2),
                shape: None,
            },
            to,
        });
        victim
    }

    /// How the dependency is called.
    fn calls(self, system: &mut System, mean: f64, victim: usize) {
        let timeout = match self {
            Self::Storm => Some(25.0 * mean),
            Self::Impatient => Some(0.3 * mean),
            Self::Draining | Self::Sluggish => None,
            _ => Some(round_up(20.0 * mean)),
        };
        let policies = Policies {
            retry: (self == Self::Storm).then_some((3, None)),
            backoff: None,
            breaker: false,
            timed: false,
            timeout,
            written: None,
        };
        if timeout.is_some() {
            system.calls.insert((Caller::Service(0), victim), policies);
        }
    }

    /// Adds the cause.
    fn cause(self, system: &mut System) -> Expected {
        let end = system.duration;
        let at = system.warmup + 90.0;
        let front = system.services[0].name.clone();
        let (from, to, inject) = match self {
            Self::Dead => (at, end, format!("crash(service: \"{VICTIM}\")")),
            Self::Restarted => {
                let crash = format!("crash(service: \"{VICTIM}\", boot: \"5s\")");
                (at, at + 30.0, crash)
            }
            Self::Slow => (
                at,
                at + 60.0,
                format!("slow(service: \"{VICTIM}\", factor: 20)"),
            ),
            Self::Storm => (
                at,
                at + 60.0,
                format!("slow(service: \"{VICTIM}\", factor: 5)"),
            ),
            Self::Lossy => {
                let link = format!("{front} -> {VICTIM}");
                let loss = format!("loss(link: \"{link}\", rate: 0.2, retransmit: \"0s\")");
                (at, at + 60.0, loss)
            }
            Self::Failing => {
                let error = format!("error(service: \"{front}\", workload: \"{HURT}\")");
                (at, at + 120.0, error)
            }
            Self::Partition => {
                let link = "zone:north-1 -> zone:north-2";
                (at, at + 60.0, format!("partition(link: \"{link}\")"))
            }
            Self::Late => (
                end - 35.0,
                end - 5.0,
                format!("hang(service: \"{VICTIM}\")"),
            ),
            Self::Sluggish => (
                at,
                at + 120.0,
                format!("slow(service: \"{VICTIM}\", factor: 2.5)"),
            ),
            Self::Draining => (at, at + 30.0, format!("pause(service: \"{VICTIM}\")")),
            Self::Undersized | Self::Impatient | Self::Spike => (at, at + 60.0, String::new()),
        };
        let always = matches!(self, Self::Undersized | Self::Impatient);
        if self == Self::Spike {
            spike(system, from, to);
        } else if !always {
            let share = if self == Self::Failing {
                "share: 0.2, "
            } else {
                ""
            };
            let lasts = match self {
                Self::Dead => String::new(),
                _ => format!("for: \"{}\", ", span(to - from)),
            };
            let at = span(from);
            system.faults.push(format!(
                "(name: \"cause\", at: \"{at}\", {lasts}{share}inject: {inject})"
            ));
            system.planned.push("cause".into());
        }
        let (from, to) = if always {
            (system.warmup, end)
        } else {
            (from, to)
        };
        Expected {
            verdicts: match self {
                Self::Dead => &["inconclusive", "not_recovered", "refuted"],
                Self::Storm => &["metastable"],
                Self::Undersized | Self::Impatient => &["refuted", "never_steady"],
                Self::Late => &["inconclusive", "not_recovered"],
                Self::Draining => &["not_recovered"],
                // The hurt believe in success alone, and they have that.
                Self::Sluggish => &["held"],
                _ => &["recovered"],
            },
            during: (from, to),
            answered: match self {
                Self::Draining | Self::Dead | Self::Restarted | Self::Impatient => 0.05,
                Self::Failing => 0.87,
                // All are, late.
                Self::Sluggish => f64::INFINITY,
                _ => 0.8,
            },
            incident: !matches!(self, Self::Draining | Self::Sluggish),
            moment: !always && !matches!(self, Self::Draining | Self::Sluggish),
            blast: !always && self != Self::Draining,
            suspicion: matches!(self, Self::Storm | Self::Undersized | Self::Impatient),
            // What came in 30 s is worked off by what the threads can do beyond the load.
            pace: (self == Self::Draining).then(|| 30.0 * self.busy() / (1.0 - self.busy())),
        }
    }
}

fn spike(system: &mut System, from: f64, to: f64) {
    let load = &mut system
        .workloads
        .last_mut()
        .expect("the hurt come last")
        .load;
    if let Load::Open { shape, .. } = load {
        let (at, lasts) = (span(from), span(to - from));
        let spike = format!("spike(at: \"{at}\", for: \"{lasts}\", factor: 5)");
        *shape = Some((spike, 5.0));
    }
}
