//! What tests hold every chart to: it is sound, its texts lie on the sheet, and none covers another.

use crate::charts::Chart;
use crate::charts::canvas::{Anchor, Letters, sheet};
use crate::charts::palette;
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

/// What keeps a chart from being read.
pub fn complaints(name: &str, svg: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut complain = |what: String| found.push(format!("{name}: {what}"));
    if !svg.ends_with("</svg>\n") {
        complain("cut off".into());
    }
    for broken in ["NaN", "inf\"", "-0%"] {
        if svg.contains(broken) {
            complain(format!("has {broken}"));
        }
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
    if texts.len() < 3 {
        complain("says nothing".into());
    }
    let size = tree.size();
    for text in &texts {
        let bounds = text.bounds;
        let inside = bounds.left() >= 0.0
            && bounds.top() >= 0.0
            && bounds.right() <= size.width()
            && bounds.bottom() <= size.height();
        if !inside {
            complain(format!("`{}` leaves the sheet: {bounds:?}", text.words));
        }
    }
    for (n, a) in texts.iter().enumerate() {
        for b in &texts[n + 1..] {
            // The bounds are those of the letters; lines may come close to each other.
            let across =
                a.bounds.right().min(b.bounds.right()) - a.bounds.left().max(b.bounds.left());
            let upward =
                a.bounds.bottom().min(b.bounds.bottom()) - a.bounds.top().max(b.bounds.top());
            let least = a.bounds.height().min(b.bounds.height());
            if across > 1.0 && upward > 0.35 * least {
                complain(format!("`{}` covers `{}`", a.words, b.words));
            }
        }
    }
    found
}

/// Fails where charts cannot be read, and says everything that is wrong.
pub fn assert_legible<'a>(charts: impl IntoIterator<Item = &'a Chart>) {
    let all = charts
        .into_iter()
        .flat_map(|chart| complaints(&chart.name, &chart.svg));
    let all: Vec<String> = all.collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn what_cannot_be_read_is_found() {
    let draw = |place: (f64, f64)| {
        let svg = sheet(300.0, 100.0, "", |canvas| {
            let letters = Letters::new(12.0, palette::BLACK);
            canvas.text("first", (10.0, 20.0), Anchor::Start, letters);
            canvas.text("second", (10.0, 60.0), Anchor::Start, letters);
            canvas.text("third", place, Anchor::Start, letters);
        });
        complaints("it", &svg)
    };
    assert_eq!(draw((10.0, 40.0)), Vec::<String>::new());
    assert_eq!(draw((20.0, 22.0)), vec!["it: `first` covers `third`"]);
    assert!(draw((280.0, 40.0))[0].contains("`third` leaves the sheet"));
}
