use super::compile::probability;
use super::*;

/// Reads RON as scenarios are read (implicit `Some`), but with named fields and no shorthands.
fn read(text: &str) -> DurationSpec {
    let options = ron::Options::default()
        .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
        .with_default_extension(ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES);
    options
        .from_str(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

const WRITABLE: [&str; 32] = [
    r#"constant(value: "4ms")"#,
    r#"uniform(low: "1ms", high: "3ms")"#,
    r#"exponential(mean: "4ms")"#,
    r#"exponential(p50: "4ms")"#,
    r#"exponential(p99: "4ms")"#,
    r#"normal(mean: "500us", sd: "100us")"#,
    r#"lognormal(mean: "2ms", p99: "10ms")"#,
    r#"lognormal(mean: "2ms", cv: 1.5)"#,
    r#"lognormal(median: "2ms", p99: "10ms")"#,
    r#"lognormal(mean: "2ms", sd: "3ms")"#,
    r#"lognormal(mu: -6.2, sigma: 0.7)"#,
    r#"gamma(mean: "4ms", cv: 0.5)"#,
    r#"gamma(mean: "4ms", shape: 2.5)"#,
    r#"erlang(mean: "4ms", stages: 3)"#,
    r#"weibull(mean: "4ms", shape: 0.7)"#,
    r#"weibull(scale: "4ms", shape: 0.7)"#,
    r#"weibull(mean: "4ms", cv: 2.0)"#,
    r#"pareto(scale: "1ms", alpha: 2.5)"#,
    r#"pareto(mean: "4ms", alpha: 2.5)"#,
    r#"hyperexponential(mean: "4ms", cv: 3.0)"#,
    r#"hyperexponential(branches: [(0.9, "1ms"), (0.1, "30ms")])"#,
    r#"empirical(quantiles: {"p50": "3ms", "p90": "10ms", "p99": "40ms"})"#,
    r#"empirical(quantiles: {"min": "1ms", "median": "3ms", "p99.9": "40ms"}, max: "1s")"#,
    r#"empirical(p50: "3ms", p90: "10ms", p95: "12ms", p99: "40ms", p999: "90ms")"#,
    r#"empirical(values: ["3ms", "4ms", "40ms"])"#,
    r#"empirical(values: ["3ms"])"#,
    r#"mixture(branches: [(0.95, exponential(mean: "2ms")), (0.05, constant(value: "1s"))])"#,
    r#"shifted(by: "1ms", of: exponential(mean: "4ms"))"#,
    r#"scaled(by: 2.0, of: exponential(mean: "4ms"))"#,
    r#"truncated(of: pareto(scale: "1ms", alpha: 0.9), max: "10s")"#,
    r#"truncated(of: normal(mean: "4ms", sd: "2ms"), min: "1ms")"#,
    r#"truncated(of: exponential(mean: "4ms"), min: "1ms", max: "9ms")"#,
];

#[test]
fn every_form_reads_compiles_and_is_written_back() {
    for text in WRITABLE {
        let spec = read(text);
        let dist = spec
            .compile()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(
            dist.mean() > 0.0 && dist.mean() < 1e10,
            "{text}: {}",
            dist.mean()
        );
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(
            serde_json::from_str::<DurationSpec>(&json).unwrap(),
            spec,
            "{json}"
        );
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .with_default_extension(ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES);
        let written = options.to_string(&spec).unwrap();
        assert_eq!(read(&written), spec, "{written}");
    }
}

#[test]
fn durations_are_compiled_to_nanoseconds() {
    let mean = |text: &str| read(text).compile().unwrap().mean();
    let quantile = |text: &str, p: f64| read(text).compile().unwrap().quantile(p);
    assert!((mean(r#"lognormal(mean: "2ms", p99: "10ms")"#) - 2e6).abs() < 1e-3);
    assert!((mean(r#"shifted(by: "1ms", of: exponential(mean: "4ms"))"#) - 5e6).abs() < 1e-3);
    // exp(-6.2) seconds is the median.
    let median = quantile(r#"lognormal(mu: -6.2, sigma: 0.7)"#, 0.5);
    assert!((median - libm::exp(-6.2) * 1e9).abs() < 1e-3, "{median}");
    let text = r#"empirical(quantiles: {"p50": "3ms", "p999": "40ms"}, p90: "10ms")"#;
    for (p, value) in [(0.5, 3e6), (0.9, 1e7), (0.999, 4e7)] {
        assert!(
            (quantile(text, p) - value).abs() < 1e-2,
            "{p}: {}",
            quantile(text, p)
        );
    }
}

#[test]
fn wrong_combinations_are_told_the_valid_ones() {
    for (text, expected) in [
        (
            r#"lognormal(mean: "2ms")"#,
            "(mean, p99), (mean, cv), (median, p99)",
        ),
        (
            r#"lognormal(mean: "2ms", p99: "9ms", cv: 1.0)"#,
            "given: mean, p99, cv",
        ),
        (
            r#"lognormal(mean: "9ms", p99: "2ms")"#,
            "lognormal: the p99 (2ms) is below the mean (9ms)",
        ),
        (r#"exponential()"#, "given: nothing"),
        (
            r#"gamma(mean: "4ms")"#,
            "(mean, cv), (mean, shape); given: mean",
        ),
        (r#"weibull(mean: "4ms", scale: "4ms")"#, "(scale, shape)"),
        (
            r#"pareto(alpha: 2.0)"#,
            "(scale, alpha), (mean, alpha); given: alpha",
        ),
        (r#"hyperexponential(mean: "4ms")"#, "(mean, cv), (branches)"),
        (r#"empirical()"#, "takes exactly one of"),
        (
            r#"empirical(p50: "1ms", values: ["1ms"])"#,
            "given: quantiles, values",
        ),
        (
            r#"empirical(max: "1ms", values: ["1ms"])"#,
            "given: values, min or max",
        ),
        (
            r#"empirical(quantiles: {"max": "1ms"}, values: ["1ms"])"#,
            "min or max",
        ),
        (
            r#"empirical(quantiles: {"max": "1ms"})"#,
            "given: min or max",
        ),
        (
            r#"empirical(quantiles: {"p100": "1ms"})"#,
            "`p100` is not a quantile",
        ),
        (
            r#"empirical(quantiles: {"p50": "1ms"}, p50: "2ms")"#,
            "given once each",
        ),
        (
            r#"truncated(of: exponential(mean: "4ms"))"#,
            "needs min, max, or both",
        ),
        (
            r#"mixture(branches: [(1.0, gamma(mean: "4ms"))])"#,
            "gamma takes exactly one of",
        ),
    ] {
        let error = read(text).compile().unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn names_of_quantiles_are_probabilities() {
    for (name, p) in [
        ("p50", 0.5),
        ("p5", 0.05),
        ("p99", 0.99),
        ("p999", 0.999),
        ("p99.9", 0.999),
        ("p99.99", 0.9999),
        ("p2.5", 0.025),
        ("median", 0.5),
    ] {
        assert_eq!(probability(name), Ok(p), "{name}");
    }
    for name in [
        "p", "p0", "p100", "100", "px", "p-5", "p1e3", "p100.5", "p99.9.9",
    ] {
        assert!(probability(name).is_err(), "{name}");
    }
}

#[test]
fn counts_compile() {
    let geometric = GeometricSpec { mean: 2.5, min: 1 };
    let weights = vec![(0.9, 1), (0.1, 20)];
    for (spec, mean) in [
        (CountSpec::constant(3), 3.0),
        (
            CountSpec::Uniform(UniformCountSpec { low: 1, high: 5 }),
            3.0,
        ),
        (CountSpec::Geometric(geometric), 2.5),
        (
            CountSpec::Zipf(ZipfSpec {
                n: 2,
                exponent: 1.0,
            }),
            4.0 / 3.0,
        ),
        (CountSpec::Poisson(PoissonSpec { mean: 2.5 }), 2.5),
        (CountSpec::Choice(ChoiceSpec { weights }), 2.9),
    ] {
        assert!(
            (spec.compile().unwrap().mean() - mean).abs() < 1e-9,
            "{spec:?}"
        );
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(
            serde_json::from_str::<CountSpec>(&json).unwrap(),
            spec,
            "{json}"
        );
    }
}
