//! Every order alone, without a world.

use super::{Links, NOBODY, OrderSpec, Queue, Waiting};
use crate::baggage::Priority;
use crate::scenario::explain::read_part;
use sim_core::{SimDuration, SimTime};

/// A request that waits.
#[derive(Clone, Copy)]
struct Request {
    links: (u32, u32),
    since: SimTime,
    deadline: SimTime,
    tenant: u32,
}

#[derive(Default)]
struct Requests(Vec<Request>);

impl Links for Requests {
    fn links(&self, who: u32) -> (u32, u32) {
        self.0[who as usize].links
    }
    fn set_before(&mut self, who: u32, before: u32) {
        self.0[who as usize].links.0 = before;
    }
    fn set_behind(&mut self, who: u32, behind: u32) {
        self.0[who as usize].links.1 = behind;
    }
}

impl Waiting for Requests {
    fn since(&self, who: u32) -> SimTime {
        self.0[who as usize].since
    }
    fn deadline(&self, who: u32) -> SimTime {
        self.0[who as usize].deadline
    }
    fn tenant(&self, who: u32) -> u32 {
        self.0[who as usize].tenant
    }
    fn priority(&self, who: u32) -> Priority {
        Priority::ALL[self.0[who as usize].tenant as usize]
    }
}

/// An order, its queue, and those who have come, numbered from 0.
struct Alone {
    order: OrderSpec,
    queue: Queue,
    requests: Requests,
}

fn at(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

impl Alone {
    fn new(text: &str) -> Self {
        let order: OrderSpec = read_part(text).unwrap();
        assert_eq!(order.validate(), [], "{text}");
        Self {
            queue: order.queue(),
            order,
            requests: Requests::default(),
        }
    }

    /// One comes at a time, in ms, with a deadline, in ms, of a tenant.
    fn come(&mut self, since: u64, deadline: u64, tenant: u32) -> u32 {
        let who = self.requests.0.len() as u32;
        self.requests.0.push(Request {
            links: (NOBODY, NOBODY),
            since: at(since),
            deadline: at(deadline),
            tenant,
        });
        self.order.push(&mut self.queue, &mut self.requests, who);
        who
    }

    /// Who is next at a time, in ms, and who is dropped for that.
    fn next(&mut self, now: u64) -> (Option<u32>, Vec<u32>) {
        let mut dropped = Vec::new();
        let next = self
            .order
            .next(&mut self.queue, &mut self.requests, at(now), &mut dropped);
        (next, dropped)
    }

    /// All who are served from a time on.
    fn all(&mut self, now: u64) -> Vec<u32> {
        std::iter::from_fn(|| self.next(now).0).collect()
    }

    fn leave(&mut self, who: u32) {
        self.order.remove(&mut self.queue, &mut self.requests, who);
    }
}

#[test]
fn each_order_serves_everybody_once_whoever_leaves() {
    for ((name, _), example) in super::REGISTRY.iter().zip(super::EXAMPLES) {
        let mut alone = Alone::new(example);
        assert_eq!(alone.order.name(), *name);
        for n in 0..40 {
            alone.come(n, 1000 + n * 7 % 40, (n % 3) as u32);
        }
        for who in [0, 39, 13, 14, 15] {
            alone.leave(who);
        }
        assert_eq!(alone.queue.waiting(), 35, "{name}");
        let (next, dropped) = alone.next(40);
        assert!(dropped.is_empty(), "{name}");
        let mut served = alone.all(40);
        served.extend(next);
        served.sort_unstable();
        let wanted: Vec<u32> = (1..39).filter(|who| !(13..16).contains(who)).collect();
        assert_eq!(served, wanted, "{name}");
        assert_eq!(alone.queue.waiting(), 0, "{name}");
    }
}

#[test]
fn first_or_last() {
    for (order, served) in [("fifo", [0, 1, 2]), ("lifo", [2, 1, 0])] {
        let mut alone = Alone::new(order);
        (0..3).for_each(|n| {
            alone.come(n, 1000, 0);
        });
        assert_eq!(alone.all(5), served, "{order}");
    }
}

#[test]
fn adaptive_lifo_turns_round_where_many_wait_and_drops_who_waited_too_long() {
    let mut alone = Alone::new("adaptive_lifo(above: 2)");
    (0..4).for_each(|n| {
        alone.come(n, 1000, 0);
    });
    // Four and three wait: the last. Two: the first.
    assert_eq!(alone.all(5), [3, 2, 0, 1]);
    let mut alone = Alone::new(r#"adaptive_lifo(above: 1, drop_after: "100ms")"#);
    for n in 0..4 {
        alone.come(50 * n, 1000, 0);
    }
    // At exactly its time one is served.
    assert_eq!(alone.next(200), (Some(3), vec![0, 1]));
    assert_eq!(alone.next(200), (Some(2), vec![]));
}

#[test]
fn the_earliest_deadline_is_first_and_equals_keep_their_order() {
    let mut alone = Alone::new("edf");
    for deadline in [50, 30, 40, 30, 10_000_000, 20, 50] {
        alone.come(0, deadline, 0);
    }
    assert_eq!(alone.all(5), [5, 1, 3, 2, 0, 6, 4]);
    // As a stable sort has it.
    let mut alone = Alone::new("edf");
    let deadlines: Vec<u64> = (0..200).map(|n| 10 + n * 37 % 50).collect();
    for deadline in &deadlines {
        alone.come(0, *deadline, 0);
    }
    let mut sorted: Vec<u32> = (0..200).collect();
    sorted.sort_by_key(|who| deadlines[*who as usize]);
    assert_eq!(alone.all(5), sorted);
}

#[test]
fn tenants_take_turns_and_a_flood_pushes_out_its_own() {
    let mut alone = Alone::new("fair");
    for tenant in [1, 1, 1, 1, 2, 3, 2] {
        alone.come(0, 1000, tenant);
    }
    // Tenant 1 has four there: one of tenant 2 takes the place of its last; one of its own does not.
    let mut push_out = |tenant| {
        let who = alone.come(0, 1000, tenant);
        alone.leave(who);
        alone.order.instead_of(&alone.queue, &alone.requests, who)
    };
    assert_eq!(push_out(2), Some(3));
    assert_eq!(push_out(4), Some(3));
    assert_eq!(push_out(1), None);
    assert_eq!(alone.all(5), [0, 4, 5, 1, 6, 2, 3]);
}

#[test]
fn the_most_important_go_first_and_push_out_the_least() {
    let mut alone = Alone::new("by_priority");
    for level in [3, 1, 2, 3, 0, 1] {
        alone.come(0, 1000, level);
    }
    let mut push_out = |level| {
        let who = alone.come(0, 1000, level);
        alone.leave(who);
        alone.order.instead_of(&alone.queue, &alone.requests, who)
    };
    assert_eq!(push_out(0), Some(3));
    assert_eq!(push_out(2), Some(3));
    assert_eq!(push_out(3), None);
    assert_eq!(alone.all(5), [4, 1, 5, 2, 0, 3]);
}

#[test]
fn codel_drops_at_the_times_of_its_law() {
    // A server takes one every 2 ms; two come: from then on everybody waits for longer and longer.
    let mut alone = Alone::new(r#"codel(target: "5ms", interval: "100ms")"#);
    let mut drops = Vec::new();
    for now in (0..1000).step_by(2) {
        alone.come(now, 100_000, 0);
        alone.come(now, 100_000, 0);
        let (next, dropped) = alone.next(now);
        assert!(next.is_some());
        drops.extend(dropped.iter().map(|_| now));
    }
    // The n-th taken at 2n ms came at n ms, so that 5 ms are reached at 10 ms, and the interval is over at 110 ms: then
    // one every 100/sqrt(n) ms, at the next time that one is taken.
    let mut wanted = vec![110.0];
    let mut next = 210.0;
    for count in 2..=50 {
        wanted.push(next);
        next += 100.0 / f64::from(count).sqrt();
    }
    let wanted: Vec<u64> = wanted
        .into_iter()
        .filter(|time| *time < 999.0)
        .map(|time| (time / 2.0).ceil() as u64 * 2)
        .collect();
    assert_eq!(drops, wanted);
    assert!(drops.len() > 20, "{drops:?}");
}

#[test]
fn codel_lets_a_burst_pass() {
    let mut alone = Alone::new(r#"codel(target: "5ms", interval: "100ms")"#);
    // Fifty at once, and one every 2 ms: the last has waited for 98 ms, and nobody is dropped.
    (0..50).for_each(|_| {
        alone.come(0, 1000, 0);
    });
    for turn in 0..50 {
        assert!(alone.next(2 * turn).1.is_empty(), "{turn}");
    }
}

#[test]
fn the_variant_drops_all_who_are_late_while_the_least_wait_is_too_long() {
    let mut alone = Alone::new(r#"codel(target: "5ms", interval: "100ms", drop: all_late)"#);
    let mut served = Vec::new();
    for now in (0..1000).step_by(2) {
        alone.come(now, 100_000, 0);
        alone.come(now, 100_000, 0);
        let who = alone.next(now).0.unwrap();
        let since = alone.requests.since(who);
        served.push((now, at(now).since(since).as_secs_f64() * 1e3));
    }
    // Before it knows, waits grow; then nobody is served who has waited for longer than twice the target, but the one
    // in each interval with which it begins anew.
    let early = served.iter().filter(|(now, _)| *now < 200);
    assert!(early.map(|(_, wait)| *wait).fold(0.0, f64::max) > 40.0);
    let late = served.iter().filter(|(now, _)| *now >= 250);
    let above = late.clone().filter(|(_, wait)| *wait > 10.0).count();
    assert!(above <= 8, "{above}: {served:?}");
    assert!(late.count() > 300);
}

#[test]
fn impossible_parameters() {
    for (text, field) in [
        (r#"codel(target: "0s")"#, "target"),
        (r#"codel(interval: "0s")"#, "interval"),
        (r#"codel(target: "101ms", interval: "100ms")"#, "target"),
        (r#"adaptive_lifo(above: 1, drop_after: "0s")"#, "drop_after"),
    ] {
        let order: OrderSpec = read_part(text).unwrap();
        assert_eq!(order.validate()[0].0, field);
    }
}
