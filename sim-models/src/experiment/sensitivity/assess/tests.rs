use super::*;
use sim_core::random::{Seed, Source};

fn measure() -> Measure {
    "failed_ratio(shoppers)".parse().unwrap()
}

/// A plane with a little luck on it; the third setting does nothing, the fourth hardly anything.
fn run(points: &[Vec<f64>], luck: f64) -> Values {
    let mut stream = Seed(3).stream("test", "assess");
    let at = |u: &Vec<f64>| 5.0 * u[0] + 3.0 * u[1] + 0.3 * u[3];
    let mut noisy = |value: f64| Some(value + luck * (stream.uniform() - 0.5));
    points
        .iter()
        .map(|point| vec![noisy(at(point)), noisy(at(point))])
        .collect()
}

#[test]
fn tells_what_matters_and_what_it_explains() {
    let design = Design::new(Method::Sobol, 4, 512, 1);
    let values = run(&design.points(), 0.01);
    let mut effects = design.effects(&measure(), 4, &values, 0.95, 1).unwrap();
    assert_eq!(effects.that(Influence::Matters), [0, 1]);
    assert_eq!(effects.groups, [[0], [1]]);
    let mut rest = effects.that(Influence::Negligible);
    rest.sort_unstable();
    assert_eq!(rest, [2, 3]);
    assert!(effects.luck.unwrap() < 0.01);
    let group = design.group(&effects).unwrap();
    assert_eq!(group.len(), 512);
    effects
        .explain(&values, &run(&group, 0.01), 0.95, 1)
        .unwrap();
    // 34 / 34.09 of the variance, and a little luck.
    let together = effects.together.unwrap();
    assert!(
        together.mean > 0.98 && together.half_width < 0.02,
        "{together:?}"
    );
}

const DESIGNS: usize = 20;

/// What is claimed of a function under luck, in many designs.
fn claimed(
    method: Method,
    settings: usize,
    (samples, replications): (u32, u32),
    function: impl Fn(&[f64]) -> f64,
    luck: f64,
) -> Vec<Effects> {
    (0..DESIGNS as u64)
        .map(|seed| {
            let design = Design::new(method, settings, samples, seed);
            let mut stream = Seed(seed).stream("test", "claims");
            let mut once = |value: f64| Some(value + luck * (stream.uniform() - 0.5));
            let values: Values = design
                .points()
                .iter()
                .map(|u| (0..replications).map(|_| once(function(u))).collect())
                .collect();
            let found = design.effects(&measure(), settings, &values, 0.95, seed);
            found.unwrap()
        })
        .collect()
}

/// In how many of the designs a setting is said to have this influence.
fn count(all: &[Effects], setting: usize, influence: Influence) -> usize {
    let is = |effects: &&Effects| effects.settings[setting].influence == influence;
    all.iter().filter(is).count()
}

const BOTH: [(Method, (u32, u32)); 2] = [(Method::Sobol, (512, 2)), (Method::Morris, (100, 2))];

#[test]
fn a_sum_has_an_order_only_where_its_slopes_differ() {
    let sum = |u: &[f64]| 5.0 * u[0] + 3.0 * u[1] + 3.0 * u[2];
    for (method, (samples, _)) in BOTH {
        let all = claimed(method, 4, (samples, 6), sum, 0.5);
        for effects in &all {
            assert_eq!(effects.order[0], 0, "{method:?}");
            if method == Method::Sobol {
                assert_eq!(effects.groups[0], [0], "{method:?}");
            } else {
                assert_eq!(effects.groups.len(), 1, "mu* orders nothing");
            }
            assert_eq!(effects.groups.concat().len(), 3);
        }
        assert_eq!(count(&all, 3, Influence::Negligible), DESIGNS, "{method:?}");
        // The second and the third are alike: an order between them may be claimed in one of 20.
        let ordered = all.iter().filter(|effects| effects.groups.len() == 3);
        assert!(ordered.count() <= 4, "{method:?}");
    }
}

#[test]
fn a_pure_interaction_matters() {
    let both = |u: &[f64]| (2.0 * u[0] - 1.0) * (2.0 * u[1] - 1.0);
    for (method, effort) in BOTH {
        let all = claimed(method, 3, effort, both, 0.0);
        for setting in [0, 1] {
            assert_eq!(
                count(&all, setting, Influence::Matters),
                DESIGNS,
                "{method:?}"
            );
        }
        assert_eq!(count(&all, 2, Influence::Matters), 0, "{method:?}");
    }
}

#[test]
fn one_that_rules_is_alone_and_many_that_do_nothing_do_not_matter() {
    for (method, effort) in BOTH {
        let all = claimed(method, 12, effort, |u| u[7], 0.0);
        for effects in &all {
            assert_eq!(effects.groups, [[7]], "{method:?}");
            assert_eq!(effects.that(Influence::Negligible).len(), 11, "{method:?}");
        }
    }
}

#[test]
fn pure_luck_does_not_matter() {
    for (method, (samples, _)) in BOTH {
        for replications in [1, 2, 3] {
            let all = claimed(method, 6, (samples.min(128), replications), |_| 0.0, 1.0);
            // A false claim among all settings in one of 20.
            let wrong = all.iter().filter(|effects| !effects.groups.is_empty());
            assert!(wrong.count() <= 4, "{method:?} {replications}");
            for effects in &all {
                assert!(effects.luck.is_none_or(|luck| luck > 0.8), "{effects:?}");
            }
        }
    }
}

/// Settings with two values each, of which nobody does anything: each of the four systems has its own luck
/// under each seed, and more points are only more of the same runs.
#[test]
fn luck_that_all_points_share_does_not_matter() {
    const REPEATS: u64 = 200;
    for (method, samples) in [(Method::Sobol, 64), (Method::Morris, 30)] {
        for replications in [2, 3, 6] {
            let wrong = (0..REPEATS).filter(|seed| {
                let mut stream = Seed(*seed).stream("test", "shared");
                let mut draw = || -> Vec<Option<f64>> {
                    (0..replications).map(|_| Some(stream.uniform())).collect()
                };
                let runs: Vec<Vec<Option<f64>>> = (0..4).map(|_| draw()).collect();
                let mut design = Design::new(method, 2, samples, *seed);
                let points = design.points();
                let side = |u: f64| usize::from(u >= 0.5);
                let places: Vec<Vec<f64>> = points
                    .iter()
                    .map(|point| point.iter().map(|u| side(*u) as f64).collect())
                    .collect();
                design.lie(&places);
                let values: Values = points
                    .iter()
                    .map(|u| runs[2 * side(u[0]) + side(u[1])].clone())
                    .collect();
                let found = design.effects(&measure(), 2, &values, 0.95, *seed).unwrap();
                !found.groups.is_empty()
            });
            // 5 % and three standard errors of 200.
            let wrong = wrong.count();
            assert!(wrong <= 19, "{method:?} {replications}: {wrong}");
        }
    }
}

/// What settings do under one of two seeds only may be what they do under half of all, or under none
/// that counts: nothing is denied, and no share contradicts another.
#[test]
fn what_two_seeds_disagree_on_is_unclear() {
    let judged = |by_seed: &[f64], rest: f64| {
        let design = Design::new(Method::Sobol, 3, 128, 1);
        let fails = |u: &[f64]| if u[0] < 0.2 && u[1] < 0.5 { 1.0 } else { 0.0 };
        let values: Values = design
            .points()
            .iter()
            .map(|u| {
                let under = |seed: &f64| Some(seed * fails(u) + rest * u[2]);
                by_seed.iter().map(under).collect()
            })
            .collect();
        design.effects(&measure(), 3, &values, 0.95, 1).unwrap()
    };
    // All of the response.
    let all = judged(&[1.0, 0.0], 0.0);
    assert!(all.luck.unwrap() > 0.9);
    assert_eq!(all.that(Influence::Unclear).len(), 3);
    assert!(all.settings.iter().all(|one| one.replications.unwrap() > 2));
    // A part of it: the third setting rules, and does so under both.
    let part = judged(&[1.0, 0.0], 1.5);
    assert!(part.luck.unwrap() < 0.5);
    assert_eq!(part.that(Influence::Matters), [2]);
    assert!(part.that(Influence::Negligible).is_empty());
    assert!(part.settings[0].replications.unwrap() > 2);
    // With many seeds luck is little, and so few samples may have missed a part of the third.
    let many = judged(
        &[1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0],
        0.0,
    );
    assert_eq!(many.groups.concat().len(), 2);
    assert_eq!(many.that(Influence::Unproven), [2]);
    for effect in [all, part, many].iter().flat_map(|one| &one.settings) {
        let Indices::Sobol {
            first,
            total,
            interactions,
        } = effect.indices
        else {
            unreachable!("these are Sobol's")
        };
        for share in [first, total, interactions] {
            assert!(share.low >= 0.0 && share.high <= total.high, "{effect:?}");
            assert!(share.mean <= total.mean && total.high <= 1.0, "{effect:?}");
        }
    }
}

/// A cliff in a corner of a tenth of the range, as high as what rules elsewhere: few comparisons miss
/// it, and must not say that it does not matter.
#[test]
fn a_cliff_that_few_samples_miss_is_not_denied() {
    let cliff = |u: &[f64]| u[0] + if u[1] > 0.9 && u[2] > 0.5 { 2.0 } else { 0.0 };
    for (method, effort) in [(Method::Sobol, (8, 2)), (Method::Morris, (4, 2))] {
        let all = claimed(method, 3, effort, cliff, 0.0);
        assert!(count(&all, 1, Influence::Negligible) <= 1, "{method:?}");
        let missed = all
            .iter()
            .filter(|effects| effects.settings[1].influence == Influence::Unproven);
        for effects in missed {
            let needed = effects.settings[1].needed.unwrap();
            assert!(needed > effort.0, "{method:?}: {needed}");
        }
    }
}

#[test]
fn screening_ranks_and_says_what_dropping_takes() {
    let judged = |trajectories| {
        let design = Design::new(Method::Morris, 4, trajectories, 1);
        let values = run(&design.points(), 0.0);
        design.effects(&measure(), 4, &values, 0.95, 1).unwrap()
    };
    let few = judged(10);
    assert_eq!(few.order, [0, 1, 3, 2]);
    assert_eq!(few.groups, [[0, 1]]);
    assert_eq!(few.that(Influence::Unproven), [3, 2]);
    // A tenth of 5 is negligible, and a single move of 5 was seen: 0.9^29 < 0.05, and more for that which
    // has 0.3 of the 0.5 already: (1 - 0.2 / 4.7)^69 < 0.05.
    assert_eq!(few.settings[2].needed, Some(29));
    assert!(few.settings.iter().all(|one| one.replications.is_none()));
    assert_eq!(few.settings[3].needed, Some(69));
    let many = judged(69);
    assert_eq!(many.that(Influence::Negligible), [3, 2]);
    assert_eq!(judged(68).that(Influence::Negligible), [2]);
}

#[test]
fn constants_depend_on_nothing_and_gaps_are_refused() {
    let design = Design::new(Method::Sobol, 2, 8, 1);
    let mut values = vec![vec![Some(1.0)]; 32];
    let effects = design.effects(&measure(), 2, &values, 0.95, 1).unwrap();
    assert_eq!(effects.that(Influence::Unproven), [0, 1]);
    values[3][0] = Some(f64::INFINITY);
    let refused = |values: &Values| design.effects(&measure(), 2, values, 0.95, 1).unwrap_err();
    assert_eq!(
        refused(&values),
        NoIndices::Infinite {
            infinite: 1,
            runs: 32
        }
    );
    values[4][0] = None;
    assert_eq!(
        refused(&values),
        NoIndices::Missing {
            missing: 1,
            runs: 32
        }
    );
}
