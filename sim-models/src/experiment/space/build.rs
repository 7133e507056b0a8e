//! Builds the axes of a space from what varies, and says what makes no sense about them.

use super::axis::{Axis, Coordinate, Unresolved};
use super::dimension::{Along, Choice, Dimension, Placed, depth, span};
use super::names::{self, VARIANT};
use super::value::{Unit, Value};
use super::variant::Variant;
use super::vary::{Part, Values, Vary};
use crate::scenario::diagnostics::{Code, Diagnostic};
use crate::scenario::source::Source;
use crate::scenario::{Override, Sources, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The axes, variants first, and the texts that they were written in.
pub(super) fn build(
    vary: &[Vary],
    variants: &[Variant],
) -> Result<(Vec<Dimension>, Sources), Unresolved> {
    let mut builder = Builder::default();
    let mut dimensions = Vec::new();
    if !variants.is_empty() {
        dimensions.push(builder.variants(variants));
    }
    for vary in vary {
        dimensions.push(builder.dimension(vary));
    }
    builder.name(&mut dimensions);
    builder.set_once(&dimensions);
    let sources = builder.sources();
    if builder.found.is_empty() {
        return Ok((dimensions, sources));
    }
    Err(Unresolved {
        diagnostics: builder.found,
        sources,
    })
}

/// Collects what is wrong while a space is built.
#[derive(Default)]
struct Builder {
    origins: Vec<Arc<Source>>,
    found: Vec<Diagnostic>,
}

impl Builder {
    /// Index of a text.
    fn file(&mut self, origin: &Arc<Source>) -> u16 {
        let known = self
            .origins
            .iter()
            .position(|known| Arc::ptr_eq(known, origin));
        let at = known.unwrap_or_else(|| {
            self.origins.push(Arc::clone(origin));
            self.origins.len() - 1
        });
        at as u16
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        for origin in &self.origins {
            sources.add(&origin.name, &origin.text);
        }
        sources
    }

    fn wrong(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.found
            .push(Diagnostic::new(Code::Axis, span, message).help(help));
    }

    fn dimension(&mut self, vary: &Vary) -> Dimension {
        let file = self.file(&vary.origin);
        let at = span(file, &vary.at);
        let paths: Vec<String> = vary.parts.iter().map(|part| part.path.clone()).collect();
        let mut axis = Axis {
            name: vary.name.as_deref().map(names::safe).unwrap_or_default(),
            paths,
            unit: "",
            log: false,
        };
        if vary.name.is_some() && axis.name.is_empty() {
            self.wrong(
                at,
                "the name of an axis has no letter or digit in it",
                "call it what it is in one word: `backoff`",
            );
        }
        for part in &vary.parts {
            if part.path == "seed" {
                self.wrong(span(file, &part.path_at), "the seed does not vary", "every point is run under the same seeds, one for each replication: `replications: 20`, or `--replications 20`");
            }
        }
        let along = match &vary.parts[..] {
            [
                Part {
                    path,
                    path_at,
                    values: Values::Range(range),
                },
            ] if range.steps.is_none() => {
                axis.unit = range.unit.suffix();
                axis.log = range.log;
                Along::Between(path.clone(), span(file, path_at), range.clone(), file)
            }
            [only] => {
                let values = only.values.listed();
                self.listed_once(&values, file);
                let unit = common_unit(&values);
                axis.unit = unit.map_or("", Unit::suffix);
                axis.log = unit.is_some() && only.values.is_log();
                let choices = values.iter().map(|value| choice(only, value, unit, file));
                Along::Listed(choices.map(Arc::new).collect())
            }
            several => Along::Listed(self.zip(several, vary.labels.as_deref(), file, at)),
        };
        Dimension {
            key: axis.paths.join(";"),
            axis,
            along,
            at,
        }
    }

    /// No value of an axis comes twice, nor two with one name.
    fn listed_once(&mut self, values: &[Value], file: u16) {
        // Both are looked up: there may be as many values as points.
        let (mut labels, mut meanings) = (BTreeSet::new(), BTreeMap::new());
        for value in values {
            let first = *meanings.entry(meaning(value)).or_insert(value);
            let message = if !labels.insert(value.label.as_str()) {
                format!("`{}` is listed twice", value.label)
            } else if first.label != value.label {
                format!("`{}` and `{}` are the same", first.label, value.label)
            } else {
                continue;
            };
            self.wrong(span(file, &value.at), message, "leave one of the two out");
        }
    }

    /// Parameters that move together.
    fn zip(
        &mut self,
        parts: &[Part],
        labels: Option<&[String]>,
        file: u16,
        at: Span,
    ) -> Vec<Arc<Choice>> {
        for part in parts {
            if let Values::Range(range) = &part.values
                && range.steps.is_none()
            {
                self.wrong(
                    span(file, &range.at),
                    "a zipped range has no steps",
                    "say how many: `LO..HI:STEPS`, or `steps: 5` in a file",
                );
                return Vec::new();
            }
        }
        let columns: Vec<Vec<Value>> = parts.iter().map(|part| part.values.listed()).collect();
        let length = columns.first().map_or(0, Vec::len);
        for (part, column) in parts.iter().zip(&columns).skip(1) {
            if column.len() != length {
                let (first, other) = (&parts[0].path, &part.path);
                let message = format!(
                    "zipped lists are of one length, and `{first}` has {length} values, `{other}` {}",
                    column.len()
                );
                self.wrong(span(file, &part.path_at), message, "give both as many values; parameters that vary each by itself are axes of their own");
                return Vec::new();
            }
        }
        if let Some(labels) = labels
            && labels.len() != length
        {
            let message = format!(
                "there are {length} zipped values, and {} labels",
                labels.len()
            );
            self.wrong(at, message, "give each of them a name, or none");
            return Vec::new();
        }
        let rows = (0..length).map(|row| {
            let columns = parts.iter().zip(&columns);
            let choices: Vec<Choice> = columns
                .map(|(part, column)| choice(part, &column[row], None, file))
                .collect();
            let values = choices
                .iter()
                .map(|choice| choice.coordinate.label.as_str());
            let label = match labels {
                Some(labels) => labels[row].clone(),
                None => values.collect::<Vec<_>>().join(" / "),
            };
            Choice {
                coordinate: Coordinate {
                    label,
                    number: None,
                },
                settings: choices
                    .into_iter()
                    .flat_map(|choice| choice.settings)
                    .collect(),
            }
        });
        let rows: Vec<Arc<Choice>> = rows.map(Arc::new).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = rows.iter().find(|row| !seen.insert(&row.coordinate.label)) {
            let label = &twice.coordinate.label;
            let message = format!("the zipped values `{label}` come twice");
            self.wrong(at, message, "leave one of them out");
        }
        rows
    }

    fn variants(&mut self, variants: &[Variant]) -> Dimension {
        let mut paths: Vec<String> = Vec::new();
        let mut choices: Vec<Arc<Choice>> = Vec::new();
        let (mut names, mut known) = (BTreeSet::new(), BTreeSet::new());
        let mut first = None;
        for variant in variants {
            let file = self.file(&variant.origin);
            let at = span(file, &variant.at);
            first.get_or_insert(at);
            if !names.insert(&variant.name) {
                let message = format!("there are two variants `{}`", variant.name);
                self.wrong(at, message, "give one of the two another name");
            }
            for set in &variant.settings {
                if known.insert(&set.path) {
                    paths.push(set.path.clone());
                }
            }
            let settings = variant.settings.iter().map(|set| Placed {
                set: Override {
                    path: set.path.clone(),
                    value: set.value.text.clone(),
                },
                path_at: span(file, &set.path_at),
                value_at: span(file, &set.value.at),
            });
            choices.push(Arc::new(Choice {
                coordinate: Coordinate {
                    label: variant.name.clone(),
                    number: None,
                },
                settings: settings.collect(),
            }));
        }
        // In the order in which they are set.
        paths.sort_by_cached_key(|path| depth(path));
        Dimension {
            axis: Axis {
                name: VARIANT.into(),
                paths,
                unit: "",
                log: false,
            },
            key: VARIANT.into(),
            along: Along::Listed(choices),
            at: first.unwrap_or(span(0, &(0..0))),
        }
    }

    /// Gives names to the axes that have none, and sees to it that all differ.
    fn name(&mut self, dimensions: &mut [Dimension]) {
        let given: Vec<String> = dimensions
            .iter()
            .map(|dimension| dimension.axis.name.clone())
            .filter(|name| !name.is_empty())
            .collect();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for dimension in dimensions.iter().filter(|one| !one.axis.name.is_empty()) {
            let name = dimension.axis.name.as_str();
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == name) {
                let message = format!("there are two axes `{name}`");
                let wrong = Diagnostic::new(Code::Axis, dimension.at, message)
                    .also(*other, "the other one")
                    .help("give one of the two another name");
                self.found.push(wrong);
            }
            seen.push((name, dimension.at));
        }
        let mut nameless: Vec<&mut Dimension> = dimensions
            .iter_mut()
            .filter(|dimension| dimension.axis.name.is_empty())
            .collect();
        let paths: Vec<Vec<&str>> = nameless
            .iter()
            .map(|dimension| dimension.axis.paths.iter().map(String::as_str).collect())
            .collect();
        let taken: Vec<&str> = given.iter().map(String::as_str).collect();
        let names = names::shortest(&paths, &taken);
        for (dimension, name) in nameless.iter_mut().zip(names) {
            dimension.axis.name = name;
        }
    }

    /// No parameter is set by two axes.
    fn set_once(&mut self, dimensions: &[Dimension]) {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for dimension in dimensions {
            for path in &dimension.axis.paths {
                match seen.iter().find(|(other, _)| other == path) {
                    Some((_, other)) => {
                        let message = format!("`{path}` is set by two axes");
                        let wrong = Diagnostic::new(Code::Axis, dimension.at, message)
                            .also(*other, "it is set here too")
                            .help("leave one of the two out, or zip it with the other");
                        self.found.push(wrong);
                    }
                    None => seen.push((path, dimension.at)),
                }
            }
        }
    }
}

fn choice(part: &Part, value: &Value, unit: Option<Unit>, file: u16) -> Choice {
    Choice {
        coordinate: Coordinate {
            label: value.label.clone(),
            number: unit.and_then(|_| Some(value.quantity?.number)),
        },
        settings: vec![Placed {
            set: Override {
                path: part.path.clone(),
                value: value.text.clone(),
            },
            path_at: span(file, &part.path_at),
            value_at: span(file, &value.at),
        }],
    }
}

/// What a value is, however it is written: equal for those that are the same.
fn meaning(value: &Value) -> (Option<(u64, &'static str)>, &str) {
    match value.quantity {
        // Both zeros are one.
        Some(quantity) => (
            Some(((quantity.number + 0.0).to_bits(), quantity.unit.suffix())),
            "",
        ),
        None => (None, &value.text),
    }
}

/// The unit of all values, if all are numbers of one.
fn common_unit(values: &[Value]) -> Option<Unit> {
    let first = values.first()?.quantity?.unit;
    let same = |value: &Value| {
        value
            .quantity
            .is_some_and(|quantity| quantity.unit == first)
    };
    values.iter().all(same).then_some(first)
}
