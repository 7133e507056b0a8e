//! Loads a scenario: its text and all that it includes, overrides, checks.

mod files;
mod reader;

pub use files::Files;
pub(crate) use reader::{begins_a_scenario, beside};

use crate::check::{Origin, check, is_sound};
use crate::scenario::Scenario;
use crate::scenario::advice::advise;
use crate::scenario::de::Shapes;
use crate::scenario::decode::decode;
use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::hidden;
use crate::scenario::path::Override;
use crate::scenario::set;
use crate::scenario::source::Sources;
use crate::scenario::spread::spread_presets;
use crate::scenario::tree::Node;
use reader::Reader;

/// What came of loading.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario, or what is wrong with it.
    pub scenario: Result<Scenario, Diagnostics>,
    /// What is legal but suspicious.
    pub warnings: Diagnostics,
    /// The texts that it was read from, for showing diagnostics.
    pub sources: Sources,
}

/// Loads the scenario in file `name` with overrides set in it, in order.
pub fn load(name: &str, files: &(impl Files + ?Sized), overrides: &[Override]) -> Loaded {
    match Parsed::read(name, files) {
        Ok(parsed) => parsed.load(overrides),
        Err((found, sources)) => Loaded {
            scenario: Err(found),
            warnings: Vec::new(),
            sources,
        },
    }
}

/// A scenario whose files have been read, to be loaded again and again with other settings.
#[derive(Clone, Debug)]
pub struct Parsed {
    tree: Node,
    sources: Sources,
}

impl Parsed {
    /// Reads file `name` and all that it includes.
    ///
    /// # Errors
    /// What cannot be read, with the texts that could.
    pub fn read(name: &str, files: &(impl Files + ?Sized)) -> Result<Self, (Diagnostics, Sources)> {
        let mut reader = Reader {
            files,
            sources: Sources::default(),
            found: Vec::new(),
            root: name.to_owned(),
            bytes: (0, 0),
        };
        let tree = reader
            .file(name, None, &mut Vec::new())
            .filter(|_| reader.found.is_empty());
        let Reader {
            sources, mut found, ..
        } = reader;
        found.iter_mut().for_each(advise);
        match tree {
            Some(tree) => Ok(Self { tree, sources }),
            None => Err((found, sources)),
        }
    }

    /// Sets values for good.
    ///
    /// # Errors
    /// The paths that lead nowhere and the values that cannot be read.
    pub fn set(&mut self, overrides: &[Override]) -> Result<(), Diagnostics> {
        set::set_all(&mut self.tree, overrides, &mut self.sources).map_err(|mut found| {
            found.iter_mut().for_each(advise);
            found
        })
    }

    /// The texts that it was read from.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Its tree with all arguments named, as far as it can be read, and the fields of every struct in it.
    pub(crate) fn named(&self) -> (Node, Shapes) {
        let (mut tree, shapes) = (self.tree.clone(), Shapes::default());
        let _ = decode::<Scenario>(&tree, &shapes);
        set::name_arguments(&mut tree, &shapes);
        (tree, shapes)
    }

    /// As [`Self::load`], for one of very many: what is suspicious is not looked for, and where things stand
    /// only if something is wrong.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn scenario(&self, overrides: &[Override]) -> Result<Scenario, Box<Loaded>> {
        let Self {
            mut tree,
            mut sources,
        } = self.clone();
        let read = decoded(&mut tree, &mut sources, overrides, &Shapes::default());
        match read {
            Ok(scenario) if is_sound(&scenario) => Ok(scenario),
            _ => Err(Box::new(self.load(overrides))),
        }
    }

    /// The scenario with overrides set in it, in order.
    #[must_use]
    pub fn load(&self, overrides: &[Override]) -> Loaded {
        let Self {
            mut tree,
            mut sources,
        } = self.clone();
        let shapes = Shapes::default();
        let read = decoded(&mut tree, &mut sources, overrides, &shapes);
        set::name_arguments(&mut tree, &shapes);
        spread_presets(&mut tree);
        let mut warnings = Vec::new();
        let mut scenario = read.and_then(|scenario| {
            let origin = Origin {
                tree: &tree,
                sources: &sources,
            };
            let (errors, suspicious) = check(&scenario, Some(origin));
            warnings = suspicious;
            if errors.is_empty() {
                Ok(scenario)
            } else {
                Err(errors)
            }
        });
        for found in scenario.as_mut().err().into_iter().flatten() {
            advise(found);
        }
        Loaded {
            scenario,
            warnings,
            sources,
        }
    }
}

/// Sets values in a tree and reads it.
fn decoded(
    tree: &mut Node,
    sources: &mut Sources,
    overrides: &[Override],
    shapes: &Shapes,
) -> Result<Scenario, Diagnostics> {
    set::set_all(tree, overrides, sources)?;
    match hidden::check(tree) {
        found if found.is_empty() => decode(tree, shapes),
        found => Err(found),
    }
}

#[cfg(test)]
mod tests;
