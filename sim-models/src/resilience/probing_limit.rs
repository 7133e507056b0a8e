//! Probing limit: bounds how many calls are out at a time by how much longer they take than they did when few were.
//!
//! Now and then it probes: it lets only `least` out until `probe_samples` of them have ended; how long the one at the
//! share `percentile` of them took is the base. Then the limit is what it was before, and moves every `update`:
//!
//! gradient = (1 + `buffer`) × base / latency, within 0.5 and 2, the latency being the `percentile` of what ended in
//! between; limit = limit × gradient + its square root, cut off, within `least` and `most`.
//!
//! An `update` in which nothing ended changes nothing. The next probe begins `probe_every` after the last one ended,
//! later by chance by up to the share `probe_jitter` of it, in whole milliseconds; or at once where the limit was set
//! to `least` and is set to it again five times in a row: then the base may be wrong. It begins with a probe, which
//! lasts as long as it takes. During one the limit does not move, and a call that came before it is not measured.
//!
//! Every answer is measured, errors and refusals of policies inside included, from when the call was let in, in whole microseconds; what is given up
//! is not. The percentile is read off a histogram whose bins are two decimal digits wide. A call that comes while as
//! many are out as the limit allows ends as `bulkhead_full`, at once: nobody waits. Its clock begins at the start of
//! the run.
//!
//! Source: Envoy, filter `adaptive_concurrency`, `GradientController` (`gradient_controller.cc`, commit c35f67f):
//! `concurrency_limit_params` (`max_concurrency_limit` 1000, `concurrency_update_interval`), `min_rtt_calc_params`
//! (`interval`, `request_count` 50, `jitter` 15 %, `min_concurrency` 3, `buffer` 25 %, `fixed_value`),
//! `sample_aggregate_percentile` 50 %; libcircllhist (commit 39f9db7) for its histogram. Envoy names no default for the
//! two intervals. Where both are due at one instant, the probe comes first.

use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Bounds how many calls are out by how much longer they take than when few are.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbingLimit {
    /// The limit at least, at the start and while it probes.
    #[serde(default = "three")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "thousand")]
    pub most: u32,
    /// How often the limit moves.
    #[serde(default = "tenth_of_a_second")]
    pub update: SimDuration,
    /// The share of the calls at which the latency is taken, 0 to 1.
    #[serde(default = "half")]
    pub percentile: f64,
    /// How long after a probe the next one begins.
    #[serde(default = "minute")]
    pub probe_every: SimDuration,
    /// The share of that by which chance makes it later, 0 to 1.
    #[serde(default = "fifteen_percent")]
    pub probe_jitter: f64,
    /// Calls that end a probe.
    #[serde(default = "fifty")]
    pub probe_samples: u32,
    /// By what share calls may take longer than the base before the limit falls, 0 to 1.
    #[serde(default = "quarter")]
    pub buffer: f64,
    /// The base, where it is known: it never probes then.
    #[serde(default)]
    pub base: Option<SimDuration>,
    /// Who shares the limit.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a limit each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

fn three() -> u32 {
    3
}

fn thousand() -> u32 {
    1000
}

fn tenth_of_a_second() -> SimDuration {
    SimDuration::from_millis(100)
}

fn half() -> f64 {
    0.5
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn fifteen_percent() -> f64 {
    0.15
}

fn fifty() -> u32 {
    50
}

fn quarter() -> f64 {
    0.25
}

/// Set to the least so often in a row, the limit is taken to have a wrong base.
const SUSPICIOUS: u32 = 5;

/// The limit, what is out, and how long calls take.
#[derive(Clone, Debug, PartialEq)]
pub struct Prober {
    limit: u32,
    out: u32,
    /// The limit before the probe; zero: it does not probe.
    before: u32,
    /// Microseconds.
    base: u64,
    /// How often in a row the limit was set to the least again.
    least: u32,
    /// When the last probe began.
    epoch: SimTime,
    probe_at: SimTime,
    update_at: SimTime,
    took: Histogram,
}

impl Prober {
    fn set(&mut self, limit: u32, policy: &ProbingLimit, now: SimTime) {
        let again = self.before == 0 && self.limit == policy.least && limit == policy.least;
        self.limit = limit;
        self.least = if again { self.least + 1 } else { 0 };
        if self.least >= SUSPICIOUS && policy.base.is_none() {
            self.probe_at = now;
        }
    }

    /// Does what was due until now.
    fn advance(&mut self, policy: &ProbingLimit, now: SimTime) {
        while self.probe_at.min(self.update_at) <= now {
            if self.probe_at <= self.update_at {
                let due = std::mem::replace(&mut self.probe_at, SimTime::MAX);
                if self.before == 0 {
                    self.before = self.limit;
                    self.set(policy.least, policy, due);
                    self.took.clear();
                    self.epoch = due;
                }
                continue;
            }
            let due = std::mem::replace(&mut self.update_at, SimTime::MAX);
            if self.before > 0 {
                continue;
            }
            if self.took.count > 0 {
                let latency = self.took.percentile(policy.percentile);
                self.took.clear();
                let limit = self.wanted(policy, latency);
                self.set(limit, policy, due);
                self.update_at = due + policy.update;
            } else {
                // Nothing ends before now, so nothing moves the limit.
                let idle = now.since(due).0 / policy.update.0;
                self.update_at = due + SimDuration(policy.update.0.saturating_mul(idle + 1));
            }
        }
    }

    fn wanted(&self, policy: &ProbingLimit, latency: u64) -> u32 {
        let base = self.base as f64 + self.base as f64 * policy.buffer;
        let gradient = base / latency as f64;
        // Nothing by nothing is no number, which Envoy takes for the most.
        let gradient = if gradient < 2.0 { gradient } else { 2.0 }.max(0.5);
        let limit = f64::from(self.limit) * gradient;
        let limit = (limit + libm::sqrt(limit)) as u32;
        limit.min(policy.most).max(policy.least)
    }

    /// Ends a probe, if enough has been measured.
    fn end_probe(&mut self, policy: &ProbingLimit, now: SimTime, draws: &mut impl Source) {
        if self.before == 0 || self.took.count < policy.probe_samples {
            return;
        }
        self.base = self.took.percentile(policy.percentile);
        self.took.clear();
        let before = self.before;
        self.set(before, policy, now);
        self.before = 0;
        let every = policy.probe_every.0 / 1_000_000;
        let range = libm::ceil(every as f64 * policy.probe_jitter) as u64;
        let later = if range > 0 { draws.below(range) } else { 0 };
        self.probe_at = now + SimDuration::from_millis(every + later);
        self.update_at = now + policy.update;
    }
}

/// How many calls took how long: bins of two decimal digits.
#[derive(Clone, Debug, Default, PartialEq)]
struct Histogram {
    count: u32,
    /// (bin, calls), in order; a bin is 100 × exponent + its two digits, zero that of no time at all.
    bins: Vec<(u16, u32)>,
}

/// Bins that are expected at most, of latencies within a factor of ten thousand of each other.
const BINS: usize = 4 * 90;

impl Histogram {
    fn clear(&mut self) {
        self.count = 0;
        self.bins.clear();
    }

    fn add(&mut self, microseconds: u64) {
        if self.bins.capacity() == 0 {
            self.bins.reserve_exact(BINS);
        }
        let (mut digits, mut exponent) = (microseconds, 1);
        if digits < 10 {
            (digits, exponent) = (digits * 10, 0);
        }
        while digits >= 100 {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        let bin = if digits == 0 {
            0
        } else {
            exponent * 100 + digits as u16
        };
        self.count += 1;
        match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => self.bins[at].1 += 1,
            Err(at) => self.bins.insert(at, (bin, 1)),
        }
    }

    /// The latency at a share of all, in whole microseconds, as if those in a bin were spread evenly over it.
    fn percentile(&self, share: f64) -> u64 {
        let rank = f64::from(self.count) * share;
        let mut below = 0.0;
        for (number, (bin, calls)) in self.bins.iter().enumerate() {
            let calls = f64::from(*calls);
            let last = number + 1 == self.bins.len();
            if !last && below + calls < rank {
                below += calls;
                continue;
            }
            let ten = libm::pow(10.0, f64::from(bin / 100));
            let left = f64::from(bin % 100) / 10.0 * ten;
            let width = if *bin == 0 { 0.0 } else { ten / 10.0 };
            let within = if below == rank {
                0.0
            } else if below + calls == rank {
                width
            } else {
                (rank - below) / calls * width
            };
            return (left + within) as u64;
        }
        0
    }
}

impl Policy for ProbingLimit {
    type Memory = Prober;
    /// When it was let in.
    type Call = SimTime;
    const SUMMARY: &'static str =
        "bounds how many calls are out, and probes how long they take when few are";
    const EXAMPLE: &'static str = r#"probing_limit(update: "100ms", probe_every: "1min")"#;
    const LIVE: &'static [&'static str] = &["percentile", "buffer"];
    const COUNTERS: &'static [&'static str] = &["refused", "probed"];
    const AT_DOOR: bool = true;
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const STATES: &'static [&'static str] = &["probes", "adapts"];

    fn memory(&self) -> Prober {
        Prober {
            limit: self.least,
            out: 0,
            before: if self.base.is_some() { 0 } else { self.least },
            base: self.base.map_or(0, |base| base.0 / 1000),
            least: 0,
            epoch: SimTime::ZERO,
            probe_at: SimTime::MAX,
            update_at: SimTime::ZERO + self.update,
            took: Histogram::default(),
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, memory: &mut Prober, came: &mut SimTime, context: &mut Context) -> Do {
        memory.advance(self, context.now);
        if memory.out >= memory.limit {
            context.counters[0] += 1;
            let last = PushBack::last(self.push_back);
            return Do::End(Ending::of(Outcome::BulkheadFull), last);
        }
        memory.out += 1;
        *came = context.now;
        Do::Pass
    }
    #[inline]
    fn on_leave(
        &self,
        memory: &mut Prober,
        came: &mut SimTime,
        ended: &Ended,
        context: &mut Context,
    ) {
        memory.advance(self, context.now);
        memory.out -= 1;
        if ended.given_up || *came < memory.epoch {
            return;
        }
        memory.took.add(context.took(*came).0 / 1000);
        let probes = memory.before > 0;
        let mut draws = Keyed::new(context.key, u64::from(context.attempts));
        memory.end_probe(self, context.now, &mut draws);
        context.counters[1] += u64::from(probes && memory.before == 0);
    }
    fn inside(memory: &Prober) -> Option<u32> {
        Some(memory.out)
    }
    fn is_shut(&self, memory: &Prober, _: SimTime) -> bool {
        memory.out >= memory.limit
    }
    fn heap(&self) -> usize {
        BINS * size_of::<(u16, u32)>()
    }
    fn state(&self, memory: &Prober, _: u32, _: SimTime) -> (u8, Option<SimTime>) {
        (u8::from(memory.before == 0), None)
    }
    fn why(&self, memory: &Prober, _: SimTime) -> String {
        let ended = memory.took.count;
        if memory.before > 0 {
            let needed = self.probe_samples;
            format!("{ended} of the {needed} calls that end the probe have ended")
        } else {
            let base = SimDuration::from_nanos_f64(memory.base as f64 * 1e3);
            format!("calls took {base} when few were out; {ended} have ended since the limit moved")
        }
    }
    fn reading(&self, memory: &Prober, now: SimTime) -> Reading {
        let mut memory = memory.clone();
        memory.advance(self, now);
        Reading {
            state: if memory.before > 0 {
                "probes"
            } else {
                "adapts"
            },
            numbers: vec![
                ("limit", f64::from(memory.limit)),
                ("out", f64::from(memory.out)),
                ("base", memory.base as f64 / 1e6),
            ],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.least == 0 {
            wrong.push(("least", "must be at least 1".into()));
        }
        if self.most < self.least {
            let why = format!("must be at least `least`, {}", self.least);
            wrong.push(("most", why));
        }
        if self.probe_samples == 0 {
            wrong.push(("probe_samples", "must be at least 1".into()));
        }
        for (field, span) in [("update", self.update), ("probe_every", self.probe_every)] {
            if span.0 < 1_000_000 {
                wrong.push((field, "must be at least 1ms".into()));
            }
        }
        for (field, share) in [
            ("percentile", self.percentile),
            ("probe_jitter", self.probe_jitter),
            ("buffer", self.buffer),
        ] {
            if !(0.0..=1.0).contains(&share) {
                wrong.push((field, format!("must be 0 to 1, not {share}")));
            }
        }
        if self.base == Some(SimDuration::ZERO) {
            wrong.push(("base", "must be longer than zero".into()));
        }
        wrong
    }
}
