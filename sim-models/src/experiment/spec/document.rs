//! A sweep file as it is written.

use crate::scenario::de::Spanned;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// A value whose text alone matters: what it means is for the scenario to say.
pub(super) type Raw = Spanned<IgnoredAny>;

/// A sweep file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) scenario: Spanned<String>,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) set: Pairs<Raw>,
    #[serde(default)]
    pub(super) vary: Vec<Spanned<Entry>>,
    #[serde(default)]
    pub(super) variants: Pairs<Pairs<Raw>>,
    #[serde(default)]
    pub(super) sample: Option<Spanned<Drawn>>,
    #[serde(default)]
    pub(super) points: Option<Vec<Spanned<Vec<String>>>>,
    #[serde(default)]
    pub(super) replications: Option<Spanned<Repeated>>,
    #[serde(default)]
    pub(super) seed: Option<u64>,
    #[serde(default)]
    pub(super) measures: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) windows: bool,
}

/// An axis, or a part of a zipped one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) name: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) path: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) values: Option<Raw>,
    #[serde(default)]
    pub(super) from: Option<Raw>,
    #[serde(default)]
    pub(super) to: Option<Raw>,
    #[serde(default)]
    pub(super) steps: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) scale: Scale,
    #[serde(default)]
    pub(super) zip: Option<Vec<Spanned<Entry>>>,
    #[serde(default)]
    pub(super) labels: Option<Spanned<Vec<String>>>,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scale {
    #[default]
    Linear,
    Log,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Drawn {
    Random(u32),
    Lhs(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Repeated {
    Constant(u32),
    Until(Precise),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Precise {
    pub(super) measure: Spanned<String>,
    pub(super) half_width: Raw,
    #[serde(default)]
    pub(super) level: Option<f64>,
    #[serde(default)]
    pub(super) at_least: Option<u32>,
    #[serde(default)]
    pub(super) at_most: Option<u32>,
}

/// The entries of a map, in order.
pub(super) struct Pairs<T>(pub(super) Vec<(Spanned<String>, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Pairs<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = entries.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}
