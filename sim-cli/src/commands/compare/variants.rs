//! What is compared with what: the sweep over the variants, and which of them is the baseline.

use super::args::{AS_IS, Args};
use crate::commands::sweep::finish::Failure;
use crate::commands::sweep::resolved;
use crate::files::Disk;
use crate::output::sweep::folder::Texts;
use sim_models::experiment::space::{Axis, Coordinate, VARIANT};
use sim_models::experiment::spec::{Unresolved, Variant, resolve};
use sim_models::experiment::sweep::Sweep;
use sim_models::scenario::diagnostics::nearest;
use sim_models::scenario::plain::plain;
use std::path::Path;

/// A comparison that can be run.
pub struct Asked {
    /// Its runs; the first axis holds the variants.
    pub sweep: Sweep,
    /// The baseline.
    pub baseline: String,
    /// Whether the measures were chosen.
    pub chosen: bool,
    /// Index of the point at which the baseline is as it was written.
    pub own: Option<usize>,
    /// The texts that say so in a folder.
    pub texts: Texts,
}

/// Why nothing can be compared.
pub enum Refused {
    /// Something is wrong with a scenario or a flag.
    Unresolved(Unresolved),
    /// Something is wrong with the comparison.
    Failure(Failure),
}

fn refuse(text: impl Into<String>) -> Refused {
    Refused::Failure(Failure::Input(text.into()))
}

/// Reads what is to be compared.
///
/// # Errors
/// What is wrong with it.
pub fn asked(args: &Args, disk: &Disk) -> Result<Asked, Refused> {
    let (sweep, mut texts) = match args.scenarios.as_slice() {
        [one] => variants_of_one(args, one, disk)?,
        files => files_side_by_side(args, files, disk)?,
    };
    texts.reproduce = args.reproduce();
    let mut names: Vec<&str> = Vec::new();
    for point in &sweep.points {
        let label = point.coordinates[0].label.as_str();
        if !names.contains(&label) {
            names.push(label);
        }
    }
    let baseline = args.baseline.as_deref().unwrap_or(names[0]);
    if !names.contains(&baseline) {
        let near = nearest(baseline, names.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        return Err(refuse(format!(
            "--baseline: there is no variant `{baseline}`\n{help}"
        )));
    }
    if names.len() < 2 {
        return Err(refuse(
            "there is only one variant, and nothing to compare it with\nadd another --variant",
        ));
    }
    let (chosen, own) = as_written(args, &sweep, baseline, disk)?;
    Ok(Asked {
        baseline: baseline.to_owned(),
        chosen,
        own,
        sweep,
        texts,
    })
}

/// Whether the measures were chosen, and at which point nothing but the baseline itself is set.
fn as_written(
    args: &Args,
    sweep: &Sweep,
    baseline: &str,
    disk: &Disk,
) -> Result<(bool, Option<usize>), Refused> {
    let mut chosen = false;
    let mut written = Vec::new();
    for file in &args.scenarios {
        let mut spec = args.spec(file, disk).map_err(Refused::Unresolved)?;
        chosen |= !spec.measures.is_empty();
        (spec.vary, spec.sample, spec.points) = (Vec::new(), None, None);
        // The scenario as it is may be a variant that nobody named.
        spec.variants.retain(|variant| variant.name == baseline);
        let alone = resolve(&spec, disk).map_err(Refused::Unresolved)?;
        written.extend(alone.scenarios);
    }
    let mut points = sweep.points.iter().zip(&sweep.scenarios);
    let own = points.position(|(point, scenario)| {
        point.coordinates[0].label == baseline && written.contains(scenario)
    });
    Ok((chosen, own))
}

/// Variants from flags, or from a sweep file.
fn variants_of_one(args: &Args, file: &Path, disk: &Disk) -> Result<(Sweep, Texts), Refused> {
    let mut spec = args.spec(file, disk).map_err(Refused::Unresolved)?;
    if spec.variants.is_empty() {
        return Err(refuse(
            "there is nothing to compare with\ngive a variant, such as --variant 'patient:calls.\"shop -> db\".timeout=5s', or a second scenario",
        ));
    }
    let named = |name: &str| spec.variants.iter().any(|variant| variant.name == name);
    let is_asked_for = args.baseline.as_deref() == Some(AS_IS);
    if (spec.variants.len() == 1 || is_asked_for) && !named(AS_IS) {
        let as_is: Variant = format!("{AS_IS}:")
            .parse()
            .map_err(|why: String| refuse(why))?;
        spec.variants.insert(0, as_is);
    }
    resolved(&spec, file, disk).map_err(Refused::Unresolved)
}

/// Each file is a variant, called by its name.
fn files_side_by_side(
    args: &Args,
    files: &[impl AsRef<Path>],
    disk: &Disk,
) -> Result<(Sweep, Texts), Refused> {
    if !args.variant.is_empty() {
        return Err(refuse(
            "several scenarios are the variants, and --variant gives more of them\ngive one scenario with variants, or several without",
        ));
    }
    let mut joined: Option<(Sweep, Texts)> = None;
    let mut names: Vec<String> = Vec::new();
    for file in files {
        let file = file.as_ref();
        let name = name_of(file, &names);
        let mut spec = args.spec(file, disk).map_err(Refused::Unresolved)?;
        // All of them run under the seeds of the first.
        if let Some((first, _)) = &joined {
            spec.seed = Some(first.seed);
        }
        let (mut sweep, mut texts) = resolved(&spec, file, disk).map_err(Refused::Unresolved)?;
        for point in &mut sweep.points {
            let coordinate = Coordinate {
                label: name.clone(),
                number: None,
            };
            point.coordinates.insert(0, coordinate);
        }
        sweep.axes.insert(
            0,
            Axis {
                name: VARIANT.to_owned(),
                ..Axis::default()
            },
        );
        joined = Some(match joined {
            None => {
                texts.sweep = format!("// {name}: {}", plain(&file.to_string_lossy()));
                (sweep, texts)
            }
            Some((mut all, mut all_texts)) => {
                // Only what can be measured with all of them can be compared.
                all.measures
                    .retain(|measure| sweep.measures.contains(measure));
                all.points.extend(sweep.points);
                all.scenarios.extend(sweep.scenarios);
                all_texts
                    .sweep
                    .push_str(&format!("\n// {name}: {}", plain(&file.to_string_lossy())));
                all_texts
                    .scenario
                    .push_str(&format!("\n// {name}\n{}", commented(&texts.scenario)));
                (all, all_texts)
            }
        });
        names.push(name);
    }
    let (sweep, texts) = joined.ok_or_else(|| refuse("no scenario is given"))?;
    if sweep.measures.is_empty() {
        return Err(refuse(
            "these scenarios have nothing in common that could be measured with all of them\ncall what should be compared by the same names in all of them",
        ));
    }
    Ok((sweep, texts))
}

/// The name of a file without its ending, or the whole path where that is taken.
fn name_of(file: &Path, taken: &[String]) -> String {
    let stem = plain(&file.file_stem().unwrap_or_default().to_string_lossy()).into_owned();
    if taken.contains(&stem) {
        plain(&file.to_string_lossy()).into_owned()
    } else {
        stem
    }
}

fn commented(text: &str) -> String {
    text.lines().map(|line| format!("// {line}\n")).collect()
}
