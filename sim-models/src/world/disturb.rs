//! Faults come and go: what their kinds say is done to the world, and taken back.

use super::event::Event;
use super::frame::{FrameId, State, flag};
use super::state::{FaultState, LOOKS_PER_STEP, World};
use crate::faults::{Condition, Context, FaultKind, Instances, Target};
use crate::ids::{FaultId, InstanceId, TiVec};
use crate::outcome::Outcome;
use crate::plan::{FaultPlan, Plan};
use crate::quantity::cron::Cron;
use crate::queues::Line;
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::{Keyed, Seed, Source};
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Numbers in a list that are moved up in the time of a look at one.
const MOVED_PER_LOOK: usize = 64;

impl<'p> World<'p> {
    /// The faults before the first of them comes, their first periods scheduled: ahead of all else
    /// that happens then, so that it makes no difference how long before.
    pub(super) fn prepare_faults(
        &self,
        seed: Seed,
        agenda: &mut Agenda<Event>,
    ) -> TiVec<FaultId, FaultState> {
        let mut faults = TiVec::new();
        for (fault, entity) in entities(self.plan).into_iter_enumerated() {
            let periods = periods(&self.plan.faults[fault], seed, &entity, self.plan.end);
            if let Some((start, _)) = periods.first() {
                agenda.schedule_early(*start, fault.number(), Event::FaultOn { fault, period: 0 });
            }
            let key = seed.key(&entity, "hits");
            faults.push(FaultState {
                key,
                last: false,
                touched: 0,
                periods,
                active: VecDeque::new(),
                dealt_with: if self.plan.faults[fault].counts {
                    vec![0; self.plan.faults[fault].candidates.len()]
                } else {
                    Vec::new()
                },
            });
        }
        faults
    }

    /// Makes a world in which no fault has come yet one that is to meet those of `plan`, which must
    /// be its own plan but for the faults.
    pub(crate) fn meet_faults(&mut self, plan: &'p Plan, seed: Seed, agenda: &mut Agenda<Event>) {
        debug_assert!(self.plan.faults.is_empty(), "no fault has come yet");
        self.written = plan;
        self.plan = plan.changed(self.control.set.iter().map(|(_, change)| *change));
        self.faults = self.prepare_faults(seed, agenda);
    }

    /// How strong a fault is now, 0 to 1: it grows over its ramp.
    pub(super) fn strength(&self, fault: FaultId, now: SimTime) -> f64 {
        let ramp = self.plan.faults[fault].spec.ramp;
        if ramp.0 == 0 {
            return 1.0;
        }
        let state = &self.faults[fault];
        // Since the first of those that are under way.
        let since = state.active.front();
        let since = since.map(|(period, _)| state.periods[*period as usize].0);
        since.map_or(0.0, |since| {
            (now.since(since).as_nanos_f64() / ramp.as_nanos_f64()).min(1.0)
        })
    }

    /// Whether a fault on requests is meant for this one.
    pub(super) fn concerns(&self, fault: FaultId, index: u32) -> bool {
        let plan = &self.plan.faults[fault];
        let frame = &self.frames[index];
        plan.workload
            .is_none_or(|workload| workload == frame.workload)
            && plan
                .endpoint
                .as_ref()
                .is_none_or(|name| *name == self.plan.endpoints[frame.endpoint].name)
    }

    /// A fault comes.
    #[cold]
    pub(super) fn fault_on(&mut self, fault: FaultId, period: u32, agenda: &mut Agenda<Event>) {
        let plan = &self.plan.faults[fault];
        let state = &self.faults[fault];
        // A fault that was lifted does not come again.
        let Some((_, end)) = state.periods.get(period as usize).copied() else {
            return;
        };
        if end < SimTime::MAX {
            agenda.schedule_at(end, Event::FaultOff { fault, period });
        }
        if let Some((start, _)) = state.periods.get(period as usize + 1) {
            agenda.schedule_at(
                *start,
                Event::FaultOn {
                    fault,
                    period: period + 1,
                },
            );
        }
        let targets = match &plan.target {
            Target::Instances { instances, .. } => {
                choose(instances, plan.candidates.instances(), state.key, period)
            }
            Target::Link(_) => None,
        };
        let (all, chosen) = (plan.candidates.len(), targets.as_ref().map(Vec::len));
        self.chosen += chosen.unwrap_or(0);
        // Each that is chosen is taken out of a list of all.
        let looked = chosen.map_or(all, |chosen| all + chosen + chosen * (all / MOVED_PER_LOOK));
        self.work += looked as u64 / LOOKS_PER_STEP;
        self.faults[fault].dealt_with.fill(0);
        for link in plan.candidates.links() {
            self.links[*link].faults.push(fault);
        }
        for &target in hit(plan, &targets) {
            match plan.condition {
                Some(Condition::Down { .. }) => self.crash(fault, target, agenda),
                Some(Condition::Frozen) => self.freeze(fault, target, agenda),
                None => self.instances[target].faults.push(fault),
            }
        }
        self.faults[fault].active.push_back((period, targets));
    }

    /// A fault goes.
    #[cold]
    pub(super) fn fault_off(&mut self, fault: FaultId, period: u32, agenda: &mut Agenda<Event>) {
        let plan = &self.plan.faults[fault];
        let active = &mut self.faults[fault].active;
        let position = active.iter().position(|(active, _)| *active == period);
        let Some(position) = position else {
            debug_assert!(
                !self.plan.controllers.is_empty(),
                "it has come, or was ended"
            );
            return;
        };
        let under_way = active.remove(position);
        let (_, targets) = under_way.expect("it is at its position");
        self.chosen -= targets.as_ref().map_or(0, Vec::len);
        let looked = targets.as_ref().map_or(plan.candidates.len(), Vec::len);
        self.work += (position + looked) as u64 / LOOKS_PER_STEP;
        for link in plan.candidates.links() {
            let faults = &mut self.links[*link].faults;
            self.work += faults.len() as u64 / LOOKS_PER_STEP;
            remove_one(faults, fault);
        }
        for &target in hit(plan, &targets) {
            self.count_faults(target);
            match plan.condition {
                Some(Condition::Down { boot }) => self.released(target, boot, agenda),
                Some(Condition::Frozen) => self.unfreeze(target, agenda),
                None => {
                    remove_one(&mut self.instances[target].faults, fault);
                    if plan.holds {
                        self.unhang(target);
                    }
                }
            }
        }
    }

    /// Asks a fault about something that it may hit: what has this key, at this instance if it is a request.
    pub(super) fn ask_fault<R>(
        &mut self,
        fault: FaultId,
        subject: u64,
        instance: Option<InstanceId>,
        now: SimTime,
        ask: impl FnOnce(&FaultKind, &mut Context<'_>) -> R,
    ) -> R {
        let strength = self.strength(fault, now);
        let plan: &'p FaultPlan = &self.plan.faults[fault];
        let state = &mut self.faults[fault];
        let place = instance
            .filter(|_| plan.counts)
            .and_then(|instance| plan.candidates.instances().binary_search(&instance).ok());
        let mut none = 0;
        let dealt_with = match place {
            Some(place) => &mut state.dealt_with[place],
            None => &mut none,
        };
        let mut context = Context {
            strength,
            added: plan.add.as_ref(),
            dealt_with,
            share: plan.spec.share,
            correlation: plan.spec.correlation,
            key: state.key,
            subject,
            last: &mut state.last,
            touched: &mut state.touched,
        };
        ask(&plan.spec.inject, &mut context)
    }

    /// Counts the faults of an instance, all of which are about to be looked at, as work: there may be many,
    /// where periods overlap.
    pub(super) fn count_faults(&mut self, instance: InstanceId) {
        self.work += self.instances[instance].faults.len() as u64 / LOOKS_PER_STEP;
    }

    /// Ids of the frames at an instance that satisfy a condition. All frames are looked at, which is work.
    fn frames_at(&mut self, instance: InstanceId, wanted: impl Fn(State) -> bool) -> Vec<FrameId> {
        self.work += u64::from(self.frames.places()) / LOOKS_PER_STEP;
        (0..self.frames.places())
            .filter(|index| {
                let frame = &self.frames[*index];
                frame.instance == instance
                    && !matches!(frame.state, State::Free | State::Leg)
                    && !frame.is(flag::ROOT)
                    && wanted(frame.state)
            })
            .map(|index| self.frames.id(index))
            .collect()
    }

    /// An instance stops at once: what it had is lost. How many requests that were.
    #[cold]
    pub(super) fn kill(
        &mut self,
        instance: InstanceId,
        how: &'static str,
        agenda: &mut Agenda<Event>,
    ) -> u64 {
        let now = agenda.now();
        let state = &mut self.instances[instance];
        let order = &self.plan.services[state.service].queue_order;
        state.queue = order.queue();
        state.backlog = Line::EMPTY;
        state.ready = Line::EMPTY;
        state.busy = 0;
        state.cores.clear(now);
        agenda.cancel(state.cores.timer);
        state.cores.timer = EventId::NONE;
        let lost = self.frames_at(instance, |state| {
            !matches!(state, State::InTransit | State::Replying)
        });
        let mut requests = 0;
        for id in lost {
            // A branch goes with the request that it belongs to.
            if let Some(index) = self.frames.alive(id)
                && !self.frames[index].is(flag::BRANCH)
            {
                requests += 1;
                self.lose(index, how, agenda);
            }
        }
        let levels = &mut self.recorder.instances[instance];
        levels.busy.set(now, 0);
        levels.working.set(now, 0);
        levels.queue.set(now, 0);
        self.lose_inbox(instance, agenda);
        self.forget(instance);
        self.watch_all(
            agenda.now(),
            Some("what it remembered died with its instance"),
        );
        self.forget_what_was_kept(instance);
        requests
    }

    /// What an instance had yet to see when it was paused is lost in a crash with the rest.
    fn lose_inbox(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let state = &mut self.instances[instance];
        state.paused.clear();
        for event in std::mem::take(&mut state.inbox) {
            match event {
                // The caller of an answer is lost: nobody reads it.
                Event::Answer(id) => {
                    if let Some(index) = self.frames.alive(id) {
                        self.frames.remove(index);
                    }
                }
                Event::Deliver(id) => {
                    if let Some(index) = self.frames.alive(id) {
                        let ending = self.ends_here(index, Outcome::Reset);
                        self.reply(index, ending, agenda);
                    }
                }
                _ => {}
            }
        }
    }

    /// A request is lost with its instance; its caller sees the connection break.
    fn lose(&mut self, index: u32, how: &'static str, agenda: &mut Agenda<Event>) {
        let ending = self.ends_here(index, Outcome::Reset);
        self.tell(index, agenda.now(), || how.into());
        self.frames[index].flags &= !flag::THREAD;
        match self.frames[index].state {
            State::Calling if self.is_at_door(index) => self.leave_the_door(index, agenda),
            State::Queued | State::Backlogged => self.leave_unstarted(index, agenda),
            state => {
                // The queues and cores of the instance are empty already.
                if matches!(state, State::Ready | State::Computing) {
                    self.frames[index].state = State::Hung;
                }
                self.stop(index, agenda);
                self.release_all(index, agenda);
                self.leave(index, ending, agenda);
            }
        }
        self.reply(index, ending, agenda);
    }

    /// The memories of the policies and balancers of an instance die with it.
    fn forget(&mut self, instance: InstanceId) {
        let plan = &self.plan.instances[instance];
        for (edge, state) in self.plan.edges.iter().zip(&mut self.edges) {
            if edge.caller == plan.place {
                let balancer = &self.plan.services[edge.callee].balance;
                balancer.forget(&mut state.choosers[plan.number as usize]);
                for layer in edge.layers.iter().filter(|layer| !layer.shared) {
                    let first = (layer.memory + plan.number * layer.parts) as usize;
                    state.memories[first..first + layer.parts as usize].fill(layer.spec.memory());
                }
            }
        }
    }

    /// A request reached an instance that is down or frozen: the faults behind that touched it.
    pub(super) fn touch(&mut self, instance: InstanceId) {
        let mut looked = 0;
        for (plan, state) in self.plan.faults.iter().zip(&mut self.faults) {
            looked += 1;
            let here = state.active.iter().any(|(_, targets)| {
                looked += targets.as_ref().map_or(plan.candidates.len(), Vec::len) as u64;
                hit(plan, targets).contains(&instance)
            });
            if here && plan.condition.is_some() {
                state.touched += 1;
            }
        }
        self.work += looked / LOOKS_PER_STEP;
    }

    /// An instance stands still: steps keep what is left of them.
    fn freeze(&mut self, fault: FaultId, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let state = &mut self.instances[instance];
        state.frozen += 1;
        if state.frozen > 1 {
            return;
        }
        state.cores.pass(now);
        agenda.cancel(state.cores.timer);
        state.cores.timer = EventId::NONE;
        let present = self.frames_at(instance, |state| {
            !matches!(state, State::InTransit | State::Replying)
        });
        self.faults[fault].touched += present.len() as u64;
        for id in present {
            let frame = &mut self.frames[id.index];
            if frame.state == State::Running && agenda.cancel(frame.timer).is_some() {
                frame.timer = EventId::NONE;
                let left = frame.mark.since(now);
                self.instances[instance].paused.push((id, left));
            }
        }
    }

    /// An instance goes on where it was; then it sees what reached it meanwhile.
    fn unfreeze(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let state = &mut self.instances[instance];
        state.frozen -= 1;
        if state.frozen > 0 {
            return;
        }
        for (id, left) in std::mem::take(&mut state.paused) {
            if let Some(index) = self.frames.alive(id) {
                self.frames[index].mark = agenda.now() + left;
                self.frames[index].timer = agenda.schedule_after(left, Event::StepEnd(id));
            }
        }
        let inbox = std::mem::take(&mut self.instances[instance].inbox);
        self.now_next.extend(inbox);
        self.cores_wake(instance, agenda);
        self.fill_threads(instance, agenda);
    }

    /// Whether another fault holds a request that hangs.
    fn still_hangs(&self, instance: InstanceId, index: u32) -> bool {
        let faults = &self.instances[instance].faults;
        faults
            .iter()
            .copied()
            .any(|fault| self.plan.faults[fault].holds && self.concerns(fault, index))
    }

    /// Requests that hung go on, unless another fault still holds them.
    fn unhang(&mut self, instance: InstanceId) {
        for id in self.frames_at(instance, |state| state == State::Hung) {
            self.count_faults(instance);
            if self.still_hangs(instance, id.index) {
                continue;
            }
            self.frames[id.index].state = State::Running;
            self.now_next.push(Event::Continue(id));
        }
    }
}

/// When the first fault comes, if one does before the end of the run.
pub(crate) fn first_fault(plan: &Plan, seed: Seed) -> Option<SimTime> {
    let entities = entities(plan).into_iter_enumerated();
    entities
        .filter_map(|(fault, entity)| {
            let periods = periods(&plan.faults[fault], seed, &entity, plan.end);
            periods.first().map(|(start, _)| *start)
        })
        .min()
}

/// The names of the random streams of all faults.
fn entities(plan: &Plan) -> TiVec<FaultId, String> {
    let mut twins: BTreeMap<&str, usize> = BTreeMap::new();
    let faults = plan.faults.iter().map(|fault| {
        // Faults of one name are told apart by how many came before.
        let before = twins.entry(&fault.name).or_insert(0);
        let entity = format!("fault/{}/{before}", fault.name);
        *before += 1;
        entity
    });
    faults.collect()
}

/// The instances that a fault hits, of which some may have been chosen.
pub(super) fn hit<'a>(
    plan: &'a FaultPlan,
    chosen: &'a Option<Vec<InstanceId>>,
) -> &'a [InstanceId] {
    match chosen {
        Some(chosen) => chosen,
        None => plan.candidates.instances(),
    }
}

fn remove_one(list: &mut Vec<FaultId>, fault: FaultId) {
    if let Some(position) = list.iter().position(|other| *other == fault) {
        list.remove(position);
    }
}

/// What a fault hits in one of its periods, or an operator restarts; none for all that it can.
pub(super) fn choose(
    instances: &Instances,
    all: &[InstanceId],
    key: u64,
    period: u32,
) -> Option<Vec<InstanceId>> {
    let count = match instances {
        // The plan has picked the instances that are named.
        Instances::All | Instances::Only(_) => return None,
        Instances::One => 1,
        Instances::Count(count) => *count as usize,
        Instances::Percent(percent) => libm::ceil(all.len() as f64 * percent / 100.0) as usize,
    };
    // A partial Fisher-Yates shuffle.
    let mut rest = all.to_vec();
    let mut chance = Keyed::new(key, u64::from(period));
    let mut chosen: Vec<InstanceId> = (0..count.min(rest.len()))
        .map(|_| {
            let pick = chance.below(rest.len() as u64) as usize;
            rest.remove(pick)
        })
        .collect();
    chosen.sort_unstable();
    Some(chosen)
}

/// When a fault is on, in order, until the end of the run.
fn periods(plan: &FaultPlan, seed: Seed, entity: &str, end: SimTime) -> Vec<(SimTime, SimTime)> {
    let spec = &plan.spec;
    let most = spec.times.map_or(usize::MAX, |times| times as usize);
    let lasting = |start: SimTime| spec.lasts.map_or(SimTime::MAX, |span| start + span);
    if let Some(random) = &spec.random {
        return random_periods(plan, random.mtbf, seed, entity, end, most);
    }
    let starts: Vec<SimTime> = match (&spec.cron, spec.at) {
        (Some(pattern), _) => pattern
            .parse::<Cron>()
            .map(|cron| cron_times(cron, end, most))
            .unwrap_or_default(),
        (None, Some(at)) => match spec.every {
            Some(every) if every.0 > 0 => (0..)
                .map(|n: u64| SimTime(at.0.saturating_add(every.0.saturating_mul(n))))
                .take_while(|t| *t < end)
                .take(most)
                .collect(),
            _ => vec![SimTime(at.0)],
        },
        (None, None) => Vec::new(),
    };
    starts
        .into_iter()
        .filter(|start| *start < end)
        .take(most)
        .map(|start| (start, lasting(start)))
        .collect()
}

fn cron_times(cron: Cron, end: SimTime, most: usize) -> Vec<SimTime> {
    let first = cron.next(SimTime::ZERO, true);
    std::iter::successors(first, |time| cron.next(*time, false))
        .take_while(|time| *time < end)
        .take(most)
        .collect()
}

fn random_periods(
    plan: &FaultPlan,
    mtbf: SimDuration,
    seed: Seed,
    entity: &str,
    end: SimTime,
    most: usize,
) -> Vec<(SimTime, SimTime)> {
    let mut stream = seed.stream(entity, "times");
    let mut now = SimTime(plan.spec.at.unwrap_or_default().0);
    let mut periods = Vec::new();
    while periods.len() < most {
        now += SimDuration::from_nanos_f64(-libm::log(stream.open_uniform()) * mtbf.as_nanos_f64());
        if now >= end {
            break;
        }
        let repair = plan.repair.as_ref().map_or(SimDuration::ZERO, |repair| {
            repair.sample_duration(&mut stream)
        });
        periods.push((now, now + repair));
        now += repair.max(SimDuration(1));
    }
    periods
}
