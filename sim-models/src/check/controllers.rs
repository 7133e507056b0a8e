//! Controllers: that what they watch can be seen while a run goes on, and what they do can be done.

use super::checker::{Checker, at, join};
use crate::controllers::{Action, ControllerSpec, Restart, Set, Watches};
use crate::expression::{Belief, METRICS};
use crate::limits::{MOST_CONTROLLERS, MOST_SETTINGS};
use crate::plan::live;
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::{Code, suggest};
use crate::scenario::path::Segment;
use crate::scenario::{Scenario, Workload};
use indexmap::IndexMap;
use sim_core::SimDuration;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn controllers(&mut self) {
        let scenario = self.scenario;
        let mut supervised: BTreeMap<&str, &str> = BTreeMap::new();
        let mut settings = 0;
        let count = scenario.controllers.len();
        if count > MOST_CONTROLLERS {
            let message = format!("{count} controllers: {MOST_CONTROLLERS} at most");
            self.report(Code::Controller, at!["controllers"], message);
            return;
        }
        for (name, spec) in &scenario.controllers {
            let path = at!["controllers", name.as_str()];
            for (field, why) in spec.validate() {
                let message = format!("`{field}` of `{}` {why}", spec.name());
                let help = format!("`sim explain {}` shows its fields", spec.name());
                self.report(Code::Controller, &join(path, at![field]), message)
                    .help
                    .push(help);
            }
            match spec.watches() {
                Watches::Clock => {}
                Watches::Deaths(service) => {
                    self.service_exists(service, &join(path, at!["service"]));
                    if let Some(other) = supervised.insert(service, name) {
                        let message =
                            format!("`{other}` watches over the instances of `{service}` already");
                        self.report(Code::Controller, path, message)
                            .help
                            .push("leave one of them out".into());
                    }
                }
                Watches::Condition { when, over } => self.condition(when, over, path),
            }
            for (number, other) in spec.governs().unwrap_or_default().iter().enumerate() {
                self.governed(other, &join(path, at!["over", number]));
            }
            if let ControllerSpec::Operator(operator) = spec
                && let Some(begins) = operator.at
                && begins.0.saturating_add(operator.after.0) >= scenario.duration.0
            {
                let message = format!(
                    "`{name}` would act at {}, but the run is over at {}",
                    SimDuration(begins.0.saturating_add(operator.after.0)),
                    scenario.duration
                );
                self.report(Code::Controller, &join(path, at!["at"]), message)
                    .help
                    .push("let it act earlier, or make `duration` longer".into());
            }
            for (number, action) in spec.actions().iter().enumerate() {
                settings += usize::from(matches!(action, Action::Set(_)));
                // Each setting is tried, which takes as long as it takes to check the whole.
                if settings <= MOST_SETTINGS {
                    self.action(action, &join(path, at!["do", number]));
                }
            }
        }
        if settings > MOST_SETTINGS {
            let message = format!("{settings} actions `set` something: {MOST_SETTINGS} at most");
            self.report(Code::Controller, at!["controllers"], message);
        }
    }

    /// Whom a governor stands before must be another controller that does something.
    fn governed(&mut self, name: &str, path: &[Segment]) {
        let all = &self.scenario.controllers;
        let others = all.iter().filter(|(_, spec)| spec.governs().is_none());
        let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
        if others.contains(&name) {
            return;
        }
        let message = format!("there is no controller `{name}` that a governor can stand before");
        let help = suggest(name, "there are", others);
        self.report(Code::Controller, path, message)
            .help
            .extend(help);
    }

    /// What an operator waits for must be something that can be seen while the run goes on.
    fn condition(&mut self, when: &Belief, over: SimDuration, path: &[Segment]) {
        if over >= self.scenario.duration {
            let message = format!(
                "`over` is {over}, but the run is over at {}",
                self.scenario.duration
            );
            self.report(Code::Controller, &join(path, at!["over"]), message);
        }
        let path = &join(path, at!["when"]);
        let check = match when.read() {
            Ok(check) => check,
            Err(wrong) => {
                let span = self.span_in_text(path, &wrong.at);
                self.report_at(Code::Expression, span, wrong.message.clone())
                    .help
                    .extend(wrong.help.iter().cloned());
                return;
            }
        };
        let whole = self.span_in_text(path, &(0..when.text().len()));
        for part in check.measure.parts() {
            if !part.metric.by_windows() {
                let message = format!(
                    "`{}` is known when the run is over, and nobody can act on it before",
                    part.metric.name()
                );
                let seen = METRICS.iter().filter(|(metric, ..)| metric.by_windows());
                let seen: Vec<&str> = seen.map(|(_, name, _)| *name).collect();
                self.report_at(Code::Controller, whole, message)
                    .help
                    .push(format!("what can be seen meanwhile: {}", seen.join(", ")));
                return;
            }
            if part.over.is_some() {
                let message = format!(
                    "`{part}` names a stretch of time, and an operator looks at the time that has just passed"
                );
                self.report_at(Code::Controller, whole, message)
                    .help
                    .push("say with `over` how long that is, and leave the stretch out".into());
                return;
            }
        }
        if let Some((at, (message, help))) = self.wrong_part(check) {
            let span = self.span_in_text(path, &at);
            self.report_at(Code::Expression, span, message)
                .help
                .extend(help);
        }
    }

    fn action(&mut self, action: &Action, path: &[Segment]) {
        let scenario = self.scenario;
        match action {
            Action::Lift(lift) => {
                let names: Vec<String> = scenario.faults.iter().map(|f| f.title()).collect();
                if !names.contains(&lift.fault) {
                    let path = join(path, at!["fault"]);
                    let names = names.iter().map(String::as_str);
                    self.unknown((Code::Controller, "fault"), &path, &lift.fault, names);
                }
            }
            Action::Set(set) => self.setting(set, path),
            Action::Restart(restart) => self.restart(restart, path),
            Action::Load(load) => {
                self.share(load.factor, &join(path, at!["factor"]), "`factor`");
                self.workload_exists(&load.workload, &join(path, at!["workload"]));
            }
            Action::Shed(shed) => {
                self.share(shed.share, &join(path, at!["share"]), "`share`");
                self.turned_away(&shed.workload, path);
            }
            Action::Wait(wait) => {
                if wait.span == SimDuration::ZERO {
                    let path = join(path, at!["span"]);
                    self.report(Code::Controller, &path, "`wait` takes no time at all");
                }
            }
        }
    }

    fn restart(&mut self, restart: &Restart, path: &[Segment]) {
        if self.service_exists(&restart.service, &join(path, at!["service"])) {
            let path = join(path, at!["instances"]);
            self.instances(&restart.service, &restart.instances, &path);
        }
        let path = join(path, at!["at_once"]);
        self.at_least_one(restart.at_once, &path, "`at_once`");
    }

    /// A workload of which some requests are turned away must have a way to go on.
    fn turned_away(&mut self, workload: &str, path: &[Segment]) {
        let path = join(path, at!["workload"]);
        self.workload_exists(workload, &path);
        if let Some(Workload::Closed(load)) = self.scenario.workloads.get(workload)
            && load.think.compile().is_ok_and(|think| think.mean() <= 0.0)
        {
            let message = format!(
                "the users of `{workload}` do not think: those who are turned away would ask again at the same instant, for ever"
            );
            self.report(Code::Controller, &path, message)
                .help
                .push("give the workload a `think` time".into());
        }
    }

    /// What is set must be able to change in a running system, and be sound afterwards.
    fn setting(&mut self, set: &Set, path: &[Segment]) {
        let scenario = self.scenario;
        if !live::can_change(scenario, &set.path) {
            let message = format!("`{}` cannot change in a running system", set.path);
            self.report(Code::Controller, &join(path, at!["path"]), message)
                .help
                .extend(can_change());
            return;
        }
        let path = join(path, at!["value"]);
        let known: Vec<&str> = self
            .found
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        let before = |message: &String| known.contains(&message.as_str());
        let why = match live::changed(scenario, &set.path, &set.value.0) {
            Err(why) => why,
            Ok(changed) if !same_policies(scenario, &changed) => {
                "the calls that are in it would meet another policy, with or without a queue".into()
            }
            Ok(changed) => {
                // What was wrong before is said where it stands.
                let found = super::errors(&alone(&changed)).into_iter();
                let mut wrong = found.map(|found| found.message);
                match wrong.find(|wrong| !before(wrong)) {
                    Some(why) => why,
                    None => return,
                }
            }
        };
        let message = format!("`{}` cannot be set to `{}`: {why}", set.path, set.value.0);
        self.report(Code::Controller, &path, message);
    }
}

/// What can change in a running system, for people.
fn can_change() -> [String; 3] {
    let of = PolicySpec::live()
        .iter()
        .filter(|(_, fields)| !fields.is_empty());
    let fields = of.map(|(policy, fields)| format!("{policy} ({})", fields.join(", ")));
    let fields: Vec<String> = fields.collect();
    [
        format!(
            "of a service, `services.NAME.`: {}",
            live::OF_SERVICES.join(", ")
        ),
        format!(
            "of a policy, `calls.\"A -> B\".POLICY.FIELD` and `services.NAME.admission.POLICY.FIELD`: {}",
            fields.join("; ")
        ),
        "the load of a workload: `load(\"users\", 0.5)`, `shed(\"users\", 0.5)`".to_owned(),
    ]
}

/// A scenario without its controllers, which check what they set themselves.
fn alone(scenario: &Scenario) -> Scenario {
    Scenario {
        controllers: IndexMap::new(),
        ..scenario.clone()
    }
}

/// Whether all policies are to the world what they were.
fn same_policies(before: &Scenario, after: &Scenario) -> bool {
    fn all(scenario: &Scenario) -> impl Iterator<Item = &PolicySpec> {
        let doors = scenario
            .services
            .values()
            .flat_map(|service| &service.admission);
        scenario.calls.values().flatten().chain(doors)
    }
    let flags = |policy: &PolicySpec| (policy.parks(), policy.forks(), policy.scope());
    all(before).map(flags).eq(all(after).map(flags))
}
