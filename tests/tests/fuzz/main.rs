//! No input panics, hangs, takes the machine or is told something impossible (design, laws of inputs).
//!
//! Inputs are made of scenarios, sweep files, measures, settings, axes and journals by changing bytes, tokens,
//! structure and numbers; each goes all the way from its text to what people are shown. What it allocates is
//! counted, and what it simulates is bounded by budgets, so that no clock decides. The folder `data/hostile`
//! keeps those that were once trouble.
//!
//! `SIM_FUZZ_SEED` deals other inputs, `SIM_FUZZ_RUNS` more of them, `SIM_FUZZ_FIRST` begins with another one,
//! `SIM_FUZZ_SECONDS` deals no more after so many seconds, `SIM_FUZZ_ONLY=Commands` (or another of [`inputs::For`])
//! deals one kind alone, `SIM_FUZZ_KEEP=DIR` writes each input there before it is tried. A million, at some 5 ms
//! of one core each in the dev profile:
//!
//! ```sh
//! SIM_FUZZ_SEED=7 SIM_FUZZ_RUNS=1000000 cargo test -p sim-tests --test fuzz -- --nocapture no_input
//! ```
//!
//! A failure names its input: `SIM_FUZZ_FIRST=<it> SIM_FUZZ_RUNS=1` runs that one alone.

mod corpus;
mod hostile;
mod inputs;
mod mutate;
mod overlaps;
mod through;
#[path = "../wild/mod.rs"]
mod wild;

use inputs::{For, Seeds};
use sim_tests::command::Folder;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use through::{MEMORY, Met, through};

/// The most that an input may hold at a time, in bytes: the memory of its run's budget twice over (what grows is
/// copied as it does), its results and pictures.
const MOST_HELD: u64 = 4 * MEMORY;

/// Nothing takes so long that is not stuck. It only names the input: without it the test would never end.
const STUCK: Duration = Duration::from_secs(600);

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}"))
    })
}

/// What became of an input, and the most bytes that it held; or why it panicked.
fn met(what: impl FnOnce() -> Met) -> Result<(Met, u64), String> {
    let mut met = Err(String::new());
    let held = allocation_counter::measure(|| {
        met = catch_unwind(AssertUnwindSafe(what)).map_err(|cause| {
            let text = cause.downcast_ref::<String>().cloned();
            let text = text.or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string));
            text.unwrap_or_default()
        });
    });
    met.map(|met| (met, held.bytes_max))
}

/// What has been seen of inputs of one kind.
#[derive(Default)]
struct Tally {
    inputs: u64,
    refused: u64,
    ran: u64,
    most_held: u64,
    longest: (Duration, u64),
}

#[test]
fn no_input_panics_hangs_or_takes_the_machine() {
    let seed = setting("SIM_FUZZ_SEED", 1);
    let first = setting("SIM_FUZZ_FIRST", 0);
    let runs = setting("SIM_FUZZ_RUNS", 1600);
    println!("SIM_FUZZ_SEED={seed}, {runs} inputs from {first} on");
    let seeds = Seeds::read(hostile::journal());
    let only = std::env::var("SIM_FUZZ_ONLY").ok();
    let only = only.map(|name| For::named(&name).unwrap_or_else(|| panic!("there are no {name}")));
    let seconds = setting("SIM_FUZZ_SECONDS", u64::from(u32::MAX));
    let (start, next) = (Instant::now(), AtomicU64::new(first));
    let over = AtomicBool::new(false);
    let under_way = [const { Mutex::new(None::<(Instant, u64)>) }; 2];
    let wrong = Mutex::new(BTreeMap::new());
    let tallies = Mutex::new(BTreeMap::<String, Tally>::new());
    let work = |worker: usize| {
        let folder = Folder::new(&format!("{seed}-{worker}"));
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= first + runs || start.elapsed() > Duration::from_secs(seconds) {
                break;
            }
            let began = Instant::now();
            *under_way[worker].lock().expect("not poisoned") = Some((began, number));
            let input = seeds.input(seed, number, only);
            if let Ok(keep) = std::env::var("SIM_FUZZ_KEEP") {
                let more = input
                    .more
                    .iter()
                    .map(|bytes| String::from_utf8_lossy(bytes));
                let more: Vec<_> = more.collect();
                let text = format!(
                    "// {seed} {number} {:?} {:?} {more:?}\n{}",
                    input.what, input.by, input.text
                );
                let _ = fs::write(Path::new(&keep).join(format!("{seed}-{worker}")), text);
            }
            let met = met(|| through(&input, &folder.0));
            *under_way[worker].lock().expect("not poisoned") = None;
            let mut tallies = tallies.lock().expect("not poisoned");
            let tally = tallies
                .entry(format!("{:?} by {:?}", input.what, input.by))
                .or_default();
            tally.inputs += 1;
            tally.longest = tally.longest.max((began.elapsed(), number));
            let why = match met {
                Ok((met, held)) => {
                    tally.refused += u64::from(matches!(met, Met::Refused(_)));
                    tally.ran += u64::from(matches!(met, Met::Ran { .. }));
                    tally.most_held = tally.most_held.max(held);
                    (held > MOST_HELD).then(|| format!("it held {held} bytes"))
                }
                Err(why) => Some(why),
            };
            drop(tallies);
            if let Some(why) = why {
                wrong
                    .lock()
                    .expect("not poisoned")
                    .insert(number, (why, input));
            }
        }
    };
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_secs(1));
                for slot in &under_way {
                    let slot = *slot.lock().expect("not poisoned");
                    if let Some((_, number)) = slot.filter(|(began, _)| began.elapsed() > STUCK) {
                        let input = seeds.input(seed, number, only);
                        eprintln!(
                            "SIM_FUZZ_SEED={seed} SIM_FUZZ_FIRST={number} is stuck: {input:#?}"
                        );
                        std::process::exit(101);
                    }
                }
            }
        });
        let workers: Vec<_> = (0..under_way.len())
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        workers
            .into_iter()
            .for_each(|worker| worker.join().expect("inputs that panic are caught"));
        over.store(true, Ordering::Relaxed);
        watch.thread().unpark();
    });
    for (kind, tally) in tallies.into_inner().expect("all have ended") {
        let Tally {
            inputs,
            refused,
            ran,
            most_held,
            longest,
        } = tally;
        let held = most_held >> 20;
        println!(
            "{kind}: {inputs}, {refused} refused, {ran} run, {held} MiB at most, {longest:.2?} the longest"
        );
    }
    let wrong = wrong.into_inner().expect("all have ended");
    for (number, (why, input)) in &wrong {
        let why: String = why.chars().take(300).collect();
        println!(
            "SIM_FUZZ_SEED={seed} SIM_FUZZ_FIRST={number} SIM_FUZZ_RUNS=1 ({:?} by {:?}): {why}",
            input.what, input.by
        );
    }
    if let Some((number, (why, input))) = wrong.first_key_value() {
        let more: Vec<_> = input
            .more
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes))
            .collect();
        panic!(
            "{} of {runs} inputs are wrong; the first, {number}: {why}\n{more:?}\n{}",
            wrong.len(),
            input.text
        );
    }
}
