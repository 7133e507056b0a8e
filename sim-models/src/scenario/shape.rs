//! The shapes of loads: by what they multiply an arrival rate over time.

use super::types::Shape;
use sim_core::{SimDuration, SimTime};

impl Shape {
    /// By what it multiplies the rate at a time.
    #[must_use]
    pub fn factor(&self, now: SimTime) -> f64 {
        let since = |at: SimDuration| (now.0 >= at.0).then(|| now.since(SimTime(at.0)));
        match self {
            Self::Step(step) => since(step.at).map_or(1.0, |_| step.factor),
            Self::Ramp(ramp) => since(ramp.at).map_or(1.0, |since| {
                let share = if ramp.over.0 == 0 {
                    1.0
                } else {
                    (since.as_nanos_f64() / ramp.over.as_nanos_f64()).min(1.0)
                };
                1.0 + (ramp.factor - 1.0) * share
            }),
            Self::Spike(spike) => since(spike.at)
                .filter(|since| *since < spike.lasts)
                .map_or(1.0, |_| spike.factor),
            Self::Diurnal(day) => {
                let phase = (now.as_secs_f64() - day.peak.as_secs_f64()) / day.period.as_secs_f64();
                1.0 + day.amplitude * libm::cos(2.0 * std::f64::consts::PI * phase)
            }
        }
    }

    /// The most that it multiplies the rate by.
    #[must_use]
    pub fn peak(&self) -> f64 {
        match self {
            Self::Step(step) => step.factor.max(1.0),
            Self::Ramp(ramp) => ramp.factor.max(1.0),
            Self::Spike(spike) => spike.factor.max(1.0),
            Self::Diurnal(day) => 1.0 + day.amplitude,
        }
    }

    /// The most that it multiplies the rate by from a time on, and until when that is so; for ever at the
    /// latest.
    fn most(&self, now: SimTime) -> (f64, SimTime) {
        let before = |at: SimDuration| now.0 < at.0;
        match self {
            Self::Step(step) if before(step.at) => (1.0, SimTime(step.at.0)),
            Self::Step(step) => (step.factor, SimTime::MAX),
            Self::Ramp(ramp) if before(ramp.at) => (1.0, SimTime(ramp.at.0)),
            Self::Ramp(ramp) => {
                let over = SimTime(ramp.at.0) + ramp.over;
                if now < over {
                    (ramp.factor.max(1.0), over)
                } else {
                    (ramp.factor, SimTime::MAX)
                }
            }
            Self::Spike(spike) if before(spike.at) => (1.0, SimTime(spike.at.0)),
            Self::Spike(spike) => {
                let over = SimTime(spike.at.0) + spike.lasts;
                if now < over {
                    (spike.factor, over)
                } else {
                    (1.0, SimTime::MAX)
                }
            }
            Self::Diurnal(_) => (self.peak(), SimTime::MAX),
        }
    }

    /// Whether the rate changes little by little with it, and never at once.
    #[must_use]
    pub fn is_gradual(&self) -> bool {
        match self {
            Self::Step(_) | Self::Spike(_) => false,
            Self::Ramp(ramp) => ramp.over.0 > 0,
            Self::Diurnal(_) => true,
        }
    }
}

/// By what shapes multiply the rate at a time.
#[must_use]
pub fn factor(shape: &[Shape], at: SimTime) -> f64 {
    shape.iter().map(|shape| shape.factor(at)).product()
}

/// A bound of the factor from a time on, and until when it holds, which is later.
#[must_use]
pub fn envelope(shape: &[Shape], now: SimTime) -> (f64, SimTime) {
    shape
        .iter()
        .map(|shape| shape.most(now))
        .fold((1.0, SimTime::MAX), |(most, until), (own, end)| {
            (most * own, until.min(end))
        })
}

/// Points of a stretch at which a smooth shape is looked at.
const POINTS: u64 = 64;

/// The mean of the factor over `from..to`, between whose ends the shapes have no jumps but those that
/// [`jumps`] names; by the midpoint rule on 64 points between two of these.
#[must_use]
pub fn mean(shape: &[Shape], from: SimTime, to: SimTime) -> f64 {
    if shape.is_empty() || to <= from {
        return 1.0;
    }
    let mut ends: Vec<SimTime> = jumps(shape)
        .into_iter()
        .filter(|at| *at > from && *at < to)
        .collect();
    ends.push(to);
    let (mut start, mut sum) = (from, 0.0);
    for end in ends {
        let width = end.since(start).0;
        let inside = (0..POINTS).map(|point| {
            let offset = u128::from(width) * u128::from(2 * point + 1) / u128::from(2 * POINTS);
            factor(shape, SimTime(start.0 + offset as u64))
        });
        sum += inside.sum::<f64>() / POINTS as f64 * width as f64;
        start = end;
    }
    sum / to.since(from).as_nanos_f64()
}

/// When shapes jump or bend, in order.
#[must_use]
pub fn jumps(shape: &[Shape]) -> Vec<SimTime> {
    let mut jumps = Vec::new();
    for shape in shape {
        match shape {
            Shape::Step(step) => jumps.push(SimTime(step.at.0)),
            Shape::Ramp(ramp) => {
                jumps.extend([SimTime(ramp.at.0), SimTime(ramp.at.0) + ramp.over]);
            }
            Shape::Spike(spike) => {
                jumps.extend([SimTime(spike.at.0), SimTime(spike.at.0) + spike.lasts]);
            }
            Shape::Diurnal(_) => {}
        }
    }
    jumps.sort_unstable();
    jumps.dedup();
    jumps
}
