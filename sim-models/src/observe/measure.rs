//! Evaluates measures and checks, over the whole run or over a stretch of windows.
//!
//! Totals cover what began after the warm-up, and windows what happened in them; a stretch that a measure
//! names itself is asked for the requests that began in it, or for those that ended in it. These differ by
//! what was under way; the definitions are the same.

mod measurer;
mod totals;
mod windowed;

use crate::expression::Expression;
use crate::expression::metric::{Metric, Of};
use crate::expression::naming::{Measure, Requests};
use crate::outcome::Outcome;
use measurer::quotient;
pub use measurer::{Measurer, Traffic, windows_in};
use std::ops::Range;

impl Measurer<'_> {
    fn seconds(&self, windows: &Range<usize>) -> f64 {
        // The last window may be shorter than the others.
        let end = |windows: usize| {
            let end = windows as f64 * self.plan.window.as_secs_f64();
            end.min(self.summary.simulated_seconds)
        };
        end(windows.end) - end(windows.start)
    }

    pub(super) fn workload(&self, name: &str) -> Option<usize> {
        self.plan
            .load_places()
            .iter()
            .position(|place| place.name == name)
    }

    fn service(&self, name: &str) -> Option<usize> {
        self.plan
            .service_places()
            .iter()
            .position(|place| place.name == name)
    }

    fn edge(&self, name: &str) -> Option<usize> {
        // A door goes by the name of its service.
        let mut edges = self.plan.edges.iter();
        edges.position(|edge| edge.name == name)
    }

    fn pool(&self, name: &str) -> Option<usize> {
        let (service, name) = name.split_once('/')?;
        let service = self.service(service)?;
        let mut pools = self.plan.pools.iter();
        pools.position(|pool| usize::from(pool.service) == service && pool.name == name)
    }

    /// What a workload did over a stretch of windows.
    #[must_use]
    pub fn traffic(&self, workload: usize, windows: Range<usize>) -> Traffic {
        let mut traffic = Traffic {
            seconds: self.seconds(&windows),
            ..Traffic::default()
        };
        for (window, ..) in &self.recorder.workloads[workload].windows[windows] {
            let ok = window.outcomes[Outcome::Ok as usize];
            let degraded = window.outcomes[Outcome::Degraded as usize];
            traffic.offered += window.offered;
            traffic.good += ok + degraded;
            traffic.degraded += degraded;
            traffic.finished += window.outcomes.iter().sum::<u64>();
        }
        traffic
    }

    /// Whether a check holds over a stretch of windows, and the value. Where there is nothing to measure
    /// it holds unless there was traffic: an outage without a single answer is no success.
    #[must_use]
    pub fn check(&self, check: &Expression, windows: Range<usize>) -> (Option<f64>, bool) {
        let value = self.over(&check.measure, windows.clone());
        let nought = || {
            check
                .measure
                .parts()
                .all(|part| self.over(part, windows.clone()) == Some(0.0))
        };
        (value, self.holds(check, value, nought, windows.clone()))
    }

    /// A check of the whole run, and whether it holds; see [`Measurer::check`]. `windows` are those
    /// after the warm-up.
    #[must_use]
    pub fn check_whole(&self, check: &Expression, windows: Range<usize>) -> (Option<f64>, bool) {
        let value = self.whole(&check.measure);
        let nought = || {
            check
                .measure
                .parts()
                .all(|part| self.whole(part) == Some(0.0))
        };
        (value, self.holds(check, value, nought, windows))
    }

    /// `nought` says whether all that is measured is zero, whose quotient is not known.
    fn holds(
        &self,
        check: &Expression,
        value: Option<f64>,
        nought: impl Fn() -> bool,
        windows: Range<usize>,
    ) -> bool {
        if let Some(value) = value {
            return check.op.holds(value, check.limit);
        }
        // Zero is at most, and at least, any multiple of zero.
        let compares = check.measure.quotient.is_some() && check.op.holds(0.0, 0.0) && nought();
        let mut parts = check.measure.parts();
        compares || !parts.any(|part| self.has_traffic(part, self.within(part, windows.clone())))
    }

    /// Whether anything came to what a check is about, so that a value was to be expected.
    fn has_traffic(&self, measure: &Measure, windows: Range<usize>) -> bool {
        let subject = measure.subject.as_str();
        match measure.metric.of() {
            // No time to repair where nothing broke.
            _ if matches!(measure.metric, Metric::Mttr | Metric::Mtbf) => false,
            Of::Workload => self
                .workload(subject)
                .is_some_and(|workload| self.traffic(workload, windows).offered > 0),
            Of::Service => self.service(subject).is_some_and(|service| {
                let rows = &self.recorder.services[service].windows[windows];
                rows.iter().any(|window| window.arrivals > 0)
            }),
            Of::Tenant => {
                let tenant = self.summary.tenants.get(subject);
                tenant.is_some_and(|tenant| tenant.offered > 0)
                    && !matches!(
                        measure.metric,
                        // A ratio of retries where nobody retries is no failure.
                        Metric::TenantRetryShare
                            | Metric::TenantRetryEfficiency
                            | Metric::TenantAmplification
                    )
            }
            // Whoever was refused, or waited all the time, shows that there was something to be had.
            Of::Pool => self.pool(subject).is_some_and(|pool| {
                let rows = &self.recorder.pool_windows.raw[pool].windows[windows];
                let awaited = !rows.is_empty() && rows.iter().all(|window| window.waiting.max > 0);
                awaited || rows.iter().any(|window| window.refused > 0)
            }),
            // A ratio of retries where nobody retries, or of calls that nobody makes, is no failure;
            // nor is no recovery where nothing was disturbed.
            Of::Edge | Of::Run => false,
        }
    }

    /// Those of these windows that a measure is about; none where a run was stopped before they came.
    #[must_use]
    pub fn within(&self, measure: &Measure, windows: Range<usize>) -> Range<usize> {
        let Some(over) = measure.over else {
            return windows;
        };
        let own = windows_in(self.plan.window, self.plan.end, over);
        let start = own
            .start
            .clamp(windows.start, windows.end.max(windows.start));
        start..own.end.min(windows.end).max(start)
    }

    /// A measure of the requests of a workload that began in these windows, whenever they ended; none where
    /// there is nothing to measure.
    pub(super) fn begun(
        &self,
        measure: &Measure,
        workload: usize,
        windows: Range<usize>,
    ) -> Option<f64> {
        windowed::begun(self, measure, workload, windows)
    }

    /// A measure over a stretch of windows, by what ended in them unless it names a stretch itself; none
    /// where there is nothing to measure.
    #[must_use]
    pub fn over(&self, measure: &Measure, windows: Range<usize>) -> Option<f64> {
        if let Some(parts) = &measure.quotient {
            return quotient(
                self.over(&parts.0, windows.clone()),
                self.over(&parts.1, windows),
            );
        }
        let windows = self.within(measure, windows);
        if windows.is_empty() || !measure.metric.by_windows() {
            return None;
        }
        let subject = measure.subject.as_str();
        let value = match measure.metric.of() {
            Of::Workload => {
                let workload = self.workload(subject)?;
                match measure.over.map(|_| measure.requests) {
                    Some(Requests::Begun) => windowed::begun(self, measure, workload, windows),
                    Some(Requests::Ended) | None => {
                        windowed::workload(self, measure, workload, windows)
                    }
                }
            }
            Of::Service => windowed::kept(self, measure, self.service(subject)?, windows),
            Of::Edge => windowed::kept(self, measure, self.edge(subject)?, windows),
            Of::Pool => windowed::kept(self, measure, self.pool(subject)?, windows),
            Of::Tenant | Of::Run => None,
        };
        // A run that a budget stops at the start of a window has one in which no time passed: no mean is known of it.
        value.filter(|value| !value.is_nan())
    }

    /// A measure over all that counts in totals, or over the stretch that it names; none where there is
    /// nothing to measure, infinite for a time that did not end.
    #[must_use]
    pub fn whole(&self, measure: &Measure) -> Option<f64> {
        if let Some(parts) = &measure.quotient {
            return quotient(self.whole(&parts.0), self.whole(&parts.1));
        }
        if measure.over.is_some() {
            return self.over(measure, 0..self.recorder.windows());
        }
        totals::total(self, measure)
    }
}
