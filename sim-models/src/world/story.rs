//! The story of one request: what happened to it and to all the calls that it led to, in order.

use super::World;
use super::frame::{FrameId, flag};
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
        if self.told.is_some() && self.frames[index].is(flag::TRACED) {
            self.tell_now(index, now, what);
        }
    }

    /// Out of the way of those who tell nothing, the making of the text included.
    #[cold]
    #[inline(never)]
    fn tell_now(&mut self, index: u32, now: SimTime, what: impl FnOnce() -> String) {
        let frame = &self.frames[index];
        let instance = &self.plan.instances[frame.instance as usize];
        let place = &self.plan.places[instance.place as usize];
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

    /// `"service/endpoint"` of an endpoint.
    pub(super) fn endpoint_name(&self, endpoint: u32) -> String {
        let endpoint = &self.plan.endpoints[endpoint as usize];
        format!(
            "{}/{}",
            self.plan.places[endpoint.service as usize].name, endpoint.name
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
