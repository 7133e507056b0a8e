//! An operator works through a runbook: at a time, or when something has held for a while, do these things in order.
//!
//! `when` is a check, measured over the span `over` that has just passed, and looked at wherever a window of the
//! series ends. As soon as it has held at every look for the span `for` the alert fires; `after` more, the time that
//! it takes a person to be paged, understand and act, the operator looks again: what does not hold any more is left
//! alone, and watched again. What cannot be measured (a success ratio while nothing is answered) does not hold, as an
//! alert on no data does not fire. `do` is done in order, each action when the one before is done; `times` is how
//! often he acts at most, and between two times `when` must hold for the span `for` afresh.
//!
//! Source: the life of an alerting rule of Prometheus (`expr`, `for`; "Alerting rules" in its documentation), and of
//! a runbook: B. Beyer et al., *Site Reliability Engineering* (O'Reilly 2016), chapters 11 and 22 ("Addressing
//! Cascading Failures": restart servers, drop traffic, ...).

use super::action::Action;
use super::controller::{Context, Controller, Do, Watches};
use crate::expression::Belief;
use crate::ids::ActionId;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Does what a runbook says, at a time or when something has held for a while.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// When it acts, without looking at anything.
    #[serde(default)]
    pub at: Option<SimDuration>,
    /// The check that must hold for it to act, such as `"success_ratio(users) < 90%"`.
    #[serde(default)]
    pub when: Option<Belief>,
    /// The span up to each look over which `when` is measured, rounded up to whole windows.
    #[serde(default = "ten_seconds")]
    pub over: SimDuration,
    /// How long `when` must have held at every look.
    #[serde(default, rename = "for")]
    pub lasts: SimDuration,
    /// How long it takes from then on, or from `at` on, until the first action.
    #[serde(default)]
    pub after: SimDuration,
    /// How often it acts at most.
    #[serde(default = "once")]
    pub times: u32,
    /// What it does, in order.
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

fn once() -> u32 {
    1
}

/// How far an operator has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It watches; since when what it watches holds.
    Watching(Option<SimTime>),
    /// It has been alerted, and has yet to act.
    Alerted,
    /// It acts.
    Acting,
    /// It is done for good.
    Over,
}

/// What an operator remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    stage: Stage,
    /// Whether what it watches held when it looked last.
    holds: bool,
    /// How often it has acted.
    acted: u32,
}

impl Controller for Operator {
    const SUMMARY: &'static str =
        "does what a runbook says, at a time or when something has held for a while";
    const EXAMPLE: &'static str = r#"operator(when: "success_ratio(shoppers) < 90%", for: "30s", after: "1min", do: [load("shoppers", 0.5), wait("1min"), load("shoppers", 1)])"#;
    type Memory = Shift;

    fn memory(&self, _: usize) -> Shift {
        Shift {
            stage: Stage::Watching(None),
            holds: false,
            acted: 0,
        }
    }

    fn watches(&self) -> Watches<'_> {
        match &self.when {
            Some(when) => Watches::Condition {
                when,
                over: self.over,
            },
            None => Watches::Clock,
        }
    }

    fn actions(&self) -> &[Action] {
        &self.actions
    }

    fn on_start(&self, shift: &mut Shift, _: &Context) -> Do {
        let Some(at) = self.at else {
            return Do::Nothing;
        };
        shift.stage = Stage::Alerted;
        Do::Wake {
            after: SimDuration(at.0.saturating_add(self.after.0)),
            timer: 0,
        }
    }

    fn on_look(&self, shift: &mut Shift, holds: bool, context: &Context) -> Do {
        shift.holds = holds;
        let Stage::Watching(since) = &mut shift.stage else {
            return Do::Nothing;
        };
        if !holds {
            *since = None;
            return Do::Nothing;
        }
        let since = *since.get_or_insert(context.now);
        if context.now.since(since) < self.lasts {
            return Do::Nothing;
        }
        shift.stage = Stage::Alerted;
        Do::Wake {
            after: self.after,
            timer: 0,
        }
    }

    fn on_timer(&self, shift: &mut Shift, _: u32, _: &Context) -> Do {
        if shift.stage != Stage::Alerted {
            return Do::Nothing;
        }
        if self.when.is_some() && !shift.holds {
            shift.stage = Stage::Watching(None);
            return Do::Nothing;
        }
        shift.stage = Stage::Acting;
        shift.acted += 1;
        Do::Act(ActionId::new(0))
    }

    fn on_done(&self, shift: &mut Shift, action: ActionId, _: &Context) -> Do {
        if usize::from(action.offset(1)) < self.actions.len() {
            return Do::Act(action.offset(1));
        }
        shift.stage = if self.when.is_some() && shift.acted < self.times {
            Stage::Watching(None)
        } else {
            Stage::Over
        };
        Do::Nothing
    }

    fn is_over(&self, shift: &Shift) -> bool {
        shift.stage == Stage::Over
    }

    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        match (self.at, &self.when) {
            (None, None) => wrong.push((
                "when",
                "is not given, and neither is `at`: give one of them, so that it is known when to act"
                    .to_owned(),
            )),
            (Some(_), Some(_)) => wrong.push((
                "at",
                "says when to act, and so does `when`: give one of them".to_owned(),
            )),
            _ => {}
        }
        if self.over == SimDuration::ZERO {
            wrong.push(("over", "must be longer than zero".to_owned()));
        }
        if self.at.is_some() && self.lasts > SimDuration::ZERO {
            wrong.push((
                "for",
                "says how long `when` must hold, and there is no `when`".to_owned(),
            ));
        }
        if self.times == 0 {
            wrong.push(("times", "must be at least 1".to_owned()));
        }
        if self.at.is_some() && self.times > 1 {
            wrong.push((
                "times",
                "counts how often `when` comes to hold, and there is no `when`".to_owned(),
            ));
        }
        if self.actions.is_empty() {
            wrong.push((
                "do",
                "is empty: it needs one action at least, such as `load(\"users\", 0.5)`".to_owned(),
            ));
        }
        if self.actions.len() > usize::from(u16::MAX) {
            wrong.push(("do", "holds at most 65535 actions".to_owned()));
        }
        wrong
    }
}
