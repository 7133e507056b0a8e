//! A list of policies as a scenario has it, in which presets of libraries may stand: they are replaced by what they
//! stand for when the list is read.

use super::PresetSpec;
use crate::resilience::{self, PolicySpec};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{EnumAccess, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Policies, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PolicyList(Vec<PolicySpec>);

impl PolicyList {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The policies.
    #[must_use]
    pub fn into_inner(self) -> Vec<PolicySpec> {
        self.0
    }
}

impl From<Vec<PolicySpec>> for PolicyList {
    fn from(policies: Vec<PolicySpec>) -> Self {
        Self(policies)
    }
}

impl Deref for PolicyList {
    type Target = Vec<PolicySpec>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for PolicyList {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<'a> IntoIterator for &'a PolicyList {
    type Item = &'a PolicySpec;
    type IntoIter = std::slice::Iter<'a, PolicySpec>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for PolicyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

impl JsonSchema for PolicyList {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "PolicyList".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let policy = generator.subschema_for::<PolicySpec>();
        let preset = generator.subschema_for::<PresetSpec>();
        json_schema!({ "type": "array", "items": { "anyOf": [policy, preset] } })
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = PolicyList;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of policies")
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<PolicyList, S::Error> {
        let mut policies = Vec::new();
        while let Some(Element(some)) = items.next_element()? {
            policies.extend(some);
        }
        Ok(PolicyList(policies))
    }
}

/// A policy, or all that a preset stands for.
struct Element(Vec<PolicySpec>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("PolicySpec", &NAMES, OneElement)
    }
}

struct OneElement;

impl<'de> Visitor<'de> for OneElement {
    type Value = Element;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a policy or a preset")
    }
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Element, A::Error> {
        let (name, said): (Name, A::Variant) = data.variant()?;
        if name.0 < resilience::REGISTRY.len() {
            return Ok(Element(vec![PolicySpec::read(NAMES[name.0], said)?]));
        }
        let preset = PresetSpec::read(NAMES[name.0], said)?;
        preset.expand().map(Element).map_err(A::Error::custom)
    }
}

/// Which of [`NAMES`] it is.
struct Name(usize);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneName;
        impl Visitor<'_> for OneName {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the name of a policy or a preset")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
                let at = NAMES.iter().position(|known| *known == name);
                at.map(Name).ok_or_else(|| E::unknown_variant(name, &NAMES))
            }
        }
        deserializer.deserialize_identifier(OneName)
    }
}

/// What may stand in a list: policies first, then presets.
static NAMES: [&str; resilience::REGISTRY.len() + super::REGISTRY.len()] = {
    let mut names = [""; resilience::REGISTRY.len() + super::REGISTRY.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = match at < resilience::REGISTRY.len() {
            true => resilience::REGISTRY[at].0,
            false => super::REGISTRY[at - resilience::REGISTRY.len()].0,
        };
        at += 1;
    }
    names
};
