//! Presets in a tree that has been read: each becomes as many elements of its list as the policies that it stands for,
//! all at its place, so that what is found wrong with one of these points at it.

use super::de::Shapes;
use super::decode::decode;
use super::tree::{Kind, Node};
use crate::presets::{PolicyList, REGISTRY};

/// Spreads the presets in all lists of policies.
pub fn spread_presets(tree: &mut Node) {
    if let Some(calls) = tree.get_mut("calls") {
        lists(calls);
    }
    let services = tree.get_mut("services");
    if let Some(Kind::Map(services)) = services.map(|services| &mut services.kind) {
        for admission in services
            .iter_mut()
            .filter_map(|(_, service)| service.get_mut("admission"))
        {
            spread(admission);
        }
    }
}

fn lists(calls: &mut Node) {
    if let Kind::Map(entries) = &mut calls.kind {
        for (_, list) in entries {
            spread(list);
        }
    }
}

fn spread(list: &mut Node) {
    let is_preset = |node: &Node| {
        let name = node.name();
        REGISTRY.iter().any(|(preset, _)| name == Some(preset))
    };
    let elements = match &list.kind {
        Kind::List(elements) => elements.as_slice(),
        _ => std::slice::from_ref(&*list),
    };
    if !elements.iter().any(is_preset) {
        return;
    }
    let spread = elements.iter().flat_map(|node| {
        let policies = match is_preset(node) {
            true => decode::<PolicyList>(node, &Shapes::default()).map_or(1, |list| list.len()),
            false => 1,
        };
        std::iter::repeat_n(node.clone(), policies)
    });
    list.kind = Kind::List(spread.collect());
}
