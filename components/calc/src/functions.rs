//! The functions and constants of expressions: those on fractions are exact; roots are good to 34 digits, and the
//! transcendental ones to 15, because they are reckoned as 64-bit floats.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use crate::number::{DIGITS_ROUNDED, Number, NumberError};

/// Above this a factorial has more digits than a number may have.
const FACTORIAL_MAX: u32 = 1_700;

const PI: &str = "3.14159265358979323846264338327950288419716939937510";
const E: &str = "2.71828182845904523536028747135266249775724709369996";

/// How each function is written, for messages.
const SIGNATURES: &[&str] = &[
    "abs(x)",
    "sign(x)",
    "floor(x)",
    "ceil(x)",
    "trunc(x)",
    "round(x, places)",
    "sqrt(x)",
    "cbrt(x)",
    "pow(x, y)",
    "mod(x, y)",
    "exp(x)",
    "ln(x)",
    "log10(x)",
    "log2(x)",
    "log(x, base)",
    "sin(x)",
    "cos(x)",
    "tan(x)",
    "asin(x)",
    "acos(x)",
    "atan(x)",
    "factorial(n)",
    "gcd(a, b, …)",
    "lcm(a, b, …)",
    "min(a, b, …)",
    "max(a, b, …)",
    "sum(a, b, …)",
    "product(a, b, …)",
    "mean(a, b, …)",
    "median(a, b, …)",
    "count(a, b, …)",
];

/// Calls the function `name`.
///
/// # Errors
/// [`NumberError`]: no such function, too few or too many arguments, or not defined for them.
pub fn call(name: &str, arguments: &[Number]) -> Result<Number, NumberError> {
    let lower = name.to_ascii_lowercase();
    match (lower.as_str(), arguments) {
        ("abs", [x]) => Ok(x.absolute()),
        ("sign", [x]) => Ok(x.map(BigRational::signum)),
        ("floor", [x]) => Ok(x.map(BigRational::floor)),
        ("ceil", [x]) => Ok(x.map(BigRational::ceil)),
        ("trunc" | "int", [x]) => Ok(x.map(BigRational::trunc)),
        ("round", [x]) => Ok(x.round(0)),
        ("round", [x, places]) => Ok(x.round(whole("round", places, -1_000..=1_000)?)),
        ("sqrt", [x]) => x.square_root(),
        ("cbrt", [x]) => {
            let root = x
                .absolute()
                .power(&Number::exact(BigRational::new(1.into(), 3.into())))?;
            Ok(if x.value().is_negative() {
                root.negate()
            } else {
                root
            })
        }
        ("pow", [x, y]) => x.power(y),
        ("mod", [x, y]) => x.remainder(y),
        ("exp", [x]) => Number::from_f64(x.to_f64().exp()),
        ("ln", [x]) => Number::from_f64(positive("ln", x)?.ln()),
        ("log10" | "log", [x]) => Number::from_f64(positive("log10", x)?.log10()),
        ("log2", [x]) => Number::from_f64(positive("log2", x)?.log2()),
        ("log", [x, base]) => {
            let divisor = Number::from_f64(positive("log", base)?.ln())?;
            Number::from_f64(positive("log", x)?.ln())?.divide(&divisor)
        }
        ("sin", [x]) => Number::from_f64(x.to_f64().sin()),
        ("cos", [x]) => Number::from_f64(x.to_f64().cos()),
        ("tan", [x]) => Number::from_f64(x.to_f64().tan()),
        ("asin", [x]) => Number::from_f64(x.to_f64().asin()),
        ("acos", [x]) => Number::from_f64(x.to_f64().acos()),
        ("atan", [x]) => Number::from_f64(x.to_f64().atan()),
        ("factorial" | "fact", [n]) => factorial(n),
        ("gcd", [_, ..]) => whole_fold("gcd", arguments, |a, b| a.gcd(b)),
        ("lcm", [_, ..]) => whole_fold("lcm", arguments, |a, b| a.lcm(b)),
        ("min", [first, rest @ ..]) => Ok(rest
            .iter()
            .fold(first, |a, b| if b.value() < a.value() { b } else { a })
            .clone()),
        ("max", [first, rest @ ..]) => Ok(rest
            .iter()
            .fold(first, |a, b| if b.value() > a.value() { b } else { a })
            .clone()),
        ("sum", [_, ..]) => sum(arguments),
        ("product", [_, ..]) => arguments
            .iter()
            .try_fold(Number::whole(1), |a, b| a.multiply(b)),
        ("mean" | "avg" | "average", [_, ..]) => {
            sum(arguments)?.divide(&Number::whole(arguments.len()))
        }
        ("median", [_, ..]) => median(arguments),
        ("count", _) => Ok(Number::whole(arguments.len())),
        _ => Err(NumberError::Undefined(match signature(&lower) {
            Some(signature) => {
                format!(
                    "{name} is given {} arguments, and takes them as {signature}",
                    arguments.len()
                )
            }
            None => format!(
                "there is no function `{name}`; there are {}",
                SIGNATURES.join(", ")
            ),
        })),
    }
}

/// Gives the constant of that name: `pi` and `e`, to 34 digits.
pub fn constant(name: &str) -> Option<Number> {
    let text = match name {
        "pi" | "PI" | "Pi" | "π" => PI,
        "e" | "E" => E,
        "tau" | "τ" => return constant("pi")?.multiply(&Number::whole(2)).ok(),
        _ => return None,
    };
    Number::parse(text)
        .ok()
        .map(|number| Number::rounded(number.value().clone(), DIGITS_ROUNDED))
}

/// Says that there is no such name, and which there are.
pub fn unknown_name<'a>(name: &str, variables: impl Iterator<Item = &'a String>) -> String {
    if let Some(signature) = signature(&name.to_ascii_lowercase()) {
        return format!("`{name}` is a function; write {signature}");
    }
    let known: Vec<&str> = variables.map(String::as_str).chain(["pi", "e"]).collect();
    format!(
        "`{name}` has no value; give it one in `variables`. Known: {}",
        known.join(", ")
    )
}

/// Gives `n!`.
///
/// # Errors
/// [`NumberError`] unless `n` is a whole number that is not negative and not too large.
pub fn factorial(n: &Number) -> Result<Number, NumberError> {
    let n = n.to_whole().filter(|n| !n.is_negative()).ok_or_else(|| {
        NumberError::Undefined(format!(
            "a factorial is of a whole number from 0 on, and {n} is not one"
        ))
    })?;
    let n = n
        .to_u32()
        .filter(|n| *n <= FACTORIAL_MAX)
        .ok_or(NumberError::TooLarge)?;
    Ok(Number::whole(
        (1..=n).fold(BigInt::from(1), |product, factor| product * factor),
    ))
}

fn signature(name: &str) -> Option<&'static str> {
    let name = match name {
        "avg" | "average" => "mean",
        "fact" => "factorial",
        "int" => "trunc",
        name => name,
    };
    SIGNATURES
        .iter()
        .find(|entry| {
            entry
                .split_once('(')
                .is_some_and(|(entry, _)| entry == name)
        })
        .copied()
}

fn whole(
    function: &str,
    number: &Number,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, NumberError> {
    number
        .to_whole()
        .and_then(ToPrimitive::to_i64)
        .filter(|value| range.contains(value))
        .ok_or_else(|| {
            NumberError::Undefined(format!(
                "{function} takes a whole number from {} to {} here, and {number} is not one",
                range.start(),
                range.end()
            ))
        })
}

fn positive(function: &str, number: &Number) -> Result<f64, NumberError> {
    if number.value().is_positive() {
        Ok(number.to_f64())
    } else {
        Err(NumberError::Undefined(format!(
            "{function} is defined for numbers above 0, and {number} is not one"
        )))
    }
}

fn whole_fold(
    function: &str,
    arguments: &[Number],
    f: impl Fn(&BigInt, &BigInt) -> BigInt,
) -> Result<Number, NumberError> {
    let mut result: Option<BigInt> = None;
    for number in arguments {
        let whole = number.to_whole().ok_or_else(|| {
            NumberError::Undefined(format!(
                "{function} takes whole numbers, and {number} is not one"
            ))
        })?;
        result = Some(match result {
            Some(result) => f(&result, whole),
            None => whole.abs(),
        });
    }
    // Adding zero checks the size.
    Number::whole(result.unwrap_or_default()).add(&Number::whole(0))
}

/// Adds all.
///
/// # Errors
/// [`NumberError::TooLarge`].
pub fn sum(numbers: &[Number]) -> Result<Number, NumberError> {
    numbers.iter().try_fold(Number::whole(0), |a, b| a.add(b))
}

fn median(numbers: &[Number]) -> Result<Number, NumberError> {
    let mut sorted: Vec<&Number> = numbers.iter().collect();
    sorted.sort_by(|a, b| a.value().cmp(b.value()));
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        return Ok(sorted[middle].clone());
    }
    sorted[middle - 1]
        .add(sorted[middle])?
        .divide(&Number::whole(2))
}
