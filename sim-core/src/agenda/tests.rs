//! The agenda against its slow twin, over random sequences of everything one can do with it.

use super::slow::SlowAgenda;
use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    At(u64),
    After(u64),
    Lane(usize),
    Early(u64),
    /// Schedules so many events at one instant.
    Crowd(u64, u16),
    /// Cancels the event scheduled as the so-manieth from the last.
    Cancel(usize),
    /// Cancels every so-manieth of all events ever scheduled.
    CancelMany(usize),
    Due(usize),
    Pop(u64),
    PopMany(u64, u16),
    Advance(u64),
}

const DELAYS: [u64; 6] = [0, 1, 64, 1_000_000, 1_000_000_000, 1 << 50];

fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0_u64..4,
        4 => 0_u64..200,
        6 => (0_u32..40, 0_u64..64).prop_map(|(shift, digit)| digit << shift),
        6 => 0_u64..20_000_000,
        2 => 0_u64..100_000_000_000,
    ]
}

/// Spans that soon carry the clock to the end of all time, so not for every sequence.
fn far() -> impl Strategy<Value = u64> {
    prop_oneof![8 => span(), 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn any_step(span: fn() -> BoxedStrategy<u64>) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => span().prop_map(Step::At),
        12 => span().prop_map(Step::After),
        10 => (0..DELAYS.len()).prop_map(Step::Lane),
        3 => span().prop_map(Step::Early),
        1 => (span(), 1_u16..400).prop_map(|(span, count)| Step::Crowd(span, count)),
        8 => (0_usize..40).prop_map(Step::Cancel),
        1 => (1_usize..4).prop_map(Step::CancelMany),
        1 => (0_usize..40).prop_map(Step::Due),
        12 => span().prop_map(Step::Pop),
        2 => (span(), 0_u16..200).prop_map(|(span, count)| Step::PopMany(span, count)),
        1 => (0_u64..1000).prop_map(Step::Advance),
    ]
}

/// Both agendas, and the names that both gave to each event.
struct Pair {
    fast: Agenda<u64>,
    slow: SlowAgenda<u64>,
    lanes: Vec<LaneId>,
    ids: Vec<(EventId, slow::SlowId)>,
}

impl Pair {
    fn new() -> Self {
        let (mut fast, mut slow) = (Agenda::new(), SlowAgenda::new());
        let mut lanes = Vec::new();
        for (at, delay) in DELAYS.into_iter().enumerate() {
            lanes.push(fast.lane(SimDuration(delay)));
            assert_eq!(slow.lane(SimDuration(delay)), at);
            assert_eq!(fast.lane(SimDuration(delay)), lanes[at]);
        }
        Self {
            fast,
            slow,
            lanes,
            ids: Vec::new(),
        }
    }

    fn at(&mut self, time: SimTime) {
        let event = self.ids.len() as u64;
        self.ids.push((
            self.fast.schedule_at(time, event),
            self.slow.schedule_at(time, event),
        ));
    }

    fn cancel(&mut self, from_last: usize) {
        if let Some(at) = self.ids.len().checked_sub(from_last + 1) {
            let (fast, slow) = self.ids[at];
            assert_eq!(self.fast.cancel(fast), self.slow.cancel(slow));
        }
    }

    fn pop(&mut self, end: SimTime) -> bool {
        let popped = self.fast.pop_until(end);
        assert_eq!(popped, self.slow.pop_until(end));
        assert_eq!(self.fast.now(), self.slow.now());
        popped.is_some()
    }

    fn step(&mut self, step: &Step) {
        let now = self.slow.now();
        match *step {
            Step::At(time) => self.at(SimTime(time).max(now)),
            Step::After(delay) => self.at(now + SimDuration(delay)),
            Step::Lane(lane) => {
                let event = self.ids.len() as u64;
                let fast = self.fast.schedule_lane(self.lanes[lane], event);
                self.ids.push((fast, self.slow.schedule_lane(lane, event)));
            }
            Step::Early(delay) => {
                let event = self.ids.len() as u64;
                // Ranks in neither rising nor falling order.
                let (at, rank) = (now + SimDuration(delay), (event as u16).reverse_bits());
                let fast = self.fast.schedule_early(at, rank, event);
                self.ids
                    .push((fast, self.slow.schedule_early(at, rank, event)));
            }
            Step::Crowd(delay, count) => {
                for _ in 0..count {
                    self.at(now + SimDuration(delay));
                }
            }
            Step::Cancel(from_last) => self.cancel(from_last),
            Step::CancelMany(stride) => {
                for from_last in (0..self.ids.len()).step_by(stride) {
                    self.cancel(from_last);
                }
            }
            Step::Due(from_last) => {
                if let Some(at) = self.ids.len().checked_sub(from_last + 1) {
                    let (fast, slow) = self.ids[at];
                    assert_eq!(self.fast.due(fast), self.slow.due(slow));
                }
            }
            Step::Pop(ahead) => {
                self.pop(now + SimDuration(ahead));
            }
            Step::PopMany(ahead, count) => {
                for _ in 0..count {
                    self.pop(now + SimDuration(ahead));
                }
            }
            Step::Advance(ahead) => {
                let time = now + SimDuration(ahead);
                while self.pop(time) {}
                self.fast.advance(time);
                self.slow.advance(time);
            }
        }
        assert_eq!(self.fast.len(), self.slow.len());
        assert_eq!(self.fast.is_empty(), self.slow.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn agrees_with_its_slow_twin(steps in prop_oneof![
        9 => prop::collection::vec(any_step(|| span().boxed()), 1..400),
        1 => prop::collection::vec(any_step(|| far().boxed()), 1..400),
    ]) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.step(step);
        }
        while pair.pop(SimTime::MAX) {}
        prop_assert!(pair.fast.is_empty());
        prop_assert_eq!(pair.fast.cancel(EventId::NONE), None);
    }
}

/// A cheap generator for the long tests.
fn noise(state: &mut u64) -> u64 {
    *state = crate::random::mix(*state, 0x5EED);
    *state
}

/// Events due long after the next ones, and `near` crowded with events before the ladder's base.
#[test]
fn stays_in_order_when_near_overflows() {
    let mut agenda = Agenda::new();
    agenda.schedule_at(SimTime(1 << 40), 0_u64);
    assert_eq!(agenda.pop_until(SimTime((1 << 40) - 1)), None);
    let mut state = 1;
    for event in 1..20_000 {
        agenda.schedule_at(SimTime(noise(&mut state) >> 24), event);
    }
    let mut last = SimTime::ZERO;
    let mut count = 0;
    while let Some((time, _)) = agenda.pop_until(SimTime::MAX) {
        assert!(time >= last);
        last = time;
        count += 1;
    }
    assert_eq!(count, 20_000);
}

/// Timeouts almost all of which are cancelled leave neither keys nor slots behind.
#[test]
fn memory_stays_bounded_under_cancelling() {
    let mut agenda = Agenda::new();
    let long = agenda.lane(SimDuration::from_secs(3600));
    let mut state = 1;
    let mut most = 0;
    for round in 0..400_000_u64 {
        let irregular = agenda.schedule_after(
            SimDuration::from_secs(3600 + noise(&mut state) % 3600),
            round,
        );
        let fixed = agenda.schedule_lane(long, round);
        agenda.schedule_after(SimDuration(1000), round);
        assert_eq!(
            agenda.pop_until(SimTime::MAX).map(|(_, event)| event),
            Some(round)
        );
        assert_eq!(agenda.cancel(irregular), Some(round));
        assert_eq!(agenda.cancel(irregular), None);
        assert_eq!(agenda.cancel(fixed), Some(round));
        most = most.max(agenda.memory());
    }
    assert!(agenda.is_empty());
    assert!(most < 1_000_000, "{most} bytes for three events");
}

/// It makes no difference when an early event is scheduled.
#[test]
fn early_events_may_be_told_of_late() {
    let at = SimTime(1_000_000);
    for others in [0, 3, 100, 1000, 20_000] {
        let mut state = 5;
        let (mut soon, mut late) = (Agenda::new(), Agenda::new());
        soon.schedule_early(at, 1, 1);
        soon.schedule_early(at, 0, 0);
        for event in 2..others {
            // Many at that very instant.
            let time = SimTime((noise(&mut state) >> 43).min(1_000_000));
            soon.schedule_at(time, event);
            late.schedule_at(time, event);
        }
        let before = SimTime(at.0 - 1);
        loop {
            let next = soon.pop_until(before);
            assert_eq!(next, late.pop_until(before));
            if next.is_none() {
                break;
            }
        }
        assert_eq!(soon.footprint(), late.footprint());
        late.schedule_early(at, 0, 0);
        late.schedule_early(at, 1, 1);
        let mut order = Vec::new();
        while let Some(next) = soon.pop_until(SimTime::MAX) {
            assert_eq!(Some(next), late.pop_until(SimTime::MAX));
            order.push(next.1);
        }
        assert_eq!(order[..2], [0, 1]);
        assert!(late.is_empty());
        assert_eq!(soon.footprint(), late.footprint());
    }
}

/// A clone goes on exactly as the original.
#[test]
fn a_clone_is_a_fork() {
    let mut agenda = Agenda::new();
    let mut state = 9;
    for event in 0..5000_u64 {
        agenda.schedule_after(SimDuration(noise(&mut state) >> 30), event);
    }
    for _ in 0..2500 {
        agenda.pop_until(SimTime::MAX);
    }
    let mut fork = agenda.clone();
    for event in 0..5000_u64 {
        let delay = SimDuration(noise(&mut state) >> 30);
        assert_eq!(
            agenda.schedule_after(delay, event),
            fork.schedule_after(delay, event)
        );
        assert_eq!(agenda.pop_until(SimTime::MAX), fork.pop_until(SimTime::MAX));
    }
}
