//! Outlier ejection: balancers pass an instance by for a while when it has failed several times in a row.
//!
//! Every caller (or all together, by `scope`) counts for each instance of the callee the failures in a row that it
//! saw there. At `failures` of them the instance is ejected: for `base` the first time, twice that the second time,
//! and so on up to `longest`; every `base` without an ejection takes one time back. Then it is asked again, and
//! counted from nothing. Results of calls that were sent before an ejection and come after it do not count, nor do those
//! of calls that it gets while it is out, because all are.
//!
//! No more than `share` of the instances are out at a time (one, at least, of two or more): a further outlier is
//! spared. Where fewer than `panic` of the instances are left, nobody is passed by: better to ask the ill than to
//! crush the healthy.
//!
//! Source: Envoy `outlier_detection` (`consecutive_5xx` 5, `base_ejection_time` 30 s, `max_ejection_time` 300 s,
//! `max_ejection_percent` 10, `healthy_panic_threshold` 50 %). Envoy ejects at the next sweep of its `interval`, we
//! at once; its ten per cent of fewer than ten instances are nobody, unless `always_eject_one_host` says so. Elsewhere
//! Istio `outlierDetection`, Finagle `FailureAccrual`.

use super::{By, Context, Do, Ended, Policy, Reading, Scope};
use crate::outcome::OutcomeSet;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Passes an instance by for a while when it has failed several times in a row.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlierEjection {
    /// Failures in a row that eject an instance.
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
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
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

/// What is known of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    failures: u32,
    /// Ejections that count for the length of the next one.
    times: u32,
    /// When the last ejection began, and when it ends.
    from: SimTime,
    until: SimTime,
}

impl OutlierEjection {
    fn eject(&self, hosts: &mut [Host], number: usize, context: &mut Context) {
        let now = context.now;
        let out = hosts.iter().filter(|host| host.until > now).count();
        let most = (self.share * hosts.len() as f64) as usize;
        if out >= most.max(1) || hosts.len() < 2 {
            context.counters[1] += 1;
            return;
        }
        context.counters[0] += 1;
        let host = &mut hosts[number];
        let well = now.since(host.until.min(now)).0 / self.base.0.max(1);
        host.times = host
            .times
            .saturating_sub(u32::try_from(well).unwrap_or(u32::MAX));
        host.times = host.times.saturating_add(1);
        let span = SimDuration(self.base.0.saturating_mul(u64::from(host.times)));
        host.from = now;
        host.until = now + span.min(self.longest);
        host.failures = 0;
    }
}

impl Policy for OutlierEjection {
    /// Of each instance of the callee that has been asked.
    type Memory = Vec<Host>;
    /// When the call came in.
    type Call = SimTime;
    const SUMMARY: &'static str = "passes an instance by that fails several times in a row";
    const EXAMPLE: &'static str = "outlier_ejection(failures: 5)";
    const LIVE: &'static [&'static str] = &["failures", "base", "longest", "share"];
    const COUNTERS: &'static [&'static str] = &["ejected", "spared"];
    const LEAVES: bool = true;
    const SHUNS: bool = true;
    const STATES: &'static [&'static str] = &["in", "ejected"];
    const STATES_BY_CALLEE: bool = true;

    fn memory(&self) -> Vec<Host> {
        Vec::new()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, hosts: &mut Vec<Host>, came: &mut SimTime, context: &mut Context) -> Do {
        if hosts.len() < context.callees as usize {
            hosts.resize(context.callees as usize, Host::default());
        }
        *came = context.now;
        Do::Pass
    }
    fn on_leave(
        &self,
        hosts: &mut Vec<Host>,
        came: &mut SimTime,
        ended: &Ended,
        context: &mut Context,
    ) {
        let Some(host) = hosts.get_mut(ended.callee as usize) else {
            return;
        };
        let out = host.until > context.now;
        if ended.given_up || out || (host.until > SimTime::ZERO && *came < host.from) {
            return;
        }
        if !self.on.contains(ended.ending) {
            host.failures = 0;
            return;
        }
        host.failures += 1;
        if host.failures >= self.failures {
            self.eject(hosts, ended.callee as usize, context);
        }
    }
    fn shun(&self, hosts: &Vec<Host>, now: SimTime, passed_by: &mut [bool]) {
        let out = hosts.iter().filter(|host| host.until > now).count();
        let left = passed_by.len() - out;
        if out == 0 || (left as f64) < self.panic * passed_by.len() as f64 {
            return;
        }
        for (host, passed_by) in hosts.iter().zip(passed_by) {
            *passed_by |= host.until > now;
        }
    }
    fn state(&self, hosts: &Vec<Host>, callee: u32, now: SimTime) -> (u8, Option<SimTime>) {
        match hosts.get(callee as usize) {
            Some(host) if host.until > now => (1, None),
            Some(host) => (0, Some(host.until)),
            None => (0, None),
        }
    }
    fn reading(&self, hosts: &Vec<Host>, now: SimTime) -> Reading {
        let out = hosts.iter().filter(|host| host.until > now).count();
        Reading::number("out", out as f64)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.failures == 0 {
            wrong.push(("failures", "must be at least 1".into()));
        }
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
        wrong
    }
}
