//! Writing numbers as decimals, in full where there is an end to them.

use std::fmt::Write;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, Zero};

use super::{DIGITS_MAX, DIGITS_ROUNDED, Number};

/// The longest a plain `0.000…` or `…000` may be before it is written with an exponent.
const ZEROS_MAX: i64 = 30;

/// Writes every digit where there is an end to them, else [`DIGITS_ROUNDED`] of them.
impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Of a number that is rounded, or has no end, zeros after the last digit that holds would say too much.
        let (value, all) = match (self.digits, decimal_places(&self.value)) {
            (Some(digits), _) => (round_significant(&self.value, digits), false),
            (None, None) => (round_significant(&self.value, DIGITS_ROUNDED), false),
            (None, Some(_)) => (self.value.clone(), true),
        };
        let (places, exponent) = (decimal_places(&value).unwrap_or(0), magnitude(&value));
        let short = match all {
            true => places <= exponent.abs() + ZEROS_MAX + i64::from(DIGITS_ROUNDED),
            false => (-ZEROS_MAX..=ZEROS_MAX).contains(&exponent),
        };
        f.write_str(&if short {
            plain(&value, places)
        } else {
            scientific(&value, DIGITS_MAX as u32)
        })
    }
}

/// Gives 10 to the power of `exponent`.
pub fn power_of_ten(exponent: i64) -> BigRational {
    let power = BigRational::from_integer(Pow::pow(BigInt::from(10), exponent.unsigned_abs()));
    if exponent < 0 { power.recip() } else { power }
}

/// Gives the exponent of the first digit: 0 for 1 to 9.99…, -1 for 0.1, 3 for 1234.
pub(super) fn magnitude(value: &BigRational) -> i64 {
    if value.is_zero() {
        return 0;
    }
    let value = value.abs();
    // The bits give it to within one; the comparison settles it. 0.30103 is log10(2).
    let bits = value.numer().bits() as f64 - value.denom().bits() as f64;
    let mut exponent = (bits * std::f64::consts::LOG10_2).floor() as i64;
    while value >= power_of_ten(exponent + 1) {
        exponent += 1;
    }
    while value < power_of_ten(exponent) {
        exponent -= 1;
    }
    exponent
}

pub(super) fn round_significant(value: &BigRational, digits: u32) -> BigRational {
    let scale = power_of_ten(i64::from(digits) - 1 - magnitude(value));
    (value * &scale).round() / scale
}

/// Gives how many decimal places write the value in full; nothing where it never ends.
pub(super) fn decimal_places(value: &BigRational) -> Option<i64> {
    let mut denominator = value.denom().clone();
    let twos = denominator.trailing_zeros().unwrap_or(0) as i64;
    denominator >>= twos;
    let (five, mut fives) = (BigInt::from(5), 0);
    while !denominator.is_one() {
        let (quotient, remainder) = denominator.div_rem(&five);
        if !remainder.is_zero() {
            return None;
        }
        denominator = quotient;
        fives += 1;
    }
    Some(twos.max(fives))
}

fn plain(value: &BigRational, places: i64) -> String {
    let scaled = (value * power_of_ten(places)).to_integer();
    let places = places as usize;
    let mut digits = format!("{:0>width$}", scaled.abs().to_string(), width = places + 1);
    if places > 0 {
        digits.insert(digits.len() - places, '.');
    }
    if scaled.is_negative() {
        format!("-{digits}")
    } else {
        digits
    }
}

pub(super) fn scientific(value: &BigRational, digits: u32) -> String {
    if value.is_zero() {
        return "0".into();
    }
    let value = round_significant(value, digits);
    let exponent = magnitude(&value);
    let shift = i64::from(digits) - 1 - exponent;
    let scaled = (value * power_of_ten(shift)).to_integer();
    let all = scaled.abs().to_string();
    let (first, rest) = all.split_at(1);
    let rest = rest.trim_end_matches('0');
    let mut text = String::new();
    if scaled.is_negative() {
        text.push('-');
    }
    text.push_str(first);
    if !rest.is_empty() {
        text.push('.');
        text.push_str(rest);
    }
    if exponent != 0 {
        // Writing into a string can't fail.
        let _ = write!(text, "e{exponent}");
    }
    text
}
