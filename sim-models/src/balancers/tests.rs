//! Every balancer alone, without a world.

use super::{BalancerSpec, Heard, Memory, View};
use crate::outcome::Outcome;
use crate::resilience::Load;
use crate::scenario::explain::read_part;
use sim_core::random::Keyed;
use sim_core::{SimDuration, SimTime};

/// A balancer, what it remembers, and what is out.
struct Alone {
    spec: BalancerSpec,
    memory: Memory,
    out: Vec<u32>,
    now: SimTime,
    key: u32,
    draws: u64,
    load: Load,
}

impl Alone {
    fn new(text: &str, callees: u32) -> Self {
        let spec: BalancerSpec = read_part(text).unwrap();
        assert_eq!(spec.validate(), [], "{text}");
        Self {
            memory: spec.memory(callees),
            spec,
            out: vec![0; callees as usize],
            now: SimTime::ZERO,
            key: 0,
            draws: 0,
            load: Load::UNKNOWN,
        }
    }

    /// Whom it sends the next attempt to, among these; among all if none are named.
    fn send(&mut self, among: &[u32]) -> u32 {
        let view = View {
            now: self.now,
            key: self.key,
            callees: self.out.len() as u32,
            among,
            outstanding: &self.out,
        };
        self.draws += 1;
        let mut luck = Keyed::new(7, self.draws);
        let number = self.spec.choose(&mut self.memory, &view, &mut luck);
        assert!(among.is_empty() || among.contains(&number));
        self.out[number as usize] += 1;
        number
    }

    fn answer(&mut self, callee: u32, millis: u64, outcome: Outcome, answered: bool) {
        self.out[callee as usize] -= 1;
        let heard = Heard {
            now: self.now,
            callee,
            took: SimDuration::from_millis(millis),
            outcome,
            answered,
            load: self.load,
        };
        self.spec.on_result(&mut self.memory, &heard);
    }

    fn counts(&mut self, attempts: u32, among: &[u32]) -> Vec<u32> {
        let mut counts = vec![0; self.out.len()];
        for _ in 0..attempts {
            counts[self.send(among) as usize] += 1;
        }
        counts
    }
}

#[test]
fn round_robin_goes_on_behind_those_that_it_passes_by() {
    let mut alone = Alone::new("round_robin", 4);
    let order: Vec<u32> = (0..5).map(|_| alone.send(&[])).collect();
    assert_eq!(order, [0, 1, 2, 3, 0]);
    let order: Vec<u32> = (0..4).map(|_| alone.send(&[0, 2])).collect();
    assert_eq!(order, [2, 0, 2, 0]);
    assert_eq!(alone.send(&[]), 1);
}

#[test]
fn weights_are_kept_exactly_and_smoothly() {
    // The example of nginx.
    let mut alone = Alone::new("weighted_round_robin([5, 1, 1])", 3);
    let order: Vec<u32> = (0..7).map(|_| alone.send(&[])).collect();
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
    assert_eq!(alone.counts(700, &[]), [500, 100, 100]);
    // More instances than weights: in turn.
    assert_eq!(
        Alone::new("weighted_round_robin([2, 1])", 4).counts(600, &[]),
        [200, 100, 200, 100]
    );
    // Those that are left share by their weights.
    let mut alone = Alone::new("weighted_round_robin([3, 1, 2])", 3);
    assert_eq!(alone.counts(400, &[0, 1]), [300, 100, 0]);
}

#[test]
fn least_outstanding_fills_the_emptiest_first() {
    let mut alone = Alone::new("least_outstanding", 5);
    assert_eq!(alone.counts(50, &[]), [10; 5]);
    alone.out[3] = 0;
    assert_eq!(alone.counts(10, &[]), [0, 0, 0, 10, 0]);
}

#[test]
fn power_of_two_never_takes_the_fuller_of_both() {
    let mut alone = Alone::new("power_of_two", 2);
    alone.out = vec![100, 0];
    assert_eq!(alone.counts(100, &[]), [0, 100]);
    let mut alone = Alone::new("power_of_two", 100);
    let counts = alone.counts(10_000, &[]);
    // A random choice puts 100 + 26 at one; two choices keep within a few of the mean of 100.
    assert!(*counts.iter().max().unwrap() <= 104, "{counts:?}");
    let counts = Alone::new("random", 100).counts(10_000, &[]);
    assert!(*counts.iter().max().unwrap() > 115, "{counts:?}");
}

#[test]
fn a_slow_instance_is_left_alone_until_its_peak_is_forgotten() {
    let mut alone = Alone::new(r#"peak_ewma(decay: "10s")"#, 2);
    // Of each, one is asked first: nothing is known of either, and the second has nothing out.
    let mut order = [alone.send(&[]), alone.send(&[])];
    order.sort_unstable();
    assert_eq!(order, [0, 1]);
    alone.answer(0, 1000, Outcome::Ok, true);
    alone.answer(1, 10, Outcome::Ok, true);
    // Up to a hundred out at the fast one cost less than one more at the slow one.
    assert_eq!(alone.counts(99, &[]), [0, 99]);
    alone.out = vec![0, 0];
    // Both forget alike: after twenty seconds the slow one is still expected to take 135 ms. Then one answer says
    // that it is fast again, but for what is left of the peak.
    alone.now = SimTime::ZERO + SimDuration::from_secs(20);
    assert_eq!(alone.send(&[0]), 0);
    alone.answer(0, 10, Outcome::Ok, true);
    let Memory::PeakEwma(_) = &alone.memory else {
        panic!("its memory is its own");
    };
    assert_eq!(alone.send(&[1]), 1);
    alone.answer(1, 10, Outcome::Ok, true);
    // exp(-2) of 1000 ms and the rest of 10 ms are 144 ms, against 10 ms: 14 may be out at the other.
    let counts = alone.counts(20, &[]);
    assert_eq!(counts, [1, 19]);
}

#[test]
fn what_is_given_up_raises_the_cost_and_never_lowers_it() {
    let mut alone = Alone::new("peak_ewma", 2);
    alone.send(&[0]);
    alone.send(&[1]);
    alone.answer(0, 100, Outcome::Ok, true);
    alone.answer(1, 200, Outcome::Ok, true);
    alone.send(&[1]);
    // A hedge that lost after 1 ms says nothing of how long the answer would have taken.
    alone.answer(1, 1, Outcome::Cancelled, false);
    assert_eq!(alone.send(&[]), 0);
    alone.answer(0, 500, Outcome::TimeoutAttempt, false);
    assert_eq!(alone.send(&[]), 1);
}

#[test]
fn failures_draw_traffic_unless_there_is_a_penalty() {
    for (text, next) in [("peak_ewma", 0), (r#"peak_ewma(penalty: "1s")"#, 1)] {
        let mut alone = Alone::new(text, 2);
        alone.send(&[0]);
        alone.send(&[1]);
        alone.answer(0, 1, Outcome::Refused, true);
        alone.answer(1, 50, Outcome::Ok, true);
        assert_eq!(alone.send(&[]), next, "{text}");
    }
}

#[test]
fn panic_is_a_share_of_all_and_where_nobody_is_left_always() {
    let spec = |text: &str| read_part::<BalancerSpec>(text).unwrap().panic();
    let never = spec("random");
    assert!(!never.at(1, 10) && never.at(0, 10));
    let half = spec("random(panic: 0.5)");
    assert!(half.at(4, 10) && !half.at(5, 10));
    let wrong = read_part::<BalancerSpec>("random(panic: 50)").unwrap();
    assert_eq!(
        wrong.validate(),
        [("panic", "must be 0 to 1, not 50".into())]
    );
}

#[test]
fn examples_can_be_read_and_shares_add_up() {
    for ((name, _), example) in super::REGISTRY.iter().zip(super::EXAMPLES) {
        let spec: BalancerSpec = read_part(example).unwrap();
        assert_eq!(spec.name(), *name);
        assert_eq!(spec.validate(), [], "{name}");
        if let Some(shares) = spec.shares(5) {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{name}");
        }
    }
}

#[test]
fn keys_stay_where_they_are_and_move_only_from_who_is_gone() {
    let mut alone = Alone::new("consistent_hash", 10);
    let mut place = |key, among: &[u32]| {
        alone.key = key;
        alone.send(among)
    };
    let all: Vec<u32> = (1..=1000).map(|key| place(key, &[])).collect();
    let again: Vec<u32> = (1..=1000).map(|key| place(key, &[])).collect();
    assert_eq!(all, again);
    let most = (0..10).map(|number| all.iter().filter(|at| **at == number).count());
    assert!(
        most.clone().max() < Some(140) && most.min() > Some(60),
        "{all:?}"
    );
    let left = [0, 1, 2, 3, 5, 6, 7, 8, 9];
    for (key, before) in (1..=1000).zip(all) {
        let now = place(key, &left);
        assert!(now == before || before == 4, "key {key}");
    }
}

#[test]
fn a_hot_key_fills_no_more_than_the_bound() {
    let mut alone = Alone::new("consistent_hash(bound: 1.25)", 4);
    alone.key = 7;
    let counts = alone.counts(400, &[]);
    assert!(counts.iter().max() <= Some(&126), "{counts:?}");
    // The first three are as full as they may be.
    assert!(counts.iter().min() < Some(&60), "{counts:?}");
    let mut alone = Alone::new("consistent_hash", 4);
    alone.key = 7;
    assert_eq!(alone.counts(400, &[]).iter().max(), Some(&400));
    // Requests without a key go anywhere.
    alone.key = 0;
    assert!(alone.counts(400, &[]).iter().min() > Some(&60));
}

#[test]
fn least_loaded_goes_by_what_instances_told_of_late() {
    let mut alone = Alone::new("least_loaded(memory: \"2s\")", 2);
    let tell = |alone: &mut Alone, callee: u32, load: f64| {
        alone.out[callee as usize] += 1;
        alone.load = Load::of(load);
        alone.answer(callee, 1, Outcome::Ok, true);
    };
    tell(&mut alone, 0, 0.9);
    tell(&mut alone, 1, 0.4);
    assert_eq!(alone.counts(20, &[]), [0, 20]);
    // What is out of one's own decides only where they told the same.
    alone.out = vec![0, 5];
    tell(&mut alone, 1, 0.9);
    assert_eq!(alone.send(&[]), 0);
    // Nobody is known to be busy any longer: whose load is not known is tried.
    alone.now += SimDuration::from_millis(2001);
    tell(&mut alone, 1, 0.1);
    alone.out = vec![0, 0];
    assert_eq!(alone.counts(20, &[]), [20, 0]);
}
