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

    /// Adds, exactly as long as 28 digits are enough.
    pub fn plus(self, other: Self) -> Self {
        if let (Self::Exact(a), Self::Exact(b)) = (self, other)
            && let Some(sum) = exact_sum(a, b)
        {
            return Self::Exact(sum);
        }
        Self::Float(self.to_f64() + other.to_f64())
    }

    /// Divides by a count.
    pub fn divide(self, count: usize) -> Self {
        match self {
            Self::Exact(decimal) => match decimal.checked_div(Decimal::from(count)) {
                Some(quotient) => Self::Exact(quotient),
                None => Self::Float(self.to_f64() / count as f64),
            },
            Self::Float(float) => Self::Float(float / count as f64),
        }
    }

    /// Compares; every number has its place.
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
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

/// Adds two decimals; nothing where the sum would lose digits, which the decimal's own addition rounds away unasked.
fn exact_sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    let sum = a.checked_add(b)?;
    (sum.scale() >= a.normalize().scale().max(b.normalize().scale())).then_some(sum)
}

/// Reads a number such as `-1,234.50`, `$12`, `3.5e6`, or in the other style `1.234,50 €`. What looks like a name made of
/// digits is none: `007`, `+49 30`, more than 28 digits.
pub fn parse(text: &str, style: Style) -> Option<Number> {
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
