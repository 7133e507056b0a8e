//! Faults that hit nothing, never end, or say what has no effect; and runs too short to see them.

use super::controllers::is_ended;
use super::view::View;
use crate::check::checker::{Checker, at};
use crate::faults::{Effect, Fault, Target};
use crate::scenario::diagnostics::Code;
use crate::topology::{first_and_last_start, seconds};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;

impl Checker<'_> {
    /// Whether it can be seen what comes after each fault, or is said what must hold meanwhile.
    pub(super) fn faults_end(&mut self) {
        let scenario = self.scenario;
        for (i, fault) in scenario.faults.iter().enumerate() {
            let ends = fault.lasts.is_some() || fault.random.is_some() || is_ended(scenario, fault);
            let hypothesis = &scenario.hypothesis;
            if ends || !hypothesis.always.is_empty() || !hypothesis.during.is_empty() {
                continue;
            }
            let at = fault.at.unwrap_or(SimDuration::ZERO);
            let message = format!(
                "this fault has no `for`: from {at} on it lasts to the end of the run, {}, and nothing says what must hold meanwhile",
                scenario.duration
            );
            self.report(Code::NoEnd, at!["faults", i], message)
                .help
                .push(
                "add `for: \"30s\"`, or say under `during` or `always` what must hold all the same"
                    .into(),
            );
        }
    }

    /// Whether faults hit something, and not everything.
    pub(super) fn faults_hit(&mut self, view: &View<'_>) {
        let scenario = self.scenario;
        if scenario.faults.is_empty() {
            return;
        }
        let mut reached = Reached::default();
        let Some(plan) = view.plan() else {
            return;
        };
        for (i, (fault, compiled)) in scenario.faults.iter().zip(&plan.faults).enumerate() {
            let Target::Instances {
                service,
                zone,
                region,
                host,
                endpoint,
                workload,
                ..
            } = fault.inject.target()
            else {
                // Of links it is said with their patterns.
                continue;
            };
            let kind = fault.inject.name();
            let nowhere = [&service, &zone, &region, &host, &endpoint, &workload];
            if nowhere.iter().all(|word| word.is_none()) && scenario.services.len() > 1 {
                let message = format!(
                    "this {kind} names no service and no place: it hits all {} instances of all {} services",
                    compiled.candidates.len(),
                    scenario.services.len()
                );
                self.report(Code::WrongTarget, at!["faults", i, "inject"], message)
                    .help
                    .push("name what it hits, such as `service: \"db\"` or `zone: \"a\"`".into());
                continue;
            }
            let place = [("zone", &zone), ("region", &region), ("host", &host)];
            let places: Vec<String> = place
                .iter()
                .filter_map(|(what, name)| Some(format!("{what} `{}`", name.as_ref()?)))
                .collect();
            let message = if compiled.candidates.is_empty() {
                let whose = service.map_or("any service".to_owned(), |name| format!("`{name}`"));
                Some(format!(
                    "no instance of {whose} is in {}",
                    places.join(" and ")
                ))
            } else {
                never_reached(
                    view,
                    &mut reached,
                    service.as_deref(),
                    endpoint.as_deref(),
                    workload.as_deref(),
                )
            };
            if let Some(message) = message {
                let message = format!("this {kind} hits nothing: {message}");
                self.report(Code::WrongTarget, at!["faults", i, "inject"], message);
            }
        }
    }

    /// Whether all that is said of a fault has an effect.
    pub(super) fn options_work(&mut self) {
        for (i, fault) in self.scenario.faults.iter().enumerate() {
            for (field, message, help) in idle(fault) {
                self.report(
                    Code::NoEffect,
                    &[at!["faults", i], &field[..]].concat(),
                    message,
                )
                .help
                .push(help.into());
            }
        }
    }

    pub(super) fn recovery_can_be_seen(&mut self) {
        let scenario = self.scenario;
        let Some(recovers) = scenario.hypothesis.recovers else {
            return;
        };
        let end = SimTime::ZERO + scenario.duration;
        for (i, fault) in scenario.faults.iter().enumerate() {
            let Some((last, lasts)) = first_and_last_start(fault, end)
                .map(|(_, last)| last)
                .zip(fault.lasts)
            else {
                continue;
            };
            let judged = last + lasts + recovers.within + recovers.stretch;
            if judged > end {
                let message = format!(
                    "whether the system recovers from this fault may be known only at {judged}, but the run is over at {}",
                    scenario.duration
                );
                self.report(Code::TooShort, at!["faults", i], message)
                    .help
                    .push(format!(
                        "it ends at {}; then come `within` {}, which may be needed, and `stretch` {}",
                        last + lasts,
                        recovers.within,
                        recovers.stretch
                    ));
            }
        }
    }

    pub(super) fn warmup_ends_in_time(&mut self) {
        let warmup = SimTime::ZERO + self.scenario.warmup;
        for (i, fault) in self.scenario.faults.iter().enumerate() {
            let Some(first) = first_and_last_start(fault, warmup).map(|(first, _)| first) else {
                continue;
            };
            let message = format!(
                "this fault begins at {first}, and the warm-up ends at {warmup} only: nothing before it can be looked at, and its first damage counts in no total"
            );
            self.report(Code::WarmupCut, at!["faults", i], message)
                .help
                .push("let `warmup` end before the first fault begins".into());
        }
    }
}

/// Which endpoints the requests of a workload may reach, by its number, or those of any.
#[derive(Default)]
struct Reached(BTreeMap<Option<usize>, Vec<bool>>);

impl Reached {
    fn by(&mut self, view: &View<'_>, workload: Option<&str>) -> &[bool] {
        let loads = &view.scenario.workloads;
        let number = workload.and_then(|name| loads.get_index_of(name));
        self.0.entry(number).or_insert_with(|| match number {
            Some(number) => view.demand.endpoints.reached([number]),
            None => view.demand.endpoints.reached(0..loads.len()),
        })
    }
}

/// Why no request reaches what a fault hits; none if one may.
fn never_reached(
    view: &View<'_>,
    reached: &mut Reached,
    service: Option<&str>,
    endpoint: Option<&str>,
    workload: Option<&str>,
) -> Option<String> {
    if endpoint.is_none() && workload.is_none() {
        // That nothing calls a service is said where it stands.
        return None;
    }
    let meant = |target: &str| {
        let (to, name) = target.split_once('/').unwrap_or((target, ""));
        service.is_none_or(|only| only == to) && endpoint.is_none_or(|only| only == name)
    };
    let endpoints = &view.demand.endpoints;
    let of = service.and_then(|name| view.scenario.services.get_index_of(name));
    let mut own = match of {
        Some(of) => endpoints.of_service(of),
        None => 0..endpoints.all.len(),
    };
    let reached = reached.by(view, workload);
    let hit = own.any(|at| reached[at] && meant(&endpoints.all[at].target));
    let whose = workload.map_or("no request".to_owned(), |name| {
        format!("no request of `{name}`")
    });
    let what = match (service, endpoint) {
        (Some(service), Some(endpoint)) => format!("`{service}/{endpoint}`"),
        (Some(service), None) => format!("`{service}`"),
        (None, Some(endpoint)) => format!("an endpoint `{endpoint}`"),
        (None, None) => "anything".to_owned(),
    };
    (!hit).then(|| format!("{whose} ever reaches {what}"))
}

type Idle = (Vec<crate::scenario::path::Segment>, String, &'static str);

/// What has no effect: where it stands, why, and what would.
fn idle(fault: &Fault) -> Vec<Idle> {
    let mut found: Vec<Idle> = Vec::new();
    let mut say = |field: &[crate::scenario::path::Segment], why: String, help: &'static str| {
        found.push((field.to_vec(), why, help));
    };
    let kind = fault.inject.name();
    let effect = fault.inject.effect();
    if matches!(effect, Effect::Down { .. } | Effect::Frozen) {
        let whole = format!("has no effect on a {kind}, which hits instances whole and at once");
        if fault.share < 1.0 {
            let help = "say with `instances` how many are hit: `one`, `count(2)`, `percent(10)`";
            say(
                at!["share"],
                format!("`share: {}` {whole}", fault.share),
                help,
            );
        }
        if fault.ramp > SimDuration::ZERO {
            say(
                at!["ramp"],
                format!("`ramp: {}` {whole}", fault.ramp),
                "leave it out",
            );
        }
        if fault.correlation > 0.0 {
            let why = format!("`correlation: {}` {whole}", fault.correlation);
            say(at!["correlation"], why, "leave it out");
        }
    } else {
        let rate = match &effect {
            Effect::Lose { rate, .. } => *rate,
            _ => 1.0,
        };
        if fault.correlation > 0.0 && fault.share * rate >= 1.0 {
            let why = format!(
                "`correlation: {}` has no effect where everything is hit: there is no draw to depend on another",
                fault.correlation
            );
            say(
                at!["correlation"],
                why,
                "give it a `share` below 1, or leave it out",
            );
        }
        if fault.share == 0.0 {
            let why = format!("this {kind} has a share of 0: it hits nothing");
            say(at!["share"], why, "give it a share above 0");
        }
    }
    let nothing = match &effect {
        Effect::Slow { factor, add } => *factor == 1.0 && seconds(add) == 0.0,
        Effect::Delay { add, .. } => seconds(add) == 0.0,
        Effect::Lose { rate, .. } => *rate == 0.0,
        _ => false,
    };
    if nothing {
        let why = format!(
            "this {kind} changes nothing: its factor is 1 or not given, or it adds nothing"
        );
        say(
            at!["inject"],
            why,
            "give it a `factor`, an `add` or a `rate` that makes a difference",
        );
    }
    let again = fault.every.is_some() || fault.cron.is_some() || fault.random.is_some();
    if let Some(times) = fault.times.filter(|times| *times > 1 && !again) {
        let why =
            format!("`times: {times}` has no effect: nothing says how often this fault comes");
        say(at!["times"], why, "add `every: \"60s\"`");
    }
    found
}
