//! What is legal but suspicious.
//!
//! Every suspicion states the numbers that it compared, and is silent on a system that is well. All of
//! it is linear in the graph: what is known of a callee is found once, callees first, and no path is
//! walked along.

mod words;
mod least;
mod view;
mod beliefs;
mod carried;
mod circles;
mod controllers;
mod disturbances;
mod graph;
mod idle;
mod limits;
mod load;
mod lost;
mod paths;
mod patterns;
mod policies;
mod queues;
mod storm;
mod times;
mod crash;

use super::checker::Checker;
use view::View;

impl Checker<'_> {
    pub(super) fn suspicions(&mut self) {
        let view = View::new(self.scenario);
        for (key, policies) in &self.scenario.calls {
            self.timeouts_in_order(key, policies);
            self.waits_fit(key, policies);
            self.retries_are_sound(key, policies);
            self.backoffs_fit(key, policies);
            self.late_ones_are_retried(key, policies);
            self.breakers_hear(key, policies);
        }
        self.answers_come_in_time(&view);
        self.callees_outlast(&view);
        self.requests_are_told_apart(&view);
        self.policies_can_act(&view);
        self.attempts_multiply(&view);
        self.load_fits(&view);
        self.limits_fit(&view);
        self.pools_fit(&view);
        self.peaks_fit(&view);
        self.crowds_fit(&view);
        self.crowds_have_room(&view);
        self.crashes_leave_enough(&view);
        self.calls_end(&view);
        self.storms_end(&view);
        self.shape_of_graph(&view);
        self.requests_end(&view);
        self.steps_are_meant();
        self.pools_are_sound();
        self.patterns_match(&view);
        self.orders_matter(&view);
        self.time_goes_on(&view);
        self.faults_end();
        self.controllers_act();
        self.faults_hit(&view);
        self.options_work();
        self.recovery_can_be_seen();
        self.warmup_ends_in_time();
        self.checks_say_something();
        self.checks_can_hold(&view);
    }
}
