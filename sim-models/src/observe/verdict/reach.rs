//! What a disturbance can have reached: only what calls, directly or through others, connect with what it hits.
//! Instances on one host share nothing, and an operator who watches a condition may carry what it sees anywhere.

use super::disturbance::Disturbance;
use crate::plan::{Plan, WatchPlan};

/// Which places are connected.
pub(super) struct Reach {
    /// Of each place a place that is the same for all that are connected with it.
    group: Vec<usize>,
}

impl Reach {
    pub fn new(plan: &Plan) -> Self {
        let mut found = Self {
            group: (0..plan.places.len()).collect(),
        };
        for edge in &plan.edges {
            found.connect(edge.caller.into(), edge.callee.into());
        }
        let mut watches = plan
            .controllers
            .iter()
            .map(|controller| &controller.watches);
        if watches.any(|watches| matches!(watches, WatchPlan::Condition { .. })) {
            (1..plan.places.len()).for_each(|place| found.connect(0, place));
        }
        found.group = (0..plan.places.len())
            .map(|place| found.root(place))
            .collect();
        found
    }

    fn root(&mut self, mut place: usize) -> usize {
        while self.group[place] != place {
            // Halves the path (R. E. Tarjan and J. van Leeuwen, 1984).
            self.group[place] = self.group[self.group[place]];
            place = self.group[place];
        }
        place
    }

    fn connect(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.group[a.max(b)] = a.min(b);
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
