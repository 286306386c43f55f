//! Tables and descriptions of columns, found in whatever JSON a tool or another agent gives.

use serde_json::{Map, Value};

use crate::{prose, text};

/// The most rows of a table that are kept.
pub const ROWS_MAX: usize = 2_000;
/// How deep JSON is searched for a table.
const DEPTH_MAX: usize = 6;

/// A table; each row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The columns' names.
    pub columns: Vec<String>,
    /// Scalars.
    pub rows: Vec<Vec<Value>>,
}

/// What is known about a column of the data that a request is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it holds numbers, where known.
    pub is_numeric: Option<bool>,
    /// Whether it holds dates or times.
    pub is_date: bool,
    /// Some texts that occur in it.
    pub values: Vec<String>,
    /// The first and the last date in it, where known.
    pub range: Option<(String, String)>,
}

impl Column {
    /// Describes a column by the name of its type, where that is known.
    pub fn new(name: &str, kind: Option<&str>, values: Vec<String>) -> Self {
        let kind = kind.map(str::to_lowercase);
        let has = |words: &[&str]| {
            kind.as_ref()
                .is_some_and(|kind| words.iter().any(|word| kind.contains(word)))
        };
        Self {
            name: name.to_owned(),
            is_numeric: kind
                .as_ref()
                .map(|_| has(&["int", "num", "float", "dec", "real", "double"])),
            is_date: has(&["date", "time"]),
            values,
            range: None,
        }
    }
}

impl Table {
    /// Whether all cells of a column that are there are numbers, and there is at least one.
    pub fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self
            .rows
            .iter()
            .map(|row| &row[column])
            .filter(|cell| !cell.is_null())
            .peekable();
        cells.peek().is_some() && cells.all(|cell| number(cell).is_some())
    }

    /// The column that names the rows: the first that holds no numbers, else the first.
    pub fn label_column(&self) -> usize {
        (0..self.columns.len())
            .find(|column| !self.is_numeric(*column))
            .unwrap_or(0)
    }

    /// The columns that hold numbers, the label column apart.
    pub fn measure_columns(&self) -> Vec<usize> {
        let label = self.label_column();
        (0..self.columns.len())
            .filter(|column| *column != label && self.is_numeric(*column))
            .collect()
    }

    /// As `{"columns":[…],"rows":[[…]]}`.
    pub fn to_json(&self) -> Value {
        serde_json::json!({"columns": self.columns, "rows": self.rows})
    }

    /// As a list of objects.
    pub fn to_records(&self) -> Value {
        let record = |row: &Vec<Value>| {
            Value::Object(
                self.columns
                    .iter()
                    .cloned()
                    .zip(row.iter().cloned())
                    .collect::<Map<_, _>>(),
            )
        };
        Value::Array(self.rows.iter().map(record).collect())
    }

    /// As CSV (RFC 4180).
    pub fn to_csv(&self) -> String {
        let quoted = |text: &str| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let header = self
            .columns
            .iter()
            .map(|name| quoted(name))
            .collect::<Vec<_>>()
            .join(",");
        let rows = self.rows.iter().map(|row| {
            row.iter()
                .map(|cell| quoted(&plain(cell)))
                .collect::<Vec<_>>()
                .join(",")
        });
        std::iter::once(header)
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A number, also one that is written as a string, as exact tools give them.
pub fn number(cell: &Value) -> Option<f64> {
    match cell {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            text.parse().ok()
        }
        _ => None,
    }
}

/// A cell as text: strings without quotation marks, nothing for null.
pub fn plain(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Finds the tables in `text`, in JSON or Markdown.
pub fn tables(text: &str) -> Vec<Table> {
    let mut found = Vec::new();
    for (_, value) in text::json_values(text) {
        search(&value, 0, &mut found);
    }
    found.extend(prose::tables(text));
    found
}

/// Finds descriptions of columns, such as a tool that looks into a file gives them, in JSON or as a list.
pub fn columns(text: &str) -> Vec<Column> {
    let mut found = Vec::new();
    for (_, value) in text::json_values(text) {
        search_columns(&value, 0, &mut found);
    }
    found.extend(prose::columns(text));
    found
}

fn search(value: &Value, depth: usize, found: &mut Vec<Table>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(object) => {
            if let Some(table) = columns_and_rows(object) {
                found.push(table);
                return;
            }
            for (key, value) in object {
                if !is_columns_key(key) {
                    search(value, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            if let Some(table) = records(items) {
                found.push(table);
            } else {
                items
                    .iter()
                    .take(100)
                    .for_each(|item| search(item, depth + 1, found));
            }
        }
        _ => {}
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn is_columns_key(key: &str) -> bool {
    matches!(key, "columns" | "fields" | "schema" | "headers" | "header")
}

/// The name of a column that is given as a string or as an object with a name.
fn column_name(value: &Value) -> Option<String> {
    value
        .as_str()
        .or_else(|| value["name"].as_str())
        .map(str::to_owned)
}

fn columns_and_rows(object: &Map<String, Value>) -> Option<Table> {
    let columns: Vec<String> = ["columns", "header", "headers", "fields"]
        .iter()
        .find_map(|key| object.get(*key)?.as_array())?
        .iter()
        .map(column_name)
        .collect::<Option<_>>()?;
    let rows = ["rows", "data", "values", "records"]
        .iter()
        .find_map(|key| object.get(*key)?.as_array())?;
    if columns.is_empty() {
        return None;
    }
    let row = |row: &Value| match row {
        Value::Array(cells) if cells.len() == columns.len() && cells.iter().all(is_scalar) => {
            Some(cells.clone())
        }
        Value::Object(cells) => Some(
            columns
                .iter()
                .map(|name| cells.get(name).cloned().unwrap_or(Value::Null))
                .collect(),
        ),
        _ => None,
    };
    let rows = rows
        .iter()
        .take(ROWS_MAX)
        .map(row)
        .collect::<Option<Vec<_>>>()?;
    Some(Table { columns, rows })
}

fn records(items: &[Value]) -> Option<Table> {
    let first = items.first()?.as_object()?;
    if first.is_empty()
        || !items.iter().all(|item| {
            item.as_object()
                .is_some_and(|object| object.values().all(is_scalar))
        })
    {
        return None;
    }
    // What names a record comes first, as in a table that a person writes.
    let names_record =
        |key: &String| !matches!(key.as_str(), "path" | "name" | "label" | "id" | "title");
    let mut columns: Vec<String> = first.keys().cloned().collect();
    columns.sort_by_key(names_record);
    let rows = items
        .iter()
        .take(ROWS_MAX)
        .map(|item| {
            columns
                .iter()
                .map(|name| item[name.as_str()].clone())
                .collect()
        })
        .collect();
    Some(Table { columns, rows })
}

fn search_columns(value: &Value, depth: usize, found: &mut Vec<Column>) {
    let Value::Object(object) = value else {
        if let (Value::Array(items), true) = (value, depth <= DEPTH_MAX) {
            items
                .iter()
                .take(100)
                .for_each(|item| search_columns(item, depth + 1, found));
        }
        return;
    };
    for (key, value) in object {
        match value {
            Value::Array(items) if is_columns_key(key) => {
                found.extend(items.iter().filter_map(described))
            }
            Value::Object(by_name)
                if is_columns_key(key) && by_name.values().all(Value::is_object) =>
            {
                found.extend(by_name.iter().filter_map(|(name, value)| {
                    let mut value = value.clone();
                    value["name"] = Value::String(name.clone());
                    described(&value)
                }));
            }
            _ if depth <= DEPTH_MAX => search_columns(value, depth + 1, found),
            _ => {}
        }
    }
}

/// Reads the description of one column. A bare name is none: it says that a table follows.
fn described(value: &Value) -> Option<Column> {
    let object = value.as_object()?;
    let name = object
        .get("name")
        .or_else(|| object.get("column"))?
        .as_str()?
        .to_owned();
    let kind = ["type", "kind", "dtype", "data_type"]
        .iter()
        .find_map(|key| object.get(*key)?.as_str());
    let mut values = Vec::new();
    for key in [
        "values",
        "examples",
        "example",
        "samples",
        "sample",
        "top",
        "top_values",
        "most_common",
        "distinct_values",
    ] {
        collect_texts(object.get(key).unwrap_or(&Value::Null), &mut values);
    }
    let side = |key: &str| object.get(key)?.as_str().map(str::to_owned);
    let mut column = Column::new(&name, kind, values);
    column.range = side("min").zip(side("max")).filter(|_| column.is_date);
    Some(column)
}

/// Collects texts from a list of texts, a list of `{"value": …}`, or an object that counts them.
fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().take(100).for_each(|item| match item {
            Value::String(text) => texts.push(text.clone()),
            Value::Object(object) => texts.extend(
                object
                    .get("value")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            ),
            Value::Array(pair) => {
                texts.extend(pair.first().and_then(Value::as_str).map(str::to_owned))
            }
            _ => {}
        }),
        Value::Object(counts) => texts.extend(counts.keys().take(100).cloned()),
        Value::String(text) => texts.push(text.clone()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_found_in_every_usual_form() {
        let expected = Table {
            columns: vec!["region".into(), "sum".into()],
            rows: vec![
                vec![json!("North"), json!(3)],
                vec![json!("South"), json!(4)],
            ],
        };
        for text in [
            r#"{"columns":["region","sum"],"rows":[["North",3],["South",4]]}"#,
            r#"{"columns":[{"name":"region"},{"name":"sum"}],"rows":[{"region":"North","sum":3},{"sum":4,"region":"South"}],"total":2}"#,
            r#"Here: {"result":{"rows":[{"region":"North","sum":3},{"region":"South","sum":4}]}} and more"#,
            r#"[{"region":"North","sum":3},{"region":"South","sum":4}]"#,
        ] {
            assert_eq!(tables(text), vec![expected.clone()], "{text}");
        }
        for text in [
            "",
            "no JSON",
            "[]",
            "{}",
            "[1,2]",
            r#"{"columns":["a"],"rows":[[1,2]]}"#,
            r#"{"columns":[],"rows":[]}"#,
        ] {
            assert_eq!(tables(text), vec![], "{text}");
        }
    }

    #[test]
    fn columns_are_found_in_every_usual_form() {
        for text in [
            r#"{"rows":9,"columns":[{"name":"region","type":"text","values":["North"]},{"name":"units","type":"integer"}]}"#,
            r#"{"columns":{"region":{"type":"string","top":[{"value":"North","count":3}]},"units":{"type":"int64"}}}"#,
        ] {
            let columns = columns(text);
            assert_eq!(columns.len(), 2, "{text}");
            assert_eq!(
                columns[0],
                Column::new("region", Some("text"), vec!["North".into()])
            );
            assert_eq!(columns[1].is_numeric, Some(true));
        }
        assert!(columns(r#"{"columns":["region","sum"],"rows":[]}"#).is_empty());
    }

    #[test]
    fn labels_and_measures_are_told_apart() {
        let table = Table {
            columns: vec!["year".into(), "name".into(), "sum".into()],
            rows: vec![vec![json!(2024), json!("a"), json!("3.50")]],
        };
        assert_eq!(
            (table.label_column(), table.measure_columns()),
            (1, vec![0, 2])
        );
        assert_eq!(table.to_csv(), "year,name,sum\n2024,a,3.50");
    }
}
