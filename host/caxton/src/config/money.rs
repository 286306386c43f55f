//! Money: amounts of US dollars as people write them, and what models cost. Inside, money is a whole number of pico-US-dollars
//! (10⁻¹² USD): small enough for the price of one token of the cheapest model, and sums of it are exact.

use super::glob::Glob;

/// Pico-US-dollars in one US dollar.
pub const PUSD_PER_USD: u64 = 1_000_000_000_000;

/// What the tokens of one model cost, in pico-US-dollars for one token. One US dollar for a million tokens, which is how
/// providers tell prices, is 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// For a token that the model reads.
    pub input_pusd: u64,
    /// For a token that it reads from its provider's cache of what it read before.
    pub cached_input_pusd: u64,
    /// For a token that it writes.
    pub output_pusd: u64,
}

/// The prices of a provider's models, by id or pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(Vec<(Glob, Price)>);

impl Prices {
    /// Takes prices in any order.
    pub fn new(mut prices: Vec<(Glob, Price)>) -> Self {
        // What is said of one model holds before what is said of many, and the longer pattern before the shorter, because it
        // says more of the models that it fits. The rest of the order only makes it the same on every run.
        prices.sort_by(|(a, _), (b, _)| {
            (b.is_literal(), b.as_str().len())
                .cmp(&(a.is_literal(), a.as_str().len()))
                .then_with(|| a.cmp(b))
        });
        Self(prices)
    }

    /// What `model` costs, by its id as the provider knows it: the price of exactly that id, else that of the longest pattern that
    /// it fits. Nothing where no price is known.
    pub fn of(&self, model: &str) -> Option<Price> {
        self.0
            .iter()
            .find(|(glob, _)| glob.matches(model))
            .map(|(_, price)| *price)
    }

    /// Every price with its pattern, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = (&Glob, Price)> {
        self.0.iter().map(|(glob, price)| (glob, *price))
    }
}

/// Converts a decimal number of US dollars, as TOML writes integers and floats (`3`, `0.25`, `1e-3`, `1_000.5`), to
/// pico-US-dollars, rounded to the nearest. It reads the digits themselves: a float would already have lost some.
///
/// Returns nothing where the text is no decimal number, is negative, or is more than 2^64 pico-US-dollars (18 million USD).
pub fn pusd(text: &str) -> Option<u64> {
    // Below or above this, every amount is nothing or too much, and the arithmetic stays small.
    const EXPONENT_MAX: i32 = 1_000;
    const DECIMALS: i32 = 12;
    let text = text.replace('_', "");
    let text = text.strip_prefix('+').unwrap_or(&text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if whole.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let exponent = exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX);
    // How many of the digits stand before the point once the number is in pico-US-dollars.
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent + DECIMALS);
    let digit = |at: i64| {
        let at = usize::try_from(at).ok();
        u64::from(at.and_then(|at| digits.get(at)).map_or(0, |d| d - b'0'))
    };
    let mut amount: u64 = 0;
    for at in 0..kept {
        amount = amount.checked_mul(10)?.checked_add(digit(at))?;
    }
    amount.checked_add(u64::from(digit(kept) >= 5))
}

/// Whether the text of a decimal number says exactly nothing.
pub(crate) fn is_zero(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    !mantissa.contains(|c: char| matches!(c, '1'..='9'))
}

/// An exponent too large to be read is as good as the largest of its sign.
fn exponent_of(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i32::MAX);
    Some(if text.starts_with('-') { -size } else { size })
}

/// Writes an amount in US dollars as [`pusd`] reads it, without zeros that say nothing: `0.25`, `3`.
pub fn usd_shown(pusd: u64) -> String {
    let (whole, fraction) = (pusd / PUSD_PER_USD, pusd % PUSD_PER_USD);
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:012}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, expected) in [
            ("1", Some(PUSD_PER_USD)),
            ("0.1", Some(100_000_000_000)),
            ("0.3", Some(300_000_000_000)),
            ("+2.50", Some(2_500_000_000_000)),
            ("1_000.5", Some(1_000_500_000_000_000)),
            ("1e-6", Some(1_000_000)),
            ("2.5E+3", Some(2_500 * PUSD_PER_USD)),
            ("12.5e-1", Some(1_250_000_000_000)),
            // A float of this number would end in …984.
            ("9007.199254740993", Some(9_007_199_254_740_993)),
            ("0.0000000000014", Some(1)),
            ("0.0000000000015", Some(2)),
            ("0.00000000000049", Some(0)),
            ("0.05e-11", Some(1)),
            ("0.005e-11", Some(0)),
            ("0", Some(0)),
            ("0e999999999999", Some(0)),
            ("1e-999999999999", Some(0)),
            ("18446744", Some(18_446_744 * PUSD_PER_USD)),
            ("18446745", None),
            ("1e999999999999", None),
            ("-1", None),
            ("-0.0", None),
            ("inf", None),
            ("nan", None),
            ("", None),
            (".5", None),
            ("1.5.1", None),
            ("1e", None),
            ("1e+-1", None),
            ("0x10", None),
            ("٣", None),
        ] {
            assert_eq!(pusd(text), expected, "{text}");
        }
        assert_eq!(pusd(&"9".repeat(1_000_000)), None);
        assert_eq!(pusd(&format!("0.{}1", "0".repeat(1_000_000))), Some(0));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for (amount, shown) in [
            (0, "0"),
            (1, "0.000000000001"),
            (250_000_000_000, "0.25"),
            (3 * PUSD_PER_USD, "3"),
            (1_000_000 * PUSD_PER_USD, "1000000"),
        ] {
            assert_eq!(usd_shown(amount), shown);
            assert_eq!(pusd(shown), Some(amount));
        }
    }

    #[test]
    fn the_nearest_price_is_found() {
        let price = |input_pusd| Price {
            input_pusd,
            cached_input_pusd: 0,
            output_pusd: 0,
        };
        let glob = |text| Glob::parse_model(text).unwrap();
        let prices = Prices::new(vec![
            (glob("*"), price(1)),
            (glob("gpt-5*"), price(2)),
            (glob("gpt-5-mini*"), price(3)),
            (glob("gpt-5"), price(4)),
            (glob("vendor/model:free"), price(5)),
        ]);
        for (model, expected) in [
            ("gpt-5", 4),
            ("gpt-5-nano", 2),
            ("gpt-5-mini-2025", 3),
            ("vendor/model:free", 5),
            ("other", 1),
        ] {
            assert_eq!(prices.of(model), Some(price(expected)), "{model}");
        }
        assert_eq!(Prices::default().of("gpt-5"), None);
    }
}
