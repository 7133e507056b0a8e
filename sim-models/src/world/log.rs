//! The log of all requests, for comparing runs request by request. Kept only if asked for.

use super::frame::flag;
use super::state::{Logged, World};
use crate::ids::{TiVec, WorkloadId};
use crate::observe::summary::LoggedRequest;
use crate::outcome::{Ending, Outcome};
use sim_core::SimTime;
use std::sync::Arc;

impl World<'_> {
    /// From now on every request that ends is kept.
    pub fn keep_log(&mut self) {
        self.log.get_or_insert_default();
    }

    /// The request of the frame in place `index` ends.
    #[inline]
    pub(super) fn log_end(&mut self, index: u32, now: SimTime, ending: Ending) {
        if self.log.is_some() {
            self.log_end_now(index, now, ending);
        }
    }

    /// Out of the way of those who keep no log.
    #[cold]
    #[inline(never)]
    fn log_end_now(&mut self, index: u32, now: SimTime, ending: Ending) {
        let entry = self.entry(index, now, Some(ending));
        if let Some(log) = &mut self.log {
            log.push(entry);
        }
    }

    fn entry(&self, index: u32, ended: SimTime, ending: Option<Ending>) -> Logged {
        let frame = &self.frames[index];
        Logged {
            number: frame.request(),
            workload: frame.workload,
            counted: frame.is(flag::COUNTED),
            key: frame.key,
            arrived: frame.arrived,
            ended,
            ending,
        }
    }

    /// All requests up to `now`, in the order of their arrival; empty if no log is kept.
    #[must_use]
    pub fn log(&self, now: SimTime) -> Vec<LoggedRequest> {
        let Some(log) = &self.log else {
            return Vec::new();
        };
        let mut entries = log.clone();
        let open = self.open_requests();
        entries.extend(open.map(|index| self.entry(index, now, None)));
        entries.sort_unstable_by_key(|entry| entry.number);
        let names: TiVec<WorkloadId, Arc<str>> = self
            .plan
            .load_places()
            .iter()
            .map(|place| place.name.as_str().into())
            .collect();
        let mut ordinals: TiVec<WorkloadId, u32> = vec![0; names.len()].into();
        // Few causes are shared by many requests.
        let mut causes: Vec<Option<Arc<str>>> = vec![None; self.plan.places.len() * Outcome::COUNT];
        let mut cause_of = |ending: Ending| -> Arc<str> {
            let place = ending.origin;
            let slot = &mut causes[usize::from(place) * Outcome::COUNT + ending.cause as usize];
            let name = || crate::outcome::cause_name(&self.plan.places[place].name, ending.cause);
            slot.get_or_insert_with(|| name().into()).clone()
        };
        entries
            .into_iter()
            .map(|entry| {
                let workload = entry.workload;
                let ordinal = ordinals[workload];
                ordinals[workload] += 1;
                let failure = entry.ending.filter(|ending| !ending.outcome.is_success());
                LoggedRequest {
                    number: entry.number,
                    workload: names[workload].clone(),
                    ordinal,
                    key: entry.key,
                    counted: entry.counted,
                    arrived: entry.arrived,
                    ended: entry.ended,
                    outcome: entry.ending.map(|ending| ending.outcome),
                    cause: failure.map(&mut cause_of),
                }
            })
            .collect()
    }

    /// Bytes that the log takes.
    pub(super) fn log_memory(&self) -> usize {
        let entries = self.log.as_ref().map_or(0, Vec::len);
        entries * size_of::<Logged>()
    }
}
