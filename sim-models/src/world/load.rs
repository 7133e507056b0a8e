//! Where requests come from: open workloads and users who wait for their answer.

use super::event::Event;
use super::frame::{Frame, FrameId, State, flag};
use super::state::{LoadState, User, World};
use super::story::rounded;
use crate::baggage::Baggage;
use crate::ids::{TiVec, WorkloadId};
use crate::outcome::{Ending, Outcome};
use crate::plan::WorkloadKind;
use crate::scenario::shape::{envelope, factor};
use crate::scenario::{Arrivals, Impatience, Shape, Start};
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::{Keyed, Seed, Source, mix};
use sim_core::{SimDuration, SimTime};

/// Purposes of draws that belong to a request or a user.
mod purpose {
    pub const TARGET: u64 = 0x5441_5247;
    pub const THINK: u64 = 0x5448_494E;
    pub const PATIENCE: u64 = 0x5041_5449;
    pub const KEY: u64 = 0x4B45_5953;
    pub const USER: u64 = 0x5553_4552;
    pub const STAYS: u64 = 0x5354_4159;
    pub const SHED: u64 = 0x5348_4544;
}

/// Longest stride of the numerical integration of a shaped constant rate.
const STRIDE: SimDuration = SimDuration::from_millis(10);

/// A workload asks so many times as often as it has users and the system instances at one instant, and
/// more than [`FEW_ROUNDS`] times: it turns in a circle. A crowd asks once for each user, and one that
/// is sent on from instance to instance at random until everybody has found room needs about n ln n
/// attempts for n places (coupon collector), which is below 14 n for the largest system there can be.
const CIRCLE: u64 = 100;
/// Below so many rounds at one instant nothing is called a circle.
const FEW_ROUNDS: u64 = 100_000;
/// How often a user who stays away looks whether to ask again, at most; users need not think.
const LOOKS_AGAIN: SimDuration = SimDuration::from_millis(100);
/// Candidates for an arrival that are looked at within one event.
const MOST_CANDIDATES: u64 = 10_000;
/// Arrivals of an open workload at one nanosecond that nobody means.
const MOST_ARRIVALS: u64 = 1_000_000;

impl<'p> World<'p> {
    /// The workloads at time zero, their first arrivals scheduled.
    pub(super) fn prepare_loads(
        &self,
        seed: Seed,
        agenda: &mut Agenda<Event>,
    ) -> TiVec<WorkloadId, LoadState> {
        let mut loads = TiVec::new();
        for (workload, plan) in self.plan.workloads.iter_enumerated() {
            let entity = format!("workload/{}", self.plan.load_places()[workload].name);
            let mut load = LoadState {
                stream: seed.stream(&entity, "arrivals"),
                key: seed.key(&entity, "requests"),
                arrivals: 0,
                missing: 1.0,
                factor: 1.0,
                shed: 0.0,
                count: 0,
                users: Vec::new(),
                instant: SimTime::ZERO,
                rounds: 0,
                last: None,
            };
            match &plan.kind {
                WorkloadKind::Open { .. } => {
                    load.seek(workload, &plan.kind, self.plan.end, agenda);
                }
                WorkloadKind::Closed {
                    users,
                    think,
                    start,
                    ..
                } => {
                    load.users = vec![User::default(); *users as usize];
                    for user in 0..*users {
                        let wait = match start {
                            Start::Asking => SimDuration::ZERO,
                            Start::Thinking => think.sample_duration(&mut load.thought(user)),
                        };
                        agenda.schedule_after(wait, Event::Thought { workload, user });
                    }
                }
            }
            loads.push(load);
        }
        loads
    }

    /// A request, or a batch, arrives.
    #[inline]
    pub(super) fn arrival(&mut self, workload: WorkloadId, agenda: &mut Agenda<Event>) {
        let kind = &self.plan.workloads[workload].kind;
        let WorkloadKind::Open { batch, .. } = kind else {
            unreachable!("only open workloads have arrivals")
        };
        let load = &mut self.loads[workload];
        load.asks_at(agenda.now());
        self.work += load.seek(workload, kind, self.plan.end, agenda);
        for _ in 0..*batch {
            let load = &mut self.loads[workload];
            load.count += 1;
            let key = mix(load.key, load.count);
            self.request(workload, Frame::NOBODY, key, agenda);
        }
    }

    /// The search for the next arrival goes on.
    pub(super) fn seek(&mut self, workload: WorkloadId, agenda: &mut Agenda<Event>) {
        let kind = &self.plan.workloads[workload].kind;
        let load = &mut self.loads[workload];
        self.work += load.seek(workload, kind, self.plan.end, agenda);
    }

    /// A user who has thought, or lost patience, asks.
    pub(super) fn ask(&mut self, workload: WorkloadId, user: u32, agenda: &mut Agenda<Event>) {
        let load = &mut self.loads[workload];
        load.asks_at(agenda.now());
        let state = load.user(user);
        state.asked += 1;
        state.clicks += 1;
        let asked = u64::from(state.asked);
        let key = mix(mix(load.key, u64::from(user)), asked);
        self.request(workload, user, key, agenda);
    }

    #[inline]
    fn request(&mut self, workload: WorkloadId, user: u32, key: u64, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let plan = &self.plan.workloads[workload];
        let load = &self.loads[workload];
        let shed = load.shed;
        if load.factor < 1.0 && self.stays_away(workload, user, key, agenda) {
            return;
        }
        let number = self.requests;
        self.requests = self.requests.wrapping_add(1);
        let counted = now >= self.plan.warmup;
        let mut flags = flag::ROOT | if counted { flag::COUNTED } else { 0 };
        if self.told.wants(number) {
            flags |= flag::TRACED;
        }
        let (_, edge, endpoint) = match plan.targets.as_slice() {
            [only] => *only,
            targets => {
                let draw = Keyed::new(key, purpose::TARGET).uniform();
                *targets
                    .iter()
                    .find(|(sum, ..)| draw < *sum)
                    .unwrap_or(&targets[targets.len() - 1])
            }
        };
        let index = self.frames.add().index;
        let frame = &mut self.frames[index];
        frame.key = key;
        frame.arrived = now;
        frame.stand_for(number, user);
        frame.instance = self.plan.load_places()[workload].first_instance;
        frame.workload = workload;
        frame.flags = flags;
        frame.state = State::Calling;
        self.recorder.offered(workload, counted);
        if flags & flag::TRACED != 0 {
            self.belongs_to(self.frames.id(index), number);
        }
        if self.plan.carries {
            self.pack(index, workload, user, key);
        }
        let wanted = self.frames.baggage(index).key;
        self.tell(index, now, || match wanted {
            0 => format!("request {number} arrives"),
            key => format!("request {number} arrives, for key {key}"),
        });
        if shed > 0.0 && Keyed::new(key, purpose::SHED).uniform() < shed {
            self.tell(index, now, || "is turned away".into());
            let origin = self.plan.load_place(workload);
            return self.request_done(index, Ending::at(Outcome::Rejected, origin), agenda);
        }
        if let WorkloadKind::Closed {
            patience: Some(patience),
            ..
        } = &plan.kind
        {
            let span = patience.sample_duration(&mut Keyed::new(key, purpose::PATIENCE));
            let id = self.frames.id(index);
            self.frames[index].timer = agenda.schedule_after(span, Event::Impatient(id));
        }
        self.begin_call(index, edge, endpoint, agenda);
    }

    /// Whether a request is not asked while only a share of the load comes: that share of the requests of an open
    /// workload, and of the users of a closed one, who would else ask as much as before if they think shortly.
    #[cold]
    fn stays_away(
        &mut self,
        workload: WorkloadId,
        user: u32,
        key: u64,
        agenda: &mut Agenda<Event>,
    ) -> bool {
        let load = &self.loads[workload];
        let who = load.who(user, key);
        let stays = Keyed::new(who, purpose::STAYS).uniform() >= load.factor;
        if stays && user != Frame::NOBODY {
            self.think_for(workload, user, LOOKS_AGAIN, agenda);
        }
        stays
    }

    /// A request sets out with what travels with it.
    #[cold]
    fn pack(&mut self, index: u32, workload: WorkloadId, user: u32, key: u64) {
        let plan = &self.plan.workloads[workload];
        let who = self.loads[workload].who(user, key);
        let drawn = plan.keys.as_ref();
        let baggage = Baggage {
            key: drawn.map_or(0, |keys| keys.draw(&mut Keyed::new(key, purpose::KEY))),
            priority: plan.priority,
            user: Keyed::new(who, purpose::USER).below(u64::from(Baggage::USERS)) as u8,
            retries: 0,
        };
        self.frames.load(index, baggage);
    }

    /// A request has its answer, or has failed for good.
    #[inline]
    pub(super) fn request_done(&mut self, index: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        let frame = self.frames[index];
        agenda.cancel(frame.timer);
        self.end_request(index, ending, agenda);
        self.loads[frame.workload].last = Some(ending);
        if frame.user() != Frame::NOBODY {
            self.think(frame.workload, frame.user(), agenda);
        }
    }

    #[inline]
    fn end_request(&mut self, index: u32, ending: Ending, agenda: &Agenda<Event>) {
        let now = agenda.now();
        let frame = self.frames[index];
        let took = now.since(frame.arrived);
        self.tell(index, now, || {
            format!(
                "request ends: {} after {}",
                ending.outcome.name(),
                rounded(took)
            )
        });
        self.recorder.ended(
            frame.workload,
            (frame.request(), frame.arrived),
            now,
            ending,
            frame.is(flag::COUNTED),
        );
        self.log_end(index, now, ending);
        self.frames.remove(index);
    }

    fn think(&mut self, workload: WorkloadId, user: u32, agenda: &mut Agenda<Event>) {
        self.think_for(workload, user, SimDuration::ZERO, agenda);
    }

    /// A user thinks, at least for a span.
    fn think_for(
        &mut self,
        workload: WorkloadId,
        user: u32,
        least: SimDuration,
        agenda: &mut Agenda<Event>,
    ) {
        let plan: &'p WorkloadKind = &self.plan.workloads[workload].kind;
        let WorkloadKind::Closed { think, .. } = plan else {
            return;
        };
        let load = &mut self.loads[workload];
        load.user(user).clicks = 0;
        let span = think.sample_duration(&mut load.thought(user));
        agenda.schedule_after(span.max(least), Event::Thought { workload, user });
    }

    /// A user has waited long enough.
    pub(super) fn impatient(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = self.frames[index];
        self.frames[index].timer = EventId::NONE;
        self.tell(index, agenda.now(), || "the user loses patience".into());
        let origin = self.plan.edges[frame.edge].callee.into();
        self.abandon_call(index, Outcome::TimeoutPatience, agenda);
        let ending = Ending::at(Outcome::TimeoutPatience, origin);
        self.end_request(index, ending, agenda);
        self.loads[frame.workload].last = Some(ending);
        let WorkloadKind::Closed { then, clicks, .. } = &self.plan.workloads[frame.workload].kind
        else {
            unreachable!("only users of closed workloads lose patience")
        };
        let clicked = self.loads[frame.workload].users[frame.user() as usize].clicks;
        if *then == Impatience::ClickAgain && clicked < *clicks {
            self.ask(frame.workload, frame.user(), agenda);
        } else {
            self.think(frame.workload, frame.user(), agenda);
        }
    }
}

impl World<'_> {
    /// The workloads that turn in a circle at this instant.
    pub(super) fn in_circle(&self, now: SimTime) -> impl Iterator<Item = WorkloadId> + '_ {
        let instances = self.plan.instances.len() as u64;
        let loads = self.loads.iter_enumerated();
        loads
            .filter(move |(_, load)| {
                let most = match load.users.len() as u64 {
                    0 => MOST_ARRIVALS,
                    users => (CIRCLE * (users + instances)).max(FEW_ROUNDS),
                };
                load.instant == now && load.rounds > most
            })
            .map(|(number, _)| number)
    }

    /// Why time does not advance at this instant, with the names of those who turn in the circle; none
    /// if it does.
    #[must_use]
    pub fn stall(&self, now: SimTime) -> Option<String> {
        let mut who: Vec<String> = Vec::new();
        for number in self.in_circle(now) {
            let load = &self.loads[number];
            let name = &self.plan.load_places()[number].name;
            who.push(if load.users.is_empty() {
                format!("`{name}` arrives more than {MOST_ARRIVALS} times in one nanosecond")
            } else {
                let because = load.last.map(|ending| self.ended_at_once(ending));
                format!(
                    "`{name}` asks again as soon as {}",
                    because.unwrap_or_default()
                )
            });
        }
        (!who.is_empty()).then(|| format!("time does not advance at {now}: {}", who.join("; ")))
    }

    /// How a request that took no time ended, in words.
    fn ended_at_once(&self, ending: Ending) -> String {
        let place = &self.plan.places[ending.origin].name;
        match ending.cause {
            Outcome::Rejected if usize::from(ending.origin) >= self.plan.services.len() => {
                "its requests are turned away before they reach a service".into()
            }
            Outcome::Rejected => format!("`{place}` refuses (queue full)"),
            Outcome::Refused => {
                format!("`{place}` refuses (backlog full, or instances down)")
            }
            Outcome::BreakerOpen => format!("the breaker of `{place}` refuses"),
            Outcome::TimeoutPatience => "patience is lost, which takes no time".into(),
            Outcome::Ok | Outcome::Degraded => format!("`{place}` answers, which takes no time"),
            cause => format!("`{place}` fails ({}), which takes no time", cause.name()),
        }
    }
}

impl LoadState {
    /// Whose request this is, for draws: users who come again are themselves again.
    fn who(&self, user: u32, key: u64) -> u64 {
        match user {
            Frame::NOBODY => key,
            user => mix(self.key, u64::from(user)),
        }
    }

    fn user(&mut self, user: u32) -> &mut User {
        &mut self.users[user as usize]
    }

    /// Counts that it asks, by the instant.
    #[inline]
    fn asks_at(&mut self, now: SimTime) {
        if self.instant == now {
            self.rounds += 1;
        } else {
            (self.instant, self.rounds) = (now, 1);
        }
    }

    /// The source of a user's next think time.
    fn thought(&self, user: u32) -> Keyed {
        let user_key = mix(self.key, u64::from(user));
        Keyed::new(
            user_key,
            purpose::THINK ^ u64::from(self.users[user as usize].asked) << 32,
        )
    }

    /// Schedules the next arrival of an open workload, or that the search for it goes on; how many candidates
    /// were looked at.
    #[inline]
    fn seek(
        &mut self,
        workload: WorkloadId,
        kind: &WorkloadKind,
        end: SimTime,
        agenda: &mut Agenda<Event>,
    ) -> u64 {
        let (next, candidates) = self.next_arrival(kind, agenda.now(), end);
        let (at, event) = match next {
            Next::Arrives(at) => (at, Event::Arrival { workload }),
            Next::Unknown(at) => (at, Event::Seek { workload }),
        };
        if at < end {
            agenda.schedule_at(at, event);
        }
        candidates
    }

    /// When the next request of an open workload arrives, and how many candidates were looked at for that; at
    /// the end of all time where none does.
    #[inline]
    fn next_arrival(&mut self, kind: &WorkloadKind, now: SimTime, end: SimTime) -> (Next, u64) {
        let WorkloadKind::Open {
            rate,
            arrivals,
            shape,
            ..
        } = kind
        else {
            return (Next::Arrives(SimTime::MAX), 0);
        };
        if *rate <= 0.0 {
            return (Next::Arrives(SimTime::MAX), 0);
        }
        match (arrivals, shape.is_empty()) {
            (Arrivals::Poisson, true) => (Next::Arrives(now + self.exponential(*rate)), 0),
            (Arrivals::Constant, true) => {
                // Counted from the start, so that rounding does not add up.
                self.arrivals += 1;
                let at = SimDuration::from_secs_f64(self.arrivals as f64 / rate);
                (Next::Arrives(SimTime(at.0)), 0)
            }
            (Arrivals::Poisson, false) => self.thin(*rate, shape, now, end),
            (Arrivals::Constant, false) => self.integrate(*rate, shape, now, end),
        }
    }

    #[inline]
    fn exponential(&mut self, rate: f64) -> SimDuration {
        SimDuration::from_secs_f64(-libm::log(self.stream.open_uniform()) / rate)
    }

    /// A Poisson process whose rate varies, by thinning (Lewis and Shedler 1979). Between two jumps of the
    /// shapes the candidates come at the most that the rate is there: a spike costs nothing beside itself. After
    /// many that were thrown away in vain the search goes on from there, as nothing of the past matters.
    fn thin(&mut self, rate: f64, shape: &[Shape], mut now: SimTime, end: SimTime) -> (Next, u64) {
        let mut candidates = 0;
        while now < end {
            let (most, until) = envelope(shape, now);
            while now < until.min(end) {
                if candidates == MOST_CANDIDATES {
                    return (Next::Unknown(now), candidates);
                }
                candidates += 1;
                // Nothing comes at no rate.
                let next = if most > 0.0 {
                    now + self.exponential(rate * most)
                } else {
                    until
                };
                if next >= until {
                    // Of what is left of the wait nothing is remembered.
                    now = until;
                } else {
                    now = next;
                    if self.stream.uniform() * most < factor(shape, now) {
                        return (Next::Arrives(now), candidates);
                    }
                }
            }
        }
        (Next::Arrives(SimTime::MAX), candidates)
    }

    /// When the integral of a varying rate has grown by one.
    fn integrate(
        &mut self,
        rate: f64,
        shape: &[Shape],
        mut now: SimTime,
        end: SimTime,
    ) -> (Next, u64) {
        let mut candidates = 0;
        // A thousandth of the usual gap, so that rare arrivals take no more strides than others.
        let usual = STRIDE.max(SimDuration::from_secs_f64(1e-3 / rate));
        while now < end {
            if candidates == MOST_CANDIDATES {
                return (Next::Unknown(now), candidates);
            }
            candidates += 1;
            let until = if usual > STRIDE {
                envelope(shape, now).1
            } else {
                SimTime::MAX
            };
            let stride = usual.min(until.since(now));
            let current = rate * factor(shape, now);
            let seconds = stride.as_secs_f64();
            if current * seconds >= self.missing {
                let at = now + SimDuration::from_secs_f64(self.missing / current);
                self.missing = 1.0;
                return (Next::Arrives(at), candidates);
            }
            self.missing -= current * seconds;
            now += stride;
        }
        (Next::Arrives(SimTime::MAX), candidates)
    }
}

/// What is known of the next arrival.
enum Next {
    /// It comes then.
    Arrives(SimTime),
    /// Up to then none does.
    Unknown(SimTime),
}

const _: () = assert!(
    size_of::<FrameId>() == 8,
    "events carry a frame id and more in 16 bytes"
);
