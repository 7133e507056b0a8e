//! What plans say of the states of policies, and of what doors have to know before work begins.

use crate::ids::{EdgeId, EndpointId, PoolId};

/// Something that requests of an endpoint need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A breaker lets a call through: edge, policy, and the endpoint that is called.
    Breaker(EdgeId, u16, EndpointId),
    /// One out of this pool of the instance.
    Pool(PoolId),
}

/// Where the states of the memories of a policy are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatesPlan {
    /// Which of the policies of its edge that have states it is.
    pub number: u32,
    /// Index of the first state among those of the edge.
    pub first: u32,
    /// Which of its states a memory begins in.
    pub begins: u8,
    /// How many states each memory has: one, or one for each instance of the callee.
    pub each: u32,
}

impl StatesPlan {
    /// Index of the state of a memory, for an instance of the callee if each has its own.
    #[inline]
    #[must_use]
    pub fn place(&self, memory: usize, first_memory: u32, callee: u32) -> usize {
        (self.first + (memory as u32 - first_memory) * self.each + callee) as usize
    }
}
