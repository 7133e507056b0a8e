//! Three services in a chain with synchronous calls, timeouts and retries on every hop.
//!
//! A client sends 400 requests a second to the first service; each works 10 ms (exponential) on one
//! of its threads (32, 16, 8), then calls the next and holds the thread until that call has ended.
//! A link takes 1 ms each way. An attempt times out after 1 s; up to three retries follow, with
//! exponential backoff and full jitter.

use super::{Tally, exponential};
use sim_core::agenda::{Agenda, EventId, LaneId};
use sim_core::random::{Seed, Source, Stream};
use sim_core::{SimDuration, SimTime};
use std::collections::VecDeque;

const THREADS: [u32; 3] = [32, 16, 8];
const WORK_NS: f64 = 1e7;
const GAP_NS: f64 = 1e9 / 400.0;
const LINK: SimDuration = SimDuration::from_millis(1);
const TIMEOUT: SimDuration = SimDuration::from_secs(1);
const BACKOFF: SimDuration = SimDuration::from_millis(50);
const RETRIES: u8 = 3;
/// The caller of the first service.
const CLIENT: u32 = u32::MAX;

/// One attempt of one call: replies that name another one come too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempt {
    call: u32,
    generation: u32,
    number: u8,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrival,
    Delivered { attempt: Attempt, service: u8 },
    Worked { frame: u32 },
    Replied { attempt: Attempt, ok: bool },
    TimedOut { call: u32 },
    Retry { call: u32 },
}

/// A call from a frame (or the client) to a service, over all its attempts.
#[derive(Clone, Copy, Debug)]
struct Call {
    generation: u32,
    caller: u32,
    timer: EventId,
    service: u8,
    number: u8,
}

/// A request inside a service.
#[derive(Clone, Copy, Debug)]
struct Frame {
    attempt: Attempt,
    service: u8,
}

struct Service {
    free: u32,
    queue: VecDeque<u32>,
    work: Stream,
}

/// Places that are used again.
struct Arena<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Arena<T> {
    fn new() -> Self {
        Self {
            items: Vec::new(),
            free: Vec::new(),
        }
    }
    fn insert(&mut self, item: T) -> u32 {
        if let Some(at) = self.free.pop() {
            self.items[at as usize] = item;
            return at;
        }
        self.items.push(item);
        self.items.len() as u32 - 1
    }
}

struct World {
    agenda: Agenda<Event>,
    link: LaneId,
    timeout: LaneId,
    calls: Arena<Call>,
    frames: Arena<Frame>,
    services: [Service; 3],
    gaps: Stream,
    jitter: Stream,
    generation: u32,
    tally: Tally,
}

impl World {
    fn new(seed: u64) -> Self {
        let seed = Seed(seed);
        let mut agenda = Agenda::new();
        let (link, timeout) = (agenda.lane(LINK), agenda.lane(TIMEOUT));
        let service = |at: usize| Service {
            free: THREADS[at],
            queue: VecDeque::new(),
            work: seed.stream(["first", "second", "third"][at], "work"),
        };
        Self {
            agenda,
            link,
            timeout,
            calls: Arena::new(),
            frames: Arena::new(),
            services: [service(0), service(1), service(2)],
            gaps: seed.stream("client", "arrivals"),
            jitter: seed.stream("client", "jitter"),
            generation: 0,
            tally: Tally::default(),
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival => {
                self.tally.requests += 1;
                let gap = exponential(&mut self.gaps, GAP_NS);
                self.agenda.schedule_after(gap, Event::Arrival);
                self.call(CLIENT, 0);
            }
            Event::Delivered { attempt, service } => {
                let frame = self.frames.insert(Frame { attempt, service });
                let place = &mut self.services[usize::from(service)];
                if place.free > 0 {
                    place.free -= 1;
                    self.begin(frame, service);
                } else {
                    place.queue.push_back(frame);
                }
            }
            Event::Worked { frame } => {
                let service = self.frames.items[frame as usize].service;
                if service == 2 {
                    self.reply(frame, true);
                } else {
                    self.call(frame, service + 1);
                }
            }
            Event::Replied { attempt, ok } => {
                let call = &self.calls.items[attempt.call as usize];
                if call.generation == attempt.generation && call.number == attempt.number {
                    self.agenda.cancel(call.timer);
                    if ok {
                        self.end(attempt.call, true);
                    } else {
                        self.retry(attempt.call);
                    }
                }
            }
            Event::TimedOut { call } => {
                self.tally.timeouts += 1;
                self.retry(call);
            }
            Event::Retry { call } => self.attempt(call),
        }
    }

    fn begin(&mut self, frame: u32, service: u8) {
        let work = exponential(&mut self.services[usize::from(service)].work, WORK_NS);
        self.agenda.schedule_after(work, Event::Worked { frame });
    }

    fn call(&mut self, caller: u32, service: u8) {
        self.generation = self.generation.wrapping_add(1);
        let call = self.calls.insert(Call {
            generation: self.generation,
            caller,
            timer: EventId::NONE,
            service,
            number: 0,
        });
        self.attempt(call);
    }

    fn attempt(&mut self, at: u32) {
        let call = &mut self.calls.items[at as usize];
        let attempt = Attempt {
            call: at,
            generation: call.generation,
            number: call.number,
        };
        let service = call.service;
        let timed_out = Event::TimedOut { call: at };
        call.timer = self.agenda.schedule_lane(self.timeout, timed_out);
        let delivered = Event::Delivered { attempt, service };
        self.agenda.schedule_lane(self.link, delivered);
    }

    fn retry(&mut self, at: u32) {
        let call = &mut self.calls.items[at as usize];
        if call.number == RETRIES {
            return self.end(at, false);
        }
        let most = BACKOFF.0 << call.number;
        call.number += 1;
        let pause = SimDuration(self.jitter.below(most));
        self.agenda.schedule_after(pause, Event::Retry { call: at });
    }

    fn end(&mut self, at: u32, ok: bool) {
        let call = &mut self.calls.items[at as usize];
        let caller = call.caller;
        // No attempt has this number: late replies find nobody.
        call.number = u8::MAX;
        self.calls.free.push(at);
        if caller == CLIENT {
            self.tally.succeeded += u64::from(ok);
            self.tally.failed += u64::from(!ok);
        } else {
            self.reply(caller, ok);
        }
    }

    fn reply(&mut self, frame: u32, ok: bool) {
        let Frame { attempt, service } = self.frames.items[frame as usize];
        self.frames.free.push(frame);
        let replied = Event::Replied { attempt, ok };
        self.agenda.schedule_lane(self.link, replied);
        let place = &mut self.services[usize::from(service)];
        if let Some(next) = place.queue.pop_front() {
            self.begin(next, service);
        } else {
            place.free += 1;
        }
    }
}

/// Runs the chain for so much simulated time.
pub fn run(seed: u64, span: SimDuration) -> Tally {
    let mut world = World::new(seed);
    let first = exponential(&mut world.gaps, GAP_NS);
    world.agenda.schedule_after(first, Event::Arrival);
    let end = SimTime::ZERO + span;
    while let Some((_, event)) = world.agenda.pop_until(end) {
        world.tally.events += 1;
        world.handle(event);
    }
    world.tally
}
