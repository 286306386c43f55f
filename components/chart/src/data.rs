//! Making series of what the caller gives: lists of values by name, or a table as the csv tools give it.

use caxton_sdk::Value as Json;
use serde::Deserialize;

use crate::error::ChartError;

mod table;

use table::Table;

/// The most values of a chart. More can't be told apart, and the picture would be larger than a call may give back.
const VALUES_MAX: usize = 5_000;

/// The most series: as many as the colours and dashes tell apart.
const SERIES_MAX: usize = 28;

/// Beyond this, sums on the way to the ticks could leave the range of a float.
const SIZE_MAX: f64 = 1e150;

/// What the caller gives: one of two forms.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Input {
    /// The names of a table's columns.
    pub columns: Option<Vec<String>>,
    /// A table's rows.
    pub rows: Option<Vec<Vec<Json>>>,
    /// What stands along the axis, or the names of the slices.
    pub categories: Option<Vec<Json>>,
    /// The values, a list for each series.
    pub series: Option<Vec<Named>>,
}

/// One series as the caller gives it.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    /// Its name in the legend.
    pub name: Option<String>,
    /// Its values, one for each category.
    #[serde(default)]
    pub values: Vec<Json>,
    /// For scatter charts: pairs of x and y.
    pub points: Option<Vec<[Json; 2]>>,
}

/// Which of a table's columns are drawn.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The column along the axis; the first where absent.
    pub x: Option<String>,
    /// The columns with the values; all with numbers where absent.
    pub y: Vec<String>,
    /// The column whose values become series.
    pub split: Option<String>,
}

/// Values by category.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// What stands along the axis.
    pub categories: Vec<String>,
    /// The values.
    pub series: Vec<Series>,
    /// What the categories are.
    pub x_name: Option<String>,
    /// What the values are, where all are the same.
    pub y_name: Option<String>,
}

/// One series of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// A value for each category; nothing where there is none.
    pub values: Vec<Option<f64>>,
}

/// Pairs of x and y.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// The points, by series.
    pub series: Vec<(String, Vec<(f64, f64)>)>,
    /// What x is.
    pub x_name: Option<String>,
    /// What y is.
    pub y_name: Option<String>,
}

impl Data {
    /// Makes series by category.
    ///
    /// # Errors
    /// [`ChartError`]: nothing to draw, an unknown column, a value that is no number, or too many.
    pub fn new(input: &Input, choice: &Choice) -> Result<Self, ChartError> {
        let data = match (&input.columns, &input.rows, &input.series) {
            (Some(columns), Some(rows), _) => Table::new(columns, rows)?.by_category(choice)?,
            (_, _, Some(series)) => from_lists(input.categories.as_deref(), series)?,
            _ => return Err(ChartError::Form),
        };
        let values = data.series.iter().map(|series| series.values.len()).sum();
        check_size(values, data.series.len())?;
        if data
            .series
            .iter()
            .all(|series| series.values.iter().all(Option::is_none))
        {
            return Err(ChartError::Empty("no value is a number".into()));
        }
        Ok(data)
    }

    /// Gives all values that are there.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.series
            .iter()
            .flat_map(|series| series.values.iter().flatten().copied())
    }
}

impl Points {
    /// Makes pairs of numbers.
    ///
    /// # Errors
    /// [`ChartError`], as [`Data::new`]; and x must be numbers too.
    pub fn new(input: &Input, choice: &Choice) -> Result<Self, ChartError> {
        let points = match (&input.columns, &input.rows, &input.series) {
            (Some(columns), Some(rows), _) => Table::new(columns, rows)?.by_number(choice)?,
            (_, _, Some(series)) => points_from_lists(input.categories.as_deref(), series)?,
            _ => return Err(ChartError::Form),
        };
        let count = points.series.iter().map(|(_, points)| points.len()).sum();
        check_size(count, points.series.len())?;
        if count == 0 {
            return Err(ChartError::Empty(
                "no row has numbers for both x and y".into(),
            ));
        }
        Ok(points)
    }
}

fn check_size(values: usize, series: usize) -> Result<(), ChartError> {
    if values > VALUES_MAX {
        return Err(ChartError::TooMuch(format!(
            "there are {values} values, and at most {VALUES_MAX} can be drawn; group or filter the data first"
        )));
    }
    if series > SERIES_MAX {
        return Err(ChartError::TooMuch(format!(
            "there are {series} series, and at most {SERIES_MAX} can be told apart; choose some of them, or group them"
        )));
    }
    Ok(())
}

/// Gives a value as a number; nothing where it is missing.
fn number(
    value: &Json,
    place: impl Fn() -> String,
    remedy: &'static str,
) -> Result<Option<f64>, ChartError> {
    let number = match value {
        Json::Null => return Ok(None),
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.trim() {
            "" | "NaN" | "nan" | "null" => return Ok(None),
            text => text.parse().ok(),
        },
        _ => None,
    };
    match number {
        Some(number) if number.is_nan() => Ok(None),
        Some(number) if number.abs() <= SIZE_MAX => Ok(Some(number)),
        Some(number) => Err(ChartError::Kind(format!(
            "{} is {number:e}, which is too large to draw",
            place()
        ))),
        None => Err(ChartError::NotANumber {
            place: place(),
            value: value.to_string(),
            remedy,
        }),
    }
}

/// Gives a value as a word.
fn word(value: &Json) -> String {
    match value {
        Json::Null => "(none)".into(),
        Json::String(text) if text.trim().is_empty() => "(none)".into(),
        Json::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

fn from_lists(categories: Option<&[Json]>, series: &[Named]) -> Result<Data, ChartError> {
    if series.is_empty() {
        return Err(ChartError::Empty("`series` is an empty list".into()));
    }
    let longest = series
        .iter()
        .map(|series| series.values.len())
        .max()
        .unwrap_or(0);
    let categories: Vec<String> = match categories {
        Some(categories) => categories.iter().map(word).collect(),
        None => (1..=longest).map(|number| number.to_string()).collect(),
    };
    if categories.is_empty() {
        return Err(ChartError::Empty(
            "there are no categories and no values".into(),
        ));
    }
    let mut made = Vec::new();
    for (at, Named { name, values, .. }) in series.iter().enumerate() {
        let name = name.clone().unwrap_or_else(|| format!("Series {}", at + 1));
        if values.len() != categories.len() {
            return Err(ChartError::Lengths(format!(
                "series `{name}` has {} values for {} categories; give one for each, null where there is none",
                values.len(),
                categories.len()
            )));
        }
        let values = values
            .iter()
            .zip(&categories)
            .map(|(value, category)| {
                let place = || format!("the value of `{name}` at {category}");
                number(value, place, "give a number, or null where there is none")
            })
            .collect::<Result<_, _>>()?;
        made.push(Series { name, values });
    }
    let y_name = if let [only] = series {
        only.name.clone()
    } else {
        None
    };
    Ok(Data {
        categories,
        series: made,
        x_name: None,
        y_name,
    })
}

fn points_from_lists(categories: Option<&[Json]>, series: &[Named]) -> Result<Points, ChartError> {
    const REMEDY: &str =
        "a scatter chart has numbers on both axes; for names use a bar or line chart";
    let mut made = Vec::new();
    for (at, named) in series.iter().enumerate() {
        let name = named
            .name
            .clone()
            .unwrap_or_else(|| format!("Series {}", at + 1));
        let pairs: Vec<(&Json, &Json)> = match (&named.points, categories) {
            (Some(points), _) => points.iter().map(|[x, y]| (x, y)).collect(),
            (None, Some(categories)) if categories.len() == named.values.len() => {
                categories.iter().zip(&named.values).collect()
            }
            _ => {
                return Err(ChartError::Lengths(format!(
                    "series `{name}` needs `points`, a list of [x, y], or as many `values` as there are `categories`"
                )));
            }
        };
        let mut points = Vec::new();
        for (at, (x, y)) in pairs.into_iter().enumerate() {
            let x = number(x, || format!("x of point {} of `{name}`", at + 1), REMEDY)?;
            let y = number(y, || format!("y of point {} of `{name}`", at + 1), REMEDY)?;
            points.extend(x.zip(y));
        }
        made.push((name, points));
    }
    Ok(Points {
        series: made,
        x_name: None,
        y_name: None,
    })
}

/// Gives the place of `new` in the list, where it is put if it is not there.
fn place<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T, &T) -> bool) -> usize {
    list.iter()
        .position(|known| same(known, &new))
        .unwrap_or_else(|| {
            list.push(new);
            list.len() - 1
        })
}
