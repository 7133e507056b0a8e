//! Whether a folder holds another sweep of the same scenario.

use super::resolved;
use crate::files::Disk;
use crate::output::sweep::folder::Texts;
use crate::runner::most_replications;
use crate::store::claim::Claim;
use crate::store::file::{FolderError, text as text_of};
use sim_models::experiment::spec::read_spec;
use sim_models::experiment::sweep::Sweep;
use std::collections::BTreeSet;
use std::path::Path;

/// Refuses a folder whose sweep has something that this one leaves out, or has all of it replaced.
/// What has the same and more goes on: runs that are known are not run again. So does the same sweep of
/// a scenario that was changed since.
///
/// # Errors
/// If the folder holds another sweep and is not to be replaced.
pub fn refuse_other(
    claim: Claim,
    folder: &Path,
    (sweep, texts): (&Sweep, &Texts),
    disk: &Disk,
    force: bool,
) -> Result<Claim, FolderError> {
    let file = folder.join("sweep.ron");
    let text = text_of(&file).unwrap_or_default();
    if text.is_empty() || text.trim_end() == texts.sweep.trim_end() {
        return Ok(claim);
    }
    let there = read_spec(&file.to_string_lossy(), disk)
        .ok()
        .and_then(|spec| resolved(&spec, &file, disk).ok());
    let difference = match there {
        Some((there, _)) => difference(&there, sweep),
        None => Some("a sweep that cannot be read any more, nor compared with this one".into()),
    };
    let Some(difference) = difference else {
        return Ok(claim);
    };
    if force {
        return Ok(claim.anew());
    }
    Err(FolderError::Refused {
        what: format!("{} holds another experiment: {difference}", folder.display()),
        help: "choose another folder with --out, or replace what that experiment wrote there with --force"
            .into(),
    })
}

/// What a sweep has that another one of the same scenario has not.
fn difference(there: &Sweep, here: &Sweep) -> Option<String> {
    let axes = |sweep: &Sweep| -> Vec<String> {
        sweep
            .axes
            .iter()
            .map(|axis| axis.paths.join(", "))
            .collect()
    };
    let (old, new) = (axes(there), axes(here));
    if old != new {
        return Some(format!(
            "a sweep of {}, and not of {}",
            old.join(" and "),
            new.join(" and ")
        ));
    }
    if there.seed != here.seed {
        return Some(format!(
            "a sweep with seed {}, and not {}",
            there.seed, here.seed
        ));
    }
    let (old, new) = (most_replications(there), most_replications(here));
    if old > new {
        return Some(format!(
            "a sweep with up to {old} replications, and not {new}"
        ));
    }
    let points = |sweep: &Sweep| -> BTreeSet<Vec<(String, String)>> {
        let set = sweep.points.iter().map(|point| &point.set);
        set.map(|set| {
            set.iter()
                .map(|set| (set.path.clone(), set.value.clone()))
                .collect()
        })
        .collect()
    };
    let (old, new) = (points(there), points(here));
    if let Some(point) = old.difference(&new).next() {
        let settings: Vec<String> = point
            .iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        return Some(format!(
            "a sweep with {}, which is not a point of this one",
            settings.join(" ")
        ));
    }
    let measures: BTreeSet<String> = here.measures.iter().map(ToString::to_string).collect();
    let mut old = there.measures.iter().map(ToString::to_string);
    let lost = old.find(|measure| !measures.contains(measure))?;
    Some(format!(
        "a sweep that measures {lost}, which this one does not"
    ))
}
