//! Tables and descriptions of columns in text that is meant for reading: Markdown tables, and lists such as
//! `- region (text), 4 distinct, such as North, South`.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use crate::facts::number_value;
use crate::table::{Column, ROWS_MAX, Table};

/// Finds Markdown tables.
pub fn tables(text: &str) -> Vec<Table> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 1 < lines.len() {
        let columns = cells(lines[at]);
        if columns.is_empty() || !is_separator(lines[at + 1], columns.len()) {
            at += 1;
            continue;
        }
        let rows: Vec<Vec<String>> = lines[at + 2..]
            .iter()
            .map(|line| cells(line))
            .take_while(|cells| cells.len() == columns.len())
            .take(ROWS_MAX)
            .collect();
        at += 2 + rows.len();
        let rows = rows
            .into_iter()
            .map(|row| row.into_iter().map(value).collect())
            .collect();
        found.push(Table { columns, rows });
    }
    found.extend(lists(&lines));
    found
}

/// Finds lists of numbers by name under a heading, such as `Revenue by region:` and `- North: 1,200`.
fn lists(lines: &[&str]) -> Vec<Table> {
    let item = |line: &&str| {
        let (name, number) = line.strip_prefix(['-', '*'])?.rsplit_once(": ")?;
        let number = number
            .trim()
            .replace(',', "")
            .parse()
            .ok()
            .and_then(number_value)?;
        Some(vec![Value::String(name.trim().to_owned()), number])
    };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((measure, label)) = line
            .strip_suffix(':')
            .and_then(|heading| heading.split_once(" by "))
        else {
            continue;
        };
        let rows: Vec<Vec<Value>> = lines[at + 1..]
            .iter()
            .map_while(item)
            .take(ROWS_MAX)
            .collect();
        if rows.len() > 1 {
            found.push(Table {
                columns: vec![label.trim().to_owned(), measure.trim().to_lowercase()],
                rows,
            });
        }
    }
    found
}

/// Splits a line of a table; a bar that belongs to a cell has a backslash before it.
fn cells(line: &str) -> Vec<String> {
    let Some(inner) = line
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'))
    else {
        return Vec::new();
    };
    let mut cells = vec![String::new()];
    let mut characters = inner.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, cells.last_mut()) {
            ('\\', Some(cell)) if characters.next_if_eq(&'|').is_some() => cell.push('|'),
            ('|', _) => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    cells
        .into_iter()
        .map(|cell| cell.trim().to_owned())
        .collect()
}

fn is_separator(line: &str, columns: usize) -> bool {
    let cells = cells(line);
    cells.len() == columns
        && cells
            .iter()
            .all(|cell| cell.contains('-') && cell.trim_matches(':').chars().all(|c| c == '-'))
}

/// A cell as a value: numbers as numbers, except those that are written as codes are.
fn value(cell: String) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    let digits = cell.strip_prefix('-').unwrap_or(&cell);
    let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && !is_code;
    let number = if is_number {
        cell.parse().ok().and_then(number_value)
    } else {
        None
    };
    number.unwrap_or(Value::String(cell))
}

/// Finds lists of columns with their types.
pub fn columns(text: &str) -> Vec<Column> {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?mi)^\s*[-*]\s+`?([^`\n]+?)`?\s+\((integer|int|number|numeric|decimal|float|text|string|date|datetime|timestamp|boolean|bool)\)(?:, (\d{4}-\d\d-\d\d\S*) to (\d{4}-\d\d-\d\d[^\s,]*))?(?:[^\n]*?such as ([^\n]+))?";
        Regex::new(pattern)
            .unwrap_or_else(|error| unreachable!("the pattern does not parse: {error}"))
    });
    LINE.captures_iter(text)
        .map(|line| {
            let part = |at: usize| line.get(at).map_or("", |found| found.as_str());
            let values = examples(part(5));
            let mut column = Column::new(part(1), Some(part(2)), values);
            let is_known = column.is_date && !part(3).is_empty();
            column.range = is_known.then(|| (part(3).to_owned(), part(4).to_owned()));
            column
        })
        .collect()
}

/// Splits examples at commas, but for those within a value: `Desk, standing` is one, as its second part starts small.
fn examples(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text
        .split(", ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        match found.last_mut() {
            Some(last)
                if last.starts_with(char::is_uppercase)
                    && part.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit()) =>
            {
                last.push_str(", ");
                last.push_str(part);
            }
            _ => found.push(part.to_owned()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markdown_tables_are_read() {
        let text = "4 rows:\n\n| region | sum(revenue) | zip |\n| --- | ---: | --- |\n| North | 300.5 | 01234 |\n| a\\|b |  | x |\n\nNote: odd";
        let expected = Table {
            columns: vec!["region".into(), "sum(revenue)".into(), "zip".into()],
            rows: vec![
                vec![json!("North"), json!(300.5), json!("01234")],
                vec![json!("a|b"), Value::Null, json!("x")],
            ],
        };
        assert_eq!(tables(text), [expected]);
        for text in ["| a | b |", "| a |\n| b |", "a\n---", "|\n|"] {
            assert_eq!(tables(text), [], "{text}");
        }
    }

    #[test]
    fn lists_of_numbers_are_tables() {
        let text = "West is first.\nTotal revenue by region:\n- West: 1,200.50\n- North: -3\n- and 4 more\n\nby the way:\n- x";
        let expected = Table {
            columns: vec!["region".into(), "total revenue".into()],
            rows: vec![
                vec![json!("West"), json!(1200.5)],
                vec![json!("North"), json!(-3)],
            ],
        };
        assert_eq!(tables(text), [expected]);
    }

    #[test]
    fn lists_of_columns_are_read() {
        let found = columns(
            "8 rows, 3 columns, separated by commas:\n- date (date), 2024-01-01 to 2024-12-31, 8 distinct\n- region (text), 2 distinct, such as North, South\n- unit price (decimal), 1 to 3, mean 2",
        );
        assert_eq!(
            found
                .iter()
                .map(|column| (column.name.as_str(), column.is_numeric, column.is_date))
                .collect::<Vec<_>>(),
            [
                ("date", Some(false), true),
                ("region", Some(false), false),
                ("unit price", Some(true), false)
            ]
        );
        assert_eq!(found[1].values, ["North", "South"]);
        let range = ("2024-01-01".to_owned(), "2024-12-31".to_owned());
        assert_eq!(found[0].range, Some(range));
        assert!(columns("- buy milk (soon)").is_empty());
        assert_eq!(
            examples("Keyboard, Desk, standing, Bookshelf, 5 shelves, Task lamp"),
            [
                "Keyboard",
                "Desk, standing",
                "Bookshelf, 5 shelves",
                "Task lamp"
            ]
        );
    }
}
