//! Chance: a seed, named streams, and draws keyed by what they belong to.
//!
//! Every random number of a run has an address. A [`Stream`] belongs to one (entity, purpose), its
//! key derived from the seed and the *name*, so that adding an entity never moves another one's
//! draws (common random numbers). A [`Keyed`] source belongs to one (request, attempt, step): a draw
//! that does not depend on how many draws other requests made before it.
//!
//! Sources: ChaCha8 by D. J. Bernstein through `rand_chacha`; SplitMix64 finaliser and the
//! multiply-fold by S. Vigna and by Wang Yi (wyhash), used as a keyed mixing function whose key
//! comes from a ChaCha8 stream.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of uniform 64-bit numbers. Distributions sample from any of them, statically dispatched.
pub trait Source {
    /// The next 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// Uniform in [0, 1), a multiple of 2^-53.
    #[inline]
    fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in (0, 1): never 0, never 1, so that logarithms are finite.
    #[inline]
    fn open_uniform(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// Uniform in 0..`bound` (Lemire's multiply-shift; the bias of at most `bound` / 2^64 is
    /// below what any run can notice). `bound` must not be 0.
    #[inline]
    fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "an empty range has no member");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True with this probability.
    #[inline]
    fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }
}

/// The seed of a run: the root of all its chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream that belongs to this name, for example `("workload/shoppers", "arrivals")`.
    #[must_use]
    pub fn stream(self, entity: &str, purpose: &str) -> Stream {
        // 256 bits of key: two independent 64-bit hashes of the name, the seed, and a fold of all.
        let name = mix(
            hash(entity, 0x5349_4d5f_454e_5431),
            hash(purpose, 0x5349_4d5f_5055_5231),
        );
        let other = mix(
            hash(purpose, 0x5349_4d5f_5055_5232),
            hash(entity, 0x5349_4d5f_454e_5432),
        );
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        key[8..16].copy_from_slice(&name.to_le_bytes());
        key[16..24].copy_from_slice(&other.to_le_bytes());
        key[24..].copy_from_slice(&mix(name ^ self.0, other).to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// The key for draws that belong to single requests of this entity and purpose.
    #[must_use]
    pub fn key(self, entity: &str, purpose: &str) -> u64 {
        self.stream(entity, purpose).next_u64()
    }
}

/// A named stream of random numbers (ChaCha8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream(ChaCha8Rng);

impl Source for Stream {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Random numbers that belong to one request, attempt and step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed(u64);

impl Keyed {
    /// The source for `what` under `key`: the same pair always draws the same numbers.
    #[inline]
    #[must_use]
    pub fn new(key: u64, what: u64) -> Self {
        Self(mix(key, what))
    }
}

impl Source for Keyed {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Folds two words into one; every bit of the result depends on every bit of both.
#[inline]
#[must_use]
pub fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0xA076_1D64_78BD_642F) * u128::from(b ^ 0xE703_7ED1_A0B4_28DB);
    let folded = (wide as u64) ^ ((wide >> 64) as u64);
    // A product has a zero fold for rare operand pairs; adding both operands back keeps them apart.
    (folded ^ a.rotate_left(32)).wrapping_add(b.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// A 64-bit hash of a name: FNV-1a, then mixed.
#[must_use]
pub fn hash(name: &str, salt: u64) -> u64 {
    let mut state = 0xCBF2_9CE4_8422_2325_u64 ^ salt;
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    mix(state, salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: a new version of `rand_chacha` or of our derivation must not change results
    /// unnoticed.
    #[test]
    fn streams_are_pinned() {
        let mut stream = Seed(7).stream("workload/shoppers", "arrivals");
        let drawn: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        assert_eq!(drawn, PINNED);
        assert_ne!(
            Seed(7).stream("a", "bc").next_u64(),
            Seed(7).stream("ab", "c").next_u64()
        );
        assert_ne!(
            Seed(7).stream("a", "b").next_u64(),
            Seed(8).stream("a", "b").next_u64()
        );
    }
    const PINNED: [u64; 3] = [
        9_052_573_970_381_590_294,
        251_752_441_135_194_798,
        8_337_205_977_466_240_216,
    ];

    #[test]
    fn keyed_draws_are_uniform_over_consecutive_keys() {
        // Consecutive request numbers are the worst case for a weak mixer.
        let key = Seed(1).key("service/db", "work");
        let n = 200_000_u64;
        let mut bins = [0_u64; 64];
        let mut serial = 0.0;
        let mut last = 0.5;
        for request in 0..n {
            let u = Keyed::new(key, request).uniform();
            bins[(u * 64.0) as usize] += 1;
            serial += (u - 0.5) * (last - 0.5);
            last = u;
        }
        let expected = n as f64 / 64.0;
        let chi2: f64 = bins
            .iter()
            .map(|&b| (b as f64 - expected) * (b as f64 - expected) / expected)
            .sum();
        // 63 degrees of freedom: the 0.001 and 0.999 quantiles are 33.0 and 106.
        assert!(chi2 > 33.0 && chi2 < 106.0, "chi2 = {chi2}");
        let correlation = serial / n as f64 * 12.0;
        assert!(
            correlation.abs() < 4.0 / (n as f64).sqrt(),
            "lag-1 correlation = {correlation}"
        );
    }
}
