//! A measure, and what it is called: in expressions, as a column, and for people.

use super::metric::{Better, Metric, Statistic, Unit};
use std::fmt;

/// What is measured: a metric of something. As columns of sweeps name it: `latency(shoppers, p99)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Which quantity.
    pub metric: Metric,
    /// The workload, the service, or the edge `"caller -> callee"` (one space on each side).
    pub subject: String,
    /// Which statistic, for metrics that have several.
    pub statistic: Option<Statistic>,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}", self.metric.name(), self.subject)?;
        if let Some(statistic) = self.statistic {
            write!(f, ", {}", statistic.name())?;
        }
        f.write_str(")")
    }
}

impl Measure {
    /// What its values are measured in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.metric.unit()
    }

    /// Which values of it users want.
    #[must_use]
    pub fn better(&self) -> Better {
        self.metric.better()
    }

    /// As files name it, with its unit at the end: `latency_shoppers_p99_s`. Two measures may share
    /// a column where their subjects differ only in characters other than letters and digits.
    #[must_use]
    pub fn column(&self) -> String {
        let mut column = plain(&format!(
            "{} {} {}",
            self.metric.name(),
            self.subject,
            self.statistic.map_or("", Statistic::name)
        ));
        column.push_str(self.unit().suffix());
        column
    }

    /// For people: `p99 latency of shoppers`, `amplification of shop -> db`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = String::new();
        if let Some(statistic) = self.statistic {
            label.push_str(statistic.name());
            label.push(' ');
        }
        let name = match self.metric {
            Metric::LatencyTrue => "true latency".into(),
            metric => metric.name().replace('_', " "),
        };
        format!("{label}{name} of {}", self.subject)
    }
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
