//! By what shapes multiply the rate of a load over time.

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
