//! Making series of what the caller gives: lists of values by name, or a table as the csv tools give it.

use caxton_sdk::Value as Json;
use serde::Deserialize;

use crate::error::ChartError;

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

/// A table as the csv tools give it.
struct Table<'a> {
    columns: &'a [String],
    rows: &'a [Vec<Json>],
}

impl<'a> Table<'a> {
    fn new(columns: &'a [String], rows: &'a [Vec<Json>]) -> Result<Self, ChartError> {
        if columns.is_empty() {
            return Err(ChartError::Empty("`columns` is an empty list".into()));
        }
        if rows.is_empty() {
            return Err(ChartError::Empty("the table has no rows".into()));
        }
        if let Some((at, row)) = rows
            .iter()
            .enumerate()
            .find(|(_, row)| row.len() != columns.len())
        {
            return Err(ChartError::Lengths(format!(
                "row {} has {} values for {} columns; give one for each, null where there is none",
                at + 1,
                row.len(),
                columns.len()
            )));
        }
        Ok(Self { columns, rows })
    }

    fn find(&self, name: &str) -> Result<usize, ChartError> {
        let exact = self.columns.iter().position(|column| column == name);
        exact
            .or_else(|| {
                self.columns
                    .iter()
                    .position(|column| column.trim().eq_ignore_ascii_case(name.trim()))
            })
            .ok_or_else(|| ChartError::UnknownColumn {
                name: name.into(),
                known: self.columns.join(", "),
            })
    }

    /// Says whether there are numbers in a column, and nothing else.
    fn is_number(&self, at: usize) -> bool {
        let values = || {
            self.rows
                .iter()
                .map(|row| &row[at])
                .filter(|value| !value.is_null())
        };
        values().next().is_some()
            && values().all(|value| match value {
                Json::Number(_) => true,
                Json::String(text) => text.trim().parse::<f64>().is_ok(),
                _ => false,
            })
    }

    /// Chooses the columns: what the caller names, and else the first for x, those with numbers for y, and a second column
    /// of words, as two groupings give, for the series.
    fn choose(&self, choice: &Choice) -> Result<(usize, Vec<usize>, Option<usize>), ChartError> {
        let named: Vec<usize> = choice
            .y
            .iter()
            .map(|name| self.find(name))
            .collect::<Result<_, _>>()?;
        let x = match &choice.x {
            Some(name) => self.find(name)?,
            None => (0..self.columns.len())
                .find(|at| !named.contains(at))
                .unwrap_or(0),
        };
        let split = match &choice.split {
            Some(name) => Some(self.find(name)?),
            None => (0..self.columns.len())
                .find(|at| *at != x && !named.contains(at) && !self.is_number(*at))
                .filter(|at| {
                    // Only where the same x comes again are there several values to tell apart.
                    let mut seen = std::collections::HashSet::new();
                    !self.rows.iter().all(|row| row[*at].is_null())
                        && !self.rows.iter().all(|row| seen.insert(word(&row[x])))
                }),
        };
        let y = match named.as_slice() {
            [] => {
                let numbers: Vec<usize> = (0..self.columns.len())
                    .filter(|at| *at != x && Some(*at) != split && self.is_number(*at))
                    .collect();
                // With a split, every further column would multiply the series.
                if split.is_some() {
                    numbers.into_iter().take(1).collect()
                } else {
                    numbers
                }
            }
            _ => named,
        };
        if y.is_empty() {
            return Err(ChartError::Empty(format!(
                "no column beside `{}` has numbers; the columns are: {}",
                self.columns[x],
                self.columns.join(", ")
            )));
        }
        if split.is_some() && y.len() > 1 {
            return Err(ChartError::Kind(
                "`series` splits one column of values; name a single column in `y`".into(),
            ));
        }
        Ok((x, y, split))
    }

    fn value(
        &self,
        row: usize,
        at: usize,
        remedy: &'static str,
    ) -> Result<Option<f64>, ChartError> {
        let place = || format!("column `{}` in row {}", self.columns[at], row + 1);
        number(&self.rows[row][at], place, remedy)
    }

    fn by_category(&self, choice: &Choice) -> Result<Data, ChartError> {
        const REMEDY: &str = "name columns of numbers in `y`";
        let (x, y, split) = self.choose(choice)?;
        let mut data = Data {
            categories: Vec::new(),
            series: Vec::new(),
            x_name: Some(self.columns[x].clone()),
            y_name: if let [only] = y.as_slice() {
                Some(self.columns[*only].clone())
            } else {
                None
            },
        };
        let Some(split) = split else {
            data.categories = self.rows.iter().map(|row| word(&row[x])).collect();
            for at in y {
                let values = (0..self.rows.len())
                    .map(|row| self.value(row, at, REMEDY))
                    .collect::<Result<_, _>>()?;
                data.series.push(Series {
                    name: self.columns[at].clone(),
                    values,
                });
            }
            return Ok(data);
        };
        for row in 0..self.rows.len() {
            let (category, name) = (word(&self.rows[row][x]), word(&self.rows[row][split]));
            let value = self.value(row, y[0], REMEDY)?;
            let category = place(&mut data.categories, category, |known, new| known == new);
            let series = place(
                &mut data.series,
                Series {
                    name,
                    values: Vec::new(),
                },
                |known, new| known.name == new.name,
            );
            let values = &mut data.series[series].values;
            values.resize(values.len().max(category + 1), None);
            if values[category].is_some() && value.is_some() {
                return Err(ChartError::Lengths(format!(
                    "there are two values of `{}` at `{}`; group the data first",
                    data.series[series].name, data.categories[category]
                )));
            }
            values[category] = values[category].or(value);
        }
        check_size(data.categories.len() * data.series.len(), data.series.len())?;
        for series in &mut data.series {
            series.values.resize(data.categories.len(), None);
        }
        Ok(data)
    }

    fn by_number(&self, choice: &Choice) -> Result<Points, ChartError> {
        const REMEDY: &str =
            "a scatter chart has numbers on both axes; name columns of numbers in `x` and `y`";
        let mut choice = choice.clone();
        let numbers: Vec<usize> = (0..self.columns.len())
            .filter(|at| self.is_number(*at))
            .collect();
        if choice.x.is_none() {
            let free = numbers
                .iter()
                .find(|at| !choice.y.iter().any(|name| self.find(name) == Ok(**at)));
            choice.x = free.map(|at| self.columns[*at].clone());
        }
        if choice.y.is_empty() {
            let x = choice
                .x
                .as_deref()
                .map(|name| self.find(name))
                .transpose()?;
            let free = numbers.iter().find(|at| Some(**at) != x);
            choice.y = free
                .map(|at| self.columns[*at].clone())
                .into_iter()
                .collect();
        }
        let (Some(x), false) = (&choice.x, choice.y.is_empty()) else {
            return Err(ChartError::Empty(format!(
                "a scatter chart needs two columns of numbers; the columns are: {}",
                self.columns.join(", ")
            )));
        };
        let x = self.find(x)?;
        let y: Vec<usize> = choice
            .y
            .iter()
            .map(|name| self.find(name))
            .collect::<Result<_, _>>()?;
        let split = choice
            .split
            .as_deref()
            .map(|name| self.find(name))
            .transpose()?;
        let mut points = Points {
            series: Vec::new(),
            x_name: Some(self.columns[x].clone()),
            y_name: if let [only] = y.as_slice() {
                Some(self.columns[*only].clone())
            } else {
                None
            },
        };
        for row in 0..self.rows.len() {
            for at in &y {
                let name = split.map_or_else(
                    || self.columns[*at].clone(),
                    |split| word(&self.rows[row][split]),
                );
                let pair = self
                    .value(row, x, REMEDY)?
                    .zip(self.value(row, *at, REMEDY)?);
                let series = place(&mut points.series, (name, Vec::new()), |known, new| {
                    known.0 == new.0
                });
                points.series[series].1.extend(pair);
            }
        }
        Ok(points)
    }
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
