//! Slips that `sim check` must suspect without a run: each in a healthy system, which it does not suspect
//! of anything.

use super::dice::Dice;
use super::healthy::{Wish, skeleton, steady};
use super::system::{Caller, Delay, Load, Policies, Service, Step, System, Workload};

/// What slipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slip {
    /// A share of successes that is written as a percentage without its sign.
    NeverHolds,
    /// A check that holds whatever happens.
    NeverFails,
    /// A choice with a single arm, meant as a chance.
    SingleArm,
    /// Pauses of 2 s and 4 s within 3 s.
    BackoffBeyondDeadline,
    /// A breaker that no hanging callee ever opens.
    BreakerWithoutTimeout,
    /// A deadline inside a retry that does not try again after it.
    DeadlineInsideRetry,
    /// Half a crash.
    ShareOfCrash,
    /// Slowness of nothing in particular.
    FaultWithoutTarget,
    /// 400 users on a pool for 20 requests a second, who wait 2 s.
    TooManyUsers,
    /// Users who ask again at the instant at which they are turned away.
    Circle,
    /// Three attempts of half of what the pool can do, in a peak of the day.
    AttemptsAtPeak,
    /// One of two instances dies, and nobody tries what it refuses again.
    RefusedOnce,
    /// A call without a limit over a link that is cut.
    CutWithoutTimeout,
}

pub const SLIPS: &[Slip] = &[
    Slip::NeverHolds,
    Slip::NeverFails,
    Slip::SingleArm,
    Slip::BackoffBeyondDeadline,
    Slip::BreakerWithoutTimeout,
    Slip::DeadlineInsideRetry,
    Slip::ShareOfCrash,
    Slip::FaultWithoutTarget,
    Slip::TooManyUsers,
    Slip::Circle,
    Slip::AttemptsAtPeak,
    Slip::RefusedOnce,
    Slip::CutWithoutTimeout,
];

impl Slip {
    /// A healthy system, and the same with the slip.
    pub fn make(self, seed: u64) -> (System, System) {
        let mut dice = Dice::new(seed, 0x51f0 + self as u64);
        let wish = Wish {
            events: 60_000.0,
            duration: Some(600.0),
            services: 8,
        };
        let mut system = skeleton(seed, &mut dice, wish);
        let side = system.services.len();
        system.services.push(side_service());
        let first = &mut system.services[0].endpoints[0].1;
        first.push(Step::Call((side, 0)));
        let sizes = system.size();
        for at in 0..system.workloads.len() {
            steady(&mut system, &sizes, &mut dice, at);
        }
        let healthy = system.clone();
        self.slip(&mut system, side);
        (healthy, system)
    }

    fn slip(self, system: &mut System, side: usize) {
        let call = (Caller::Service(0), side);
        let mut write = |list: &'static str| {
            let written = Policies {
                written: Some(list),
                ..Policies::default()
            };
            system.calls.insert(call, written);
        };
        let name = system.workloads[0].name.clone();
        match self {
            Self::BackoffBeyondDeadline => write(
                r#"deadline("3s"), retry(attempts: 3, backoff: exponential(base: "2s", jitter: none)), timeout("1s")"#,
            ),
            Self::BreakerWithoutTimeout => write(r#"timeout("5s"), breaker(failures: 5)"#),
            Self::DeadlineInsideRetry => {
                write(r#"retry(attempts: 3), deadline(after: "2s", propagate: true)"#);
            }
            Self::NeverHolds => system.steady.push(format!("success_ratio({name}) >= 99")),
            Self::NeverFails => system.steady.push(format!("success_ratio({name}) >= 0")),
            Self::SingleArm => {
                let slip = Step::Written(r#"choice([(0.1, [work("5ms")])])"#);
                system.services[0].endpoints[0].1.push(slip);
            }
            Self::ShareOfCrash => system.faults.push(
                r#"(at: "2min", for: "30s", share: 0.5, inject: crash(service: "sidecar", instances: one))"#.into(),
            ),
            Self::FaultWithoutTarget => {
                system.faults.push(r#"(at: "2min", for: "30s", inject: slow(factor: 1.5))"#.into());
            }
            Self::TooManyUsers => {
                let think = Delay::Exponential(1.0);
                crowd(system, side, 400, think, Some(r#"timeout("2s")"#));
            }
            Self::Circle => {
                system.services[side].backlog = 0;
                system.link = Delay::Constant(0.0);
                crowd(system, side, 20, Delay::Constant(0.0), None);
            }
            Self::RefusedOnce => {
                crowd(system, side, 3, Delay::Exponential(1.0), Some(r#"timeout("2s")"#));
                system.faults.push(
                    r#"(at: "2min", for: "1min", inject: crash(service: "sidecar", instances: one))"#.into(),
                );
            }
            Self::CutWithoutTimeout => {
                system.services[0].threads = Some(64);
                system.services[0].is_async = false;
                system.calls.remove(&call);
                let cut = format!("{} -> sidecar", system.services[0].name);
                system.faults.push(format!(
                    r#"(at: "2min", for: "10s", inject: partition(link: "{cut}"))"#
                ));
            }
            Self::AttemptsAtPeak => {
                let policies = r#"retry(attempts: 3, backoff: none), timeout("1s")"#;
                crowd(system, side, 0, Delay::Constant(0.0), Some(policies));
            }
        }
    }
}

/// Two threads in each of two instances, 100 ms each: 40 requests a second.
fn side_service() -> Service {
    Service {
        name: "sidecar".into(),
        replicas: 2,
        threads: Some(2),
        is_async: false,
        cores: None,
        queue: Some(0),
        backlog: 128,
        balance: "round_robin",
        zoned: false,
        busy: Some(0.5),
        endpoints: vec![("ask".into(), vec![Step::Work(Delay::Constant(0.1))])],
    }
}

/// Adds users of a service of 40 requests a second, or 20 a second with a daily peak of 30 if there are
/// none.
fn crowd(system: &mut System, to: usize, users: u32, think: Delay, policies: Option<&'static str>) {
    // The healthy system may have sized it for more.
    system.services[to].threads = Some(2);
    let name = "crowd";
    let load = if users > 0 {
        Load::Closed { users, think }
    } else {
        let shape = r#"diurnal(period: "10min", amplitude: 0.5, peak: "5min")"#;
        Load::Open {
            rate: 20.0,
            constant: false,
            shape: Some((shape.into(), 1.5)),
        }
    };
    system.services[to]
        .endpoints
        .push(("use".into(), vec![Step::Work(Delay::Constant(0.1))]));
    let endpoint = system.services[to].endpoints.len() - 1;
    system.workloads.push(Workload {
        name: name.into(),
        load,
        to: vec![((to, endpoint), 1)],
    });
    if policies.is_some() {
        let caller = Caller::Workload(system.workloads.len() - 1);
        let written = Policies {
            written: policies,
            ..Policies::default()
        };
        system.calls.insert((caller, to), written);
    }
}
