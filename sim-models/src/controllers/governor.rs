//! A governor limits how fast automatic actions may follow each other, and calls a human when there are too many.
//!
//! Automation that repairs one instance heals; automation that restarts all of them at once is the outage. A governor
//! stands before other controllers (`over`; all of them unless names are given): whatever one of them is about to do,
//! a supervisor's start of an instance or the first action of an operator's runbook, the governor is asked first.
//!
//! It counts what it has let go within the `window` that has just passed. The first `free` of these go at once. Each
//! further one waits, longer the more has been done: number n beyond them for min(`cap`, `pause` × `factor`^(n-1)).
//! Where `most` have been let go within the window, or this one would bring the instances of its service that were
//! acted on within it above `share` of them all (one is always allowed), it lets nothing go any more: it alerts a human
//! and holds back this and everything that is asked or still waits from then on. After `reaction` the human decides:
//!
//! - `human: lift` (the limit was in the way of a real repair): all that was held back goes at once, in the order in
//!   which it was asked, and the count begins again from nothing;
//! - `human: confirm` (the limit was right, the automation is the trouble): all of it is dropped, and what the governor
//!   stands before does nothing any more.
//!
//! An instance that somebody else has started meanwhile is not started again. A runbook counts once, when it begins; a
//! `restart` in front of it counts as all the instances that it may restart. Ejections of outliers are a caller's own and
//! bounded by `share` of `outlier_ejection`; they ask nobody.
//!
//! Source: M. Nygard, *Release It!* (2nd ed. 2018), "Governor": stateful and time-aware, slows automatic actions down in
//! the direction that is unsafe, so that humans can get involved, after the shutdown of Reddit by its own autoscaler
//! in August 2016. Elsewhere: Kubernetes `maxUnavailable` of a `PodDisruptionBudget`, node eviction rates of its node
//! controller, AWS "constant work".

use super::controller::{Asked, Context, Controller, Do, Leave, Watches};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Limits how fast other controllers may act, and calls a human when they have acted too often.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Governor {
    /// Names of the controllers that it stands before; all others where none is given.
    #[serde(default)]
    pub over: Vec<String>,
    /// How far back what was let go counts.
    #[serde(default = "ten_minutes")]
    pub window: SimDuration,
    /// Actions within the window that go at once.
    #[serde(default = "three")]
    pub free: u32,
    /// How long the first one beyond them waits.
    #[serde(default = "thirty_seconds")]
    pub pause: SimDuration,
    /// By what that is multiplied for each further one; 1 or more.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest that one waits.
    #[serde(default = "five_minutes")]
    pub cap: SimDuration,
    /// Actions within the window after which it holds everything back and alerts a human; none: no limit.
    #[serde(default)]
    pub most: Option<u32>,
    /// Share of the instances of a service that may be acted on within the window before it does so, 0 to 1; one that is
    /// acted on twice counts twice. None: no limit.
    #[serde(default)]
    pub share: Option<f64>,
    /// How long it takes the human from the alert on to look and decide.
    #[serde(default = "five_minutes")]
    pub reaction: SimDuration,
    /// What the human decides.
    #[serde(default)]
    pub human: Human,
}

/// What a human decides whom a governor has alerted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Human {
    /// What was held back goes at once, and the count begins again.
    #[default]
    Lift,
    /// What was held back is dropped, and nothing automatic is done any more.
    Confirm,
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}

fn three() -> u32 {
    3
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn two() -> f64 {
    2.0
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

/// Something that was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Done {
    at: SimTime,
    /// The service that it acts on, and how many of its instances.
    on: Option<(u32, u32)>,
}

/// Where a governor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It lets go what is within its limits.
    Counting,
    /// It has alerted a human, and holds everything back.
    Alerted,
    /// The human has confirmed it: nothing goes any more.
    Stopped,
}

/// What a governor remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    stage: Stage,
    done: Vec<Done>,
}

/// The timer of the human; the others are those of what waits.
const HUMAN: u32 = u32::MAX;

impl Governor {
    /// How long the next action waits after so many within the window.
    fn wait(&self, done: usize) -> SimDuration {
        let free = self.free as usize;
        if done < free {
            return SimDuration::ZERO;
        }
        let grown = self.pause.as_nanos_f64() * libm::pow(self.factor, (done - free) as f64);
        SimDuration::from_nanos_f64(grown.min(self.cap.as_nanos_f64()))
    }

    /// Whether something would bring the instances that were acted on above the share.
    fn too_many(&self, log: &Log, asked: &Asked) -> bool {
        let (Some(share), Some((service, count, all))) = (self.share, asked.instances) else {
            return false;
        };
        let on = log.done.iter().filter_map(|done| done.on);
        let before: u32 = on
            .filter(|(of, _)| *of == service)
            .map(|(_, count)| count)
            .sum();
        // One is always allowed: it would never do anything else.
        before + count > 1 && f64::from(before + count) > share * f64::from(all)
    }
}

impl Controller for Governor {
    const SUMMARY: &'static str =
        "limits how fast other controllers may act, and calls a human when they act too often";
    const EXAMPLE: &'static str =
        r#"governor(window: "10min", free: 3, pause: "30s", most: 10, reaction: "5min")"#;
    type Memory = Log;

    fn memory(&self, _: usize) -> Log {
        Log {
            stage: Stage::Counting,
            done: Vec::new(),
        }
    }

    fn watches(&self) -> Watches<'_> {
        Watches::Clock
    }

    fn governs(&self) -> Option<&[String]> {
        Some(&self.over)
    }

    fn on_asked(&self, log: &mut Log, asked: &Asked, context: &Context) -> Leave {
        match log.stage {
            Stage::Alerted => return Leave::Held,
            Stage::Stopped => return Leave::Denied,
            Stage::Counting => {}
        }
        log.done.retain(|done| done.at + self.window > context.now);
        let done = log.done.len();
        if self.most.is_some_and(|most| done >= most as usize) || self.too_many(log, asked) {
            log.stage = Stage::Alerted;
            return Leave::Alert {
                after: self.reaction,
                timer: HUMAN,
            };
        }
        let wait = self.wait(done);
        log.done.push(Done {
            at: context.now + wait,
            on: asked.instances.map(|(service, count, _)| (service, count)),
        });
        if wait == SimDuration::ZERO {
            Leave::Granted
        } else {
            Leave::After(wait)
        }
    }

    fn on_timer(&self, log: &mut Log, timer: u32, _: &Context) -> Do {
        match (log.stage, timer, self.human) {
            (Stage::Alerted, HUMAN, Human::Lift) => {
                log.stage = Stage::Counting;
                log.done.clear();
                Do::ReleaseAll
            }
            (Stage::Alerted, HUMAN, Human::Confirm) => {
                log.stage = Stage::Stopped;
                Do::DropAll
            }
            (Stage::Counting, ticket, _) if ticket != HUMAN => Do::Release(ticket),
            // What has waited long enough is held back with the rest.
            _ => Do::Nothing,
        }
    }

    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".to_owned()));
        }
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            wrong.push(("factor", format!("is 1 or more, not {}", self.factor)));
        }
        if self.cap < self.pause {
            let why = format!(
                "is {}, which is shorter than `pause`: {}",
                self.cap, self.pause
            );
            wrong.push(("cap", why));
        }
        if let Some(share) = self.share
            && !(0.0..=1.0).contains(&share)
        {
            wrong.push(("share", format!("must be 0 to 1, not {share}")));
        }
        wrong
    }
}
