use super::*;
use std::f64::consts::PI;

/// A function with known indices on the unit cube.
struct Known {
    name: &'static str,
    value: fn(&[f64]) -> f64,
    first: Vec<f64>,
    total: Vec<f64>,
}

/// T. Ishigami and T. Homma, "An importance quantification technique in uncertainty analysis for
/// computer models", 1990, with a = 7 and b = 0.1.
fn ishigami() -> Known {
    let (a, b) = (7.0, 0.1);
    let pi4 = PI * PI * PI * PI;
    let v1 = 0.5 * (1.0 + b * pi4 / 5.0) * (1.0 + b * pi4 / 5.0);
    let v2 = a * a / 8.0;
    let v13 = b * b * pi4 * pi4 * (1.0 / 18.0 - 1.0 / 50.0);
    let all = v1 + v2 + v13;
    Known {
        name: "ishigami",
        value: |u| {
            let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
            let (s1, s2) = (libm::sin(x[0]), libm::sin(x[1]));
            s1 + 7.0 * s2 * s2 + 0.1 * libm::pow(x[2], 4.0) * s1
        },
        first: vec![v1 / all, v2 / all, 0.0],
        total: vec![(v1 + v13) / all, v2 / all, v13 / all],
    }
}

/// Sobol's g-function (A. Saltelli and I. M. Sobol, 1995): products of |4u - 2| and weights.
const WEIGHTS: [f64; 4] = [0.0, 1.0, 4.5, 9.0];

fn g_function() -> Known {
    let part = |a: f64| 1.0 / (3.0 * (1.0 + a) * (1.0 + a));
    let product: f64 = WEIGHTS.iter().map(|a| 1.0 + part(*a)).product();
    let all = product - 1.0;
    Known {
        name: "g",
        value: |u| {
            let factor = |(u, a): (&f64, &f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
            u.iter().zip(&WEIGHTS).map(factor).product()
        },
        first: WEIGHTS.iter().map(|a| part(*a) / all).collect(),
        total: WEIGHTS
            .iter()
            .map(|a| part(*a) * product / (1.0 + part(*a)) / all)
            .collect(),
    }
}

/// The same with more settings than the first few dimensions of the sequence, which are its best.
fn many() -> Known {
    let weights = [9.0, 1.0, 99.0, 2.0, 0.5, 99.0, 4.5, 1.5];
    let part = |a: f64| 1.0 / (3.0 * (1.0 + a) * (1.0 + a));
    let product: f64 = weights.iter().map(|a| 1.0 + part(*a)).product();
    let all = product - 1.0;
    Known {
        name: "g of eight",
        value: |u| {
            let weights = [9.0, 1.0, 99.0, 2.0, 0.5, 99.0, 4.5, 1.5];
            let factor = |(u, a): (&f64, &f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
            u.iter().zip(&weights).map(factor).product()
        },
        first: weights.iter().map(|a| part(*a) / all).collect(),
        total: weights
            .iter()
            .map(|a| part(*a) * product / (1.0 + part(*a)) / all)
            .collect(),
    }
}

/// A sum: each share is the square of its slope, and nothing interacts.
fn linear() -> Known {
    let shares: Vec<f64> = [16.0, 4.0, 1.0, 0.0]
        .iter()
        .map(|square| square / 21.0)
        .collect();
    Known {
        name: "linear",
        value: |u| 1000.0 + 4.0 * u[0] + 2.0 * u[1] + u[2],
        first: shares.clone(),
        total: shares,
    }
}

/// Each point is run once.
fn run(known: &Known, points: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let value = |point: &Vec<f64>| vec![(known.value)(point)];
    points.iter().map(value).collect()
}

fn estimate(known: &Known, samples: u32, seed: u64) -> Vec<Indices> {
    let settings = known.first.len();
    let design = Design::new(settings, samples, seed);
    let values = run(known, design.points());
    indices(settings, &values, 0.95, seed).unwrap().indices
}

fn parts(indices: &Indices) -> [Interval; 3] {
    match indices {
        Indices::Sobol {
            first,
            total,
            interactions,
        } => [*first, *total, *interactions],
        Indices::Morris { .. } => unreachable!("these are Sobol's"),
    }
}

#[test]
fn known_functions_have_their_exact_indices() {
    for known in [ishigami(), g_function(), linear()] {
        for (setting, found) in estimate(&known, 4096, 1).iter().enumerate() {
            let [first, total, interactions] = parts(found);
            let (exact_first, exact_total) = (known.first[setting], known.total[setting]);
            for (found, exact) in [
                (first, exact_first),
                (total, exact_total),
                (interactions, exact_total - exact_first),
            ] {
                // Half an interval of 95 % is two standard errors; of 33 estimates none lies beyond four.
                let error = (found.mean - exact).abs();
                assert!(
                    error <= (2.0 * found.half_width).max(1e-6) && found.half_width < 0.05,
                    "{} {setting}: {found:?}, exactly {exact}",
                    known.name
                );
            }
        }
    }
}

/// A setting that alone counts and has so many values, which are 0, 1, 2 and so on.
fn listed<const VALUES: usize>() -> Known {
    Known {
        name: ["", "", "two values", "three values", "", "five values"][VALUES],
        value: |u| (u[1] * VALUES as f64).floor(),
        first: vec![0.0, 1.0, 0.0],
        total: vec![0.0, 1.0, 0.0],
    }
}

/// A setting with two values turns what a continuous one does: x1 with weight 1 and x1 x2 with 2, centred.
fn mixed() -> Known {
    let (own, both) = (1.0 / 12.0, 4.0 / 12.0);
    let all = own + both;
    Known {
        name: "mixed",
        value: |u| {
            let (line, side) = (u[0] - 0.5, if u[1] < 0.5 { -1.0 } else { 1.0 });
            line + 2.0 * line * side
        },
        first: vec![own / all, 0.0],
        total: vec![1.0, both / all],
    }
}

/// In how many designs of a hundred the index that is covered least lies in its interval.
fn least_covered(known: &Known, samples: u32, repeats: u64) -> f64 {
    let settings = known.first.len();
    let mut covered = vec![[0_u32; 3]; settings];
    let inside = |found: Interval, exact: f64| {
        // The square of an estimate that is exact but for rounding has no width.
        u32::from(found.low - 1e-9 <= exact && exact <= found.high + 1e-9)
    };
    for seed in 0..repeats {
        for (setting, found) in estimate(known, samples, seed).iter().enumerate() {
            let [first, total, both] = parts(found);
            let (own, all) = (known.first[setting], known.total[setting]);
            for (covered, (found, exact)) in
                covered[setting]
                    .iter_mut()
                    .zip([(first, own), (total, all), (both, all - own)])
            {
                *covered += inside(found, exact);
            }
        }
    }
    let least = covered.iter().flatten().min().copied().unwrap_or(0);
    100.0 * f64::from(least) / repeats as f64
}

#[test]
fn intervals_cover_the_exact_indices() {
    // Even points err less than the bootstrap assumes, so there is no upper bound. Three standard errors of
    // a share of 95 % in 200 are 4.6 %.
    for known in [
        ishigami(),
        many(),
        g_function(),
        mixed(),
        listed::<2>(),
        listed::<3>(),
        listed::<5>(),
    ] {
        // The default number of samples, and half of it.
        for samples in [64, 128] {
            let share = least_covered(&known, samples, 200);
            assert!(share >= 95.0 - 4.6, "{} {samples}: {share}", known.name);
        }
    }
}

/// A setting with two values differs between A and B in half of the rows, whatever the seed.
#[test]
fn values_of_a_list_are_compared_evenly() {
    for seed in 0..60 {
        let design = Design::new(3, 64, seed);
        for setting in 0..3 {
            let side = |row: &Vec<f64>, place: usize| row[place] < 0.5;
            let differ = |row: &&Vec<f64>| side(row, setting) != side(row, 3 + setting);
            let rows = design.rows.iter().filter(differ).count();
            assert_eq!(rows, 32, "seed {seed}, setting {setting}");
        }
    }
}

#[test]
fn an_interval_of_what_cannot_be_is_moved_and_not_cut_away() {
    let whole = Interval::exact(1.0, 64);
    let of = |mean: f64, low: f64, high: f64| {
        let raw = Interval {
            mean,
            low,
            high,
            ..whole
        };
        let found = possible(raw, whole);
        [found.mean, found.low, found.high].map(|end| (end * 1e6).round() / 1e6)
    };
    assert_eq!(of(-0.06, -0.11, -0.01), [0.0, 0.0, 0.05]);
    assert_eq!(of(1.06, 1.02, 1.1), [1.0, 0.96, 1.0]);
    assert_eq!(of(0.02, -0.01, 0.05), [0.02, 0.0, 0.05]);
}

/// Two settings of a plane, under luck that is as large: each has its share of all the variance, and luck
/// is nobody's. With luck of variance 0.25 for each of two replications, the plane's 17/12 stand beside
/// 0.125.
#[test]
fn luck_is_nobodys_share() {
    let design = Design::new(3, 2048, 5);
    let mut stream = Seed(6).stream("test", "luck");
    let mut noise = || (stream.uniform() - 0.5) * libm::sqrt(12.0 * 0.25);
    let values: Vec<Vec<f64>> = design
        .points()
        .iter()
        .map(|u| {
            let value = 4.0 * u[0] + u[1];
            vec![value + noise(), value + noise()]
        })
        .collect();
    let all = 17.0 / 12.0 + 0.125;
    let found = indices(3, &values, 0.95, 5).unwrap().indices;
    for (found, exact) in found.iter().zip([16.0 / 12.0, 1.0 / 12.0, 0.0]) {
        let [first, total, interactions] = parts(found);
        for (found, exact) in [
            (first, exact / all),
            (total, exact / all),
            (interactions, 0.0),
        ] {
            let error = (found.mean - exact).abs();
            assert!(
                error <= 2.0 * found.half_width.min(0.06),
                "{found:?}, exactly {exact}"
            );
        }
    }
}

/// Seeds that react to the settings in their own ways, at all points alike, and luck of each point: intervals
/// hold the shares of all seeds as often as they say.
#[test]
fn intervals_under_luck_cover_the_exact_indices() {
    const SLOPES: [f64; 3] = [4.0, 2.0, 0.0];
    for (reaction, own) in [(0.0, 1.0), (1.0, 0.0), (0.5, 0.5), (2.0, 1.0)] {
        for seeds in [2_usize, 3, 5] {
            let (mut covered, repeats) = ([0_u32; 6], 200);
            for repeat in 0..repeats {
                let mut stream = Seed(repeat).stream("test", "reactions");
                // Uniform with variance 1.
                let mut draw = || (stream.uniform() - 0.5) * libm::sqrt(12.0);
                let slopes: Vec<Vec<f64>> = (0..seeds)
                    .map(|_| SLOPES.iter().map(|a| a + reaction * draw()).collect())
                    .collect();
                let design = Design::new(3, 64, repeat);
                let values: Vec<Vec<f64>> = design
                    .points()
                    .iter()
                    .map(|u| {
                        let at = |slopes: &Vec<f64>| -> f64 {
                            let plane = slopes.iter().zip(u).map(|(a, u)| a * u);
                            plane.sum::<f64>() + own * draw()
                        };
                        slopes.iter().map(at).collect()
                    })
                    .collect();
                let luck = (3.0 * reaction * reaction / 12.0 + own * own) / seeds as f64;
                let all = SLOPES.iter().map(|a| a * a / 12.0).sum::<f64>() + luck;
                let found = indices(3, &values, 0.95, repeat).unwrap().indices;
                for (setting, (found, slope)) in found.iter().zip(SLOPES).enumerate() {
                    let exact = slope * slope / 12.0 / all;
                    let [first, total, _] = parts(found);
                    covered[2 * setting] += u32::from(first.contains(exact));
                    covered[2 * setting + 1] += u32::from(total.contains(exact));
                }
            }
            let least = covered.iter().min().copied().unwrap_or(0);
            let share = 100.0 * f64::from(least) / repeats as f64;
            assert!(
                share >= 95.0 - 4.6,
                "{reaction} {own} {seeds}: {covered:?} of {repeats}"
            );
        }
    }
}

#[test]
fn a_group_explains_what_its_complement_does_not() {
    let known = ishigami();
    let design = Design::new(3, 4096, 2);
    let values = run(&known, design.points());
    for (members, exact) in [
        (vec![0, 2], known.total[0]),
        (vec![0, 1], 1.0 - known.total[2]),
        (vec![0, 1, 2], 1.0),
    ] {
        let found = together(3, &values, &run(&known, design.group(&members)), 0.95, 2).unwrap();
        assert!(
            (found.mean - exact).abs() <= found.half_width.max(1e-9),
            "{found:?} {exact}"
        );
        assert!(found.half_width < 0.05);
    }
}

#[test]
fn what_does_nothing_has_no_total_index_at_all() {
    let found = estimate(&linear(), 64, 3);
    let [first, total, _] = parts(&found[3]);
    assert_eq!((first.mean, total.mean, total.high), (0.0, 0.0, 0.0));
    let constant = vec![vec![4.0]; 4 * 8];
    assert!(indices(2, &constant, 0.95, 1).is_none(), "nothing varies");
}

#[test]
fn designs_are_pinned_and_lie_in_the_cube() {
    let design = Design::new(3, 8, 7);
    assert_eq!(design, Design::new(3, 8, 7));
    assert_ne!(design, Design::new(3, 8, 8));
    let points = design.points();
    assert_eq!(points.len(), 8 * 5);
    assert!(points.iter().flatten().all(|u| (0.0..1.0).contains(u)));
    // One point of A in each eighth of every axis.
    for setting in 0..3 {
        let mut eighths: Vec<u32> = points
            .iter()
            .step_by(5)
            .map(|point| (point[setting] * 8.0) as u32)
            .collect();
        eighths.sort_unstable();
        assert_eq!(eighths, (0..8).collect::<Vec<u32>>());
    }
    assert_eq!(
        points[0], PINNED,
        "a new version of the sequence must not change designs unnoticed"
    );
}
const PINNED: [f64; 3] = [0.5335328578948975, 0.1233518123626709, 0.8039989471435547];
