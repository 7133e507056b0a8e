//! What the order of a queue is asked, and what it may know.
//!
//! An order is plain data: its parameters (`Self`), and the memory of each instance's queue ([`Order::Memory`]), which
//! holds those who wait in lines. It says who is next and who is dropped; only the world serves and turns away.

use super::{Line, Links};
use crate::baggage::Priority;
use sim_core::SimTime;
use std::fmt::Debug;

/// Requests that wait, as an order sees them.
pub trait Waiting: Links {
    /// Since when a request has been at the instance.
    fn since(&self, who: u32) -> SimTime;
    /// When its caller's deadline passes; [`SimTime::MAX`] if none was told.
    fn deadline(&self, who: u32) -> SimTime;
    /// Whose it is: requests of workloads that name one `tenant` have one number, all that name none another.
    fn tenant(&self, who: u32) -> u32;
    /// How much it matters.
    fn priority(&self, who: u32) -> Priority;
}

/// What an order goes by, beside who came when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Deadlines that callers tell.
    Deadlines,
    /// Tenants.
    Tenants,
    /// Priorities.
    Priorities,
}

/// Those who wait in a queue: a line, or several, and what is remembered of those who did.
pub trait Lines: Clone + Default + PartialEq + Debug {
    /// How many wait.
    fn waiting(&self) -> u32;
    /// The line that a request stands in, or is to stand in.
    fn of(&mut self, requests: &impl Waiting, who: u32) -> &mut Line;
}

impl Lines for Line {
    #[inline]
    fn waiting(&self) -> u32 {
        self.waiting()
    }
    #[inline]
    fn of(&mut self, _: &impl Waiting, _: u32) -> &mut Line {
        self
    }
}

/// The order of a queue; `Self` is what the scenario says of it.
pub trait Order {
    /// Those who wait, and what is remembered of those who did.
    type Memory: Lines;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// What it goes by.
    const NEEDS: Needs = Needs::Nothing;
    /// Bytes of a queue for each tenant.
    const PER_TENANT: u64 = 0;
    /// Whether one who comes when the queue is full may push out another one ([`Order::instead_of`]).
    const PUSHES_OUT: bool = false;
    /// Whether it has to be asked who is next where nobody waits: it remembers that.
    const MINDS_EMPTY: bool = false;

    /// A request comes to wait. How many others were looked at.
    #[inline]
    fn push(&self, memory: &mut Self::Memory, requests: &mut impl Waiting, who: u32) -> u32 {
        memory.of(requests, who).push(requests, who);
        0
    }
    /// Takes out who is next; those who are taken out to be turned away are added to `dropped`.
    fn next(
        &self,
        memory: &mut Self::Memory,
        requests: &mut impl Waiting,
        now: SimTime,
        dropped: &mut Vec<u32>,
    ) -> Option<u32>;
    /// Takes out a request that waits no longer.
    #[inline]
    fn remove(&self, memory: &mut Self::Memory, requests: &mut impl Waiting, who: u32) {
        memory.of(requests, who).remove(requests, who);
    }
    /// Who of those who wait is turned away instead of one who finds the queue full.
    fn instead_of(
        &self,
        _memory: &Self::Memory,
        _requests: &impl Waiting,
        _who: u32,
    ) -> Option<u32> {
        None
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
