//! Many questions asked at once: of twenty measures that do not differ, one stands out by luck.

/// Holm's step-down adjusted p-values, in the order of the given ones: whoever rejects those of at most
/// `alpha` errs anywhere in the whole family with probability `alpha` at most, however the tests hang
/// together.
///
/// S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scand. J. Statist. 6 (1979).
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]).then(a.cmp(b)));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (place, index) in order.into_iter().enumerate() {
        let left = (p_values.len() - place) as f64;
        least = least.max((left * p_values[index]).min(1.0));
        adjusted[index] = least;
    }
    adjusted
}

/// The level that each of `count` intervals needs so that all of them hold together at `level`, by
/// Bonferroni's inequality (O. J. Dunn, "Multiple Comparisons Among Means", JASA 56, 1961).
#[must_use]
pub fn bonferroni_level(level: f64, count: usize) -> f64 {
    1.0 - (1.0 - level) / count.max(1) as f64
}
