//! Records how long the exponential backoff of backon waits.
//!
//! A binary of its own: `cargo new`, with `backon = "=1.6.0"`, and this as `src/main.rs`; `cargo run SCRIPTS SEED >
//! backon-waits.jsonl`. No clock. It multiplies in 32-bit floats, so that spans and factors are chosen which these hold
//! exactly.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

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

fn script(dice: &mut Dice) {
    let first = dice.pick(&[250u64, 500, 1000, 2000]);
    let factor = dice.pick(&[1.0f32, 2.0, 2.0, 3.0]);
    let most = first * dice.pick(&[1u64, 2, 3, 5, 60]);
    let times = 1 + dice.below(7) as usize;
    let builder = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(first))
        .with_max_delay(Duration::from_millis(most))
        .with_factor(factor)
        .with_max_times(times);
    println!(
        r#"{{"library": "backon", "version": "1.6.0", "policy": "retry(attempts: {}, backoff: exponential(base: \"{first}ms\", factor: {factor}, cap: \"{most}ms\", jitter: none))"}}"#,
        times + 1
    );
    println!(r#"{{"t": 0, "op": "acquire", "expect": {{"permitted": true}}}}"#);
    let (mut waits, mut t) = (builder.build(), 0.0);
    loop {
        let Some(wait) = waits.next() else {
            println!(r#"{{"t": {t}, "op": "result", "outcome": "error", "expect": {{"permitted": false, "at": "ended"}}}}"#);
            return;
        };
        let wait = wait.as_secs_f64();
        println!(r#"{{"t": {t}, "op": "result", "outcome": "error", "expect": {{"permitted": true, "wait": {wait}}}}}"#);
        t += wait;
    }
}

pub fn main() {
    let numbers = std::env::args().filter_map(|text| text.parse().ok());
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.extend([12, 1].into_iter().skip(numbers.len()));
    let mut dice = Dice(numbers[1].wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..numbers[0] {
        script(&mut dice);
    }
}
