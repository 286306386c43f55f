//! A number: a fraction of two integers of any size, so that `0.1 + 0.2` is `0.3` and `1 / 3 * 3` is `1`. What no
//! fraction can hold, such as a square root, is kept to so many digits and marked as rounded.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

mod format;

pub use format::power_of_ten;
use format::{decimal_places, magnitude, round_significant, scientific};

/// The most digits a number may have. Beyond it an expression is more likely a mistake or an attack than a question;
/// 2^10000 has 3,011 digits and 1000! has 2,568.
pub const DIGITS_MAX: u64 = 5_000;

/// How many digits of a square root, or of a fraction that never ends, are given: those of IEEE 754 decimal128.
pub const DIGITS_ROUNDED: u32 = 34;

/// How many digits of a function such as `sin` hold: what a 64-bit float carries surely.
pub const DIGITS_FLOAT: u32 = 15;

/// Rounded numbers are reckoned with a few more digits than are shown.
const DIGITS_KEPT: u32 = DIGITS_ROUNDED + 8;

/// What can't be reckoned, and why. The expression adds where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Division or remainder by zero.
    #[error("can't divide by zero")]
    DivisionByZero,
    /// More than [`DIGITS_MAX`] digits.
    #[error("the result has more than {DIGITS_MAX} digits; use smaller numbers")]
    TooLarge,
    /// A function is not defined there.
    #[error("{0}")]
    Undefined(String),
    /// The text is not a number.
    #[error("`{0}` is not a number; write it like 1234.5 or 1.2e6")]
    NotANumber(String),
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    value: BigRational,
    /// How many significant digits hold; nothing where all do.
    digits: Option<u32>,
}

impl Number {
    /// Gives an exact number.
    pub fn exact(value: BigRational) -> Self {
        Self {
            value,
            digits: None,
        }
    }

    /// Gives an exact whole number.
    pub fn whole(value: impl Into<BigInt>) -> Self {
        Self::exact(BigRational::from_integer(value.into()))
    }

    /// Gives a number of which `digits` significant digits hold.
    pub fn rounded(value: BigRational, digits: u32) -> Self {
        Self {
            value: round_significant(&value, DIGITS_KEPT),
            digits: Some(digits),
        }
    }

    /// Reads a decimal number such as `-12`, `1_000.50`, `.5` or `1.2e-6`, exactly.
    ///
    /// # Errors
    /// [`NumberError::NotANumber`], [`NumberError::TooLarge`].
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let wrong = || NumberError::NotANumber(text.chars().take(60).collect());
        let plain = text.trim().replace('_', "");
        let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| wrong())?),
            None => (plain.as_str(), 0),
        };
        let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        if digits.len() as u64 > DIGITS_MAX || exponent.unsigned_abs() > DIGITS_MAX {
            return Err(NumberError::TooLarge);
        }
        let mut value = BigRational::from_integer(digits.parse::<BigInt>().map_err(|_| wrong())?);
        value *= power_of_ten(exponent - fraction.len() as i64);
        Self::exact(if mantissa.starts_with('-') {
            -value
        } else {
            value
        })
        .checked()
    }

    /// Gives a number from a 64-bit float, of which about 15 digits hold.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] for an infinity, [`NumberError::Undefined`] for NaN.
    pub fn from_f64(value: f64) -> Result<Self, NumberError> {
        if value.is_nan() {
            return Err(NumberError::Undefined(
                "the result is not a real number".into(),
            ));
        }
        if value.is_infinite() {
            return Err(NumberError::TooLarge);
        }
        Ok(Self {
            digits: Some(DIGITS_FLOAT),
            ..Self::parse(&format!("{value:e}"))?
        })
    }

    /// Gives the value itself.
    pub fn value(&self) -> &BigRational {
        &self.value
    }

    /// Says whether every digit holds.
    pub fn is_exact(&self) -> bool {
        self.digits.is_none()
    }

    /// Says whether the value can be written out in full as a decimal.
    pub fn is_decimal(&self) -> bool {
        decimal_places(&self.value).is_some()
    }

    /// Gives the value as a whole number where it is one.
    pub fn to_whole(&self) -> Option<&BigInt> {
        self.value.is_integer().then(|| self.value.numer())
    }

    /// Gives the nearest 64-bit float; infinite where the value is too large for one.
    pub fn to_f64(&self) -> f64 {
        // Parsing the decimal rounds correctly, which dividing two large integers as floats does not.
        scientific(&self.value, 25).parse().unwrap_or(f64::NAN)
    }

    /// Adds.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`], as in all that follow.
    pub fn add(&self, other: &Self) -> Result<Self, NumberError> {
        self.with(other, &self.value + &other.value)
    }

    /// Subtracts.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`].
    pub fn subtract(&self, other: &Self) -> Result<Self, NumberError> {
        self.with(other, &self.value - &other.value)
    }

    /// Multiplies.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`].
    pub fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        self.with(other, &self.value * &other.value)
    }

    /// Divides.
    ///
    /// # Errors
    /// [`NumberError::DivisionByZero`], [`NumberError::TooLarge`].
    pub fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        if other.value.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        self.with(other, &self.value / &other.value)
    }

    /// Gives the remainder of a division, with the sign of what is divided.
    ///
    /// # Errors
    /// [`NumberError::DivisionByZero`], [`NumberError::TooLarge`].
    pub fn remainder(&self, other: &Self) -> Result<Self, NumberError> {
        if other.value.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        self.with(other, &self.value % &other.value)
    }

    /// Gives the same with the other sign.
    pub fn negate(&self) -> Self {
        Self {
            value: -&self.value,
            digits: self.digits,
        }
    }

    /// Gives the same without its sign.
    pub fn absolute(&self) -> Self {
        Self {
            value: self.value.abs(),
            digits: self.digits,
        }
    }

    /// Raises to a power: exactly where the exponent is whole, or where the root comes out even.
    ///
    /// # Errors
    /// [`NumberError`]: too large, 0 to a negative power, or a root of a negative number.
    pub fn power(&self, exponent: &Self) -> Result<Self, NumberError> {
        if let Some(whole) = exponent.to_whole().filter(|_| exponent.is_exact()) {
            let whole = whole.to_i64().ok_or(NumberError::TooLarge);
            return match whole {
                Ok(whole) => self.power_whole(whole),
                Err(_) if self.value.is_zero() || self.value.is_one() => Ok(self.clone()),
                Err(error) => Err(error),
            };
        }
        if self.value.is_negative() {
            return Err(NumberError::Undefined(format!(
                "a negative number has no real power with the exponent {exponent}"
            )));
        }
        if exponent.is_exact()
            && let (Some(power), Some(root)) = (
                exponent.value.numer().to_i64(),
                exponent.value.denom().to_u32(),
            )
            && root <= 64
        {
            let base = self.power_whole(power)?;
            if root == 2 {
                return base.square_root();
            }
            if let Some(value) = exact_root(&base.value, root) {
                return Ok(Self {
                    value,
                    digits: base.digits,
                });
            }
        }
        Self::from_f64(self.to_f64().powf(exponent.to_f64()))
    }

    fn power_whole(&self, exponent: i64) -> Result<Self, NumberError> {
        if self.value.is_zero() && exponent < 0 {
            return Err(NumberError::DivisionByZero);
        }
        if self.value.abs().is_one() || self.value.is_zero() {
            let odd = exponent % 2 != 0;
            return Ok(match (exponent, odd) {
                (0, _) => Self::whole(1),
                (_, true) => self.clone(),
                _ => self.absolute(),
            });
        }
        let mut times = exponent.unsigned_abs();
        // Refused before it is reckoned: the bits of a power are known in advance.
        let bits = self.value.numer().bits().max(self.value.denom().bits());
        if self.is_exact() && bits.saturating_sub(1).saturating_mul(times) > bits_max() {
            return Err(NumberError::TooLarge);
        }
        let (mut result, mut square) = (Self::whole(1), self.clone());
        while times > 0 {
            if times % 2 == 1 {
                result = result.multiply(&square)?;
            }
            times /= 2;
            if times > 0 {
                square = square.multiply(&square)?;
            }
        }
        if exponent < 0 {
            Self::whole(1).divide(&result)
        } else {
            Ok(result)
        }
    }

    /// Gives the square root: exactly where it comes out even, else to [`DIGITS_ROUNDED`] digits.
    ///
    /// # Errors
    /// [`NumberError::Undefined`] for a negative number.
    pub fn square_root(&self) -> Result<Self, NumberError> {
        if self.value.is_negative() {
            return Err(NumberError::Undefined(format!(
                "the square root of {self} is not a real number"
            )));
        }
        if let Some(value) = exact_root(&self.value, 2) {
            return Ok(Self {
                value,
                digits: self.digits,
            });
        }
        // The root of value × 10^(2 shift), whole, has DIGITS_KEPT digits or one more.
        let shift = i64::from(DIGITS_KEPT) - magnitude(&self.value).div_euclid(2);
        let scaled = (&self.value * power_of_ten(2 * shift)).to_integer();
        let root = BigRational::from_integer(scaled.sqrt()) * power_of_ten(-shift);
        Ok(Self::rounded(
            root,
            self.digits.unwrap_or(DIGITS_ROUNDED).min(DIGITS_ROUNDED),
        ))
    }

    /// Rounds to `places` decimal places (before the point where negative), a half away from zero.
    pub fn round(&self, places: i64) -> Self {
        let scale = power_of_ten(places);
        Self {
            value: (&self.value * &scale).round() / scale,
            digits: self.digits,
        }
    }

    /// Gives the result of `f`, which keeps the number whole or nearly so, such as rounding down.
    pub fn map(&self, f: impl FnOnce(&BigRational) -> BigRational) -> Self {
        Self {
            value: f(&self.value),
            digits: self.digits,
        }
    }

    fn with(&self, other: &Self, value: BigRational) -> Result<Self, NumberError> {
        match (self.digits, other.digits) {
            (None, None) => Self::exact(value).checked(),
            (a, b) => {
                Self::rounded(value, a.unwrap_or(u32::MAX).min(b.unwrap_or(u32::MAX))).checked()
            }
        }
    }

    fn checked(self) -> Result<Self, NumberError> {
        let bits = self.value.numer().bits().max(self.value.denom().bits());
        if bits > bits_max() {
            Err(NumberError::TooLarge)
        } else {
            Ok(self)
        }
    }
}

/// The bits of a number of [`DIGITS_MAX`] digits, log2(10) each.
fn bits_max() -> u64 {
    DIGITS_MAX * 3322 / 1000
}

fn exact_root(value: &BigRational, root: u32) -> Option<BigRational> {
    let of = |whole: &BigInt| {
        let candidate = whole.nth_root(root);
        (&Pow::pow(candidate.clone(), root) == whole).then_some(candidate)
    };
    Some(BigRational::new(of(value.numer())?, of(value.denom())?))
}
