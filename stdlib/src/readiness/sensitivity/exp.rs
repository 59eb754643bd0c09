//! The exponential of many numbers at once.
//!
//! `exp(x) = 2^k exp(r)`, `k` the nearest whole number to `x / ln 2`, `|r| <= ln 2 / 2`, `exp(r)` by
//! its Taylor polynomial of degree 13 (Cody and Waite 1980 for the two-part `ln 2`). Without
//! branches or calls the loop runs in vector registers, several numbers a step.

/// Numbers beyond which the result leaves the normal range.
const SAFE: f64 = 700.0;

/// Replaces every number by its exponential, within two units in the last place of `f64::exp`.
pub(super) fn exp_all(values: &mut [f64]) {
    for chunk in values.chunks_mut(256) {
        // The comparison is false for `NaN` as well, which then takes the careful way.
        if chunk.iter().all(|x| x.abs() <= SAFE) {
            chunk.iter_mut().for_each(|x| *x = exp_safe(*x));
        } else {
            chunk.iter_mut().for_each(|x| *x = x.exp());
        }
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // The loop around it must see its body to run it in vectors.
fn exp_safe(x: f64) -> f64 {
    // Adding 1.5 * 2^52 rounds to a whole number, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let mut p = 1.0 / 6_227_020_800.0;
    for c in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = p * r + c;
    }
    // 2^k by its exponent bits: the low bits of `shifted` hold k.
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    p * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_careful_exponential() {
        let mut xs: Vec<f64> = (-70_000..=70_000).map(|k| f64::from(k) * 0.009_87).collect();
        xs.extend([0.0, -0.0, 1e-300, -1e-17, 0.5 * std::f64::consts::LN_2]);
        let mut got = xs.clone();
        exp_all(&mut got);
        for (x, got) in xs.iter().zip(got) {
            let want = x.exp();
            let ulp = want * f64::EPSILON;
            assert!((got - want).abs() <= 2.0 * ulp, "{x}: {got} {want}");
        }
        let mut odd = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 800.0, -800.0];
        exp_all(&mut odd);
        assert!(odd[0].is_nan());
        assert_eq!(&odd[1..], &[0.0, f64::INFINITY, f64::INFINITY, 0.0]);
    }
}
