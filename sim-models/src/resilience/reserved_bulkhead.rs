//! Reserved bulkhead: bounds how many calls are out at a time, and keeps some of the permits for the more important.
//!
//! Of its `permits` each class of priority has as many for itself as `reserve` says; the others are anybody's. A call
//! takes one of its class while there is one, else one of the others; where there is none either, it ends as
//! `bulkhead_full`, even if other classes have theirs left. So no class can take away what is kept for another, and
//! what is kept and not used is the price. Nobody waits: who would wait for whom is the matter of a queue (`queue_order`
//! of a service).
//!
//! Source: M. Nygard, *Release It!* (2nd ed. 2018), "Bulkheads"; Envoy's circuit breakers, whose thresholds are kept
//! apart for the priorities `DEFAULT` and `HIGH` (`reserve` that leaves nothing to anybody); Kubernetes API priority and
//! fairness, `nominalConcurrencyShares`; Stripe, "Scaling your API with rate limiters" (2017), a fleet of which 20 % are
//! kept for critical requests.

use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::baggage::Priority;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Keeps some of its permits for the more important.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedBulkhead {
    /// Calls at a time, of all classes.
    pub permits: u32,
    /// What is kept for whom.
    pub reserve: Reserve,
    /// Who shares the permits.
    #[serde(default)]
    pub scope: Scope,
    /// What has permits each of its own; none: all share them.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

/// Permits that are kept for each class of priority.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields, default)]
pub struct Reserve {
    /// For what is `critical_plus`.
    pub critical_plus: u32,
    /// For what is `critical`.
    pub critical: u32,
    /// For what is `sheddable_plus`.
    pub sheddable_plus: u32,
    /// For what is `sheddable`.
    pub sheddable: u32,
}

impl Reserve {
    fn of(&self, class: usize) -> u32 {
        [
            self.critical_plus,
            self.critical,
            self.sheddable_plus,
            self.sheddable,
        ][class]
    }

    fn all(&self) -> u64 {
        (0..CLASSES).map(|class| u64::from(self.of(class))).sum()
    }
}

const CLASSES: usize = Priority::ALL.len();

/// Permits that are out, by class.
pub type Out = [u32; CLASSES];

impl ReservedBulkhead {
    /// How many of those that are anybody's are out.
    fn beyond(&self, out: &Out) -> u64 {
        (0..CLASSES)
            .map(|class| u64::from(out[class].saturating_sub(self.reserve.of(class))))
            .sum()
    }

    fn has_room(&self, out: &Out, class: usize) -> bool {
        out[class] < self.reserve.of(class)
            || self.beyond(out) + self.reserve.all() < u64::from(self.permits)
    }
}

impl Policy for ReservedBulkhead {
    type Memory = Out;
    type Call = ();
    const SUMMARY: &'static str = "bounds how many calls are out, and keeps room for the important";
    const EXAMPLE: &'static str =
        "reserved_bulkhead(permits: 20, reserve: (critical_plus: 5, critical: 5))";
    const LIVE: &'static [&'static str] = &["permits"];
    const AT_DOOR: bool = true;
    const UNPACKS: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused"];
    const LEAVES: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Out {
        Out::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, out: &mut Out, (): &mut (), context: &mut Context) -> Do {
        let class = context.priority as usize;
        if self.has_room(out, class) {
            out[class] += 1;
            return Do::Pass;
        }
        context.turned_away(Outcome::BulkheadFull, self.push_back)
    }
    fn on_leave(&self, out: &mut Out, (): &mut (), _: &Ended, context: &mut Context) {
        out[context.priority as usize] -= 1;
    }
    fn inside(out: &Out) -> Option<u32> {
        Some(out.iter().sum())
    }
    fn reading(&self, out: &Out, _: SimTime) -> Reading {
        let free = u64::from(self.permits)
            .saturating_sub(self.reserve.all())
            .saturating_sub(self.beyond(out));
        Reading {
            state: "",
            numbers: vec![
                ("out", f64::from(out.iter().sum::<u32>())),
                ("shared_left", free as f64),
            ],
        }
    }
    fn permits(&self) -> Option<u32> {
        Some(self.permits)
    }
    fn brief(&self) -> String {
        format!("{} permits, {} kept", self.permits, self.reserve.all())
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.permits == 0 {
            wrong.push(("permits", "must be at least 1".into()));
        }
        let all = self.reserve.all();
        if all > u64::from(self.permits) {
            let why = format!("keeps {all}, and there are {} permits", self.permits);
            wrong.push(("reserve", why));
        }
        if all == 0 {
            wrong.push((
                "reserve",
                "keeps nothing for anybody: use a `bulkhead`".into(),
            ));
        }
        wrong
    }
}
