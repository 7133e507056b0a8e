//! The story of one request: what happened to it and to all the calls that it led to, in order.

use super::frame::{FrameId, State, flag};
use super::state::World;
use crate::ids::EndpointId;
use crate::observe::summary::StoryLine;
use sim_core::{SimDuration, SimTime};

/// A span as people tell it, `6.865s` or `12.3ms`: to the millisecond, or three digits if it is
/// shorter than a second.
pub(super) fn rounded(span: SimDuration) -> SimDuration {
    const SECOND: u64 = 1_000_000_000;
    let mut step = 1;
    while span.0 < SECOND && span.0 / step >= 1_000 || span.0 >= SECOND && step < 1_000_000 {
        step *= 10;
    }
    SimDuration(span.0.saturating_add(step / 2) / step * step)
}

impl World<'_> {
    /// Adds a line about the frame in place `index`, if its story is told.
    #[inline]
    pub(super) fn tell(&mut self, index: u32, now: SimTime, what: impl FnOnce() -> String) {
        if self.told.is_any() && self.frames[index].is(flag::TRACED) {
            self.tell_now(index, now, what);
        }
    }

    /// Out of the way of those who tell nothing, the making of the text included.
    #[cold]
    #[inline(never)]
    fn tell_now(&mut self, index: u32, now: SimTime, what: impl FnOnce() -> String) {
        let frame = &self.frames[index];
        let instance = &self.plan.instances[frame.instance];
        let place = &self.plan.places[instance.place];
        let name = if place.instance_count > 1 {
            format!("{}#{}", place.name, instance.number)
        } else {
            place.name.clone()
        };
        let line = StoryLine {
            time: now.as_secs_f64(),
            depth: u32::from(frame.depth),
            place: name,
            what: what(),
        };
        let id = self.frames.id(index);
        let request = self.told_frames.get(&(id.index, id.generation));
        let request = *request.expect("a traced frame says whose story it belongs to");
        self.stories.entry(request).or_default().push(line);
    }

    /// A frame belongs to the story of a request.
    #[cold]
    pub(super) fn belongs_to(&mut self, frame: FrameId, request: u32) {
        self.told_frames
            .insert((frame.index, frame.generation), request);
    }

    /// A frame belongs to the story that its caller, or the frame that it is a branch of, belongs to.
    #[inline]
    pub(super) fn follow(&mut self, frame: FrameId, parent: FrameId) {
        if self.frames[frame.index].is(flag::TRACED)
            && let Some(request) = self.told_frames.get(&(parent.index, parent.generation))
        {
            self.belongs_to(frame, *request);
        }
    }

    /// The run is over: what the story of this request that has not ended waits for, from the user down to
    /// where nothing moves on.
    #[cold]
    pub(super) fn tell_unfinished(&mut self, root: u32, now: SimTime) {
        if !self.frames[root].is(flag::TRACED) {
            return;
        }
        let mut rest = vec![root];
        while let Some(index) = rest.pop() {
            let frame = self.frames[index];
            let still = self.still(index, now);
            self.tell_now(index, now, || still);
            let mut next = match frame.state {
                State::Calling | State::Forked => self.frames.alive(frame.child),
                _ => None,
            };
            let first = rest.len();
            while let Some(child) = next {
                rest.push(child);
                let after = self.frames[child].next;
                // Branches are linked to each other; an attempt stands alone, or in a queue.
                next = (frame.state == State::Forked && after != u32::MAX).then_some(after);
            }
            // The first branch is told first.
            rest[first..].reverse();
        }
    }

    /// What a frame does or waits for at the end of the run.
    fn still(&self, index: u32, now: SimTime) -> String {
        let frame = &self.frames[index];
        let waits = format!("still waiting at {}s", now.as_secs_f64());
        match frame.state {
            State::Queued => format!("{waits} for a thread, in the queue"),
            State::Backlogged => format!("{waits} for a thread, in the backlog"),
            State::Ready => format!("{waits} for a thread to go on with"),
            State::Running => format!("{waits} for its own step to end"),
            State::Computing => format!("{waits} for its work on the cores to end"),
            State::Pooled => {
                let pool = &self.plan.pools[self.awaited_pool(index)].name;
                format!("{waits} for one of `{pool}`")
            }
            State::Hung => format!("{waits}: it hangs"),
            State::Forked => format!("{waits} for {} branches", frame.attempts),
            State::InTransit => format!("{waits}: the request is on its way"),
            State::Replying => format!("{waits}: its answer is on its way"),
            State::Calling => {
                let callee = self.endpoint_name(frame.callee_endpoint);
                let out = match self.frames.alive(frame.child) {
                    Some(_) => format!(", attempt {}", frame.attempts),
                    None => format!(", no attempt is out after {}", frame.attempts),
                };
                format!("{waits} for an answer of {callee}{out}")
            }
            State::Leg | State::Free => waits,
        }
    }

    /// `"service/endpoint"` of an endpoint.
    pub(super) fn endpoint_name(&self, endpoint: EndpointId) -> String {
        let endpoint = &self.plan.endpoints[endpoint];
        format!(
            "{}/{}",
            self.plan.service_places()[endpoint.service].name,
            endpoint.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::rounded;
    use sim_core::SimDuration;

    #[test]
    fn spans_are_told_without_nanoseconds() {
        for (nanos, told) in [
            (6_865_019_933, "6.865s"),
            (12_345_678, "12.3ms"),
            (999_999_999, "1s"),
            (999_499, "999us"),
            (1_234, "1.23us"),
            (987, "987ns"),
            (0, "0s"),
            (125_000_400_000, "125s"),
            (200_000_000, "200ms"),
        ] {
            assert_eq!(rounded(SimDuration(nanos)).to_string(), told, "{nanos}ns");
        }
        let _ = rounded(SimDuration::MAX);
    }
}
