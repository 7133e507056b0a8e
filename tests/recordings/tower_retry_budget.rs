//! Records what the retry budget of tower decides.
//!
//! A binary of its own: `cargo new`, with `tower = { version = "=0.5.3", features = ["retry"] }` and `tokio = { version = "1",
//! features = ["full", "test-util"] }`, and this as `src/main.rs`; `cargo run SCRIPTS STEPS SEED >
//! tower-retry-budget.jsonl`. Its clock is tokio's, which stands still and is moved by hand. A success deposits, a failure
//! that is to be tried again withdraws.

use std::time::Duration;
use tower::retry::budget::{Budget, TpsBudget};

/// A small generator, so that nothing else is needed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

async fn script(dice: &mut Dice, steps: u64) {
    let ttl = dice.pick(&[1u64, 2, 10, 60]);
    let least = dice.pick(&[0u32, 0, 1, 3, 10]);
    let percent = dice.pick(&[0.0f32, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 10.0]);
    let budget = TpsBudget::new(Duration::from_secs(ttl), least, percent);
    println!(
        r#"{{"library": "tower", "version": "0.5.3", "policy": "tower(retry_budget: (ttl: \"{ttl}s\", min_per_sec: {least}, retry_percent: {percent}))"}}"#
    );
    let failing = dice.pick(&[20, 50, 80]);
    let spans = [0u64, 0, 1, 7, 50, 99, 100, 101, 200, 250, 500, 1000, 1001, 3000, 12_000];
    let (mut ms, mut call) = (0u64, 0u64);
    for _ in 0..steps {
        let span = dice.pick(&spans) * if dice.below(3) == 0 { 1 } else { 0 };
        tokio::time::advance(Duration::from_millis(span)).await;
        ms += span;
        call += 1;
        let t = ms as f64 / 1000.0;
        println!(r#"{{"t": {t}, "id": {call}, "op": "acquire", "expect": {{"permitted": true}}}}"#);
        if dice.below(100) < failing {
            println!(r#"{{"t": {t}, "id": {call}, "op": "result", "outcome": "error", "expect": {{"permitted": false}}}}"#);
            let allowed = budget.withdraw();
            println!(r#"{{"t": {t}, "id": {call}, "op": "retry", "expect": {{"permitted": {allowed}}}}}"#);
        } else {
            budget.deposit();
            println!(r#"{{"t": {t}, "id": {call}, "op": "result", "outcome": "ok", "expect": {{"permitted": false}}}}"#);
        }
    }
}

pub fn main() {
    let numbers = std::env::args().filter_map(|text| text.parse().ok());
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.extend([6, 60, 1].into_iter().skip(numbers.len()));
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    clock.unwrap().block_on(async {
        let mut dice = Dice(numbers[2].wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..numbers[0] {
            script(&mut dice, numbers[1]).await;
        }
    });
}
