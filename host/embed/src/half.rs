//! Half precision (IEEE 754 binary16), by bits: the weights are kept in it, and never computed with.

/// `2^112`, by which the two formats' exponents differ.
const EXPONENTS_APART: f32 = f32::from_bits((127 + 112) << 23);

/// The smallest half with all its digits, `2^-14`.
const SMALLEST_NORMAL: f32 = f32::from_bits((127 - 14) << 23);

/// The bits of what is not a finite number begin here, the sign aside.
pub(crate) const INFINITE: u16 = 0x7c00;

/// The number; exact. Not a number, or infinite, is never in a model that was accepted.
#[inline]
pub(crate) fn to_single(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let magnitude = f32::from_bits(u32::from(half & 0x7fff) << 13) * EXPONENTS_APART;
    f32::from_bits(magnitude.to_bits() | sign)
}

/// The nearest half, of two equally near the even one; none where it is too large for a half, or not a number.
pub(crate) fn from_single(single: f32) -> Option<u16> {
    let (sign, magnitude) = ((single.to_bits() >> 16) as u16 & 0x8000, single.abs());
    if magnitude < SMALLEST_NORMAL {
        // These are multiples of 2^-24, and the product is exact.
        return Some((magnitude * 16_777_216.).round_ties_even() as u16 | sign);
    }
    let bits = (magnitude / EXPONENTS_APART).to_bits();
    let half = bits.checked_add(0xfff + (bits >> 13 & 1))? >> 13;
    let half = u16::try_from(half).ok().filter(|half| *half < INFINITE)?;
    Some(half | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_the_way_there_and_back() {
        for half in (0..=u16::MAX).filter(|half| half & INFINITE != INFINITE) {
            assert_eq!(from_single(to_single(half)), Some(half), "{half:#x}");
        }
    }

    #[test]
    fn numbers_between_halves_go_to_the_nearest() {
        let check = |single: f32, expected: Option<f32>| {
            assert_eq!(from_single(single).map(to_single), expected, "{single}");
        };
        check(1. + 1. / 2048., Some(1.));
        check(1. + 1.01 / 2048., Some(1. + 1. / 1024.));
        check(1. + 3. / 2048., Some(1. + 2. / 1024.));
        check(-0.1, Some(-0.099_975_586));
        check(65_504., Some(65_504.));
        check(65_519., Some(65_504.));
        check(65_520., None);
        check(f32::INFINITY, None);
        check(f32::NAN, None);
        check(f32::from_bits(0x3300_0000), Some(0.));
        check(f32::from_bits(0x3300_0001), Some(2f32.powi(-24)));
        check(1e-30, Some(0.));
    }
}
