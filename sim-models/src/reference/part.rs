//! Something that can be written, and what is known of it.

use super::groups::Group;

/// Something that can be written: a policy, a step, a struct, a kind of value.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is one of.
    pub group: &'static Group,
    /// How it is called.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
    /// All that the docs say of it: paragraphs, with code in backquotes.
    pub docs: String,
    /// Whether it holds if nothing is said.
    pub is_default: bool,
    /// What it holds between its parentheses, of what has no fields there.
    pub holds: Option<String>,
    /// Its fields, in the order that arguments without names follow.
    pub fields: Vec<Field>,
    /// How it is written: itself, or the list that it stands in.
    pub example: String,
    /// The example where it stands: fields of a scenario.
    pub placed: String,
    /// The type of the fields.
    pub(super) fields_of: Option<String>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it says.
    pub docs: String,
    /// What is written there: `duration`, `list of steps`.
    pub kind: String,
    /// The group that its values, or the elements of its lists and maps, are of.
    pub group: Option<&'static Group>,
    /// What it is if it is not given.
    pub given: Given,
    /// The type, as the schema has it, of numbers and of values with units that have bounds.
    pub(super) scalar: Option<Scalar>,
}

/// What a field is if it is not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It must be.
    Needed,
    /// Nothing.
    Optional,
    /// This.
    Default(String),
}

/// What can have bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Whole { most: u64 },
    Number,
    Duration,
    Rate,
}
