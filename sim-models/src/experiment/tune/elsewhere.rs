//! Scenarios that a setting was not tuned on, made from the one that it was.
