//! A measure, and what it is called: in expressions, as a column, and for people.

use super::metric::{Better, Metric, Statistic, Unit};
use crate::outcome::Outcome;
use sim_core::SimTime;
use std::fmt;

/// What is measured: a metric of something. As columns of sweeps name it: `latency(shoppers, p99)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Which quantity.
    pub metric: Metric,
    /// The workload, the tenant, the service, or the edge `"caller -> callee"` (one space on each
    /// side); empty for what is about the run as a whole.
    pub subject: String,
    /// What the metric asks for besides.
    pub argument: Option<Argument>,
    /// The part of the run that it is taken over, from and to: the windows that lie wholly in it. None:
    /// all of the run after its warm-up.
    pub over: Option<(SimTime, SimTime)>,
    /// Which requests a stretch is asked for; [`Requests::Begun`] where they are the same, or where the
    /// metric is not about requests.
    pub requests: Requests,
    /// Dividend and divisor of a [`Metric::Quotient`], which has no subject of its own.
    pub quotient: Option<Box<(Measure, Measure)>>,
}

/// Which requests belong to a stretch of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requests {
    /// Those that began in it, whenever they ended: `of requests begun in 10s..13s`, or `in 10s..13s`.
    #[default]
    Begun,
    /// Those that ended in it, whenever they began: `of requests ended in 10s..13s`.
    Ended,
}

/// What some metrics ask for besides their subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Which statistic of a distribution.
    Statistic(Statistic),
    /// How requests, calls or attempts ended.
    Outcome(Outcome),
    /// What a policy or a step counted.
    Counter(Counter),
    /// A state of a policy.
    State(Counter),
}

/// Something that a policy or a step counts, or a state of a policy; written `breaker_opened`, `breaker_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Name of the policy or step.
    pub policy: &'static str,
    /// Name of what it counts, or of the state.
    pub name: &'static str,
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.policy, self.name)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statistic(statistic) => f.write_str(statistic.name()),
            Self::Outcome(outcome) => f.write_str(outcome.name()),
            Self::Counter(counter) | Self::State(counter) => counter.fmt(f),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parts) = &self.quotient {
            return write!(f, "{} / {}", parts.0, parts.1);
        }
        f.write_str(self.metric.name())?;
        if !self.subject.is_empty() {
            // What would end the argument stands in quotes.
            if self.subject.contains(['(', ')', ',']) {
                write!(f, "(\"{}\"", self.subject)?;
            } else {
                write!(f, "({}", self.subject)?;
            }
            if let Some(argument) = self.argument {
                write!(f, ", {argument}")?;
            }
            f.write_str(")")?;
        }
        if let Some((from, to)) = self.over {
            if self.requests == Requests::Ended {
                f.write_str(" of requests ended")?;
            }
            write!(f, " in {}..{}", seconds(from), seconds(to))?;
        }
        Ok(())
    }
}

impl Measure {
    /// A metric of a subject, over the run after its warm-up.
    #[must_use]
    pub fn new(metric: Metric, subject: &str) -> Self {
        Self {
            metric,
            subject: subject.into(),
            argument: None,
            over: None,
            requests: Requests::Begun,
            quotient: None,
        }
    }

    /// One measure divided by another.
    ///
    /// # Errors
    /// The units of the two, if they are not the same.
    pub fn divide(self, divisor: Self) -> Result<Self, (Unit, Unit)> {
        if self.unit() != divisor.unit() {
            return Err((self.unit(), divisor.unit()));
        }
        // Where both name a stretch, the quotient is about all from the first start to the last end.
        let over = self.over.zip(divisor.over);
        Ok(Self {
            over: over.map(|(a, b)| (a.0.min(b.0), a.1.max(b.1))),
            quotient: Some(Box::new((self, divisor))),
            ..Self::new(Metric::Quotient, "")
        })
    }

    /// The measures that it consists of: its two parts, or itself.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let parts = self.quotient.as_deref();
        let (first, second) = parts.map_or((self, None), |(a, b)| (a, Some(b)));
        std::iter::once(first).chain(second)
    }

    /// Whether it is also measured over parts of a run.
    #[must_use]
    pub fn by_windows(&self) -> bool {
        self.parts().all(|part| part.metric.by_windows())
    }

    /// Which statistic of a distribution it is, if it is one.
    #[must_use]
    pub fn statistic(&self) -> Option<Statistic> {
        match self.argument {
            Some(Argument::Statistic(statistic)) => Some(statistic),
            _ => None,
        }
    }

    /// What its values are measured in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.metric.unit()
    }

    /// Which values of it users want.
    #[must_use]
    pub fn better(&self) -> Better {
        if let Some(parts) = &self.quotient {
            return match (parts.0.better(), parts.1.better()) {
                (Better::Neither, Better::Higher) => Better::Lower,
                (Better::Neither, Better::Lower) => Better::Higher,
                (dividend, _) => dividend,
            };
        }
        match self.argument {
            Some(Argument::Outcome(Outcome::Ok)) => Better::Higher,
            Some(Argument::Outcome(Outcome::Degraded)) => Better::Neither,
            Some(Argument::Outcome(_)) => Better::Lower,
            _ => self.metric.better(),
        }
    }

    /// As files name it, with its unit at the end: `latency_shoppers_p99_s`. Two measures may share
    /// a column where their subjects differ only in characters other than letters and digits.
    #[must_use]
    pub fn column(&self) -> String {
        if let Some(parts) = &self.quotient {
            let [dividend, divisor] = [&parts.0, &parts.1].map(|part| {
                let column = part.column();
                let bare = column.strip_suffix(part.unit().suffix());
                bare.unwrap_or(&column).to_owned()
            });
            return format!("{dividend}_over_{divisor}{}", self.unit().suffix());
        }
        let argument = self.argument.map(|argument| argument.to_string());
        let ended = match self.requests {
            Requests::Begun => "",
            Requests::Ended => "ended ",
        };
        let over = self
            .over
            .map(|(from, to)| format!("{ended}{} {}", seconds(from), seconds(to)));
        let mut column = plain(&format!(
            "{} {} {} {}",
            self.metric.name(),
            self.subject,
            argument.unwrap_or_default(),
            over.unwrap_or_default()
        ));
        column.push_str(self.unit().suffix());
        column
    }

    /// For people: `p99 latency of shoppers`, `amplification of shop -> db`.
    #[must_use]
    pub fn label(&self) -> String {
        if let Some(parts) = &self.quotient {
            return format!("{} / {}", parts.0.label(), parts.1.label());
        }
        let name = match self.metric {
            Metric::LatencyTrue => "true latency".into(),
            Metric::Mttr => "mean time to repair".into(),
            Metric::Mtbf => "mean time between failures".into(),
            metric => metric.name().replace('_', " "),
        };
        let mut label = match self.argument {
            Some(Argument::Statistic(statistic)) => format!("{} {name}", statistic.name()),
            Some(Argument::Outcome(outcome)) => {
                let what = match self.metric {
                    Metric::CallOutcomeRatio => "calls",
                    Metric::AttemptOutcomeRatio => "attempts",
                    _ => "requests",
                };
                format!("share of {} among {what}", outcome.name())
            }
            Some(Argument::Counter(counter)) => {
                format!("{} {}", counter.policy.replace('_', " "), counter.name)
            }
            Some(Argument::State(state)) => format!(
                "share of time that {} is {}",
                state.policy.replace('_', " "),
                state.name.replace('_', " ")
            ),
            None => name,
        };
        if !self.subject.is_empty() {
            let between = match self.argument {
                Some(Argument::Counter(_) | Argument::State(_)) => " on ",
                _ => " of ",
            };
            label.push_str(between);
            label.push_str(&self.subject);
        }
        if let Some((from, to)) = self.over {
            let whose = match self.requests {
                _ if !self.metric.by_requests() => "",
                Requests::Begun => "begun ",
                Requests::Ended => "ended ",
            };
            label.push_str(&format!(", {whose}{} to {}", seconds(from), seconds(to)));
        }
        label
    }
}

/// A time in seconds, `90s`: of one kind in all columns.
fn seconds(time: SimTime) -> String {
    format!("{}s", time.as_secs_f64())
}

/// Lower case, with every run of characters outside a-z and 0-9 squeezed to one `_`.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('_') {
            plain.push('_');
        }
    }
    plain.truncate(plain.trim_end_matches('_').len());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_measures_for_files_and_for_people() {
        for (text, column, label, better) in [
            (
                "latency(shoppers, p99)",
                "latency_shoppers_p99_s",
                "p99 latency of shoppers",
                Better::Lower,
            ),
            (
                "latency_true(Night Shift, mean)",
                "latency_true_night_shift_mean_s",
                "mean true latency of Night Shift",
                Better::Lower,
            ),
            (
                "amplification(shop->db)",
                "amplification_shop_db_ratio",
                "amplification of shop -> db",
                Better::Lower,
            ),
            (
                "goodput(shoppers)",
                "goodput_shoppers_per_s",
                "goodput of shoppers",
                Better::Higher,
            ),
            (
                "queue(db, max)",
                "queue_db_max_count",
                "max queue of db",
                Better::Lower,
            ),
            (
                "recovery_time",
                "recovery_time_s",
                "recovery time",
                Better::Lower,
            ),
            (
                "outcome_ratio(a, breaker_open)",
                "outcome_ratio_a_breaker_open_ratio",
                "share of breaker_open among requests of a",
                Better::Lower,
            ),
            (
                "attempt_outcome_ratio(a->b, ok)",
                "attempt_outcome_ratio_a_b_ok_ratio",
                "share of ok among attempts of a -> b",
                Better::Higher,
            ),
            (
                "policy_count(a->b, retry_budget_denied)",
                "policy_count_a_b_retry_budget_denied_count",
                "retry budget denied on a -> b",
                Better::Neither,
            ),
            (
                "policy_state(a->b, breaker_half_open)",
                "policy_state_a_b_breaker_half_open_ratio",
                "share of time that breaker is half open on a -> b",
                Better::Neither,
            ),
            (
                "goodput(shoppers) in 60s..90s",
                "goodput_shoppers_60s_90s_per_s",
                "goodput of shoppers, begun 60s to 90s",
                Better::Higher,
            ),
            (
                "failed_ratio(shoppers) of requests ended in 60s..90s",
                "failed_ratio_shoppers_ended_60s_90s_ratio",
                "failed ratio of shoppers, ended 60s to 90s",
                Better::Lower,
            ),
            (
                "queue(db, max) in 60s..90s",
                "queue_db_max_60s_90s_count",
                "max queue of db, 60s to 90s",
                Better::Lower,
            ),
            (
                "goodput(shoppers) / offered(shoppers)",
                "goodput_shoppers_over_offered_shoppers_ratio",
                "goodput of shoppers / offered of shoppers",
                Better::Higher,
            ),
            (
                "offered(a) in 1s..2s / goodput(a) of requests ended in 3s..4s",
                "offered_a_1s_2s_over_goodput_a_ended_3s_4s_ratio",
                "offered of a, 1s to 2s / goodput of a, ended 3s to 4s",
                Better::Lower,
            ),
            (
                "utilization(db)",
                "utilization_db_ratio",
                "utilization of db",
                Better::Neither,
            ),
        ] {
            let measure: Measure = text.parse().unwrap();
            assert_eq!(measure.column(), column);
            assert_eq!(measure.label(), label);
            assert_eq!(measure.better(), better, "{text}");
            assert_eq!(measure.to_string().parse(), Ok(measure));
        }
    }
}
