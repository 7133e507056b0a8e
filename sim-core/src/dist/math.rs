//! Special functions of the simulation path, over `libm` alone: the same bytes on every platform.

// Coefficients are written as they were published.
#![allow(clippy::excessive_precision)]

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The standard normal distribution function, `P(Z <= x)`.
#[inline]
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The standard normal density at `x`.
#[must_use]
pub fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI)
}

/// A polynomial, coefficients from the highest power down.
#[inline]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// The standard normal quantile function for `p` in (0, 1), relative error about 1e-16.
///
/// M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
/// Statistics 37 (1988), routine PPND16.
#[inline]
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(r, CENTRE_ABOVE) / polynomial(r, CENTRE_BELOW);
    }
    let r = libm::sqrt(-libm::log(if q < 0.0 { p } else { 1.0 - p }));
    let x = if r <= 5.0 {
        polynomial(r - 1.6, MIDDLE_ABOVE) / polynomial(r - 1.6, MIDDLE_BELOW)
    } else {
        polynomial(r - 5.0, TAIL_ABOVE) / polynomial(r - 5.0, TAIL_BELOW)
    };
    if q < 0.0 { -x } else { x }
}

const CENTRE_ABOVE: [f64; 8] = [
    2.509_080_928_730_122_672_7e3,
    3.343_057_558_358_812_810_5e4,
    6.726_577_092_700_870_085_3e4,
    4.592_195_393_154_987_145_7e4,
    1.373_169_376_550_946_112_5e4,
    1.971_590_950_306_551_442_7e3,
    1.331_416_678_917_843_774_5e2,
    3.387_132_872_796_366_608_0,
];
const CENTRE_BELOW: [f64; 8] = [
    5.226_495_278_852_545_610_3e3,
    2.872_908_573_572_194_267_4e4,
    3.930_789_580_009_271_061_0e4,
    2.121_379_430_158_659_586_7e4,
    5.394_196_021_424_751_107_7e3,
    6.871_870_074_920_579_082_9e2,
    4.231_333_070_160_091_125_2e1,
    1.0,
];
const MIDDLE_ABOVE: [f64; 8] = [
    7.745_450_142_783_414_076_40e-4,
    2.272_384_498_926_918_458_33e-2,
    2.417_807_251_774_506_117_70e-1,
    1.270_458_252_452_368_382_58,
    3.647_848_324_763_204_605_04,
    5.769_497_221_460_691_405_50,
    4.630_337_846_156_545_295_90,
    1.423_437_110_749_683_577_34,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.050_750_071_644_416_843_24e-9,
    5.475_938_084_995_344_946_00e-4,
    1.519_866_656_361_645_719_66e-2,
    1.481_039_764_274_800_745_90e-1,
    6.897_673_349_851_000_045_50e-1,
    1.676_384_830_183_803_849_40,
    2.053_191_626_637_758_821_87,
    1.0,
];
const TAIL_ABOVE: [f64; 8] = [
    2.010_334_399_292_288_132_65e-7,
    2.711_555_568_743_487_578_15e-5,
    1.242_660_947_388_078_438_60e-3,
    2.653_218_952_657_612_309_30e-2,
    2.965_605_718_285_048_912_30e-1,
    1.784_826_539_917_291_335_80,
    5.463_784_911_164_114_369_90,
    6.657_904_643_501_103_777_20,
];
const TAIL_BELOW: [f64; 8] = [
    2.044_263_103_389_939_785_64e-15,
    1.421_511_758_316_445_888_70e-7,
    1.846_318_317_510_054_681_80e-5,
    7.868_691_311_456_132_591_00e-4,
    1.487_536_129_085_061_485_25e-2,
    1.369_298_809_227_358_053_10e-1,
    5.998_322_065_558_879_376_90e-1,
    1.0,
];

/// The regularised upper incomplete gamma function `Q(shape, x)`: the chance that a gamma variable
/// of this shape and scale 1 exceeds `x`. Series and continued fraction (Lentz) of Press et al.,
/// "Numerical Recipes", section 6.2.
#[must_use]
pub fn gamma_survival(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        1.0 - front * gamma_series(shape, x)
    } else {
        front * gamma_fraction(shape, x)
    }
}

fn gamma_series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
    for _ in 0..100_000 {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

fn gamma_fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        d = a * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + a / c;
        c = if c.abs() < TINY { TINY } else { c };
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// The `x` that a gamma variable of this shape and scale 1 exceeds with probability `survival`:
/// Newton's method in the logarithm of `x`, kept within a bracket that bisection narrows.
#[must_use]
pub fn gamma_inverse_survival(shape: f64, survival: f64) -> f64 {
    let (mut low, mut high) = (-700.0 / shape.min(1.0), libm::log(shape + 1.0) + 7.0);
    let (mut y, log_gamma) = (libm::log(shape), libm::lgamma(shape));
    for _ in 0..200 {
        let x = libm::exp(y);
        let excess = gamma_survival(shape, x) - survival;
        if excess > 0.0 {
            low = y;
        } else {
            high = y;
        }
        let newton = y + excess / libm::exp(shape * y - x - log_gamma);
        // Outside the bracket, or not a number where the density vanishes.
        let inside = newton > low && newton < high;
        let next = if inside { newton } else { 0.5 * (low + high) };
        let step = (next - y).abs();
        y = next;
        // The relative error of the result.
        if step <= 1e-14 {
            break;
        }
    }
    libm::exp(y)
}

/// The integral of `f` over (0, 1) by the double-exponential rule of Takahasi and Mori (1974),
/// which tolerates integrable singularities at both ends. `f` must be smooth in between.
pub fn integrate(mut f: impl FnMut(f64) -> f64) -> f64 {
    const STEP: f64 = 1.0 / 32.0;
    let mut sum = 0.0;
    for i in -190..=130_i32 {
        let t = f64::from(i) * STEP;
        let u = 1.0 / (1.0 + libm::exp(-PI * libm::sinh(t)));
        let rest = 1.0 / (1.0 + libm::exp(PI * libm::sinh(t)));
        let weight = PI * libm::cosh(t) * u * rest;
        if u < 1.0 {
            sum += weight * f(u);
        }
    }
    sum * STEP
}
