//! `sim graph`: the system of a scenario as a picture, or as text for other drawing programs.

use crate::charts::graph_drawing::{self, Edge, Node, System};
use clap::{Args as ClapArgs, ValueEnum};
use sim_models::quantity::units::Bound;
use sim_models::resilience::PolicySpec;
use sim_models::scenario::pattern::CallIndex;
use sim_models::scenario::steps::{Part, visit};
use sim_models::scenario::types::{Scenario, Service, Targets, Threading, Workload};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Draws the services of a scenario and their calls.
#[derive(Clone, Debug, PartialEq, Eq, ClapArgs)]
pub struct Args {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Set a value first, such as services.db.replicas=3; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<sim_models::scenario::Override>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: crate::files::Reading,
    /// How to draw it on standard output, or in a file whose name does not say [default: svg].
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// File to write instead of standard output; its ending says how: .svg, .png, .dot, .mmd.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What is written into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    Text(Format),
    Bitmap,
}

/// The endings of names of files, and what they say.
const ENDINGS: [(&str, Picture); 6] = [
    ("svg", Picture::Text(Format::Svg)),
    ("png", Picture::Bitmap),
    ("dot", Picture::Text(Format::Dot)),
    ("gv", Picture::Text(Format::Dot)),
    ("mmd", Picture::Text(Format::Mermaid)),
    ("mermaid", Picture::Text(Format::Mermaid)),
];

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A picture.
    #[default]
    Svg,
    /// Text for Graphviz.
    Dot,
    /// Text for Mermaid, as in Markdown.
    Mermaid,
}

/// Why a graph could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The name of the file does not say how to draw it; the second line says what to do about it.
    #[error("{0}")]
    Name(String),
    /// The file could not be written.
    #[error(transparent)]
    Folder(#[from] crate::store::file::FolderError),
    /// The picture could not be made into a bitmap.
    #[error(transparent)]
    Raster(#[from] crate::charts::RasterError),
}

/// Draws a scenario and writes the picture; the exit code is 2 if it cannot be read.
///
/// # Errors
/// If the output cannot be written.
pub fn command(
    args: &Args,
    out: &mut dyn std::io::Write,
    err: &mut dyn std::io::Write,
    terminal: crate::Terminal,
) -> std::io::Result<u8> {
    let disk = args.reading.disk();
    let loaded = crate::files::load_file(&disk, &args.scenario, &args.set);
    super::check::tell(&loaded, err, terminal.err)?;
    let Ok(scenario) = loaded.scenario else {
        return Ok(crate::exit::BAD_INPUT);
    };
    match run(args, &scenario, &disk.inputs()) {
        Ok(None) => Ok(crate::exit::HELD),
        Ok(Some(text)) => writeln!(out, "{}", text.trim_end()).map(|()| crate::exit::HELD),
        Err(error) => {
            let text = error.to_string().replacen('\n', "\nhelp: ", 1);
            writeln!(err, "error: {text}")?;
            Ok(crate::exit::BAD_INPUT)
        }
    }
}

/// How a file is drawn: its ending says it, or else `format`.
fn picture(path: &Path, format: Option<Format>) -> Result<Picture, GraphError> {
    let shown = path.display();
    let refused = |text: String| Err(GraphError::Name(text));
    if path.is_dir() {
        return refused(format!(
            "{shown} is a folder\nname a file in it, such as {}",
            path.join("graph.svg").display()
        ));
    }
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let known = ending.as_ref().and_then(|ending| {
        let known = ENDINGS.iter().find(|(known, _)| known == ending);
        known.map(|(_, picture)| *picture)
    });
    match (ending, known, format) {
        (_, Some(Picture::Text(said)), Some(format)) if said != format => refused(format!(
            "the name {shown} says another format than --format does\nleave --format out: the ending of a name says how to draw it"
        )),
        (_, Some(Picture::Bitmap), Some(Format::Dot | Format::Mermaid)) => refused(format!(
            "{shown} is a bitmap, which --format does not draw\nleave --format out: the ending of a name says how to draw it"
        )),
        (_, Some(picture), _) => Ok(picture),
        (None, None, Some(format)) => Ok(Picture::Text(format)),
        (ending, None, _) => {
            let what = match ending {
                Some(ending) => format!("{shown}: a graph cannot be drawn as .{ending}"),
                None => format!("{shown} has no ending that says how to draw it"),
            };
            refused(format!(
                "{what}\nknown are .svg and .png, .dot (or .gv) for Graphviz, and .mmd (or .mermaid) for Mermaid"
            ))
        }
    }
}

/// Draws a scenario that has been read from these files: the text for standard output, or none if it went to a file.
///
/// # Errors
/// If the file cannot be written.
pub fn run(
    args: &Args,
    scenario: &Scenario,
    inputs: &[PathBuf],
) -> Result<Option<String>, GraphError> {
    let Some(path) = &args.out else {
        return Ok(Some(graph(scenario, args.format.unwrap_or_default())));
    };
    let led = std::fs::canonicalize(path).ok();
    if led.is_some()
        && inputs
            .iter()
            .any(|input| std::fs::canonicalize(input).ok() == led)
    {
        return Err(GraphError::Name(format!(
            "{} is read and would be overwritten\nchoose another name with --out",
            path.display()
        )));
    }
    let bytes = match picture(path, args.format)? {
        Picture::Bitmap => crate::charts::png(&graph(scenario, Format::Svg))?,
        Picture::Text(format) => graph(scenario, format).into_bytes(),
    };
    crate::store::file::sweep_up(path);
    crate::store::file::write_atomic(path, &bytes)?;
    Ok(None)
}

/// The system of a scenario in this format.
#[must_use]
pub fn graph(scenario: &Scenario, format: Format) -> String {
    let system = System::of(scenario);
    match format {
        Format::Svg => graph_drawing::draw(&system),
        Format::Dot => dot(&system),
        Format::Mermaid => mermaid(&system),
    }
}

impl System {
    /// The system of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let mut system = Self {
            title: scenario.title.clone().unwrap_or_default(),
            ..Self::default()
        };
        for (name, workload) in &scenario.workloads {
            system.nodes.push(Node {
                name: name.clone(),
                about: vec![about_workload(workload)],
                workload: true,
            });
        }
        for (name, service) in &scenario.services {
            system.nodes.push(Node {
                name: name.clone(),
                about: about_service(service),
                workload: false,
            });
        }
        let index = CallIndex::new(scenario);
        let workloads = scenario.workloads.values().zip(0..);
        for (workload, from) in workloads {
            system.add_targets(&index, from, workload.targets());
        }
        for (service, n) in scenario.services.values().zip(scenario.workloads.len()..) {
            let mut calls = Vec::new();
            for steps in service.endpoints.values() {
                visit(steps, false, &mut |part, _| {
                    if let Part::Calls { to, optional } = part {
                        calls.push((*to, *optional));
                    }
                });
            }
            for (to, optional) in calls {
                system.add_call(&index, n, to, optional);
            }
        }
        system
    }

    fn service(&self, name: &str) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| !node.workload && node.name == name)
    }

    fn add_targets(&mut self, index: &CallIndex<'_>, from: usize, targets: &Targets) {
        let all: f64 = targets.iter().map(|(_, weight)| weight).sum();
        let mut shares: Vec<(usize, f64)> = Vec::new();
        for (target, weight) in targets.iter() {
            self.add_call(index, from, target, false);
            let Some(to) = self.service(service_of(target)) else {
                continue;
            };
            match shares.iter_mut().find(|(known, _)| *known == to) {
                Some((_, share)) => *share += weight / all,
                None => shares.push((to, weight / all)),
            }
        }
        if shares.len() < 2 {
            return;
        }
        for (to, share) in shares {
            let edge = self.edges.iter_mut();
            if let Some(edge) = edge.into_iter().find(|e| (e.from, e.to) == (from, to)) {
                let text = format!("{} of requests", crate::units::percent(share));
                edge.labels.insert(0, text);
            }
        }
    }

    fn add_call(&mut self, index: &CallIndex<'_>, from: usize, target: &str, optional: bool) {
        let caller = self.nodes[from].name.clone();
        self.add_edge(index, &caller, from, target, optional);
        // What its policies ask instead, theirs included: `sim check` refuses circles of them.
        let mut rest = vec![target];
        while let Some(target) = rest.pop() {
            let policies = index.policies(&caller, target).iter();
            for other in policies.flat_map(PolicySpec::targets) {
                self.add_edge(index, &caller, from, other, true);
                rest.push(other);
            }
        }
    }

    fn add_edge(
        &mut self,
        index: &CallIndex<'_>,
        caller: &str,
        from: usize,
        target: &str,
        optional: bool,
    ) {
        let Some(to) = self.service(service_of(target)) else {
            return;
        };
        if from == to {
            let about = &mut self.nodes[from].about;
            let note = "calls itself".to_owned();
            if !about.contains(&note) {
                about.push(note);
            }
            return;
        }
        let labels: Vec<String> = index
            .policies(caller, target)
            .iter()
            .map(policy_label)
            .collect();
        match self.edges.iter_mut().find(|e| (e.from, e.to) == (from, to)) {
            Some(edge) => {
                edge.optional &= optional;
                if edge.labels != labels {
                    let note = "others by endpoint".to_owned();
                    if !edge.labels.contains(&note) {
                        edge.labels.push(note);
                    }
                }
            }
            None => self.edges.push(Edge {
                from,
                to,
                labels,
                optional,
            }),
        }
    }
}

fn service_of(target: &str) -> &str {
    target.split('/').next().unwrap_or(target)
}

/// A policy in two or three words.
fn policy_label(policy: &PolicySpec) -> String {
    let name = policy.name().replace('_', " ");
    format!("{name} {}", policy.brief()).trim_end().to_owned()
}

fn about_workload(workload: &Workload) -> String {
    match workload {
        Workload::Open(load) => format!("open, {}", load.rate),
        Workload::Closed(load) => format!("closed, {} users", load.users),
    }
}

fn about_service(service: &Service) -> Vec<String> {
    let replicas = match service.replicas {
        1 => "1 replica".to_owned(),
        n => format!("{n} replicas"),
    };
    let threads = match service.threads {
        Bound::Limit(1) => "1 thread".to_owned(),
        Bound::Limit(n) => format!("{n} threads"),
        Bound::Unbounded => "unbounded threads".to_owned(),
    };
    let mut about = vec![format!("{replicas} × {threads}")];
    let mut more = Vec::new();
    if service.threading == Threading::Async {
        more.push("async".to_owned());
    }
    if let Some(cores) = service.cores {
        more.push(format!("{cores} cores"));
    }
    if service.queue.limit != Bound::Limit(0) {
        more.push(format!("queue {}", service.queue.limit));
    }
    if !more.is_empty() {
        about.push(more.join(", "));
    }
    let pools = service.pools.iter();
    about.extend(pools.map(|(name, pool)| format!("pool {name}: {}", pool.size)));
    about
        .extend((service.admission.iter()).map(|policy| format!("door: {}", policy_label(policy))));
    about
}

fn dot(system: &System) -> String {
    let mut text = String::from("digraph system {\n");
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    text.push_str("  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n");
    if !system.title.is_empty() {
        put(&mut text, &format!("label=\"{}\";", quote(&system.title)));
    }
    for (i, node) in system.nodes.iter().enumerate() {
        let shape = if node.workload { "ellipse" } else { "box" };
        let lines: Vec<String> = std::iter::once(&node.name)
            .chain(&node.about)
            .map(|line| quote(line))
            .collect();
        let label = lines.join("\\n");
        put(
            &mut text,
            &format!("n{i} [shape={shape}, label=\"{label}\"];"),
        );
    }
    for edge in &system.edges {
        let labels: Vec<String> = edge.labels.iter().map(|label| quote(label)).collect();
        let style = if edge.optional { ", style=dashed" } else { "" };
        let label = labels.join("\\n");
        put(
            &mut text,
            &format!("n{} -> n{} [label=\"{label}\"{style}];", edge.from, edge.to),
        );
    }
    text.push_str("}\n");
    text
}

fn mermaid(system: &System) -> String {
    // Labels are HTML, and Markdown between backticks; `#` begins an entity, `%%{` a directive wherever it stands.
    let quote = |text: &str| -> String {
        let letter = |c: char| match c {
            '"' | '#' | '%' | '&' | '<' | '>' | '`' => format!("#{};", u32::from(c)),
            c => c.to_string(),
        };
        text.chars().map(letter).collect()
    };
    let mut text = String::from("flowchart LR\n");
    for (i, node) in system.nodes.iter().enumerate() {
        let lines: Vec<String> = std::iter::once(&node.name)
            .chain(&node.about)
            .map(|line| quote(line))
            .collect();
        let label = lines.join("<br/>");
        let line = if node.workload {
            format!("n{i}([\"{label}\"])")
        } else {
            format!("n{i}[\"{label}\"]")
        };
        put(&mut text, &line);
    }
    for edge in &system.edges {
        let arrow = if edge.optional { "-.->" } else { "-->" };
        let labels: Vec<String> = edge.labels.iter().map(|label| quote(label)).collect();
        let label = if labels.is_empty() {
            String::new()
        } else {
            format!("|\"{}\"|", labels.join("<br/>"))
        };
        put(
            &mut text,
            &format!("n{} {arrow}{label} n{}", edge.from, edge.to),
        );
    }
    text
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "  {line}").expect("writing to a string cannot fail");
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
