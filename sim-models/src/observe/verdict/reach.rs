//! What a disturbance can have reached: only what calls, directly or through others, connect with what it hits.
//! Instances on one host share nothing, and an operator who watches a condition may carry what it sees anywhere.

use super::disturbance::Disturbance;
use crate::plan::{Plan, WatchPlan};
use petgraph::unionfind::UnionFind;

/// Which places are connected.
pub(super) struct Reach {
    /// Of each place a place that is the same for all that are connected with it.
    group: Vec<usize>,
}

impl Reach {
    pub fn new(plan: &Plan) -> Self {
        let mut connected = UnionFind::<usize>::new(plan.places.len());
        for edge in &plan.edges {
            connected.union(edge.caller.into(), edge.callee.into());
        }
        let mut watches = plan
            .controllers
            .iter()
            .map(|controller| &controller.watches);
        if watches.any(|watches| matches!(watches, WatchPlan::Condition { .. })) {
            for place in 1..plan.places.len() {
                connected.union(0, place);
            }
        }
        Self {
            group: connected.into_labeling(),
        }
    }

    /// What is the same for all places that are connected with this one, and for no others.
    pub fn group(&self, place: usize) -> usize {
        self.group[place]
    }

    /// Whether a disturbance can have reached a place.
    pub fn can(&self, disturbance: &Disturbance, place: usize) -> bool {
        let mut hits = disturbance.hits.iter();
        hits.any(|hit| self.group[*hit] == self.group[place])
    }
}
