//! What tests hold every chart to: it is sound, its texts lie on the sheet, and none covers another.

use crate::charts::ruler::{BOLD, REGULAR};
use resvg::usvg;

/// A text on a sheet, in grid points.
#[derive(Clone, Debug)]
pub struct Text {
    words: String,
    bounds: usvg::Rect,
}

fn collect(group: &usvg::Group, found: &mut Vec<Text>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect(group, found),
            usvg::Node::Text(text) => {
                let chunks = text.chunks().iter().map(|chunk| chunk.text());
                found.push(Text {
                    words: chunks.collect(),
                    bounds: text.abs_bounding_box(),
                });
            }
            _ => {}
        }
    }
}

/// Fails where a chart cannot be read.
pub fn assert_legible(name: &str, svg: &str) {
    assert!(svg.ends_with("</svg>\n"), "{name} is cut off");
    for broken in ["NaN", "inf\"", "-0%"] {
        assert!(!svg.contains(broken), "{name} has {broken}");
    }
    let mut options = usvg::Options {
        font_family: "DejaVu Sans".into(),
        ..usvg::Options::default()
    };
    options.fontdb_mut().load_font_data(REGULAR.to_vec());
    options.fontdb_mut().load_font_data(BOLD.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).unwrap();
    let mut texts = Vec::new();
    collect(tree.root(), &mut texts);
    assert!(texts.len() > 3, "{name} says nothing");
    let size = tree.size();
    for text in &texts {
        let bounds = text.bounds;
        assert!(
            bounds.left() >= 0.0
                && bounds.top() >= 0.0
                && bounds.right() <= size.width()
                && bounds.bottom() <= size.height(),
            "{name}: `{}` leaves the sheet: {bounds:?}",
            text.words
        );
    }
    for (n, a) in texts.iter().enumerate() {
        for b in &texts[n + 1..] {
            // The bounds are those of the letters; lines may come close to each other.
            let across =
                a.bounds.right().min(b.bounds.right()) - a.bounds.left().max(b.bounds.left());
            let upward =
                a.bounds.bottom().min(b.bounds.bottom()) - a.bounds.top().max(b.bounds.top());
            let least = a.bounds.height().min(b.bounds.height());
            assert!(
                across <= 1.0 || upward <= 0.35 * least,
                "{name}: `{}` covers `{}`",
                a.words,
                b.words
            );
        }
    }
}
