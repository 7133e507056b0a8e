//! The story of one request: what happened to it and to all the calls that it led to, in order.

use super::World;
use super::frame::flag;
use crate::observe::summary::StoryLine;
use sim_core::SimTime;

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
        self.story.push(line);
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
