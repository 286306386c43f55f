//! Numbers as people write them in tables, kept as exact decimals: sums of money come out to the cent.

use std::cmp::Ordering;

use caxton_sdk::Value as Json;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Which sign is the decimal point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

/// A number: exact where 28 digits hold it.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An exact decimal.
    Exact(Decimal),
    /// Something larger or smaller, such as `1e300`.
    Float(f64),
}

impl Number {
    /// Gives the nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            // Parsing rounds correctly where dividing floats may not.
            Self::Exact(decimal) => decimal.normalize().to_string().parse().unwrap_or(f64::NAN),
            Self::Float(float) => float,
        }
    }

    /// Gives it as JSON: whole numbers without a point, and nothing for what JSON can't say.
    pub fn to_json(self) -> Json {
        match self {
            Self::Exact(decimal) if decimal.is_integer() => match decimal.to_i64() {
                Some(whole) => whole.into(),
                None => self.to_f64().into(),
            },
            _ => Some(self.to_f64()).filter(|float| float.is_finite()).into(),
        }
    }

    /// Compares; every number has its place.
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            // The numbers of a column mostly have the same decimals.
            (Self::Exact(a), Self::Exact(b)) if a.scale() == b.scale() => {
                a.mantissa().cmp(&b.mantissa())
            }
            (Self::Exact(a), Self::Exact(b)) => a.cmp(&b),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(decimal) => decimal.normalize().fmt(f),
            Self::Float(float) => float.fmt(f),
        }
    }
}

/// A sum: exact where 38 digits hold it on the way and 28 at the end, so that money adds up to the cent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    digits: i128,
    scale: u32,
    /// The sum as a float, once digits would be lost.
    float: Option<f64>,
    /// How many numbers were added.
    pub count: usize,
}

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, number: Number) {
        self.count += 1;
        if let (Number::Exact(decimal), None) = (number, self.float)
            && let Some((digits, scale)) = self.exactly(decimal)
        {
            (self.digits, self.scale) = (digits, scale);
            return;
        }
        self.float = Some(self.total().to_f64() + number.to_f64());
    }

    fn exactly(&self, decimal: Decimal) -> Option<(i128, u32)> {
        let (mut digits, mut added, scale) = (
            self.digits,
            decimal.mantissa(),
            self.scale.max(decimal.scale()),
        );
        if self.scale != decimal.scale() {
            digits = digits.checked_mul(10_i128.checked_pow(scale - self.scale)?)?;
            added = added.checked_mul(10_i128.checked_pow(scale - decimal.scale())?)?;
        }
        Some((digits.checked_add(added)?, scale))
    }

    /// Gives the sum.
    pub fn total(&self) -> Number {
        if let Some(float) = self.float {
            return Number::Float(float);
        }
        let (mut digits, mut scale) = (self.digits, self.scale);
        while scale > 0 && digits % 10 == 0 {
            (digits, scale) = (digits / 10, scale - 1);
        }
        match Decimal::try_from_i128_with_scale(digits, scale) {
            Ok(decimal) => Number::Exact(decimal),
            Err(_) => Number::Float(digits as f64 / 10_f64.powi(scale as i32)),
        }
    }

    /// Gives the mean; nothing where nothing was added.
    pub fn mean(&self) -> Option<Number> {
        let mean = match self.total() {
            Number::Exact(decimal) => decimal
                .checked_div(Decimal::from(self.count))
                .map(Number::Exact),
            Number::Float(_) => None,
        };
        (self.count > 0).then(|| {
            mean.unwrap_or_else(|| Number::Float(self.total().to_f64() / self.count as f64))
        })
    }
}

/// Reads a number such as `-1,234.50`, `$12`, `3.5e6`, or in the other style `1.234,50 €`. What looks like a name made of
/// digits is none: `007`, `+49 30`, more than 28 digits.
pub fn parse(text: &str, style: Style) -> Option<Number> {
    match plain(text.as_bytes(), style) {
        Some(decimal) => Some(Number::Exact(decimal)),
        None => parse_any(text, style),
    }
}

/// Says whether a text is digits, perhaps with a minus sign: a number in any style.
pub fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let leading_zero = digits.len() > 1 && digits[0] == b'0';
    (1..=18).contains(&digits.len()) && !leading_zero && digits.iter().all(u8::is_ascii_digit)
}

/// Reads digits with at most one decimal point, as nearly all numbers are: reading is what most of a call's time goes to.
fn plain(bytes: &[u8], style: Style) -> Option<Decimal> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let point = if style == Style::Point { b'.' } else { b',' };
    let (mut digits, mut scale) = (0_i64, None);
    // 18 digits and a point fit an i64 for certain.
    if bytes.len() > 19 || !bytes.first()?.is_ascii_digit() || !bytes.last()?.is_ascii_digit() {
        return None;
    }
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            digits = digits * 10 + i64::from(digit);
            scale = scale.map(|scale| scale + 1);
        } else if *byte == point && scale.is_none() {
            scale = Some(0);
        } else {
            return None;
        }
    }
    let leading_zero = bytes[0] == b'0' && bytes.len() > 1 && bytes[1] != point;
    let too_long = bytes.len() == 19 && scale.is_none();
    (!leading_zero && !too_long)
        .then(|| Decimal::new(if negative { -digits } else { digits }, scale.unwrap_or(0)))
}

fn parse_any(text: &str, style: Style) -> Option<Number> {
    let text = text.trim();
    let currency = |c: char| matches!(c, '$' | '€' | '£' | '¥');
    let text = text.strip_suffix(currency).map_or(text, str::trim_end);
    let (mut negative, rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = rest.strip_prefix(currency).map_or(rest, str::trim_start);
    if let (false, Some(after)) = (negative, rest.strip_prefix('-')) {
        (negative, rest) = (true, after);
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.parse::<i32>().ok()?)),
        None => (rest, None),
    };
    let (point, group) = match style {
        Style::Point => ('.', ','),
        Style::Comma => (',', '.'),
    };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty()
        || mantissa.ends_with(point)
        || !ascii_digits(fraction)
    {
        return None;
    }
    let (mut digits, mut count) = (0i128, 0);
    let mut push = |text: &str| {
        for byte in text.bytes() {
            digits = digits * 10 + i128::from(byte - b'0');
            count += usize::from(digits != 0);
            if count > 28 {
                return None;
            }
        }
        Some(())
    };
    if whole.contains(group) {
        for (at, part) in whole.split(group).enumerate() {
            let fits = if at == 0 {
                (1..=3).contains(&part.len())
            } else {
                part.len() == 3
            };
            if !fits || !ascii_digits(part) {
                return None;
            }
            push(part)?;
        }
    } else {
        if !ascii_digits(whole) {
            return None;
        }
        push(whole)?;
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    push(fraction)?;
    let digits = if negative { -digits } else { digits };
    match exponent {
        None => Decimal::try_from_i128_with_scale(digits, fraction.len() as u32)
            .ok()
            .map(Number::Exact),
        Some(exponent) => {
            let text = format!("{digits}e{}", exponent - fraction.len() as i32);
            let exact = Decimal::from_scientific(&text)
                .ok()
                .filter(|decimal| digits == 0 || !decimal.is_zero());
            match exact {
                Some(decimal) => Some(Number::Exact(decimal)),
                None => text
                    .parse::<f64>()
                    .ok()
                    .filter(|float| float.is_finite())
                    .map(Number::Float),
            }
        }
    }
}

fn ascii_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
