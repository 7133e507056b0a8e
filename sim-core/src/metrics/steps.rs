//! The steps on which durations are counted.

/// Steps per power of two, as bits, of [`DurationStats`].
pub(super) const FINE: u32 = 10;
/// Steps per power of two, as bits, of [`WindowHistogram`].
pub(super) const COARSE: u32 = 6;

/// The step of a value: exact below `2^(BITS + 1)`, then `2^BITS` steps for each power of two, so that
/// the middle of a step is within `2^-(BITS + 1)` of every value in it.
#[inline]
pub(super) fn step<const BITS: u32>(value: u64) -> usize {
    let octave = (63 - (value | 1 << BITS).leading_zeros()) - BITS;
    ((u64::from(octave) << BITS) + (value >> octave)) as usize
}

/// The least value of a step.
pub(super) fn floor_of<const BITS: u32>(step: usize) -> u64 {
    let step = step as u64;
    let octave = (step >> BITS).saturating_sub(1);
    (step - (octave << BITS)) << octave
}

/// The middle of a step.
pub(super) fn middle_of<const BITS: u32>(step: usize) -> u64 {
    let octave = (step as u64 >> BITS).saturating_sub(1);
    floor_of::<BITS>(step) + ((1 << octave) >> 1)
}
