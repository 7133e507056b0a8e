//! The committed corpus: inputs that were once trouble, and what is right for each.

use sim_cli::runner::journal::Journal;
use sim_models::experiment::sweep::{Keys, Record, Shard};
use sim_models::observe::conclusion::Conclusion;

/// A sound journal of [`super::through::journalled`].
pub fn journal() -> Vec<u8> {
    let sweep = super::through::journalled();
    let keys = Keys::new(&sweep);
    let folder = super::Folder::new("journal");
    let (mut journal, _) = Journal::open(&folder.0, Shard::default()).expect("a new journal");
    for point in 0..2 {
        for replication in 0..2 {
            let record = Record {
                point,
                replication,
                seed: sweep.seed_of(replication),
                digest: "0123456789abcdef0123456789abcdef".into(),
                events: 1000,
                stopped_by: "end".into(),
                verdict: Conclusion::Held,
                values: vec![Some(0.25), Some(f64::INFINITY)],
                windows: vec![vec![Some(0.5), None]; 5],
            };
            journal
                .append(keys.run(point, replication), &record)
                .expect("it can be written");
        }
    }
    std::fs::read(journal.path()).expect("it can be read")
}
