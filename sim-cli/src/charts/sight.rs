//! How far apart colours are to the eye, and to the eyes of the colour-blind.

use super::canvas::{Ink, WHITE};
use super::palette;
use super::plot::colours::linear;

/// A matrix on linear red, green and blue.
type Eyes = [[f64; 3]; 3];

/// Source: G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A physiologically-based model
/// for simulation of color vision deficiency", IEEE TVCG 15(6), 2009; the full deficiency.
const EYES: [(&str, Eyes); 3] = [
    ("all", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
];

/// A difference that is just noticed. Source: M. Mahy, L. Van Eycken and A. Oosterlinck,
/// "Evaluation of uniform color spaces developed after the adoption of CIELAB and CIELUV",
/// Color Research & Application 19(2), 1994.
const NOTICED: f64 = 2.3;

/// CIELAB under D65, from sRGB.
fn lab(ink: Ink, eyes: Eyes) -> [f64; 3] {
    let linear = [ink.0, ink.1, ink.2].map(linear);
    let times = |row: [f64; 3], v: [f64; 3]| row[0] * v[0] + row[1] * v[1] + row[2] * v[2];
    let seen = eyes.map(|row| times(row, linear).clamp(0.0, 1.0));
    let bend = |share: f64| {
        if share > 216.0 / 24_389.0 {
            libm::cbrt(share)
        } else {
            (24_389.0 / 27.0 * share + 16.0) / 116.0
        }
    };
    let x = bend(times([0.412_456_4, 0.357_576_1, 0.180_437_5], seen) / 0.950_47);
    let y = bend(times([0.212_672_9, 0.715_152_2, 0.072_175_0], seen));
    let z = bend(times([0.019_333_9, 0.119_192_0, 0.950_304_1], seen) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn ink(red: u8, green: u8, blue: u8) -> Ink {
    plotters::style::RGBAColor(red, green, blue, 1.0)
}

fn distance(a: Ink, b: Ink, eyes: Eyes) -> f64 {
    let (a, b) = (lab(a, eyes), lab(b, eyes));
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}

/// Pairs that are too much alike: nearer than eight just noticed differences, or five to the
/// colour-blind.
pub fn alike(inks: &[(String, Ink)]) -> Vec<String> {
    let mut found = Vec::new();
    for (n, (a, first)) in inks.iter().enumerate() {
        for (b, second) in &inks[n + 1..] {
            for (who, eyes) in EYES {
                let least = if who == "all" { 8.0 } else { 5.0 } * NOTICED;
                let distance = distance(*first, *second, eyes);
                if distance < least {
                    found.push(format!("{a} and {b} ({who}): {distance:.1}"));
                }
            }
        }
    }
    found
}

#[test]
fn distances_are_those_of_the_textbook() {
    let (red, green) = (ink(255, 0, 0), ink(0, 255, 0));
    let known = [53.24, 80.09, 67.20];
    for (value, right) in lab(red, EYES[0].1).iter().zip(known) {
        assert!((value - right).abs() < 0.02, "{value} {right}");
    }
    // What nobody confuses is confused without the cones for it: a red and a green of one lightness.
    let leaf = ink(130, 120, 0);
    let brick = ink(190, 80, 0);
    let named = |a: Ink, b: Ink| alike(&[("a".into(), a), ("b".into(), b)]);
    assert!(named(red, green).is_empty());
    assert!(distance(leaf, brick, EYES[0].1) > 2.0 * distance(leaf, brick, EYES[1].1));
}

#[test]
fn outcomes_are_told_apart_from_each_other_and_from_lines() {
    let mut inks: Vec<(String, Ink)> = sim_models::outcome::Outcome::ALL
        .iter()
        .filter(|outcome| !outcome.is_success())
        .map(|outcome| (outcome.name().to_owned(), palette::outcome(outcome.name())))
        .collect();
    inks.push(("offered".into(), palette::BLACK));
    inks.push(("answered".into(), palette::GREEN));
    inks.push(("degraded".into(), palette::BLUE));
    // They lie on white, and on the shade of a fault over white.
    for ground in [WHITE, ink(250, 234, 222)] {
        inks.push(("ground".into(), ground));
        assert_eq!(alike(&inks), Vec::<String>::new());
        inks.pop();
    }
}

#[test]
fn series_are_told_apart() {
    let inks: Vec<(String, Ink)> = (0..palette::MOST_SERIES)
        .map(|n| (format!("series {n}"), palette::series(n).0.ink))
        .collect();
    assert_eq!(alike(&inks), Vec::<String>::new());
}
