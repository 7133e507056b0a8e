//! What inputs are made of: the library, the data of the tests, the committed corpus, and lines of every kind.

use super::mutate::{By, Dice, changed};
use super::wild::wild;
use std::fs;

/// What an input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// A scenario.
    Scenario,
    /// A scenario, by way of the commands, with charts.
    Commands,
    /// A sweep file.
    Sweep,
    /// `--set`.
    Set,
    /// `--vary`.
    Vary,
    /// `--measure`.
    Measure,
    /// A journal.
    Journal,
}

impl For {
    /// How inputs are dealt out: as they come in this list, again and again.
    pub const TURNS: [Self; 16] = [
        Self::Scenario,
        Self::Set,
        Self::Scenario,
        Self::Vary,
        Self::Scenario,
        Self::Sweep,
        Self::Scenario,
        Self::Measure,
        Self::Scenario,
        Self::Journal,
        Self::Scenario,
        Self::Set,
        Self::Scenario,
        Self::Sweep,
        Self::Scenario,
        Self::Commands,
    ];

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        let known = Self::TURNS.into_iter();
        known.into_iter().find(|one| format!("{one:?}") == name)
    }
}

/// An input of the fuzzer.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is for.
    pub what: For,
    /// How it was made.
    pub by: By,
    /// The scenario or sweep file.
    pub text: String,
    /// Flags, or the bytes of a journal.
    pub more: Vec<Vec<u8>>,
}

/// Where the folder of committed inputs is.
pub const CORPUS: &str = "data/hostile";

/// What inputs are made of.
pub struct Seeds {
    /// Sound ones, and bad ones.
    scenarios: [Vec<String>; 2],
    sweeps: [Vec<String>; 2],
    journal: Vec<u8>,
}

const SETTINGS: [&str; 24] = [
    "services.db.threads=8",
    "services.db.replicas=3",
    "services.web.endpoints.get[0]=work(\"5ms\")",
    "services.\"db\".queue.limit=unbounded",
    "services.*.backlog=10",
    "duration=30s",
    "warmup=1s",
    "window=100ms",
    "seed=18446744073709551615",
    "workloads.users.rate=500/s",
    "workloads.users=closed(users: 10, think: \"1s\", to: \"web/get\")",
    "workloads.users.shape=[spike(at: \"5s\", for: \"1s\", factor: 10)]",
    "calls.\"web -> db\".retry.attempts=5",
    "calls.\"web -> db\".timeout=50ms",
    "calls.\"web -> db\"[0].attempts=3",
    "calls.\"* -> *\"=[timeout(\"1s\"), retry(attempts: 2)]",
    "faults[0].for=5s",
    "faults[0].share=0.25",
    "faults=[(at: \"1s\", for: \"2s\", inject: crash(service: \"db\", boot: \"3s\"))]",
    "hypothesis.steady=[\"failed_ratio(users) <= 1%\"]",
    "hypothesis.recovers.within=10s",
    "budget.memory=1MiB",
    "links.\"web -> db\".latency=exponential(\"1ms\")",
    "services.db.cores=0.5",
];

const VARY: [&str; 14] = [
    "services.db.threads=1,2,4",
    "services.db.threads=1..64:log7",
    "workloads.users.rate=50/s..500/s:10",
    "services.db.endpoints.find[0]=work(\"1ms\"),work(exponential(\"9ms\"))",
    "calls.\"web -> db\".retry.attempts=1..9:9",
    "duration=10s..1min:4",
    "faults[0].share=0..1:11",
    "a:services.db.threads=1,2+services.web.threads=3,4",
    "queue:services.db.queue.limit=1,10,unbounded",
    "services.db.cores=0.1..8:log20",
    "services.db.threads=8,16 & workloads.users.rate=100/s,200/s",
    "services.db.threads=1..1000000",
    "hypothesis.recovers.within=1s..1h:log5",
    "window=1s,2s",
];

const MEASURES: [&str; 18] = [
    "latency(users, p99)",
    "latency_true(users, p99.9) in 5s..15s",
    "goodput(users) / offered(users) in 5s..15s",
    "failed_ratio(users)",
    "outcome_ratio(users, refused) in warmup..end",
    "utilization(db)",
    "cpu_utilization(db, max)",
    "busy(db, mean)",
    "queue(db, p90) in 2s..3s",
    "amplification(web -> db)",
    "retries(web -> db)",
    "mtbf(users)",
    "latency(users, mean) in fault",
    "throughput(users) in 0s..1s",
    "arrivals(db) / throughput(users)",
    "availability_predicted(users)",
    "recovery_time(users)",
    "burn_rate(users)",
];

/// So many drawn systems are inputs too, as sound as those of the library.
const DRAWN: u64 = 40;

impl Seeds {
    /// Reads them.
    pub fn read(journal: Vec<u8>) -> Self {
        let all = |folders: &[&str]| folders.iter().flat_map(|folder| texts(folder)).collect();
        let drawn = (0..DRAWN).map(wild).collect();
        Self {
            scenarios: [
                [all(&["../scenarios", "data", "data/cases"]), drawn].concat(),
                all(&["data/bad", CORPUS]),
            ],
            sweeps: [
                all(&["../scenarios/sweeps"]),
                all(&["data/bad-sweeps", "data/hostile/sweeps"]),
            ],
            journal,
        }
    }

    /// The input of a number; where there is an `only`, all are for it.
    pub fn input(&self, seed: u64, number: u64, only: Option<For>) -> Input {
        let mut dice = Dice::new(seed, number);
        // Charts take their time.
        let what = match For::TURNS[(number % For::TURNS.len() as u64) as usize] {
            _ if only.is_some() => only.unwrap_or(For::Scenario),
            For::Commands if number % 256 < 240 => For::Scenario,
            what => what,
        };
        let by = By::ALL[dice.below(By::ALL.len())];
        let small = || include_str!("../../data/small.ron").to_owned();
        let mut line = |of: &[&str]| {
            let (one, two) = (dice.one(of), dice.one(of));
            changed(&mut dice, by, one, two)
        };
        let (text, more) = match what {
            For::Set => (small(), (0..2).map(|_| line(&SETTINGS)).collect()),
            For::Vary => (small(), (0..2).map(|_| line(&VARY)).collect()),
            For::Measure => (small(), vec![line(&MEASURES)]),
            For::Journal => (small(), vec![damaged(&mut dice, by, &self.journal)]),
            For::Sweep | For::Scenario | For::Commands => {
                let of = if what == For::Sweep {
                    &self.sweeps
                } else {
                    &self.scenarios
                };
                let mut one = || {
                    let of = &of[usize::from(dice.below(6) == 0)];
                    &of[dice.below(of.len())]
                };
                let (one, two) = (one(), one());
                let bytes = changed(&mut dice, by, one, two);
                (String::from_utf8_lossy(&bytes).into_owned(), Vec::new())
            }
        };
        Input {
            what,
            by,
            text,
            more,
        }
    }
}

/// Lines of a journal changed; half of the time with the right checksum for what they have become.
fn damaged(dice: &mut Dice, by: By, journal: &[u8]) -> Vec<u8> {
    if dice.below(3) == 0 {
        let text = String::from_utf8_lossy(journal);
        return changed(dice, by, &text, &text);
    }
    let mut out = Vec::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        // {"check":"01234567","key":..
        let body = text.get(20..).unwrap_or_default().trim_end();
        if dice.below(2) == 0 || body.is_empty() {
            out.extend_from_slice(line);
            continue;
        }
        let body = changed(dice, by, body, body);
        let check = crc32fast::hash(&body);
        out.extend_from_slice(format!("{}{check:08x}\",", &text[..10]).as_bytes());
        out.extend_from_slice(&body);
        out.push(b'\n');
    }
    out
}

/// The texts of a folder, in the order of their names.
fn texts(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    names.sort();
    let ron = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|end| end == "ron") && path.is_file()
    };
    let read =
        |path| String::from_utf8_lossy(&fs::read(path).expect("it can be read")).into_owned();
    names.into_iter().filter(ron).map(read).collect()
}
