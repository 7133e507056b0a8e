//! Counts what is said falsely, or missed, by kind.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

/// Of one kind.
#[derive(Clone, Debug, Default)]
struct Count {
    chances: u32,
    wrong: Vec<String>,
}

/// Of all kinds.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<String, Count>);

impl Tally {
    /// Counts one chance to go wrong; `wrong` says how it did.
    pub fn count(&mut self, kind: &str, wrong: Option<String>) {
        let count = self.0.entry(kind.to_owned()).or_default();
        count.chances += 1;
        count.wrong.extend(wrong);
    }

    /// Adds what another one counted.
    pub fn add(&mut self, other: Self) {
        for (kind, more) in other.0 {
            let count = self.0.entry(kind).or_default();
            count.chances += more.chances;
            count.wrong.extend(more.wrong);
        }
    }

    /// Fails with the table and examples if anything went wrong.
    pub fn settle(&self, what: &str) {
        println!("{what}\n{self}");
        let wrong: usize = self.0.values().map(|count| count.wrong.len()).sum();
        assert!(wrong == 0, "{what}: {wrong} wrong\n{self}");
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EXAMPLES: usize = 3;
        writeln!(
            f,
            "{:<34} {:>7} {:>6} {:>7}",
            "", "chances", "wrong", "rate"
        )?;
        for (kind, Count { chances, wrong }) in &self.0 {
            let rate = 100.0 * wrong.len() as f64 / f64::from(*chances);
            writeln!(f, "{kind:<34} {chances:>7} {:>6} {rate:>6.1}%", wrong.len())?;
            for example in wrong.iter().take(EXAMPLES) {
                writeln!(f, "    {example}")?;
            }
        }
        Ok(())
    }
}
