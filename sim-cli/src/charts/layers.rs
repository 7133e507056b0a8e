//! A layered layout of a directed graph, from left to right.
//!
//! After K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical
//! system structures", 1981: turn edges that close cycles round, put each node one layer after the
//! last of its callers, run long edges through places in the layers between, order each layer by
//! barycentres to save crossings, and pull nodes towards their neighbours.

use petgraph::algo::greedy_feedback_arc_set;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// Sweeps over all layers, for the order and for the heights.
const SWEEPS: usize = 12;

/// A place in a layer: a node, or where a long edge passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The node; none where an edge passes.
    pub node: Option<usize>,
    /// Its layer, from 0 at the left.
    pub layer: usize,
    /// Middle of its height, pixels.
    pub middle: f64,
    /// Its height, pixels.
    pub height: f64,
}

/// The way of an edge through the layers, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Indices of places, the ends included.
    pub places: Vec<usize>,
    /// The edge points from right to left, because it closes a cycle.
    pub backward: bool,
}

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Places; the first ones are the nodes, in their order.
    pub places: Vec<Place>,
    /// Routes of the edges, in their order.
    pub routes: Vec<Route>,
    /// Number of layers.
    pub layers: usize,
}

/// What is laid out. No edge may go from a node to itself.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The first layer that a node may be in, and its height in pixels.
    pub nodes: Vec<(usize, f64)>,
    /// Pairs of nodes.
    pub edges: Vec<(usize, usize)>,
    /// Space between places of a layer, pixels.
    pub gap: f64,
    /// Height of a passing edge, pixels.
    pub pass: f64,
}

/// Lays a graph out.
#[must_use]
pub fn layout(input: &Input) -> Layout {
    let backward = closing_edges(input.nodes.len(), &input.edges);
    let forward: Vec<(usize, usize)> = input
        .edges
        .iter()
        .enumerate()
        .map(|(i, (from, to))| {
            if backward.contains(&i) {
                (*to, *from)
            } else {
                (*from, *to)
            }
        })
        .collect();
    let layer = longest_paths(input, &forward);
    let mut result = Layout {
        layers: layer.iter().max().map_or(0, |last| last + 1),
        ..Layout::default()
    };
    for ((_, height), layer) in input.nodes.iter().zip(&layer) {
        result.places.push(Place {
            node: Some(result.places.len()),
            layer: *layer,
            middle: 0.0,
            height: *height,
        });
    }
    for (i, (from, to)) in forward.into_iter().enumerate() {
        let places = route(&mut result.places, from, to, input.pass);
        result.routes.push(Route {
            places,
            backward: backward.contains(&i),
        });
    }
    let order = ordered(&result);
    set_heights(&mut result, &order, input.gap);
    result
}

/// Indices of edges that must be turned round so that no cycle is left.
#[must_use]
pub fn closing_edges(node_count: usize, edges: &[(usize, usize)]) -> BTreeSet<usize> {
    let mut graph: DiGraph<(), usize> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..node_count).map(|_| graph.add_node(())).collect();
    for (i, (from, to)) in edges.iter().enumerate() {
        graph.add_edge(nodes[*from], nodes[*to], i);
    }
    if !petgraph::algo::is_cyclic_directed(&graph) {
        return BTreeSet::new();
    }
    greedy_feedback_arc_set(&graph)
        .map(|edge| graph[edge.id()])
        .collect()
}

/// Each node one layer after the last of its callers.
fn longest_paths(input: &Input, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer: Vec<usize> = input.nodes.iter().map(|(first, _)| *first).collect();
    // Without cycles no path has more edges than there are nodes.
    for _ in 0..input.nodes.len() {
        for (from, to) in edges {
            layer[*to] = layer[*to].max(layer[*from] + 1);
        }
    }
    layer
}

fn route(places: &mut Vec<Place>, from: usize, to: usize, height: f64) -> Vec<usize> {
    let mut route = vec![from];
    for layer in places[from].layer + 1..places[to].layer {
        route.push(places.len());
        places.push(Place {
            node: None,
            layer,
            middle: 0.0,
            height,
        });
    }
    route.push(to);
    route
}

/// Neighbours of each place in the layer before and in the layer after.
fn neighbours(layout: &Layout) -> [Vec<Vec<usize>>; 2] {
    let mut before = vec![Vec::new(); layout.places.len()];
    let mut after = before.clone();
    for route in &layout.routes {
        for pair in route.places.windows(2) {
            after[pair[0]].push(pair[1]);
            before[pair[1]].push(pair[0]);
        }
    }
    [before, after]
}

/// The order of places in each layer with the fewest crossings found.
fn ordered(layout: &Layout) -> Vec<Vec<usize>> {
    let sides = neighbours(layout);
    let mut order = vec![Vec::new(); layout.layers];
    for (i, place) in layout.places.iter().enumerate() {
        order[place.layer].push(i);
    }
    let (mut best, mut fewest) = (order.clone(), crossings(&order, &sides[1]));
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let neighbours = &sides[usize::from(!forward)];
        for step in 1..layout.layers {
            let n = if forward {
                step
            } else {
                layout.layers - 1 - step
            };
            let beside = if forward { n - 1 } else { n + 1 };
            let (rank, own) = (ranks(&order[beside]), ranks(&order[n]));
            // A place without neighbours there stays where it is.
            let key = |place: &usize| {
                mean(neighbours[*place].iter().map(|p| position(&rank, *p)))
                    .unwrap_or_else(|| position(&own, *place))
            };
            order[n].sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        let count = crossings(&order, &sides[1]);
        if count < fewest {
            (best, fewest) = (order.clone(), count);
        }
    }
    best
}

/// Where each place stands in its layer, 0 to 1, sorted by place.
fn ranks(layer: &[usize]) -> Vec<(usize, f64)> {
    let count = layer.len() as f64;
    let mut ranks: Vec<(usize, f64)> = layer
        .iter()
        .enumerate()
        .map(|(rank, place)| (*place, (rank as f64 + 0.5) / count))
        .collect();
    ranks.sort_by_key(|(place, _)| *place);
    ranks
}

fn position(ranks: &[(usize, f64)], place: usize) -> f64 {
    ranks
        .binary_search_by_key(&place, |(place, _)| *place)
        .map_or(0.5, |i| ranks[i].1)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn crossings(order: &[Vec<usize>], after: &[Vec<usize>]) -> usize {
    let mut count = 0;
    for pair in order.windows(2) {
        let rank = ranks(&pair[1]);
        let ends: Vec<(usize, f64)> = pair[0]
            .iter()
            .enumerate()
            .flat_map(|(i, place)| after[*place].iter().map(move |end| (i, *end)))
            .map(|(i, end)| (i, position(&rank, end)))
            .collect();
        for (n, a) in ends.iter().enumerate() {
            count += ends[n + 1..]
                .iter()
                .filter(|b| a.0 != b.0 && a.1 > b.1)
                .count();
        }
    }
    count
}

/// Pulls places towards their neighbours, without changing their order.
fn set_heights(layout: &mut Layout, order: &[Vec<usize>], gap: f64) {
    let [before, after] = neighbours(layout);
    for sweep in 0..SWEEPS {
        for step in 0..order.len() {
            let n = if sweep % 2 == 0 {
                step
            } else {
                order.len() - 1 - step
            };
            let wanted: Vec<f64> = order[n]
                .iter()
                .map(|place| {
                    let near = before[*place].iter().chain(&after[*place]);
                    // At first nobody has a place yet.
                    let near = near.map(|other| layout.places[*other].middle);
                    mean(near).unwrap_or(layout.places[*place].middle)
                })
                .collect();
            let heights: Vec<f64> = order[n].iter().map(|p| layout.places[*p].height).collect();
            for (place, middle) in order[n].iter().zip(apart(&wanted, &heights, gap)) {
                layout.places[*place].middle = middle;
            }
        }
    }
    let top = layout
        .places
        .iter()
        .map(|place| place.middle - place.height / 2.0)
        .fold(f64::INFINITY, f64::min);
    for place in &mut layout.places {
        place.middle -= top;
    }
}

/// Middles near the wanted ones that leave the gap between neighbours: the mean of the solution
/// that only pushes down and the one that only pushes up, both of which keep the gaps.
fn apart(wanted: &[f64], heights: &[f64], gap: f64) -> Vec<f64> {
    let distance = |i: usize| (heights[i] + heights[i + 1]) / 2.0 + gap;
    let (mut down, mut up) = (wanted.to_vec(), wanted.to_vec());
    for i in 1..wanted.len() {
        down[i] = down[i].max(down[i - 1] + distance(i - 1));
    }
    for i in (1..wanted.len()).rev() {
        up[i - 1] = up[i - 1].min(up[i] - distance(i - 1));
    }
    down.iter().zip(&up).map(|(a, b)| (a + b) / 2.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(nodes: usize, edges: &[(usize, usize)]) -> Input {
        Input {
            nodes: vec![(0, 40.0); nodes],
            edges: edges.to_vec(),
            gap: 10.0,
            pass: 8.0,
        }
    }

    #[test]
    fn callees_lie_after_their_callers() {
        let layout = layout(&input(4, &[(0, 1), (1, 2), (0, 2), (2, 3), (0, 3)]));
        let layers: Vec<usize> = layout.places[..4].iter().map(|p| p.layer).collect();
        assert_eq!(layers, [0, 1, 2, 3]);
        assert_eq!(layout.routes[4].places.len(), 4);
    }

    #[test]
    fn cycles_are_opened() {
        let layout = layout(&input(3, &[(0, 1), (1, 2), (2, 0)]));
        assert_eq!(layout.routes.iter().filter(|r| r.backward).count(), 1);
        assert_eq!(layout.layers, 3);
    }

    #[test]
    fn places_of_a_layer_do_not_overlap() {
        let edges: Vec<(usize, usize)> = (1..12)
            .map(|n| (0, n))
            .chain([(1, 12), (3, 12), (12, 13), (2, 13), (0, 13)])
            .collect();
        let layout = layout(&input(14, &edges));
        for (i, a) in layout.places.iter().enumerate() {
            for b in &layout.places[i + 1..] {
                let room = (a.height + b.height) / 2.0 + 10.0;
                assert!(a.layer != b.layer || (a.middle - b.middle).abs() >= room - 1e-6);
            }
        }
    }
}
