//! Those who wait for something that somebody gives back: calls at the memory of a policy, requests at a pool.

use std::collections::VecDeque;

/// So many who have left may stand in a queue before it is looked at.
const FEW: usize = 32;

/// A queue that is left from anywhere: those who have left it stay there, to be passed over.
#[derive(Clone, Debug)]
pub(super) struct WaitingRoom<T> {
    /// The first to come first.
    pub(super) queue: VecDeque<T>,
    /// How many wait.
    pub(super) waiting: u32,
}

impl<T> Default for WaitingRoom<T> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            waiting: 0,
        }
    }
}

impl<T> WaitingRoom<T> {
    /// One more waits. Whether so many have left that they are to be cleared away.
    pub(super) fn enter(&mut self, who: T) -> bool {
        self.waiting += 1;
        self.queue.push_back(who);
        self.queue.len() > FEW && self.queue.len() / 2 > self.waiting as usize
    }
}
