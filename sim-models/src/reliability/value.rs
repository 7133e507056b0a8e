//! What a prediction knows of a request.

/// What is known of a request, or of a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    /// The chance that it ends well.
    pub ok: f64,
    /// How long it takes to fail, in the mean, s.
    pub failing: f64,
    /// How long after its start its last attempt may begin, s.
    pub reach: f64,
}

impl Value {
    pub const FINE: Self = Self {
        ok: 1.0,
        failing: 0.0,
        reach: 0.0,
    };
}
