//! Reckoning over the values of one group, one after the other. Missing values count for nothing.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::Op;
use crate::kind::Value;
use crate::number::Number;

/// What is known so far.
#[derive(Debug)]
pub enum Accumulator {
    /// Rows, or values that are there.
    Count(u64),
    /// The sum, and of how many.
    Sum(Number, usize),
    /// The same, to be divided at the end.
    Mean(Number, usize),
    /// All values.
    Median(Vec<Number>),
    /// The smallest so far.
    Min(Option<Value<'static>>),
    /// The largest so far.
    Max(Option<Value<'static>>),
    /// Welford's count, mean and sum of squared distances.
    Stddev(usize, f64, f64),
    /// The different values.
    Distinct(HashSet<String>),
}

impl Accumulator {
    /// Knows nothing yet.
    pub fn new(op: Op) -> Self {
        let zero = Number::Exact(Decimal::ZERO);
        match op {
            Op::Count => Self::Count(0),
            Op::Sum => Self::Sum(zero, 0),
            Op::Mean => Self::Mean(zero, 0),
            Op::Median => Self::Median(Vec::new()),
            Op::Min => Self::Min(None),
            Op::Max => Self::Max(None),
            Op::Stddev => Self::Stddev(0, 0.0, 0.0),
            Op::Distinct => Self::Distinct(HashSet::new()),
        }
    }

    /// Takes a row's value; nothing where only the row is counted.
    pub fn add(&mut self, value: Option<Value<'_>>) {
        let Some(value) = value else {
            if let Self::Count(count) = self {
                *count += 1;
            }
            return;
        };
        match (self, value) {
            (_, Value::Missing) => {}
            (Self::Count(count), _) => *count += 1,
            (Self::Sum(sum, count) | Self::Mean(sum, count), Value::Number(number)) => {
                *sum = sum.plus(number);
                *count += 1;
            }
            (Self::Median(numbers), Value::Number(number)) => numbers.push(number),
            (Self::Stddev(count, mean, squares), Value::Number(number)) => {
                let value = number.to_f64();
                *count += 1;
                let delta = value - *mean;
                *mean += delta / *count as f64;
                *squares += delta * (value - *mean);
            }
            (Self::Min(least), value)
                if least
                    .as_ref()
                    .is_none_or(|least| value.compare(least).is_lt()) =>
            {
                *least = Some(value.into_owned());
            }
            (Self::Max(most), value)
                if most.as_ref().is_none_or(|most| value.compare(most).is_gt()) =>
            {
                *most = Some(value.into_owned());
            }
            (Self::Min(_) | Self::Max(_), _) => {}
            (Self::Distinct(values), value) => {
                values.insert(value.to_string());
            }
            // Only columns of numbers come to those that need numbers.
            _ => {}
        }
    }

    /// Gives the result; what is reckoned over no value is missing, except a count or sum.
    pub fn finish<'a>(self) -> Value<'a> {
        let whole = |count: u64| Value::Number(Number::Exact(count.into()));
        match self {
            Self::Count(count) => whole(count),
            Self::Distinct(values) => whole(values.len() as u64),
            Self::Sum(sum, _) => Value::Number(sum),
            Self::Mean(_, 0) => Value::Missing,
            Self::Mean(sum, count) => Value::Number(sum.divide(count)),
            Self::Median(numbers) => median(numbers),
            Self::Min(value) | Self::Max(value) => value.unwrap_or(Value::Missing),
            Self::Stddev(count, _, squares) if count > 1 => {
                Value::Number(Number::Float((squares / (count - 1) as f64).sqrt()))
            }
            Self::Stddev(..) => Value::Missing,
        }
    }
}

fn median<'a>(mut numbers: Vec<Number>) -> Value<'a> {
    numbers.sort_by(|a, b| a.compare(*b));
    let middle = numbers.len() / 2;
    match numbers.get(middle) {
        None => Value::Missing,
        Some(number) if numbers.len() % 2 == 1 => Value::Number(*number),
        Some(number) => Value::Number(numbers[middle - 1].plus(*number).divide(2)),
    }
}
