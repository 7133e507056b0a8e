//! What a breaker tells people: its numbers, why it is in its state, why it can never open, and what is wrong with it.

use super::machine::{BreakerMemory, Cause, Core, State};
use super::settings::{Judged, Moves, Window};
use super::window::Counts;
use super::{Breaker, IN_A_ROW};
use crate::resilience::Reading;
use sim_core::{SimDuration, SimTime};

impl Breaker {
    /// Its state and numbers.
    pub(super) fn told(&self, memory: &BreakerMemory, now: SimTime) -> Reading {
        let core = self.now(memory, now);
        let mut numbers = Vec::new();
        let state = match core.state {
            State::Closed => {
                if self.in_a_row().is_some() {
                    numbers.push(("failures_in_a_row", f64::from(core.in_a_row)));
                }
                if self.leaky.is_some() {
                    numbers.push(("level", self.level(&core, now)));
                }
                self.rates(self.counted(memory, &core, now), &mut numbers);
                "closed"
            }
            State::Open(until) => {
                numbers.push(("open_for", until.since(now).as_secs_f64()));
                "open"
            }
            State::HalfOpen { permits, until } => {
                if permits < u32::MAX && self.half_open.permits != 1 {
                    numbers.push(("permits", f64::from(permits)));
                }
                if until < SimTime::MAX {
                    numbers.push(("half_open_for", until.since(now).as_secs_f64()));
                }
                if self.half_open.results() > 1 {
                    self.rates(core.probes, &mut numbers);
                }
                "half_open"
            }
            State::ForcedOpen => "forced_open",
            State::ForcedClosed => "forced_closed",
        };
        Reading { state, numbers }
    }

    /// What the window holds by now; nothing where timers have emptied it.
    fn counted(&self, memory: &BreakerMemory, core: &Core, now: SimTime) -> Counts {
        if core.epoch == memory.core.epoch || self.rules.keeps_window {
            memory.heard.total(&self.window, now)
        } else {
            Counts::default()
        }
    }

    fn rates(&self, counts: Counts, numbers: &mut Vec<(&'static str, f64)>) {
        if !self.has_rates() {
            return;
        }
        let share = |part: u32| f64::from(part) / f64::from(counts.calls.max(1));
        numbers.push(("calls", f64::from(counts.calls)));
        numbers.push(("failures", f64::from(counts.failed)));
        numbers.push(("failure_rate", share(counts.failed)));
        if self.slow_rate.is_some() {
            numbers.push(("slow", f64::from(counts.slow)));
            numbers.push(("slow_rate", share(counts.slow)));
        }
    }

    /// Why it is in its state, or what it still needs to leave it.
    pub(super) fn explained(&self, memory: &BreakerMemory, now: SimTime) -> String {
        let core = self.now(memory, now);
        match core.state {
            State::Closed => {
                let needs = self.why_closed(self.counted(memory, &core, now), &core, now);
                // What closed it says more while it has just closed.
                match core.cause {
                    Cause::Probes(probes) if core.since == now => {
                        let how = match (probes.calls, probes.failed) {
                            (1, 0) => "its probe succeeded".into(),
                            (calls, 0) => format!("its {calls} probes succeeded"),
                            _ => self.cause(&core),
                        };
                        format!("{how}; {needs}")
                    }
                    Cause::Manual if core.since == now => format!("reset by hand; {needs}"),
                    _ => needs,
                }
            }
            State::Open(until) => {
                let why = self.cause(&core);
                let left = until.since(now);
                if left == SimDuration::ZERO {
                    format!("{why}; the next call is a probe")
                } else {
                    format!("{why}; open for another {left}")
                }
            }
            State::HalfOpen { .. } => {
                let needed = self.half_open.results();
                let (why, probes) = (self.cause(&core), core.probes);
                if needed == 1 {
                    format!("{why}; the next result decides")
                } else {
                    format!(
                        "{why}; {} of {needed} results of probes are there, {} of them failed",
                        probes.calls, probes.failed
                    )
                }
            }
            State::ForcedOpen => "forced open until it is reset".into(),
            State::ForcedClosed => "forced closed: nothing opens it".into(),
        }
    }

    /// What a closed one still needs to open.
    fn why_closed(&self, counts: Counts, core: &Core, now: SimTime) -> String {
        let mut all = Vec::new();
        if let Some(most) = self.in_a_row() {
            all.push(format!("{} of {most} failures in a row", core.in_a_row));
        }
        if let Some(leaky) = &self.leaky {
            let level = round(self.level(core, now));
            let size = leaky.size;
            all.push(format!(
                "its leaky bucket holds {level} failures, and more than {size} open it"
            ));
        }
        if self.has_rates() {
            let (calls, minimum) = (counts.calls, self.least_calls());
            if calls < minimum {
                all.push(format!(
                    "{calls} of the {minimum} calls without which no rate is judged"
                ));
            } else {
                let reach = if self.rules.beyond { "more than " } else { "" };
                let mut of = |part: u32, what: &str, threshold: Option<f64>| {
                    if let Some(threshold) = threshold {
                        all.push(format!(
                            "{part} of {calls} calls {what}, {}; {reach}{} opens it",
                            per_cent(f64::from(part) / f64::from(calls.max(1))),
                            per_cent(threshold)
                        ));
                    }
                };
                of(counts.failed, "failed", self.failure_rate);
                of(counts.slow, "were slow", self.slow_rate);
            }
        }
        all.join("; ")
    }

    /// Why it changed its state the last time.
    fn cause(&self, core: &Core) -> String {
        let rate = |part: u32, calls: u32, what: &str, threshold: Option<f64>| {
            format!(
                "{part} of {calls} calls {what}, {} at a threshold of {}",
                per_cent(f64::from(part) / f64::from(calls.max(1))),
                per_cent(threshold.unwrap_or_default())
            )
        };
        match core.cause {
            Cause::Start => "it began so".into(),
            Cause::Failures(1) => "one failure opens it".into(),
            Cause::Failures(count) => format!("{count} failures in a row"),
            Cause::FailureRate(counts) => {
                rate(counts.failed, counts.calls, "failed", self.failure_rate)
            }
            Cause::SlowRate(counts) => {
                let what = format!("took longer than {}", self.slow_after);
                rate(counts.slow, counts.calls, &what, self.slow_rate)
            }
            Cause::Leaky => "failures came faster than its leaky bucket leaks".into(),
            Cause::OpenTime => "its open time was over".into(),
            Cause::Probes(counts) if counts.calls == 1 => {
                let how = if counts.failed > 0 {
                    "failed"
                } else {
                    "was slow"
                };
                format!("a probe {how}")
            }
            Cause::Probes(counts) => {
                format!("{} of {} probes failed", counts.failed, counts.calls)
            }
            Cause::HalfOpenTime => "it was half open for as long as it may be".into(),
            Cause::Manual => "it was tripped by hand".into(),
        }
    }

    /// Why it can never open at so many calls a second.
    pub(super) fn never(&self, rate: f64) -> Option<String> {
        // Failures in a row are reached at any rate.
        if self.in_a_row().is_some() {
            return None;
        }
        let mut all = Vec::new();
        if let Some(leaky) = &self.leaky {
            let leaks = 1.0 / leaky.leak.as_secs_f64();
            // At most as many come as leak out before the next one.
            let steady = (1.0 - rate.max(0.0) / leaks).max(0.0);
            if leaky.size < 1.0 || steady == 0.0 {
                return None;
            }
            all.push(format!(
                "a failure leaks out every {}; at {}/s the bucket of {} never runs over",
                leaky.leak,
                round(rate),
                leaky.size
            ));
        }
        if self.has_rates() {
            let Window::Time(window) = &self.window else {
                return None;
            };
            let (span, minimum) = (window.span, self.least_calls());
            // Old buckets stay where only calls take them out.
            let holds = libm::ceil(rate * span.as_secs_f64());
            if window.moves == Moves::Turns || holds >= f64::from(minimum) {
                return None;
            }
            all.push(format!(
                "{minimum} calls are needed before it is evaluated; at {}/s the window of {span} never holds that many",
                round(rate)
            ));
        }
        Some(all.join("; "))
    }

    /// What is wrong with its parameters.
    pub(super) fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.failures == Some(0) {
            wrong.push(("failures", "must be at least 1".into()));
        }
        for (field, share) in [
            ("failure_rate", self.failure_rate),
            ("slow_rate", self.slow_rate),
        ] {
            if let Some(share) = share.filter(|share| !(*share >= 0.0 && *share <= 1.0)) {
                wrong.push((field, format!("must be 0 to 1, not {share}")));
            }
        }
        if let Some(leaky) = &self.leaky {
            if !(leaky.size.is_finite() && leaky.size >= 0.0) {
                wrong.push((
                    "leaky.size",
                    format!("must be 0 or more, not {}", leaky.size),
                ));
            }
            if leaky.leak == SimDuration::ZERO {
                wrong.push(("leaky.leak", "must be longer than zero".into()));
            }
        }
        wrong.extend(self.wrong_window());
        if !(self.growth.is_finite() && self.growth >= 1.0) {
            wrong.push(("growth", format!("must be 1 or more, not {}", self.growth)));
        }
        if !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            wrong.push(("jitter", format!("must be 0 to 1, not {}", self.jitter)));
        }
        let half_open = &self.half_open;
        if half_open.results == Some(0) {
            wrong.push(("half_open.results", "must be at least 1".into()));
        }
        if half_open.permits > 0 && half_open.results() > half_open.permits {
            let most = half_open.permits;
            let why = format!("must be at most the {most} `permits`: so many results never come");
            wrong.push(("half_open.results", why));
        }
        if half_open.by_rates && !self.has_rates() {
            let why = "needs a `failure_rate` or a `slow_rate`";
            wrong.push(("half_open.by_rates", why.into()));
        }
        wrong
    }

    fn wrong_window(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        match &self.window {
            Window::Calls(0) => wrong.push(("window", "must hold at least one call".into())),
            Window::Calls(size) if *size > MOST_CALLS => {
                let why = format!("must hold at most {MOST_CALLS} calls, not {size}");
                wrong.push(("window", why));
            }
            Window::Calls(_) => {}
            Window::Time(window) => {
                if !(1..=MOST_BUCKETS).contains(&window.buckets) {
                    let why = format!("must be 1 to {MOST_BUCKETS}, not {}", window.buckets);
                    wrong.push(("window.buckets", why));
                } else if window.bucket() == SimDuration::ZERO {
                    let why = "must be longer than a nanosecond for each bucket";
                    wrong.push(("window.span", why.into()));
                }
            }
        }
        let clock = matches!(&self.window, Window::Time(window) if window.moves == Moves::Clock);
        if self.rules.judged == Judged::Snapshots && !clock {
            let why = "as snapshots it needs a `window` of `time` that moves with the clock";
            wrong.push(("rules.judged", why.into()));
        }
        if self.rules.per_call && !matches!(self.window, Window::Time(_)) {
            wrong.push(("rules.per_call", "needs a `window` of `time`".into()));
        }
        wrong
    }
}

/// The most results that a window by count holds.
const MOST_CALLS: u32 = 1_000_000;
/// The most buckets of a window by time.
const MOST_BUCKETS: u32 = 100_000;

const _: () = assert!(IN_A_ROW > 0);

fn round(number: f64) -> f64 {
    libm::round(number * 1e3) / 1e3
}

fn per_cent(share: f64) -> String {
    format!("{}%", libm::round(share * 1e3) / 1e1)
}
