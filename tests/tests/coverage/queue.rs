//! One server, one queue, first come first served, on the bare engine: every customer's wait, in order.

use sim_core::agenda::Agenda;
use sim_core::engine::{Budget, Model, Simulation};
use sim_core::random::{Seed, Source, Stream};
use sim_core::{SimDuration, SimTime};
use std::collections::VecDeque;

/// How long the server takes for a customer.
#[derive(Clone, Copy, Debug)]
pub enum Service {
    /// Exponential with this mean, s.
    Exponential(f64),
    /// Exponential with either of two means, s, the first with this probability.
    Hyperexponential(f64, f64, f64),
}

impl Service {
    pub fn mean(self) -> f64 {
        match self {
            Self::Exponential(mean) => mean,
            Self::Hyperexponential(p, a, b) => p * a + (1.0 - p) * b,
        }
    }

    pub fn second_moment(self) -> f64 {
        match self {
            Self::Exponential(mean) => 2.0 * mean * mean,
            Self::Hyperexponential(p, a, b) => 2.0 * (p * a * a + (1.0 - p) * b * b),
        }
    }

    fn draw(self, stream: &mut Stream) -> SimDuration {
        let mean = match self {
            Self::Exponential(mean) => mean,
            Self::Hyperexponential(p, a, b) => {
                if stream.chance(p) {
                    a
                } else {
                    b
                }
            }
        };
        exponential(stream, mean)
    }
}

fn exponential(stream: &mut Stream, mean: f64) -> SimDuration {
    SimDuration::from_nanos_f64(-1e9 * mean * libm::log(stream.open_uniform()))
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrival,
    Departure,
}

struct Queue {
    rate: f64,
    service: Service,
    gaps: Stream,
    work: Stream,
    /// When those present arrived.
    present: VecDeque<SimTime>,
    /// Waits, in the order of arrival, s.
    waits: Vec<f64>,
    /// Times in the system, in the order of arrival, s.
    sojourns: Vec<f64>,
}

impl Queue {
    fn begin(&mut self, agenda: &mut Agenda<Event>) {
        if let Some(arrival) = self.present.front() {
            self.waits.push(agenda.now().since(*arrival).as_secs_f64());
            let work = self.service.draw(&mut self.work);
            agenda.schedule_after(work, Event::Departure);
        }
    }
}

impl Model for Queue {
    type Event = Event;

    fn words(event: &Event) -> [u64; 2] {
        [*event as u64, 0]
    }

    fn handle(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        match event {
            Event::Arrival => {
                let gap = exponential(&mut self.gaps, 1.0 / self.rate);
                agenda.schedule_after(gap, Event::Arrival);
                self.present.push_back(agenda.now());
                if self.present.len() == 1 {
                    self.begin(agenda);
                }
            }
            Event::Departure => {
                let arrival = self.present.pop_front().expect("somebody departs");
                self.sojourns
                    .push(agenda.now().since(arrival).as_secs_f64());
                self.begin(agenda);
            }
        }
    }
}

/// What happened to `count` customers in a row, those before them left out.
pub struct Observed {
    pub waits: Vec<f64>,
    pub sojourns: Vec<f64>,
}

/// Runs the queue from empty and drops the first `warmup` customers.
pub fn observe(seed: u64, rate: f64, service: Service, warmup: usize, count: usize) -> Observed {
    let model = Queue {
        rate,
        service,
        gaps: Seed(seed).stream("customers", "arrivals"),
        work: Seed(seed).stream("server", "work"),
        present: VecDeque::new(),
        waits: Vec::new(),
        sojourns: Vec::new(),
    };
    let mut agenda = Agenda::new();
    agenda.schedule_at(SimTime::ZERO, Event::Arrival);
    let mut run = Simulation::new(model, agenda);
    // In steps, until all of them have left: how long that takes is chance.
    let step = (warmup + count) as f64 / rate / 50.0;
    let mut end = 0.0;
    while run.model.sojourns.len() < warmup + count {
        end += step;
        run.run_until(SimTime((end * 1e9) as u64), &Budget::UNLIMITED);
    }
    Observed {
        waits: run.model.waits[warmup..warmup + count].to_vec(),
        sojourns: run.model.sojourns[warmup..warmup + count].to_vec(),
    }
}
