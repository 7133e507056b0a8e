//! Controllers that have nothing to do.

use crate::check::checker::{Checker, at};
use crate::controllers::{Action, Operator};
use crate::controllers::{ControllerSpec, Watches};
use crate::faults::{Effect, Fault, Target};
use crate::plan::live;
use crate::scenario::Scenario;
use crate::scenario::diagnostics::Code;
use sim_core::SimDuration;

impl Checker<'_> {
    /// Whether controllers have something to do, and faults say nothing that only controllers bring about.
    pub(super) fn controllers_act(&mut self) {
        let scenario = self.scenario;
        for (name, spec) in &scenario.controllers {
            if let Watches::Deaths(service) = spec.watches()
                && !scenario.faults.iter().any(|fault| has_die(fault, service))
            {
                let message =
                    format!("no fault has an instance of `{service}` die, so `{name}` never acts");
                let path = at!["controllers", name.as_str(), "service"];
                self.report(Code::IdleController, path, message)
                    .help
                    .push(format!(
                        "add a fault such as `(at: \"60s\", inject: crash(service: \"{service}\", instances: one))`"
                    ));
            }
            let ControllerSpec::Operator(operator) = spec else {
                continue;
            };
            for (number, action) in operator.actions.iter().enumerate() {
                let last = number + 1 == operator.actions.len();
                if let Some(why) = idle(scenario, operator, action, last) {
                    let path = at!["controllers", name.as_str(), "do", number];
                    self.report(Code::IdleController, path, why);
                }
            }
        }
        for (number, fault) in scenario.faults.iter().enumerate() {
            let Effect::Down { lives, .. } = fault.inject.effect() else {
                continue;
            };
            let ends = fault.lasts.is_some() || fault.random.is_some();
            let supervised = supervised(scenario).any(|service| has_die(fault, service));
            if lives > SimDuration::ZERO && !(ends && supervised) {
                let message = if supervised {
                    "`lives` has no effect without `for`: what is started again after this crash lives on"
                } else {
                    "`lives` has no effect: nobody starts again what this crash has die while it is on"
                };
                let path = at!["faults", number, "inject", "lives"];
                self.report(Code::IdleController, path, message).help.push(
                    "give the fault a `for` and its service a `supervisor`, or leave `lives` out"
                        .into(),
                );
            }
        }
    }
}

/// The services that a supervisor watches over.
fn supervised(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let all = scenario.controllers.values();
    all.filter_map(|spec| match spec.watches() {
        Watches::Deaths(service) => Some(service),
        _ => None,
    })
}

/// All that operators do.
fn actions(scenario: &Scenario) -> impl Iterator<Item = &Action> {
    let all = scenario.controllers.values();
    all.flat_map(ControllerSpec::actions)
}

/// Whether a fault may have instances of a service die.
fn has_die(fault: &Fault, of: &str) -> bool {
    let hits = |target: &Target| match target {
        Target::Instances { service, .. } => service.as_deref().is_none_or(|name| name == of),
        Target::Link(_) => false,
    };
    matches!(fault.inject.effect(), Effect::Down { .. }) && hits(&fault.inject.target())
}

/// Whether somebody ends a fault that has no end of its own: lifts it, or starts again what it has die.
pub(super) fn is_ended(scenario: &Scenario, fault: &Fault) -> bool {
    let title = fault.title();
    let restarted = |service: &str| has_die(fault, service);
    supervised(scenario).any(restarted)
        || actions(scenario).any(|action| match action {
            Action::Lift(lift) => lift.fault == title,
            Action::Restart(restart) => restarted(&restart.service),
            _ => false,
        })
}

/// Why an action does nothing; none if it may do something.
fn idle(scenario: &Scenario, operator: &Operator, action: &Action, last: bool) -> Option<String> {
    let mut others = actions(scenario);
    match action {
        Action::Wait(_) if last => {
            Some("this `wait` is the last action: nothing comes after it".into())
        }
        Action::Load(load) if load.factor == 1.0 => {
            let less = |other: &Action| matches!(other, Action::Load(other) if other.workload == load.workload && other.factor < 1.0);
            (!others.any(less))
                .then(|| format!("`{}` asks all its requests already", load.workload))
        }
        Action::Shed(shed) if shed.share == 0.0 => {
            let more = |other: &Action| matches!(other, Action::Shed(other) if other.workload == shed.workload && other.share > 0.0);
            (!others.any(more))
                .then(|| format!("no request of `{}` is turned away anyway", shed.workload))
        }
        Action::Set(set) => {
            let other = |other: &Action| matches!(other, Action::Set(other) if other.path == set.path && other.value != set.value);
            let same = live::changed(scenario, &set.path, &set.value.0);
            (!others.any(other) && same.is_ok_and(|same| same == *scenario))
                .then(|| format!("`{}` is `{}` already", set.path, set.value.0))
        }
        Action::Lift(lift) => {
            let acts = SimDuration(operator.at?.0.saturating_add(operator.after.0));
            let over = |fault: &Fault| {
                let again = fault.every.is_some() || fault.cron.is_some() || fault.random.is_some();
                let ends = fault.at.zip(fault.lasts);
                !again && ends.is_some_and(|(at, lasts)| at.0.saturating_add(lasts.0) <= acts.0)
            };
            let mut named = scenario
                .faults
                .iter()
                .filter(|fault| fault.title() == lift.fault);
            named.all(over).then(|| {
                format!(
                    "`{}` is over at {acts}: there is nothing to lift",
                    lift.fault
                )
            })
        }
        _ => None,
    }
}
