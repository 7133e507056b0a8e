//! A supervisor starts instances again that have died, after a back-off that grows while they keep dying.
//!
//! Restart n in a row (from 1) comes after min(`cap`, `backoff` × `factor`^(n-1)). An instance that then ran for
//! `reset` without dying begins again at n = 1. The defaults are those of the kubelet's CrashLoopBackOff. An instance
//! that dies of a crash without `for` is sound once it has been started again; one whose crash is still on dies again
//! (`lives` of the fault says after how long), and stays down when the crash is over until its next restart is due.
//!
//! Source: Kubernetes documentation, "Pod Lifecycle", restartPolicy: "an exponential back-off delay (10s, 20s, 40s,
//! …), that is capped at 300 seconds (5 minutes). Once a container has executed for 10 minutes without any problems,
//! the kubelet resets the restart backoff timer". Elsewhere: systemd `Restart=on-failure`, `RestartSec=100ms` (which
//! does not grow: `backoff: "100ms", factor: 1`), Docker `on-failure:5` (`restarts: 5`; the count begins again with
//! the back-off), Erlang supervisors.

use super::controller::{Context, Controller, Do, Watches};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Starts the instances of a service again that have died.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervisor {
    /// Name of the service.
    pub service: String,
    /// How long after its death an instance is started again, the first time; longer than zero.
    #[serde(default = "ten_seconds")]
    pub backoff: SimDuration,
    /// By what that is multiplied for each further restart in a row; 1 or more.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest that it grows to.
    #[serde(default = "five_minutes")]
    pub cap: SimDuration,
    /// How long an instance must have run for its next death to count as the first.
    #[serde(default = "ten_minutes")]
    pub reset: SimDuration,
    /// Restarts in a row after which it leaves an instance down for good; none: no limit.
    #[serde(default)]
    pub restarts: Option<u32>,
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

fn two() -> f64 {
    2.0
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}

/// What a supervisor remembers of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Life {
    /// Restarts in a row.
    restarts: u32,
    /// When it was started last.
    started: SimTime,
    /// When it is to be started again, if it is down.
    due: Option<SimTime>,
}

impl Supervisor {
    /// The wait before restart `n` in a row, from 1.
    fn wait(&self, n: u32) -> SimDuration {
        let grown = self.backoff.as_nanos_f64() * libm::pow(self.factor, f64::from(n - 1));
        SimDuration::from_nanos_f64(grown.min(self.cap.as_nanos_f64()))
    }
}

impl Controller for Supervisor {
    const SUMMARY: &'static str =
        "starts instances again that have died, after a back-off that grows while they keep dying";
    const EXAMPLE: &'static str = r#"supervisor(service: "db", backoff: "10s", cap: "5min")"#;
    type Memory = Vec<Life>;

    fn memory(&self, instances: usize) -> Vec<Life> {
        vec![Life::default(); instances]
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Deaths(&self.service)
    }

    fn on_death(&self, lives: &mut Vec<Life>, instance: u32, context: &Context) -> Do {
        let life = &mut lives[instance as usize];
        life.due = None;
        if context.now.since(life.started) >= self.reset {
            life.restarts = 0;
        }
        if self.restarts.is_some_and(|most| life.restarts >= most) {
            return Do::GiveUp(instance);
        }
        life.restarts = life.restarts.saturating_add(1);
        let after = self.wait(life.restarts);
        life.due = Some(context.now + after);
        Do::Wake {
            after,
            timer: instance,
        }
    }

    fn on_started(&self, lives: &mut Vec<Life>, instance: u32, context: &Context) {
        let life = &mut lives[instance as usize];
        (life.due, life.started) = (None, context.now);
    }

    fn on_timer(&self, lives: &mut Vec<Life>, instance: u32, context: &Context) -> Do {
        // Somebody else may have started it meanwhile.
        if lives[instance as usize].due != Some(context.now) {
            return Do::Nothing;
        }
        self.on_started(lives, instance, context);
        Do::Start(instance)
    }

    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.backoff == SimDuration::ZERO {
            let why = "must be longer than zero: what dies as it starts would be started for ever at one instant";
            wrong.push(("backoff", why.to_owned()));
        }
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            wrong.push(("factor", format!("is 1 or more, not {}", self.factor)));
        }
        if self.cap < self.backoff {
            let why = format!(
                "is {}, which is shorter than `backoff`: {}",
                self.cap, self.backoff
            );
            wrong.push(("cap", why));
        }
        if self.restarts == Some(0) {
            let why = "must be at least 1: leave the supervisor out if nothing is to be restarted";
            wrong.push(("restarts", why.to_owned()));
        }
        wrong
    }
}
