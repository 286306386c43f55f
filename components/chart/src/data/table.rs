//! Tables as series: which columns are meant, and what their cells say.

use caxton_sdk::Value as Json;

use super::{Choice, Data, Points, Series, check_size, number, place, word};
use crate::error::ChartError;

/// A table as the csv tools give it.
pub(super) struct Table<'a> {
    columns: &'a [String],
    rows: &'a [Vec<Json>],
}

impl<'a> Table<'a> {
    pub(super) fn new(columns: &'a [String], rows: &'a [Vec<Json>]) -> Result<Self, ChartError> {
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

    pub(super) fn by_category(&self, choice: &Choice) -> Result<Data, ChartError> {
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

    pub(super) fn by_number(&self, choice: &Choice) -> Result<Points, ChartError> {
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
