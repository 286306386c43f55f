//! Reckoning over the values of one group, one after the other. Missing values count for nothing.

use super::Op;
use crate::hash::QuickSet;
use crate::kind::Value;
use crate::number::{Number, Sum};

/// What is known so far.
#[derive(Debug)]
pub enum Accumulator {
    /// Rows, or values that are there.
    Count(u64),
    /// The sum.
    Sum(Sum),
    /// The same, to be divided at the end.
    Mean(Sum),
    /// All values.
    Median(Vec<Number>),
    /// The smallest so far.
    Min(Option<Value<'static>>),
    /// The largest so far.
    Max(Option<Value<'static>>),
    /// Welford's count, mean and sum of squared distances.
    Stddev(usize, f64, f64),
    /// The different values.
    Distinct(QuickSet<String>),
}

impl Accumulator {
    /// Knows nothing yet.
    pub fn new(op: Op) -> Self {
        match op {
            Op::Count => Self::Count(0),
            Op::Sum => Self::Sum(Sum::default()),
            Op::Mean => Self::Mean(Sum::default()),
            Op::Median => Self::Median(Vec::new()),
            Op::Min => Self::Min(None),
            Op::Max => Self::Max(None),
            Op::Stddev => Self::Stddev(0, 0.0, 0.0),
            Op::Distinct => Self::Distinct(QuickSet::default()),
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
            (Self::Sum(sum) | Self::Mean(sum), Value::Number(number)) => sum.add(number),
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
            Self::Sum(sum) => Value::Number(sum.total()),
            Self::Mean(sum) => sum.mean().map_or(Value::Missing, Value::Number),
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
    let mut halves = Sum::default();
    let two = if numbers.len() % 2 == 1 {
        middle
    } else {
        middle.saturating_sub(1)
    };
    numbers
        .get(two..=middle)
        .into_iter()
        .flatten()
        .for_each(|number| halves.add(*number));
    halves.mean().map_or(Value::Missing, Value::Number)
}
