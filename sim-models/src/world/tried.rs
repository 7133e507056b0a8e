//! The instances that calls have asked, for calls whose further tries go elsewhere.

/// In place of an entry where there is none.
const NONE: u32 = u32::MAX;

/// An instance that a call has asked.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Its number.
    number: u32,
    /// The entry of the one that the call asked before; of a free entry, the next free one.
    before: u32,
}

/// What each call has asked, by the place of the frame that makes it.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    last: Vec<u32>,
    entries: Vec<Entry>,
    free: u32,
}

impl Default for Tried {
    fn default() -> Self {
        Self {
            last: Vec::new(),
            entries: Vec::new(),
            free: NONE,
        }
    }
}

impl Tried {
    /// A call asks an instance.
    pub(super) fn note(&mut self, call: u32, number: u32) {
        let call = call as usize;
        if self.last.len() <= call {
            self.last.resize(call + 1, NONE);
        }
        let before = self.last[call];
        let entry = Entry { number, before };
        self.last[call] = self.free;
        match self.entries.get_mut(self.free as usize) {
            Some(place) => self.free = std::mem::replace(place, entry).before,
            None => {
                self.last[call] = self.entries.len() as u32;
                self.entries.push(entry);
            }
        }
    }

    /// The numbers of the instances that a call has asked.
    pub(super) fn of(&self, call: u32) -> impl Iterator<Item = u32> {
        let last = self.last.get(call as usize).copied().unwrap_or(NONE);
        let entry = |at: u32| self.entries.get(at as usize).copied();
        std::iter::successors(entry(last), move |tried| entry(tried.before))
            .map(|tried| tried.number)
    }

    /// A call is over.
    pub(super) fn forget(&mut self, call: u32) {
        let Some(last) = self.last.get_mut(call as usize) else {
            return;
        };
        let mut at = std::mem::replace(last, NONE);
        while let Some(entry) = self.entries.get_mut(at as usize) {
            let next = std::mem::replace(&mut entry.before, self.free);
            self.free = at;
            at = next;
        }
    }

    /// How many are remembered.
    #[cfg(debug_assertions)]
    pub(super) fn in_use(&self) -> usize {
        let free = std::iter::successors(self.entries.get(self.free as usize), |entry| {
            self.entries.get(entry.before as usize)
        });
        self.entries.len() - free.count()
    }

    /// Bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        self.last.len() * size_of::<u32>() + self.entries.len() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_has_asked_is_forgotten_with_it() {
        let mut tried = Tried::default();
        let of = |tried: &Tried, call| tried.of(call).collect::<Vec<_>>();
        for (call, number) in [(3, 7), (5, 1), (3, 8), (3, 7)] {
            tried.note(call, number);
        }
        assert_eq!(of(&tried, 3), [7, 8, 7]);
        assert_eq!(of(&tried, 5), [1]);
        assert!(of(&tried, 4).is_empty());
        assert!(of(&tried, 9).is_empty());
        tried.forget(3);
        assert_eq!((of(&tried, 3), of(&tried, 5)), (vec![], vec![1]));
        for number in 10..14 {
            tried.note(0, number);
        }
        // The places of those that were forgotten are used again.
        assert_eq!(of(&tried, 0), [13, 12, 11, 10]);
        assert_eq!(of(&tried, 5), [1]);
        assert_eq!((tried.entries.len(), tried.in_use()), (5, 5));
    }
}
