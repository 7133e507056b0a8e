//! The system of a scenario as a picture: boxes from left to right in the direction of calls.
//!
//! The labels of a call stand on the last, straight stretch before its callee. Each call into a box
//! has a port of its own, as far from the next as its label is high, so that no label can meet
//! another one or a box.

use super::canvas::{Anchor, Canvas, Letters, Rect, Stroke, WHITE, sheet};
use super::layers::{self, Input, Layout};
use super::palette;

/// Who there is, and who calls whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// What is shown.
    pub title: String,
    /// Workloads first, then services.
    pub nodes: Vec<Node>,
    /// Calls between different nodes.
    pub edges: Vec<Edge>,
}

/// A workload or a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is: `"4 × 64 threads"`.
    pub about: Vec<String>,
    /// Whether it is a workload.
    pub workload: bool,
}

/// Calls from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// Policies, outermost first, and what else is to be said.
    pub labels: Vec<String>,
    /// The caller can do without the answer.
    pub optional: bool,
}

/// Space for curves between layers, pixels.
const BEND: f64 = 64.0;
/// Height of a line of a label, pixels.
const LEADING: f64 = 14.0;
/// Labels are broken at this width, pixels.
const LABEL: f64 = 150.0;
/// Space round the picture, pixels.
const MARGIN: f64 = 28.0;
/// Height of the title, pixels.
const HEAD: f64 = 72.0;
/// Distance between the edges that leave a box, pixels.
const EXIT: f64 = 12.0;
/// Length of an arrowhead, pixels.
const ARROW: f64 = 9.0;

fn small() -> Letters {
    Letters::new(11.0, palette::GREY)
}

fn name_letters() -> Letters {
    Letters::new(14.0, palette::BLACK).bold()
}

/// Where things are, across.
struct Columns {
    /// Left edges of the boxes of each layer.
    left: Vec<f64>,
    /// Widths of the boxes of each layer.
    width: Vec<f64>,
    /// Widths of the labels before each layer.
    label: Vec<f64>,
    /// Right edge of everything.
    right: f64,
}

/// An edge on paper.
struct Wire<'a> {
    edge: &'a Edge,
    lines: Vec<String>,
}

/// Draws the picture.
#[must_use]
pub fn draw(system: &System) -> String {
    let title = if system.title.is_empty() {
        "Services and their calls"
    } else {
        &system.title
    };
    let mut plan = None;
    let _ = sheet(10.0, 10.0, "", |canvas| {
        plan = Some(planned(canvas, system))
    });
    let (layout, columns, wires) = plan.expect("the sheet was drawn");
    let height = layout
        .places
        .iter()
        .map(|place| place.middle + place.height / 2.0)
        .fold(0.0, f64::max);
    let size = (
        (columns.right + MARGIN).max(640.0).ceil(),
        (HEAD + height + 2.0 * MARGIN).ceil(),
    );
    sheet(size.0, size.1, title, |canvas| {
        headline(canvas, &guide(system, &layout), title, size.0);
        let picture = Picture {
            canvas,
            layout: &layout,
            columns: &columns,
            wires: &wires,
        };
        for n in 0..wires.len() {
            picture.wire(n);
        }
        for (node, n) in system.nodes.iter().zip(0..) {
            picture.node(node, n);
        }
    })
}

fn guide(system: &System, layout: &Layout) -> String {
    let mut guide =
        "Calls go from left to right; on each its policies, the outermost first.".to_owned();
    if system.edges.iter().any(|edge| edge.optional) {
        guide.push_str(" Dashed: the caller can do without.");
    }
    if layout.routes.iter().any(|route| route.backward) {
        guide.push_str(" Orange, from right to left: closes a cycle.");
    }
    guide
}

fn headline(canvas: &Canvas, guide: &str, title: &str, width: f64) {
    let large = Letters::new(19.0, palette::BLACK).bold();
    let text = canvas.shorten(title, large, width - 2.0 * MARGIN);
    canvas.text(&text, (MARGIN, 38.0), Anchor::Start, large);
    let text = canvas.shorten(guide, small(), width - 2.0 * MARGIN);
    canvas.text(&text, (MARGIN, 57.0), Anchor::Start, small());
}

fn planned<'a>(canvas: &Canvas, system: &'a System) -> (Layout, Columns, Vec<Wire<'a>>) {
    let wires: Vec<Wire> = system
        .edges
        .iter()
        .map(|edge| Wire {
            edge,
            lines: canvas.wrap(&joined(&edge.labels), small(), LABEL, 5),
        })
        .collect();
    let mut input = Input {
        gap: 22.0,
        pass: 12.0,
        ..Input::default()
    };
    input.edges = system.edges.iter().map(|e| (e.from, e.to)).collect();
    let turned = layers::closing_edges(system.nodes.len(), &input.edges);
    for (node, n) in system.nodes.iter().zip(0..) {
        let (mut entering, mut leaving) = (0.0, 0.0);
        for (i, wire) in wires.iter().enumerate() {
            let (mut from, mut to) = (wire.edge.from, wire.edge.to);
            if turned.contains(&i) {
                std::mem::swap(&mut from, &mut to);
            }
            if to == n {
                entering += port_height(wire);
            }
            if from == n {
                leaving += EXIT;
            }
        }
        let text = 30.0 + LEADING * node.about.len() as f64;
        let height = text.max(entering + 8.0).max(leaving + 8.0);
        input.nodes.push((usize::from(!node.workload), height));
    }
    let layout = layers::layout(&input);
    let columns = columns(canvas, system, &layout, &wires);
    (layout, columns, wires)
}

/// Labels with commas; blanks inside a label do not break.
fn joined(labels: &[String]) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|label| label.replace(' ', "\u{a0}"))
        .collect();
    labels.join(", ")
}

fn port_height(wire: &Wire) -> f64 {
    LEADING * wire.lines.len() as f64 + 10.0
}

fn columns(canvas: &Canvas, system: &System, layout: &Layout, wires: &[Wire]) -> Columns {
    let mut columns = Columns {
        left: Vec::new(),
        width: vec![0.0; layout.layers],
        label: vec![0.0; layout.layers],
        right: 0.0,
    };
    for (node, place) in system.nodes.iter().zip(&layout.places) {
        let about = node.about.iter().map(|t| canvas.text_width(t, small()));
        let name = canvas.text_width(&node.name, name_letters());
        let width = &mut columns.width[place.layer];
        *width = about.fold(name, f64::max).max(*width - 28.0) + 28.0;
    }
    for (wire, route) in wires.iter().zip(&layout.routes) {
        let last = route.places[route.places.len() - 1];
        let label = &mut columns.label[layout.places[last].layer];
        for line in &wire.lines {
            *label = label.max(canvas.text_width(line, small()) + ARROW + 10.0);
        }
    }
    let mut x = MARGIN;
    for layer in 0..layout.layers {
        x += columns.label[layer];
        columns.left.push(x);
        x += columns.width[layer];
        columns.right = x;
        x += BEND;
    }
    columns
}

struct Picture<'a, 'sheet> {
    canvas: &'a Canvas<'sheet>,
    layout: &'a Layout,
    columns: &'a Columns,
    wires: &'a [Wire<'a>],
}

impl Picture<'_, '_> {
    fn rect(&self, place: usize) -> Rect {
        let place = &self.layout.places[place];
        let layer = place.layer;
        Rect::new(
            self.columns.left[layer],
            HEAD + MARGIN + place.middle - place.height / 2.0,
            self.columns.width[layer],
            place.height,
        )
    }

    fn middle(&self, place: usize) -> f64 {
        HEAD + MARGIN + self.layout.places[place].middle
    }

    fn node(&self, node: &Node, n: usize) {
        let rect = self.rect(n);
        let fill = if node.workload {
            plotters::style::RGBAColor(225, 238, 247, 1.0)
        } else {
            plotters::style::RGBAColor(246, 246, 246, 1.0)
        };
        self.canvas.fill(rect, fill);
        let width = if node.workload { 2.0 } else { 1.25 };
        let ink = if node.workload {
            palette::BLUE
        } else {
            palette::BLACK
        };
        self.canvas.frame(rect, Stroke::solid(width, ink));
        let x = rect.left + rect.width / 2.0;
        let lines = node.about.len() as f64;
        let mut y = rect.top + rect.height / 2.0 - lines * LEADING / 2.0;
        self.canvas
            .label(&node.name, (x, y), Anchor::Middle, name_letters());
        y += 2.0;
        for line in &node.about {
            y += LEADING;
            self.canvas.label(line, (x, y), Anchor::Middle, small());
        }
    }

    /// Heights of the ports of all edges at one side of a node.
    fn port(&self, wire: usize, entering: bool) -> f64 {
        let end = |n: usize| {
            let places = &self.layout.routes[n].places;
            let last = places.len() - 1;
            if entering {
                (places[last], places[last - 1])
            } else {
                (places[0], places[1])
            }
        };
        let (node, _) = end(wire);
        let mut sharing: Vec<usize> = (0..self.wires.len())
            .filter(|n| end(*n).0 == node)
            .collect();
        sharing.sort_by(|a, b| self.middle(end(*a).1).total_cmp(&self.middle(end(*b).1)));
        let heights: Vec<f64> = sharing
            .iter()
            .map(|n| {
                if entering {
                    port_height(&self.wires[*n])
                } else {
                    12.0
                }
            })
            .collect();
        let mut y = self.middle(node) - heights.iter().sum::<f64>() / 2.0;
        for (n, height) in sharing.iter().zip(heights) {
            y += height;
            if *n == wire {
                // A label stands above its line.
                return if entering { y - 5.0 } else { y - height / 2.0 };
            }
        }
        self.middle(node)
    }

    fn wire(&self, n: usize) {
        let (wire, route) = (&self.wires[n], &self.layout.routes[n]);
        let (first, last) = (route.places[0], route.places[route.places.len() - 1]);
        let mut at = (self.rect(first).right(), self.port(n, false));
        let start = at;
        let mut points = vec![at];
        for place in &route.places[1..] {
            let rect = self.rect(*place);
            let layer = self.layout.places[*place].layer;
            let bend_end = rect.left - self.columns.label[layer];
            let y = if *place == last {
                self.port(n, true)
            } else {
                self.middle(*place)
            };
            points.extend(curve(at, (bend_end, y)));
            let end = if *place == last {
                rect.left
            } else {
                rect.right()
            };
            at = (end, y);
            points.push(at);
        }
        let ink = if route.backward {
            palette::VERMILION
        } else {
            palette::GREY
        };
        let dash = if wire.edge.optional {
            palette::DASHED
        } else {
            &[]
        };
        // A white border shows which of two crossing lines is which.
        self.canvas.line(&points, Stroke::solid(4.0, WHITE));
        self.canvas.line(
            &points,
            Stroke {
                width: 1.25,
                ink,
                dash,
            },
        );
        if route.backward {
            self.arrow(start, -1.0, ink);
        } else {
            self.arrow(at, 1.0, ink);
        }
        let mut y = at.1 - 5.0 - LEADING * (wire.lines.len() as f64 - 1.0);
        let left = self.rect(last).left - self.columns.label[self.layout.places[last].layer];
        for line in &wire.lines {
            self.canvas
                .text(line, (left + 4.0, y), Anchor::Start, small());
            y += LEADING;
        }
    }

    fn arrow(&self, (x, y): (f64, f64), direction: f64, ink: super::canvas::Ink) {
        let back = x - direction * ARROW;
        self.canvas
            .polygon(&[(x, y), (back, y - 4.0), (back, y + 4.0)], ink);
    }
}

/// A curve that leaves and arrives level.
fn curve(from: (f64, f64), to: (f64, f64)) -> Vec<(f64, f64)> {
    const STEPS: u32 = 20;
    let bend = (from.0 + to.0) / 2.0;
    (1..=STEPS)
        .map(|step| {
            let t = f64::from(step) / f64::from(STEPS);
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let across = weights[0] * from.0 + (weights[1] + weights[2]) * bend + weights[3] * to.0;
            let down = (weights[0] + weights[1]) * from.1 + (weights[2] + weights[3]) * to.1;
            (across, down)
        })
        .collect()
}
