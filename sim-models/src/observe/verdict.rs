//! tbd
use super::summary::{Series, Summary};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::world::World;
use sim_core::SimTime;
/// tbd
pub fn judge(_: &Scenario, _: &Plan, _: &World, _: &[SimTime], _: &Series, _: &mut Summary) {}
