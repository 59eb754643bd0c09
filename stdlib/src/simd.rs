//! Loops for the widest vectors of the machine, and elementary functions that such loops can hold.
//!
//! Programs are built for every 64-bit processor, whose vectors hold two numbers; [`widest`] runs a
//! loop with those of four where there are any. No operation is fused or taken in another order, so
//! the digits are the same on both.

// A function that stays a call of its own keeps the narrow vectors.
#![allow(clippy::inline_always)]

use std::f64::consts::LOG2_E;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn in_fours<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// What `f` gives, with its loops compiled for the widest vectors of this machine.
///
/// Write `widest(#[inline(always)] || ...)`, and mark what the closure calls in its loops
/// `#[inline(always)]`: what stays a call of its own keeps the narrow vectors.
#[inline]
pub(crate) fn widest<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the line above has seen that this processor has these instructions. There is no
        // safe way to say so; the workspace denies unsafe code everywhere else.
        #[allow(unsafe_code)]
        return unsafe { in_fours(f) };
    }
    f()
}

/// Bytes that [`bits`] looks at together.
pub(crate) const BLOCK: usize = 64;

/// Which bytes of a block `is` holds for, the first in the lowest bit.
#[inline(always)]
pub(crate) fn bits(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let truths = block.map(|byte| u8::from(is(byte)));
    let (eights, _) = truths.as_chunks::<8>();
    let mut found = 0;
    for (part, eight) in eights.iter().enumerate() {
        // The lowest bit of every byte moves into the highest byte, in their order.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        found |= gathered << (8 * part);
    }
    found
}

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Adding it rounds to a whole number, which then stands in the lowest bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// `exp(x)` without branches, within a unit in the last place; 0 where the result would not be a
/// normal number.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let bounded = x.clamp(-708.0, 709.7);
    let shifted = bounded * LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = (bounded - n * LN_2_HIGH) - n * LN_2_LOW;
    // Taylor's series: the first term left out is below 5e-18 of the sum.
    let mut sum = 1.0 / 6_227_020_800.0;
    for factorial in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
    ] {
        sum = sum * r + 1.0 / factorial;
    }
    let value = 1.0 + (r + r * r * sum);
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let result = value * power;
    let result = if x < -708.0 { 0.0 } else { result };
    if x > 709.7 { f64::INFINITY } else { result }
}

/// Replaces every number by its exponential.
pub(crate) fn exp_all(values: &mut [f64]) {
    widest(
        #[inline(always)]
        || values.iter_mut().for_each(|x| *x = exp(*x)),
    );
}

/// `ln(x)` without branches, within a unit in the last place.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    // Numbers below the normal ones are brought among them first.
    let tiny = x < f64::MIN_POSITIVE;
    let y = if tiny { x * 18_014_398_509_481_984.0 } else { x };
    let lost = if tiny { 54.0 } else { 0.0 };
    // The mantissa from sqrt(1/2) to sqrt(2).
    let bits = y.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd);
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000);
    let k = exponent - 4_503_599_627_370_496.0 - 1023.0 - lost;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_667f_3bcd));
    // With s = f / (2 + f), ln(1 + f) = 2 artanh(s): the coefficients are those of Sun's fdlibm.
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 1.479_819_860_511_658_6e-1;
    for coefficient in [
        1.531_383_769_920_937_3e-1,
        1.818_357_216_161_805e-1,
        2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1,
        3.999_999_999_940_942e-1,
        6.666_666_666_666_735e-1,
    ] {
        series = series * z + coefficient;
    }
    let half = 0.5 * f * f;
    let result = k * LN_2_HIGH - ((half - (s * (half + series * z) + k * LN_2_LOW)) - f);
    let result = if x < f64::INFINITY { result } else { x };
    if x > 0.0 {
        result
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units of the last place.
    fn apart(a: f64, b: f64) -> f64 {
        (a - b).abs() / (b.abs() * f64::EPSILON).max(f64::MIN_POSITIVE)
    }

    #[test]
    fn exp_is_exp() {
        let mut worst = 0.0_f64;
        for i in -200_000..=200_000 {
            let x = f64::from(i) * 0.003_517;
            worst = worst.max(apart(exp(x), x.exp()));
        }
        assert!(worst <= 1.01, "{worst}");
        assert_eq!([exp(0.0), exp(-709.0), exp(f64::NEG_INFINITY)], [1.0, 0.0, 0.0]);
        assert_eq!(exp(710.0), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn ln_is_ln() {
        let mut worst = 0.0_f64;
        for i in -200_000..=200_000 {
            let x = (f64::from(i) * 0.003_7).exp();
            if x > 0.0 && x < f64::INFINITY {
                worst = worst.max(apart(ln(x), x.ln()));
            }
            let x = 1.0 + f64::from(i) * 1e-6;
            worst = worst.max(apart(ln(x), x.ln()));
        }
        assert!(worst <= 1.01, "{worst}");
        assert_eq!([ln(1.0), ln(0.0), ln(f64::INFINITY)], [0.0, f64::NEG_INFINITY, f64::INFINITY]);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert!(apart(ln(5e-324), 5e-324_f64.ln()) <= 1.0);
    }

    #[test]
    fn bytes_are_found_at_their_places() {
        let block: [u8; BLOCK] = std::array::from_fn(|i| (i * i % 7) as u8 + 250);
        for byte in 249..=255 {
            let wanted = (0..BLOCK).map(|i| u64::from(block[i] == byte) << i).sum::<u64>();
            assert_eq!(bits(&block, |other| other == byte), wanted);
        }
    }

    #[test]
    fn wide_loops_have_the_digits_of_narrow_ones() {
        let x: Vec<f64> = (0..1001).map(|i| f64::from(i) * 0.37 - 180.0).collect();
        let narrow: Vec<f64> = x.iter().map(|x| exp(*x)).collect();
        let mut wide = x;
        exp_all(&mut wide);
        assert_eq!(narrow, wide);
    }
}
