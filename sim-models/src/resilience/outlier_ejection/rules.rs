//! What ejects an instance, and what a result is to it.

use crate::outcome::Outcome;
use crate::resilience::Ended;
use serde::{Deserialize, Serialize};

/// What ejects an instance.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierRule {
    /// So many errors one after the other: `in_a_row(failures: 5, of: gateway_errors)`.
    InARow(InARow),
    /// Far fewer good answers than the others: `success_rate(deviations: 1.9)`.
    SuccessRate(SuccessRate),
    /// Too many bad answers, whatever the others do: `failure_rate(share: 0.85)`.
    FailureRate(FailureRate),
}

impl OutlierRule {
    /// The chance that it is enforced with.
    pub(super) fn enforced(&self) -> f64 {
        match self {
            Self::InARow(rule) => rule.enforced,
            Self::SuccessRate(rule) => rule.enforced,
            Self::FailureRate(rule) => rule.enforced,
        }
    }

    /// How many instances have to have how many requests within an interval; none: any one may be ejected at any time.
    pub(super) fn needs(&self) -> Option<(u32, u32)> {
        match self {
            Self::InARow(_) => None,
            Self::SuccessRate(rule) => Some((rule.instances, rule.volume)),
            Self::FailureRate(rule) => Some((rule.instances, rule.volume)),
        }
    }

    /// Why it ejects, in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::InARow(rule) => format!("{} {} in a row", rule.failures, rule.of.words()),
            Self::SuccessRate(rule) => {
                let by = rule.deviations;
                format!("its success rate was more than {by} standard deviations below the mean")
            }
            Self::FailureRate(rule) => format!("{}% of its requests failed", rule.share * 100.0),
        }
    }
}

/// So many errors one after the other.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InARow {
    /// How many.
    pub failures: u32,
    /// Of what.
    #[serde(default)]
    pub of: What,
    /// The chance that it is ejected for it.
    #[serde(default = "one")]
    pub enforced: f64,
}

/// Far fewer good answers than the others.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessRate {
    /// So many standard deviations below the mean of all are too few.
    #[serde(default = "factor")]
    pub deviations: f64,
    /// How many instances must have had enough requests.
    #[serde(default = "five")]
    pub instances: u32,
    /// How many requests within an interval are enough.
    #[serde(default = "hundred")]
    pub volume: u32,
    /// What is no success: `server_errors` or `local`.
    #[serde(default)]
    pub of: What,
    /// The chance that it is ejected for it.
    #[serde(default = "one")]
    pub enforced: f64,
}

/// Too many bad answers, whatever the others do.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRate {
    /// The share of failures from which on it is ejected.
    #[serde(default = "most")]
    pub share: f64,
    /// How many instances must have had enough requests.
    #[serde(default = "five")]
    pub instances: u32,
    /// How many requests within an interval are enough.
    #[serde(default = "fifty")]
    pub volume: u32,
    /// What is a failure: `server_errors` or `local`.
    #[serde(default)]
    pub of: What,
    /// The chance that it is ejected for it.
    #[serde(default = "one")]
    pub enforced: f64,
}

fn one() -> f64 {
    1.0
}

fn factor() -> f64 {
    1.9
}

fn most() -> f64 {
    0.85
}

fn five() -> u32 {
    5
}

fn fifty() -> u32 {
    50
}

fn hundred() -> u32 {
    100
}

/// What is counted of an instance.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Statuses of 500 and more, and what the caller found unless that is `split`.
    #[default]
    ServerErrors,
    /// Statuses 502, 503 and 504, and what the caller found unless that is `split`.
    GatewayErrors,
    /// What the caller found: no answer in time, no connection; where it is `split`.
    Local,
}

impl What {
    /// How many there are.
    pub const COUNT: usize = 3;

    /// In words, of several.
    fn words(self) -> &'static str {
        match self {
            Self::ServerErrors => "server errors",
            Self::GatewayErrors => "gateway errors",
            Self::Local => "local errors",
        }
    }
}

/// What a result says of an instance.
pub(super) struct Seen {
    /// The status that it was answered with; none, if that is told apart from what the caller found.
    status: Option<u16>,
    /// Whether the caller found an error for itself; none, if that is not told apart.
    pub local: Option<bool>,
}

impl Seen {
    /// Nothing, if it says nothing of the instance.
    pub fn of(ended: &Ended, split: bool) -> Option<Self> {
        let (status, found) = match ended.outcome() {
            Outcome::TimeoutAttempt | Outcome::TimeoutDeadline => (504, true),
            Outcome::Refused | Outcome::Reset | Outcome::Lost => (503, true),
            _ if ended.given_up => return None,
            Outcome::Ok | Outcome::Degraded => (200, false),
            Outcome::Error if ended.ending.status == 0 => (500, false),
            Outcome::Error => (ended.ending.status, false),
            Outcome::Rejected => (503, false),
            _ => return None,
        };
        Some(Self {
            status: (!split || !found).then_some(status),
            local: split.then_some(found),
        })
    }

    /// Whether it was a good answer; none, if it was no answer.
    pub fn answered_well(&self) -> Option<bool> {
        self.status.map(|status| !(500..=599).contains(&status))
    }

    /// Whether it is one of these.
    pub fn fails(&self, what: What) -> bool {
        match what {
            What::ServerErrors => self.answered_well() == Some(false),
            What::GatewayErrors => {
                (self.status).is_some_and(|status| (502..=504).contains(&status))
            }
            What::Local => self.local == Some(true),
        }
    }
}

/// What is wrong with rules: (field, why).
pub(super) fn wrong(
    rules: &[OutlierRule],
    split: bool,
    sweeps: bool,
) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let mut told = |why: String| wrong.push(("rules", why));
    let mut in_a_row = [false; What::COUNT];
    for rule in rules {
        let of = match rule {
            OutlierRule::InARow(rule) => {
                if rule.failures == 0 {
                    told("`failures` of an `in_a_row` must be at least 1".into());
                }
                if std::mem::replace(&mut in_a_row[rule.of as usize], true) {
                    told(format!(
                        "{} in a row are counted once: one `in_a_row` for them",
                        rule.of.words()
                    ));
                }
                rule.of
            }
            OutlierRule::SuccessRate(rule) => {
                if !(rule.deviations.is_finite() && rule.deviations >= 0.0) {
                    told(format!(
                        "`deviations` must be zero or more, not {}",
                        rule.deviations
                    ));
                }
                rule.of
            }
            OutlierRule::FailureRate(rule) => {
                if !(0.0..=1.0).contains(&rule.share) {
                    told(format!("`share` must be 0 to 1, not {}", rule.share));
                }
                rule.of
            }
        };
        let of_rates = !matches!(rule, OutlierRule::InARow(_));
        if of_rates && !sweeps {
            told("rates are judged at sweeps: give an `interval`".into());
        }
        if of_rates && of == What::GatewayErrors {
            told("rates are of `server_errors` or `local`".into());
        }
        if of == What::Local && !split {
            told("`local` errors are told apart with `split: true`".into());
        }
        let enforced = rule.enforced();
        if !(0.0..=1.0).contains(&enforced) {
            told(format!("`enforced` must be 0 to 1, not {enforced}"));
        }
    }
    wrong
}
