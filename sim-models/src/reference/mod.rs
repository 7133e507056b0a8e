//! Everything that can be written in a scenario, from the docs in the code: what `sim explain` and `sim schema`
//! print, and the schema for editors.
//!
//! The types of a scenario derive [`schemars::JsonSchema`], which keeps their docs, their defaults and what they are
//! made of. [`groups`] says of each enum and struct among them what it is called and where it stands; registries
//! bring an example of each of their parts, and so do the docs of other variants: the first code in them that begins
//! with the name. Bounds are found by asking the checks ([`bounds`]). What lacks any of this is named by
//! [`Reference::lacking`], which a test wants to be empty.

pub mod groups;
mod part;
mod words;
pub mod example;
pub mod bounds;
mod build;
pub mod editors;

pub use groups::Group;
pub use part::{Field, Given, Part};

use crate::outcome::Outcome;
use crate::spelling::elsewhere::plain;
use build::Builder;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Everything that can be written in a scenario.
#[derive(Clone, Debug)]
pub struct Reference {
    schema: Value,
    parts: Vec<Part>,
    lacking: Vec<String>,
}

/// What is never written, but told of as the cause of failures: its name, and what it is.
#[must_use]
pub fn causes() -> Vec<(&'static str, String)> {
    let told = SchemaSettings::default().for_serialize();
    let schema = told.into_generator().into_root_schema_for::<Outcome>();
    let docs = words::variants(schema.as_value());
    let about = |name: &str| {
        let found = docs.iter().find(|(own, ..)| *own == name);
        found.map_or("", |(.., docs)| *docs).to_owned()
    };
    let causes = Outcome::ONLY_CAUSES.iter();
    causes
        .map(|cause| (cause.name(), about(cause.name())))
        .collect()
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl Reference {
    /// Looks it all up.
    #[must_use]
    pub fn new() -> Self {
        Builder::new().build()
    }

    /// All parts, group by group in the order of [`groups::GROUPS`].
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The parts of a name, however its words are joined: `retry_budget`, `retryBudget`, `retry-budget`.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Part> {
        let wanted = plain(name);
        self.parts
            .iter()
            .filter(move |part| plain(&part.name) == wanted)
    }

    /// The fields of a name, each with the part that it is a field of; `retry.attempts` is one of one part.
    pub fn fields(&self, name: &str) -> impl Iterator<Item = (&Part, &Field)> {
        let (owner, name) = match name.rsplit_once('.') {
            Some((owner, name)) => (Some(plain(owner)), plain(name)),
            None => (None, plain(name)),
        };
        let parts = self.parts.iter();
        let parts = parts.filter(move |part| {
            owner
                .as_ref()
                .is_none_or(|owner| plain(&part.name) == *owner)
        });
        let fields = parts.flat_map(|part| part.fields.iter().map(move |field| (part, field)));
        fields.filter(move |(_, field)| plain(&field.name) == name)
    }

    /// What can be written and is not explained, or has no example, and what to add where.
    #[must_use]
    pub fn lacking(&self) -> &[String] {
        &self.lacking
    }
}
