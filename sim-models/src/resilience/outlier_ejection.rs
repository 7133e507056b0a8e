//! Outlier ejection: balancers pass an instance by for a while when it fails more than it may.
//!
//! Every caller (or all together, by `scope`) judges each instance of the callee by what it saw there. At `failures`
//! in a row an instance is ejected: for `base` the first time, twice that the second time, and so on up to `longest`.
//! No more than `share` of the instances are out at a time (but one always may be, with `at_least_one`): a further
//! outlier is spared. Where fewer than `panic` of the instances are left, nobody is passed by: better to ask the ill
//! than to crush the healthy; 0: never. Where all are out, none is passed by.
//!
//! `rules` eject for more:
//!
//! - `in_a_row`: so many server errors (statuses of 500 and more; an error without one counts as 500, a rejection as
//!   503), gateway errors (502, 503, 504) or local errors one after the other;
//! - `success_rate`: the share of good answers within an interval is more than `deviations` standard deviations below
//!   the mean over the instances, of those that had `volume` requests, if there are at least `instances` of them;
//! - `failure_rate`: that share of requests or more has failed, with the same conditions.
//!
//! Local errors are those that the caller found for itself: no answer in time (504), or no connection, a reset, a loss
//! (503). With `split` they are told apart: rules for answers do not see them, and those for `local` see nothing else (any
//! answer is a success to them). What the caller takes back, or turns away itself, counts nowhere. `enforced` is the
//! chance that an instance which a rule finds is ejected indeed.
//!
//! **At once, or by sweeps.** Without an `interval` an instance is out from the moment on at which it has failed too
//! often, and back when its time is over; results of calls that were sent before an ejection and come after it do not
//! count, nor do those of calls that it gets while it is out, because all are; every `base` without an ejection takes one
//! time back.
//!
//! With an `interval`, as in Envoy: failures in a row still eject at once, but rates are judged, and instances come back,
//! only at the sweeps, every `interval` from the start on. All results count, whenever they were sent. At a sweep first
//! those come back whose time is over at that moment or before (with up to `jitter` more, by chance, drawn when they are
//! ejected), counted in a row from nothing; then the rates of the interval that ends are judged, of those that are in;
//! then each that is in and has been for an interval at least has one time taken back. A count in a row begins anew when
//! it has reached its number, whether its instance is ejected or spared; while it is out nothing comes of it. Times grow
//! no further once they come to more than `longest`.
//!
//! Source: Envoy `outlier_detection` and `source/common/upstream/outlier_detection_impl.cc` (v1.34: `consecutive_5xx` 5,
//! `interval` 10 s, `base_ejection_time` 30 s, `max_ejection_time` 300 s, `max_ejection_percent` 10,
//! `success_rate_stdev_factor` 1900, `failure_percentage_threshold` 85, `healthy_panic_threshold` 50 %); the presets
//! `envoy` and `istio` say all of it in their words. Here a result is one report to the detector; Envoy's HTTP router also
//! reports each connection as a local success, so that its timeouts are never in a row. With a panic threshold of 0 and
//! all hosts out Envoy answers 503, we ask them. Elsewhere gRPC A50, Finagle `FailureAccrual` (`failure_accrual`).

mod rules;
mod hosts;

pub use hosts::{Host, Hosts};
pub use rules::{FailureRate, InARow, OutlierRule, SuccessRate, What};

use super::{By, Context, Do, Ended, Policy, Reading, Scope};
use crate::outcome::OutcomeSet;
use rules::Seen;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Passes an instance by for a while when it fails more than it may.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlierEjection {
    /// Failures in a row that eject an instance; 0: none do.
    #[serde(default = "five")]
    pub failures: u32,
    /// How long it is out the first time.
    #[serde(default = "thirty_seconds")]
    pub base: SimDuration,
    /// How long it is out at most.
    #[serde(default = "five_minutes")]
    pub longest: SimDuration,
    /// The share of the instances that may be out at a time.
    #[serde(default = "half")]
    pub share: f64,
    /// Where less than this share of the instances is left, nobody is passed by.
    #[serde(default = "half")]
    pub panic: f64,
    /// What counts as a failure of `failures`.
    #[serde(default)]
    pub on: OutcomeSet,
    /// What else ejects an instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<OutlierRule>,
    /// Whether errors that the caller finds for itself are told apart from those that it is answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub split: bool,
    /// How often rates are judged and instances come back; none: at once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub interval: Option<SimDuration>,
    /// How much longer an instance is out at most, by chance; of sweeps.
    #[serde(default, skip_serializing_if = "is_default")]
    pub jitter: SimDuration,
    /// Whether one instance may be out whatever `share` says.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub at_least_one: bool,
    /// Who shares what is known of the instances.
    #[serde(default)]
    pub scope: Scope,
    /// What it is counted apart for, beside the instances; none: nothing.
    #[serde(default)]
    pub by: Option<By>,
}

fn five() -> u32 {
    5
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn half() -> f64 {
    0.5
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for OutlierEjection {
    fn default() -> Self {
        Self {
            failures: five(),
            base: thirty_seconds(),
            longest: five_minutes(),
            share: half(),
            panic: half(),
            on: OutcomeSet::default(),
            rules: Vec::new(),
            split: false,
            interval: None,
            jitter: SimDuration::ZERO,
            at_least_one: true,
            scope: Scope::default(),
            by: None,
        }
    }
}

impl OutlierEjection {
    /// Counts a result at an instance, and ejects it if that is one too many.
    fn count(
        &self,
        hosts: &mut Hosts,
        number: usize,
        sent: SimTime,
        ended: &Ended,
        context: &mut Context,
    ) {
        let now = context.now;
        let host = &mut hosts.list[number];
        let stale = host.until > now || (host.until > SimTime::ZERO && sent < host.from);
        if self.interval.is_none() && stale {
            return;
        }
        if let Some(seen) = Seen::of(ended, self.split) {
            host.note(&seen);
            for (index, rule) in self.rules.iter().enumerate() {
                if let OutlierRule::InARow(rule) = rule
                    && seen.fails(rule.of)
                {
                    self.too_many(
                        hosts,
                        (number, rule.of as usize),
                        rule.failures,
                        (index + 1, rule.enforced),
                        context,
                    );
                }
            }
        }
        if self.failures == 0 || ended.given_up {
            return;
        }
        let host = &mut hosts.list[number];
        if self.on.contains(ended.ending) {
            host.in_a_row[Host::ON] += 1;
            self.too_many(hosts, (number, Host::ON), self.failures, (0, 1.0), context);
        } else {
            host.in_a_row[Host::ON] = 0;
        }
    }

    /// Ejects an instance if it has failed so often in a row.
    fn too_many(
        &self,
        hosts: &mut Hosts,
        (number, counter): (usize, usize),
        most: u32,
        (rule, enforced): (usize, f64),
        context: &mut Context,
    ) {
        let now = context.now;
        let in_a_row = hosts.list[number].in_a_row[counter];
        if self.interval.is_none() {
            if in_a_row >= most && hosts.list[number].until <= now {
                self.find(hosts, number, rule, enforced, now, context.counters);
            }
        } else if in_a_row == most && hosts.list[number].until <= now {
            self.find(hosts, number, rule, enforced, now, context.counters);
            hosts.list[number].in_a_row[counter] = 0;
        }
    }
}

impl Policy for OutlierEjection {
    /// Of each instance of the callee that there is.
    type Memory = Hosts;
    /// When the call came in.
    type Call = SimTime;
    const SUMMARY: &'static str = "passes an instance by that fails more than it may";
    const EXAMPLE: &'static str = "outlier_ejection(failures: 5)";
    const LIVE: &'static [&'static str] = &["failures", "base", "longest", "share"];
    const COUNTERS: &'static [&'static str] = &["ejected", "spared"];
    const LEAVES: bool = true;
    const SHUNS: bool = true;
    const STATES: &'static [&'static str] = &["in", "ejected"];
    const STATES_BY_CALLEE: bool = true;

    fn memory(&self) -> Hosts {
        Hosts::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, hosts: &mut Hosts, came: &mut SimTime, context: &mut Context) -> Do {
        hosts.hold(context.callees, context.key);
        self.sweep(hosts, context.now, context.counters);
        *came = context.now;
        Do::Pass
    }
    fn on_leave(
        &self,
        hosts: &mut Hosts,
        came: &mut SimTime,
        ended: &Ended,
        context: &mut Context,
    ) {
        self.sweep(hosts, context.now, context.counters);
        if hosts.list.len() > ended.callee as usize {
            self.count(hosts, ended.callee as usize, *came, ended, context);
        }
    }
    fn shun(&self, hosts: &Hosts, now: SimTime, passed_by: &mut [bool]) {
        if self.is_due(hosts, now) {
            let mut swept = hosts.clone();
            self.sweep(&mut swept, now, &mut [0; 2]);
            return self.pass_by(&swept, now, passed_by);
        }
        self.pass_by(hosts, now, passed_by);
    }
    fn state(&self, hosts: &Hosts, callee: u32, now: SimTime) -> (u8, Option<SimTime>) {
        match hosts.list.get(callee as usize) {
            Some(host) if host.until > now => (1, None),
            Some(host) => (0, Some(host.until)),
            None => (0, None),
        }
    }
    fn reading(&self, hosts: &Hosts, now: SimTime) -> Reading {
        let mut swept = hosts.clone();
        self.sweep(&mut swept, now, &mut [0; 2]);
        Reading::number("out", swept.out(now) as f64)
    }
    fn why(&self, hosts: &Hosts, now: SimTime) -> String {
        let mut swept = hosts.clone();
        self.sweep(&mut swept, now, &mut [0; 2]);
        self.told(&swept, now)
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        self.never_at(rate)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.base == SimDuration::ZERO {
            wrong.push(("base", "must be longer than zero".into()));
        }
        if self.longest < self.base {
            wrong.push(("longest", format!("must be at least `base`, {}", self.base)));
        }
        for (field, share) in [("share", self.share), ("panic", self.panic)] {
            if !(0.0..=1.0).contains(&share) {
                wrong.push((field, format!("must be 0 to 1, not {share}")));
            }
        }
        if self.interval == Some(SimDuration::ZERO) {
            wrong.push(("interval", "must be longer than zero".into()));
        }
        if self.interval.is_none() && self.jitter > SimDuration::ZERO {
            let why = "is of instances that come back at sweeps: give an `interval`";
            wrong.push(("jitter", why.into()));
        }
        if self.failures == 0 && self.rules.is_empty() {
            let why = "must be at least 1, or other `rules` eject: otherwise nobody ever is";
            wrong.push(("failures", why.into()));
        }
        wrong.extend(rules::wrong(
            &self.rules,
            self.split,
            self.interval.is_some(),
        ));
        wrong
    }
}
