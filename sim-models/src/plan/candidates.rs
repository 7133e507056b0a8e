//! What a fault or a restart may choose from.

use crate::ids::{InstanceId, LinkId};

/// What a fault can hit, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidates {
    /// These instances.
    Instances(Vec<InstanceId>),
    /// These links.
    Links(Vec<LinkId>),
}

impl Candidates {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Instances(instances) => instances.len(),
            Self::Links(links) => links.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those of them that are instances.
    #[must_use]
    pub fn instances(&self) -> &[InstanceId] {
        match self {
            Self::Instances(instances) => instances,
            Self::Links(_) => &[],
        }
    }

    /// Those of them that are links.
    #[must_use]
    pub fn links(&self) -> &[LinkId] {
        match self {
            Self::Links(links) => links,
            Self::Instances(_) => &[],
        }
    }
}
