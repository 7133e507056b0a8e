//! What an answer carries beside how it ended: whether and when to come again, and how busy who answers it is.

use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Whether policies outside may try again after a result, and when: what an answer says of it travels to its caller,
/// in whole milliseconds (kept as one more, so that at once is not nothing).
///
/// Source: gRPC A6, `grpc-retry-pushback-ms` (negative: not at all); RFC 9110, `Retry-After`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Final(u32);

#[allow(non_upper_case_globals)]
impl Final {
    /// They may.
    pub const No: Self = Self(0);
    /// They may not: nothing that began here is to be tried again.
    pub const Yes: Self = Self(u32::MAX);
    /// They may not: the callee says so.
    pub const Never: Self = Self(u32::MAX - 1);

    /// They may after this span: the callee says so.
    #[must_use]
    pub fn after(span: SimDuration) -> Self {
        let milliseconds = span.0.div_ceil(1_000_000) + 1;
        Self(u32::try_from(milliseconds).map_or(Self::Never.0 - 1, |ms| ms.min(Self::Never.0 - 1)))
    }

    /// Whether they may not.
    #[inline]
    #[must_use]
    pub fn forbids(self) -> bool {
        self.0 >= Self::Never.0
    }

    /// After how long they may, if the callee has said so.
    #[inline]
    #[must_use]
    pub fn span(self) -> Option<SimDuration> {
        let said = self != Self::No && !self.forbids();
        said.then(|| SimDuration::from_millis(u64::from(self.0 - 1)))
    }

    /// What of it an answer carries to its caller: what the callee says, not what goes for policies of its own.
    #[inline]
    #[must_use]
    pub fn told(self) -> Self {
        if self == Self::Yes { Self::No } else { self }
    }

    /// As bits that an answer carries.
    #[inline]
    #[must_use]
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// From the bits that an answer carries.
    #[inline]
    #[must_use]
    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// How busy who answers is, as an answer tells it: a share of what it can take, in steps of a hundredth, up to 2.5.
///
/// Source: M. Nygard, *Release It!* (2007), "Handshaking"; for load that comes back with answers, gRPC A51 (ORCA,
/// `application_utilization`) and T. Schroeder et al., "Load is not what you should balance: introducing Prequal" (2024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load(u8);

impl Load {
    /// Nothing is told.
    pub const UNKNOWN: Self = Self(0);

    /// So much of what it can take is in use: 1 is all of it.
    #[must_use]
    pub fn of(share: f64) -> Self {
        Self(1 + libm::round(share * 100.0).clamp(0.0, 254.0) as u8)
    }

    /// The share of what it can take, if it is told.
    #[inline]
    #[must_use]
    pub fn share(self) -> Option<f64> {
        let steps = self.0.checked_sub(1)?;
        Some(f64::from(steps) / 100.0)
    }

    /// The greater of two; one that is told, of two of which only one is.
    #[inline]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// As a bit pattern beside [`Final::bits`].
    #[inline]
    #[must_use]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// From that pattern.
    #[inline]
    #[must_use]
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// What those are told who are turned away.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushBack {
    /// To come again after this span at the earliest: `after("1s")`.
    After(SimDuration),
    /// Not to come again.
    Never,
}

impl PushBack {
    /// What policies outside make of it.
    #[must_use]
    pub fn last(said: Option<Self>) -> Final {
        match said {
            None => Final::No,
            Some(Self::After(span)) => Final::after(span),
            Some(Self::Never) => Final::Never,
        }
    }
}
