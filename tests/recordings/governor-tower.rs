//! Records what governor 0.10.4 and tower 0.5.3 decide, under the fake clock of the one and the paused clock of tokio.
//!
//! As `src/main.rs` of a crate that depends on `governor = "=0.10.4"`, `tower = { version = "=0.5.3", features = ["full"] }`,
//! `tokio = { version = "1", features = ["full", "test-util"] }` and `rand = "0.10"`:
//!
//!     cargo run governor SEED SCRIPTS STEPS > ../data/policies/governor-quota.jsonl
//!     cargo run tower SEED SCRIPTS STEPS > ../data/policies/tower-limits.jsonl

use governor::clock::{Clock, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot::{self, Sender};
use tokio::task::JoinHandle;
use tower::util::BoxCloneService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

fn head(library: &str, version: &str, policy: &str) {
    let policy = policy.replace('"', "\\\"");
    println!(r#"{{"library": "{library}", "version": "{version}", "policy": "{policy}"}}"#);
}

fn line(nanoseconds: u64, what: &str, expect: &str) {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    println!(r#"{{"t": {seconds}.{rest:09}, {what}, "expect": {{{expect}}}}}"#);
}

fn governor(draw: &mut StdRng, steps: u32) {
    let calls = [1, 2, 3, 5, 7, 10][draw.random_range(0..6)];
    let most = NonZeroU32::new(calls).unwrap();
    let period = Duration::from_nanos(u64::from(calls) * 123_456_789);
    let (mut quota, mut said) = match draw.random_range(0..4) {
        0 => (Quota::per_second(most), format!("per_second: {calls}")),
        1 => (Quota::per_minute(most), format!("per_minute: {calls}")),
        2 => (Quota::per_hour(most), format!("per_hour: {calls}")),
        _ => (
            Quota::with_period(period).unwrap(),
            format!("with_period: \"{}ns\"", period.as_nanos()),
        ),
    };
    if draw.random_range(0..2) == 0 {
        let burst = draw.random_range(1..8);
        quota = quota.allow_burst(NonZeroU32::new(burst).unwrap());
        said += &format!(", allow_burst: {burst}");
    }
    head("governor", "0.10.4", &format!("governor({said})"));
    let clock = FakeRelativeClock::default();
    let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
    let every = quota.replenish_interval().as_nanos() as u64;
    let (mut now, mut next) = (0, 0);
    for call in 0..steps {
        let step = match draw.random_range(0..8) {
            0 | 1 => 0,
            2 => draw.random_range(0..every.max(2)),
            3 => every,
            4 => every.saturating_sub(1),
            5 if next > now => next - now,
            6 if next > now + 1 => next - now - 1,
            7 if draw.random_range(0..4) == 0 => draw.random_range(0..every * 10),
            _ => draw.random_range(0..every / 3 + 1),
        };
        clock.advance(Duration::from_nanos(step));
        now += step;
        let expect = match limiter.check() {
            Ok(()) => r#""permitted": true, "at": "inside""#,
            Err(not) => {
                next = now + not.wait_time_from(clock.now()).as_nanos() as u64;
                r#""permitted": false, "at": "ended", "outcome": "rate_limited""#
            }
        };
        line(now, &format!(r#""op": "acquire", "id": {call}"#), expect);
    }
}

type Answer = Result<(), BoxError>;
type Boxed = BoxCloneService<u32, (), BoxError>;

/// Lets all that can go on go on.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn tower(draw: &mut StdRng, steps: u32) {
    let inside: Arc<Mutex<BTreeMap<u32, Sender<()>>>> = Arc::default();
    let begun = inside.clone();
    let callee = tower::service_fn(move |id: u32| {
        let (end, ended) = oneshot::channel();
        begun.lock().unwrap().insert(id, end);
        async move {
            ended.await.ok();
            Answer::Ok(())
        }
    });
    let shed = draw.random_range(0..2) == 0;
    let bound = [None, Some(1), Some(3)][draw.random_range(0..3)];
    let (most, calls) = (draw.random_range(1..4_usize), draw.random_range(1..4_u64));
    let per = [100, 500, 1000][draw.random_range(0..3)];
    let limits_concurrency = draw.random_range(0..2) == 0;
    let layers = ServiceBuilder::new();
    let (service, limit): (Boxed, String) = if limits_concurrency {
        let service = match (shed, bound) {
            (false, None) => Boxed::new(layers.concurrency_limit(most).service(callee)),
            (true, None) => Boxed::new(layers.load_shed().concurrency_limit(most).service(callee)),
            (false, Some(bound)) => {
                Boxed::new(layers.buffer(bound).concurrency_limit(most).service(callee))
            }
            (true, Some(bound)) => {
                let layers = layers.load_shed().buffer(bound);
                Boxed::new(layers.concurrency_limit(most).service(callee))
            }
        };
        (service, format!("concurrency_limit: {most}"))
    } else {
        // A rate limit cannot be shared but through a buffer.
        let (buffer, span) = (bound.unwrap_or(2), Duration::from_millis(per));
        let service = if shed {
            let layers = layers.load_shed().buffer(buffer);
            Boxed::new(layers.rate_limit(calls, span).service(callee))
        } else {
            Boxed::new(layers.buffer(buffer).rate_limit(calls, span).service(callee))
        };
        (service, format!("rate_limit: (num: {calls}, per: \"{per}ms\")"))
    };
    let bound = if limits_concurrency { bound } else { bound.or(Some(2)) };
    let mut said = String::new();
    if shed {
        said += "load_shed: true, ";
    }
    if let Some(bound) = bound {
        said += &format!("buffer: {bound}, ");
    }
    head("tower", "0.5.3", &format!("tower({said}{limit})"));

    let start = tokio::time::Instant::now();
    let mut calls: Vec<JoinHandle<Answer>> = Vec::new();
    let waits = if limits_concurrency { "parked" } else { "waiting" };
    let at = |id: usize, calls: &[JoinHandle<Answer>]| {
        if calls[id].is_finished() {
            "ended"
        } else if inside.lock().unwrap().contains_key(&(id as u32)) {
            "inside"
        } else {
            waits
        }
    };
    let mut now = 0;
    for _ in 0..steps {
        now += match draw.random_range(0..6) {
            0 | 1 => 0,
            2 => per,
            _ => draw.random_range(0..per / 2),
        };
        tokio::time::sleep_until(start + Duration::from_millis(now)).await;
        settle().await;
        let open: Vec<u32> = inside.lock().unwrap().keys().copied().collect();
        let kind = draw.random_range(0..10);
        if kind < 5 || calls.is_empty() {
            let (id, mut service) = (calls.len(), service.clone());
            calls.push(tokio::spawn(async move {
                service.ready().await?.call(id as u32).await
            }));
            settle().await;
            let expect = format!(r#""at": "{}""#, at(id, &calls));
            line(now * 1_000_000, &format!(r#""op": "acquire", "id": {id}"#), &expect);
        } else if kind < 8 && !open.is_empty() {
            let id = open[draw.random_range(0..open.len())];
            inside.lock().unwrap().remove(&id).unwrap().send(()).ok();
            settle().await;
            let what = format!(r#""op": "result", "id": {id}, "outcome": "ok""#);
            line(now * 1_000_000, &what, r#""at": "ended""#);
        } else {
            let id = draw.random_range(0..calls.len());
            let expect = format!(r#""at": "{}""#, at(id, &calls));
            line(now * 1_000_000, &format!(r#""op": "look", "id": {id}"#), &expect);
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let number = |word: usize| words[word].parse().expect("a number");
    let mut draw = StdRng::seed_from_u64(number(2));
    for _ in 0..number(3) {
        match words[1].as_str() {
            "governor" => governor(&mut draw, number(4) as u32),
            _ => tower(&mut draw, number(4) as u32).await,
        }
    }
}
