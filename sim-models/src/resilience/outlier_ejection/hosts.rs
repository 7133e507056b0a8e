//! What is known of the instances of a callee, and the sweeps over them.

use super::rules::{OutlierRule, Seen, What};
use super::{FailureRate, OutlierEjection, SuccessRate};
use sim_core::random::{Keyed, Source, mix};
use sim_core::{SimDuration, SimTime};

/// What is known of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Host {
    /// Errors one after the other, by [`What`], and last those of `on`.
    pub(super) in_a_row: [u32; What::COUNT + 1],
    /// Requests and good answers of this interval: all answers, and local ones.
    counted: [[u32; 2]; 2],
    /// Ejections that count for the length of the next one.
    times: u32,
    /// Which rule ejected it the last time, from 1; 0: failures in a row.
    rule: u16,
    /// When the last ejection began, and when it ends; not before a sweep says so, if there are any.
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    /// How much longer it is out, by chance.
    jitter: SimDuration,
    /// Whether its rates are looked at by the sweep that is on.
    judged: bool,
}

impl Host {
    /// The counter of the failures of `on`.
    pub(super) const ON: usize = What::COUNT;

    /// Counts a result.
    pub(super) fn note(&mut self, seen: &Seen) {
        if let Some(well) = seen.answered_well() {
            for what in [What::ServerErrors, What::GatewayErrors] {
                self.step(what, seen);
            }
            self.counted[0][0] += 1;
            self.counted[0][1] += u32::from(well);
        }
        if let Some(failed) = seen.local {
            self.step(What::Local, seen);
            self.counted[1][0] += 1;
            self.counted[1][1] += u32::from(!failed);
        }
    }

    fn step(&mut self, what: What, seen: &Seen) {
        let counter = &mut self.in_a_row[what as usize];
        *counter = if seen.fails(what) { *counter + 1 } else { 0 };
    }
}

/// What is known of the instances of a callee.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hosts {
    /// By number.
    pub(super) list: Vec<Host>,
    /// Sweeps that have been.
    sweeps: u64,
    /// Key of what chance decides at sweeps.
    key: u64,
}

/// The counters of the policy.
const EJECTED: usize = 0;
const SPARED: usize = 1;

/// Slack for shares such as 0.29 of a hundred, which must be twenty-nine.
const ROUNDING: f64 = 1e-9;

impl Hosts {
    /// There are so many; calls are keyed like this.
    #[inline]
    pub(super) fn hold(&mut self, count: u32, key: u64) {
        if self.list.len() < count as usize {
            self.list.resize(count as usize, Host::default());
            self.key = key;
        }
    }

    /// How many are out.
    pub(super) fn out(&self, now: SimTime) -> usize {
        self.list.iter().filter(|host| host.until > now).count()
    }
}

impl OutlierEjection {
    /// Marks those that are out, unless so few are left that none is passed by.
    pub(super) fn pass_by(&self, hosts: &Hosts, now: SimTime, passed_by: &mut [bool]) {
        let out = hosts.out(now);
        let left = passed_by.len() - out;
        if out == 0 || (left as f64) < self.panic * passed_by.len() as f64 {
            return;
        }
        for (host, passed_by) in hosts.list.iter().zip(passed_by) {
            *passed_by |= host.until > now;
        }
    }

    /// An instance has been found to be an outlier: it is ejected, unless too many are out, or by chance.
    pub(super) fn find(
        &self,
        hosts: &mut Hosts,
        number: usize,
        rule: usize,
        enforced: f64,
        now: SimTime,
        counters: &mut [u64],
    ) {
        let (out, all) = (hosts.out(now), hosts.list.len());
        let most = (self.share * all as f64 + ROUNDING) as usize;
        let alone = all < 2 && self.interval.is_none();
        let may = out < most || (self.at_least_one && out == 0);
        let mut luck = Keyed::new(mix(hosts.key, now.0), (number as u64) << 16 | rule as u64);
        if !may || alone || luck.uniform() >= enforced {
            counters[SPARED] += 1;
            return;
        }
        counters[EJECTED] += 1;
        let host = &mut hosts.list[number];
        host.rule = rule as u16;
        if self.interval.is_some() {
            if self.base.0.saturating_mul(u64::from(host.times)) < (self.longest + self.base).0 {
                host.times += 1;
            }
            host.jitter = SimDuration(luck.below(self.jitter.0 + 1));
            host.until = SimTime::MAX;
        } else {
            let well = now.since(host.until.min(now)).0 / self.base.0.max(1);
            let well = u32::try_from(well).unwrap_or(u32::MAX);
            host.times = host.times.saturating_sub(well).saturating_add(1);
            host.until = now + self.span(host);
            host.in_a_row = Default::default();
        }
        host.from = now;
    }

    /// How long an instance is out.
    fn span(&self, host: &Host) -> SimDuration {
        let span = SimDuration(self.base.0.saturating_mul(u64::from(host.times)));
        span.min(self.longest) + host.jitter
    }

    /// When the next sweep is.
    fn next_sweep(&self, hosts: &Hosts) -> Option<SimTime> {
        let interval = self.interval?;
        Some(SimTime::ZERO + SimDuration(interval.0.saturating_mul(hosts.sweeps + 1)))
    }

    /// Whether a sweep is due.
    #[inline]
    pub(super) fn is_due(&self, hosts: &Hosts, now: SimTime) -> bool {
        self.next_sweep(hosts).is_some_and(|next| next <= now)
    }

    /// Makes up for the sweeps that have been due since the last one.
    #[inline]
    pub(super) fn sweep(&self, hosts: &mut Hosts, now: SimTime, counters: &mut [u64]) {
        while let Some(at) = self.next_sweep(hosts)
            && at <= now
        {
            let busy = |host: &Host| host.times > 0 || host.counted != [[0; 2]; 2];
            if hosts.list.iter().any(busy) {
                self.sweep_once(hosts, at, counters);
                hosts.sweeps += 1;
            } else {
                // Nothing has happened since, or will until now.
                let interval = self.interval.expect("there are sweeps").0;
                hosts.sweeps = now.since(SimTime::ZERO).0 / interval;
            }
        }
    }

    fn sweep_once(&self, hosts: &mut Hosts, at: SimTime, counters: &mut [u64]) {
        for host in &mut hosts.list {
            if host.until == SimTime::MAX && host.from + self.span(host) <= at {
                host.until = at;
                host.in_a_row = Default::default();
            }
        }
        for what in [What::ServerErrors, What::Local] {
            for host in &mut hosts.list {
                host.judged = host.until < SimTime::MAX;
            }
            for (index, rule) in self.rules.iter().enumerate() {
                match rule {
                    OutlierRule::SuccessRate(rate) if rate.of == what => {
                        self.judge_success(hosts, (index + 1, rate), at, counters);
                    }
                    OutlierRule::FailureRate(rate) if rate.of == what => {
                        self.judge_failures(hosts, (index + 1, rate), at, counters);
                    }
                    _ => {}
                }
            }
        }
        let interval = self.interval.unwrap_or_default();
        for host in &mut hosts.list {
            host.counted = [[0; 2]; 2];
            if host.until < SimTime::MAX && at.since(host.until) >= interval {
                host.times = host.times.saturating_sub(1);
            }
        }
    }

    fn judge_success(
        &self,
        hosts: &mut Hosts,
        (rule, rate): (usize, &SuccessRate),
        at: SimTime,
        counters: &mut [u64],
    ) {
        let rates = || rates(&hosts.list, rate.of, rate.volume);
        let enough = rates().count();
        if enough == 0 || enough < rate.instances as usize {
            return;
        }
        let mean = rates().sum::<f64>() / enough as f64;
        let squares = rates().map(|rate| (rate - mean) * (rate - mean));
        let deviation = libm::sqrt(squares.sum::<f64>() / enough as f64);
        let least = mean - rate.deviations * deviation;
        self.judge(hosts, (rule, rate.of, rate.volume), at, counters, |found| {
            (found < least, rate.enforced)
        });
    }

    fn judge_failures(
        &self,
        hosts: &mut Hosts,
        (rule, rate): (usize, &FailureRate),
        at: SimTime,
        counters: &mut [u64],
    ) {
        let enough = rates(&hosts.list, rate.of, rate.volume).count();
        if enough == 0 || enough < rate.instances as usize {
            return;
        }
        self.judge(hosts, (rule, rate.of, rate.volume), at, counters, |found| {
            let failed = 100.0 - found;
            (failed >= rate.share * 100.0 - ROUNDING, rate.enforced)
        });
    }

    /// Ejects those whose rate is found to be an outlier, by the chance that it is enforced with.
    fn judge(
        &self,
        hosts: &mut Hosts,
        (rule, of, volume): (usize, What, u32),
        at: SimTime,
        counters: &mut [u64],
        outlier: impl Fn(f64) -> (bool, f64),
    ) {
        for number in 0..hosts.list.len() {
            let host = &hosts.list[number];
            if host.until < SimTime::MAX
                && let Some(rate) = rate(host, of, volume)
                && let (true, enforced) = outlier(rate)
            {
                self.find(hosts, number, rule, enforced, at, counters);
            }
        }
    }

    /// Who is out, and why: for people.
    pub(super) fn told(&self, hosts: &Hosts, now: SimTime) -> String {
        let numbered = hosts.list.iter().enumerate();
        let out = numbered.filter(|(_, host)| host.until > now);
        let told = out.map(|(number, host)| {
            let why = match self.rules.get(usize::from(host.rule).wrapping_sub(1)) {
                None => format!("{} failures in a row", self.failures),
                Some(rule) => rule.words(),
            };
            let back = host.from + self.span(host);
            let when = if self.interval.is_some() {
                format!("until the first sweep from {back} on")
            } else {
                format!("until {back}")
            };
            format!("instance {number} is out {when}: {why}")
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// Why it never ejects anybody where so many calls (1/s) come to all instances together.
    pub(super) fn never_at(&self, rate: f64) -> Option<String> {
        let interval = self.interval?;
        if self.failures > 0 {
            return None;
        }
        let mut never = None;
        for rule in self.rules.iter().filter(|rule| rule.enforced() > 0.0) {
            let (instances, volume) = rule.needs()?;
            let (needed, come) = (
                f64::from(instances.max(1)) * f64::from(volume),
                rate * interval.as_secs_f64(),
            );
            if come >= needed {
                return None;
            }
            never = Some(format!(
                "{instances} instances with {volume} requests each within {interval} are needed before it is judged; at \
                 {rate}/s no more than {come} come to all of them"
            ));
        }
        never.or_else(|| Some("none of its rules is enforced".into()))
    }
}

/// The shares of good answers, in per cent, of those that are in and had enough requests in the interval that ends.
fn rates(hosts: &[Host], of: What, volume: u32) -> impl Iterator<Item = f64> {
    hosts.iter().filter_map(move |host| rate(host, of, volume))
}

fn rate(host: &Host, of: What, volume: u32) -> Option<f64> {
    let [all, good] = host.counted[usize::from(of == What::Local)];
    let counts = host.judged && all > 0 && all >= volume;
    counts.then(|| f64::from(good) * 100.0 / f64::from(all))
}
