//! What is known of a list of numbers, and of two lists side by side. Sums, means and variances are reckoned as
//! fractions, so nothing is lost where large numbers nearly cancel; only roots are rounded.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::number::{Number, NumberError};

/// What is known of one list.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How many numbers there are.
    pub count: usize,
    /// Their sum.
    pub sum: Number,
    /// Their mean.
    pub mean: Number,
    /// The one in the middle, or the mean of the two.
    pub median: Number,
    /// Those that occur most often, in order; empty where each occurs once.
    pub mode: Vec<Number>,
    /// The smallest.
    pub min: Number,
    /// The largest.
    pub max: Number,
    /// Variance and its root, of the list as a whole population.
    pub population: Spread,
    /// The same, of the list as a sample of something larger; nothing for a single number.
    pub sample: Option<Spread>,
    /// The sorted list, for quantiles.
    sorted: Vec<BigRational>,
}

/// How far numbers lie from their mean.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The mean of the squared distances.
    pub variance: Number,
    /// Its square root.
    pub deviation: Number,
}

/// What is known of two lists side by side.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Pearson's correlation, -1 to 1; nothing where one of the lists does not vary.
    pub correlation: Option<Number>,
    /// The sample covariance; nothing for a single pair.
    pub covariance: Option<Number>,
    /// The line of least squares; nothing where x does not vary.
    pub line: Option<Line>,
}

/// y = slope · x + intercept.
#[derive(Clone, Debug)]
pub struct Line {
    /// How much y grows with x.
    pub slope: Number,
    /// y where x is 0.
    pub intercept: Number,
    /// The share of the variance of y that the line explains, 0 to 1; nothing where y does not vary.
    pub r_squared: Option<Number>,
}

/// Sums up a list.
///
/// # Errors
/// [`NumberError::Undefined`] where it is empty, [`NumberError::TooLarge`].
pub fn summarise(values: &[Number]) -> Result<Summary, NumberError> {
    let n = values.len();
    if n == 0 {
        return Err(NumberError::Undefined("there are no values".into()));
    }
    let values: Vec<BigRational> = values.iter().map(|value| value.value().clone()).collect();
    let sorted = sort(&values);
    let moments = Moments::of(&sorted, &sorted);
    let squares = moments.xx();
    let spread = |divisor: BigInt| -> Result<Spread, NumberError> {
        let variance = Number::exact(&squares / BigRational::from_integer(divisor));
        Ok(Spread {
            deviation: variance.square_root()?,
            variance,
        })
    };
    let count = BigInt::from(n);
    Ok(Summary {
        count: n,
        mean: Number::exact(&moments.sum_x / BigRational::from_integer(count.clone())),
        sum: Number::exact(moments.sum_x.clone()),
        median: Number::exact(quantile(&sorted, &BigRational::new(1.into(), 2.into()))),
        mode: modes(&sorted),
        min: Number::exact(sorted[0].clone()),
        max: Number::exact(sorted[n - 1].clone()),
        population: spread(&count * &count)?,
        sample: if n > 1 {
            Some(spread(&count * (&count - 1))?)
        } else {
            None
        },
        sorted,
    })
}

impl Summary {
    /// Gives the value below which the share `q`, 0 to 1, of the numbers lies, between two neighbours in proportion: the
    /// method of spreadsheets (`PERCENTILE.INC`) and the default of R and NumPy.
    ///
    /// # Errors
    /// [`NumberError::Undefined`] where `q` is not from 0 to 1.
    pub fn quantile(&self, q: &Number) -> Result<Number, NumberError> {
        if q.value().is_negative() || *q.value() > BigRational::from_integer(1.into()) {
            return Err(NumberError::Undefined(format!(
                "a quantile is from 0 to 1, and {q} is not; the 95th percentile is 0.95"
            )));
        }
        Ok(Number::exact(quantile(&self.sorted, q.value())))
    }
}

/// Relates two lists of the same length.
///
/// # Errors
/// [`NumberError::Undefined`] where the lengths differ or the lists are empty.
pub fn relate(x: &[Number], y: &[Number]) -> Result<Relation, NumberError> {
    if x.len() != y.len() || x.is_empty() {
        return Err(NumberError::Undefined(format!(
            "there are {} values and {} values of y; each value needs its y",
            x.len(),
            y.len()
        )));
    }
    let values = |numbers: &[Number]| {
        numbers
            .iter()
            .map(|number| number.value().clone())
            .collect::<Vec<_>>()
    };
    let moments = Moments::of(&values(x), &values(y));
    let (xx, yy, xy) = (moments.xx(), moments.yy(), moments.xy());
    let count = BigRational::from_integer(x.len().into());
    let pairs = &count * (&count - BigRational::from_integer(1.into()));
    let varies = !xx.is_zero() && !yy.is_zero();
    let r_squared = varies.then(|| Number::exact(&xy * &xy / (&xx * &yy)));
    let correlation = match &r_squared {
        Some(square) if xy.is_negative() => Some(square.square_root()?.negate()),
        Some(square) => Some(square.square_root()?),
        None => None,
    };
    let line = (!xx.is_zero()).then(|| {
        let slope = &xy / &xx;
        let intercept = (&moments.sum_y - &slope * &moments.sum_x) / &count;
        Line {
            slope: Number::exact(slope),
            intercept: Number::exact(intercept),
            r_squared,
        }
    });
    Ok(Relation {
        correlation,
        covariance: (!pairs.is_zero()).then(|| Number::exact(&xy / pairs)),
        line,
    })
}

/// Sums over two lists, exact.
struct Moments {
    count: BigRational,
    sum_x: BigRational,
    sum_y: BigRational,
    sum_xx: BigRational,
    sum_yy: BigRational,
    sum_xy: BigRational,
}

impl Moments {
    /// Over a common denominator the sums are of whole numbers, which costs no reduction of fractions for each.
    fn of(x: &[BigRational], y: &[BigRational]) -> Self {
        let (x, x_scale) = common(x);
        let (y, y_scale) = common(y);
        let products =
            |a: &[BigInt], b: &[BigInt]| a.iter().zip(b).map(|(a, b)| a * b).sum::<BigInt>();
        Self {
            count: BigRational::from_integer(x.len().into()),
            sum_x: BigRational::new(x.iter().sum(), x_scale.clone()),
            sum_y: BigRational::new(y.iter().sum(), y_scale.clone()),
            sum_xx: BigRational::new(products(&x, &x), &x_scale * &x_scale),
            sum_yy: BigRational::new(products(&y, &y), &y_scale * &y_scale),
            sum_xy: BigRational::new(products(&x, &y), &x_scale * &y_scale),
        }
    }

    /// n Σx² - (Σx)²: the squared distances from the mean, times n.
    fn xx(&self) -> BigRational {
        &self.count * &self.sum_xx - &self.sum_x * &self.sum_x
    }

    fn yy(&self) -> BigRational {
        &self.count * &self.sum_yy - &self.sum_y * &self.sum_y
    }

    fn xy(&self) -> BigRational {
        &self.count * &self.sum_xy - &self.sum_x * &self.sum_y
    }
}

/// Sorts by the numerators over a common denominator: comparing fractions costs a division each time.
fn sort(values: &[BigRational]) -> Vec<BigRational> {
    let (numerators, _) = common(values);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| numerators[*a].cmp(&numerators[*b]));
    order.into_iter().map(|at| values[at].clone()).collect()
}

fn common(values: &[BigRational]) -> (Vec<BigInt>, BigInt) {
    let scale = values.iter().fold(BigInt::from(1), |scale, value| {
        // Most numbers of a list have the same decimals, and finding that out is cheaper than reckoning.
        match (&scale % value.denom()).is_zero() {
            true => scale,
            false => num_integer::lcm(scale, value.denom().clone()),
        }
    });
    (
        values
            .iter()
            .map(|value| value.numer() * (&scale / value.denom()))
            .collect(),
        scale,
    )
}

fn quantile(sorted: &[BigRational], q: &BigRational) -> BigRational {
    let place = q * BigRational::from_integer((sorted.len() - 1).into());
    let below = place
        .to_integer()
        .to_usize()
        .unwrap_or(0)
        .min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    &sorted[below] + (&sorted[above] - &sorted[below]) * place.fract()
}

fn modes(sorted: &[BigRational]) -> Vec<Number> {
    let mut runs: Vec<(usize, &BigRational)> = Vec::new();
    for value in sorted {
        match runs.last_mut() {
            Some((count, last)) if *last == value => *count += 1,
            _ => runs.push((1, value)),
        }
    }
    let most = runs.iter().map(|(count, _)| *count).max().unwrap_or(0);
    let modes = runs
        .into_iter()
        .filter(|(count, _)| most > 1 && *count == most);
    modes
        .map(|(_, value)| Number::exact(value.clone()))
        .collect()
}
