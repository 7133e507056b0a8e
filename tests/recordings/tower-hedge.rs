//! Records what the hedges of tower 0.5.3 do on random scripts, on the paused clock of tokio, as
//! `tests/data/policies/tower-hedge.jsonl`.
//!
//! As the `main.rs` of a crate with `tower = { version = "=0.5.3", features = ["hedge"] }`,
//! `tokio = { version = "1", features = ["rt", "time", "sync", "macros", "test-util"] }` and `serde_json = "1"`:
//! `cargo run -- LINES SEED > tower-hedge.jsonl`.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot::{Sender, channel};
use tower::Service;
use tower::hedge::{Hedge, Policy};

type Answer = Result<(), String>;

/// The tries of each call that have begun, and how to answer them.
#[derive(Clone, Default)]
struct Callee(Rc<RefCell<BTreeMap<u64, Vec<Option<Sender<Answer>>>>>>);

impl Service<u64> for Callee {
    type Response = ();
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<(), Self::Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, id: u64) -> Self::Future {
        let (answer, answered) = channel();
        self.0.borrow_mut().entry(id).or_default().push(Some(answer));
        Box::pin(async move { Ok(answered.await??) })
    }
}

#[derive(Clone)]
struct Always;

impl Policy<u64> for Always {
    fn clone_request(&self, id: &u64) -> Option<u64> {
        Some(*id)
    }
    fn can_retry(&self, _: &u64) -> bool {
        true
    }
}

struct Luck(u64);

impl Luck {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }
}

async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

async fn record(lines: u64, luck: &mut Luck) {
    let points = [0, 1, 3, 10][luck.below(4) as usize];
    let percentile = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0][luck.below(7) as usize];
    let period = [200, 1000, 5000][luck.below(3) as usize];
    let slow = [10, 60, 400][luck.below(3) as usize];
    println!(
        "{}",
        json!({"library": "tower", "version": "0.5.3", "policy": format!(
            "tower(hedge: (min_data_points: {points}, latency_percentile: {percentile}, period: \"{period}ms\"))")})
    );
    let callee = Callee::default();
    let mut hedge = Hedge::new(
        callee.clone(),
        Always,
        points,
        percentile,
        Duration::from_millis(period),
    );
    let ended: Rc<RefCell<BTreeMap<u64, bool>>> = Rc::default();
    let (mut at, mut next) = (0_u64, 0_u64);
    for _ in 0..lines {
        for _ in 0..luck.below(slow) {
            tokio::time::advance(Duration::from_millis(1)).await;
            settle().await;
            at += 1;
        }
        let open: Vec<(u64, usize)> = callee.0.borrow().iter().flat_map(|(id, tries)| {
            let waits = !ended.borrow().contains_key(id);
            let of = tries.iter().enumerate().filter(move |(_, of)| waits && of.is_some());
            of.map(|(leg, _)| (*id, leg)).collect::<Vec<_>>()
        }).collect();
        let mut line = if open.is_empty() || (open.len() < 12 && luck.below(2) == 0) {
            let id = next;
            next += 1;
            poll_fn(|context| hedge.poll_ready(context)).await.unwrap();
            let (call, ended) = (hedge.call(id), ended.clone());
            tokio::task::spawn_local(async move {
                let outcome = call.await.is_ok();
                ended.borrow_mut().insert(id, outcome);
            });
            json!({"op": "acquire", "id": id})
        } else {
            let (id, leg) = open[luck.below(open.len() as u64) as usize];
            let answer = if luck.below(6) == 0 { Err("no".to_owned()) } else { Ok(()) };
            let outcome = if answer.is_ok() { "ok" } else { "error" };
            let sender = callee.0.borrow_mut().get_mut(&id).unwrap()[leg].take().unwrap();
            sender.send(answer).unwrap();
            json!({"op": "result", "id": id, "leg": leg, "outcome": outcome})
        };
        settle().await;
        let id = line["id"].as_u64().unwrap();
        let hedges: usize = callee.0.borrow().values().map(|tries| tries.len() - 1).sum();
        let mut expect = json!({"at": "inside", "counts": {"hedges": hedges}});
        if let Some(ok) = ended.borrow().get(&id) {
            expect["at"] = json!("ended");
            expect["outcome"] = json!(if *ok { "ok" } else { "error" });
        }
        line["t"] = Value::from(at as f64 / 1000.0);
        line["expect"] = expect;
        println!("{line}");
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse().unwrap());
    let (lines, seed) = (arguments.next().unwrap(), arguments.next().unwrap());
    let mut luck = Luck(seed);
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            for _ in 0..8 {
                record(lines / 8, &mut luck).await;
            }
        })
        .await;
}
