//! The answer in words: what the calls gave, in sentences that can be followed back to the numbers; and, where nothing
//! fits, what could be asked instead.

mod rows;

use serde_json::Value;

use crate::plan::{Clause, Plan, State};
use crate::shape;
use crate::situation::{Situation, Tool};
use crate::table::{self, Table, number, plain};
use crate::text;
use crate::words;

/// Said once in a conversation, so that nobody takes the answer for a model's.
pub const NOTE: &str = "(Answered by Caxton's offline demo: no language model, only tools chosen by similarity. For a real model set `[model] default` in caxton.toml, such as \"openai/gpt-5-mini\".)";
/// The most rows of a table that are shown.
const ROWS_SHOWN_MAX: usize = 12;
/// The most columns of a table that are shown.
const COLUMNS_SHOWN_MAX: usize = 8;
/// The most characters of a tool's text that are shown.
const CHARACTERS_SHOWN_MAX: usize = 4_000;
/// The most tools that are listed.
const TOOLS_SHOWN_MAX: usize = 12;

/// Gives the answer to a request whose plan is done.
pub fn answer(situation: &Situation, plan: &Plan) -> String {
    let was_served = plan
        .clauses
        .iter()
        .any(|clause| matches!(clause.state, State::Called(..)));
    let mut paragraphs: Vec<String> = plan
        .clauses
        .iter()
        .filter_map(|clause| paragraph(clause, was_served))
        .collect();
    for line in &plan.told {
        if !paragraphs.iter().any(|paragraph| paragraph.contains(line)) {
            paragraphs.push(line.clone());
        }
    }
    for (tool, error) in &plan.failed {
        paragraphs.push(format!("`{tool}` failed: {}", shortened(error)));
    }
    if !was_served {
        let is_short_of = |clause: &Clause| matches!(clause.state, State::Missing(..));
        let fits = plan.clauses.iter().any(is_short_of);
        paragraphs.push(offer(situation, fits));
    } else if situation.is_first {
        paragraphs.push(NOTE.to_owned());
    }
    paragraphs.join("\n\n")
}

fn paragraph(clause: &Clause, was_served: bool) -> Option<String> {
    match &clause.state {
        State::Called(call, output) if output.is_error => Some(format!(
            "`{}` could not do “{}”: {}",
            call.asks.as_ref().unwrap_or(&call.tool),
            clause.text,
            shortened(&output.text)
        )),
        State::Called(call, output) => {
            let text = result(&clause.text, &output.text.replace(NOTE, ""));
            let text = match &call.asks {
                Some(capability) => format!("From the agent for {capability}:\n{text}"),
                None => text,
            };
            Some(
                std::iter::once(text)
                    .chain(rows::told(&call.scope))
                    .collect::<Vec<_>>()
                    .join("\n"),
            )
        }
        State::Missing(tool, missing) => Some(format!(
            "For “{}” the tool `{tool}` fits, but I found no {} for it. Put {} into the message.",
            clause.text,
            missing
                .iter()
                .map(|name| text::words(name).join(" "))
                .collect::<Vec<_>>()
                .join(" and no "),
            if missing.len() == 1 { "that" } else { "them" }
        )),
        // A greeting beside a question needs no answer of its own.
        State::NoTool | State::Open if was_served => (text::words(&clause.text).len() > 3)
            .then(|| format!("I found no tool for “{}”.", clause.text)),
        State::NoTool | State::Open => None,
    }
}

/// Says what can be asked here; only what this is where a tool `fits` already.
fn offer(situation: &Situation, fits: bool) -> String {
    let mut lines = vec!["I am Caxton's offline demo: there is no language model behind me, I only match requests to tools and report what they return.".to_owned()];
    if situation.tools.is_empty() {
        lines.push("This agent has no tools, so there is nothing I can do for it.".to_owned());
    } else if !fits {
        lines.push("I found none for this request. What I can use here:".to_owned());
        lines.extend(
            situation
                .tools
                .iter()
                .take(TOOLS_SHOWN_MAX)
                .map(|tool| format!("- `{}`: {}", tool.name, first_sentence(tool))),
        );
        if situation.tools.len() > TOOLS_SHOWN_MAX {
            lines.push(format!(
                "- and {} more",
                situation.tools.len() - TOOLS_SHOWN_MAX
            ));
        }
    }
    lines.push("For free answers plug in a model: `[model] default = \"openai/gpt-5-mini\"` in caxton.toml, with its key as a secret.".to_owned());
    lines.join("\n")
}

fn first_sentence(tool: &Tool) -> String {
    let text = &tool.description;
    // What comes after a colon are examples.
    let end = [". ", ": ", "\n"]
        .iter()
        .filter_map(|end| text.find(end))
        .min()
        .unwrap_or(text.len());
    text[..end]
        .trim_end_matches('.')
        .chars()
        .take(160)
        .collect()
}

/// Says what a tool returned for a clause.
fn result(clause: &str, output: &str) -> String {
    if let Some(table) = table::tables(output).into_iter().next() {
        return of_table(clause, &table);
    }
    let json = serde_json::from_str::<Value>(output);
    let columns = table::columns(output);
    if json.is_ok() && !columns.is_empty() {
        let kinds = columns.iter().map(|column| match column.is_numeric {
            Some(true) => format!("{} (numbers)", column.name),
            _ => column.name.clone(),
        });
        return format!("Columns: {}.", kinds.collect::<Vec<_>>().join(", "));
    }
    match json {
        Ok(Value::Object(object)) => {
            let lines = object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| {
                    let shown = if value.as_array().is_some_and(Vec::is_empty) {
                        "none".to_owned()
                    } else if value.is_array() || value.is_object() {
                        value.to_string()
                    } else {
                        plain(value)
                    };
                    format!("- {}: {}", text::words(key).join(" "), shortened(&shown))
                });
            shortened(&lines.collect::<Vec<_>>().join("\n"))
        }
        Ok(value) => shortened(&plain(&value)),
        Err(_) => shortened(output.trim()),
    }
}

/// Says what a table shows: the row that the clause asks for, the total, and the rows.
fn of_table(clause: &str, table: &Table) -> String {
    if table.rows.is_empty() {
        return "No rows match.".to_owned();
    }
    let label = shape::label(table, clause);
    let Some(measure) =
        shape::measure(table, clause).filter(|_| table.rows.len() > 1 || table.columns.len() > 1)
    else {
        return if table.rows.len() == 1 {
            of_row(table)
        } else {
            listing(table)
        };
    };
    if table.rows.len() == 1 {
        return of_row(table);
    }
    let numbers: Vec<f64> = table
        .rows
        .iter()
        .map(|row| number(&row[measure]).unwrap_or(f64::NAN))
        .collect();
    let name = spoken(&table.columns[measure]);
    let mut lines = Vec::new();
    let mut order: Vec<usize> = (0..table.rows.len()).collect();
    // Of several columns of numbers the clause must say which is meant.
    let is_clear = table.measure_columns().len() == 1 || shape::speaks_of(table, measure, clause);
    if let Some(is_most) = words::superlative(clause).filter(|_| is_clear) {
        order.sort_by(|a, b| {
            if is_most {
                numbers[*b].total_cmp(&numbers[*a])
            } else {
                numbers[*a].total_cmp(&numbers[*b])
            }
        });
        let best = order[0];
        let is_share = is_sum(&name) && numbers.iter().all(|number| *number >= 0.0);
        let total: f64 = numbers.iter().filter(|number| number.is_finite()).sum();
        let share = if is_share && total > 0.0 {
            format!(
                ", {:.1}% of the total of {}",
                100.0 * numbers[best] / total,
                shown(total)
            )
        } else {
            String::new()
        };
        let which = if is_most { "highest" } else { "lowest" };
        lines.push(format!(
            "{} has the {which} {name}: {}{share}.",
            plain(&table.rows[best][label]),
            shown(numbers[best])
        ));
    }
    if table.measure_columns().len() > 1 || table.columns.len() > 2 {
        let sorted = Table {
            columns: table.columns.clone(),
            rows: order.iter().map(|at| table.rows[*at].clone()).collect(),
        };
        lines.push(listing(&sorted));
    } else {
        lines.push(format!(
            "{} by {}:",
            capitalised(&name),
            spoken(&table.columns[label])
        ));
        lines.extend(order.iter().take(ROWS_SHOWN_MAX).map(|at| {
            format!(
                "- {}: {}",
                plain(&table.rows[*at][label]),
                shown(numbers[*at])
            )
        }));
        if order.len() > ROWS_SHOWN_MAX {
            lines.push(format!("- and {} more", order.len() - ROWS_SHOWN_MAX));
        }
    }
    lines.join("\n")
}

/// A column's name as people say it: `total revenue` for `sum(revenue)`.
fn spoken(name: &str) -> String {
    let mut words = text::words(name);
    if words.len() > 1 {
        match words[0].as_str() {
            "sum" => words[0] = "total".to_owned(),
            "mean" | "avg" => words[0] = "average".to_owned(),
            // `month(date)` names the month.
            "year" | "quarter" | "month" | "week" | "day" | "weekday" | "hour"
                if name.contains('(') =>
            {
                words.truncate(1)
            }
            _ => {}
        }
    }
    words.join(" ")
}

/// Whether adding up such numbers makes sense: an average of averages is none.
fn is_sum(name: &str) -> bool {
    ![
        "mean", "average", "avg", "median", "min", "max", "minimum", "maximum", "price", "rate",
        "ratio", "percent", "year",
    ]
    .iter()
    .any(|word| words::says(name, word))
}

fn of_row(table: &Table) -> String {
    let cells = table
        .columns
        .iter()
        .zip(&table.rows[0])
        .map(|(name, cell)| format!("{}: {}", capitalised(&spoken(name)), shown_cell(cell)));
    cells.collect::<Vec<_>>().join(", ") + "."
}

/// A table in Markdown.
fn listing(table: &Table) -> String {
    let columns = table.columns.len().min(COLUMNS_SHOWN_MAX);
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(table.columns[..columns].to_vec()),
        line(vec!["---".to_owned(); columns]),
    ];
    for row in table.rows.iter().take(ROWS_SHOWN_MAX) {
        lines.push(line(
            row[..columns]
                .iter()
                .map(|cell| shown_cell(cell).replace('|', "\\|"))
                .collect(),
        ));
    }
    if table.rows.len() > ROWS_SHOWN_MAX {
        lines.push(format!(
            "\nand {} more rows",
            table.rows.len() - ROWS_SHOWN_MAX
        ));
    }
    lines.join("\n")
}

fn shown_cell(cell: &Value) -> String {
    // Only real numbers get separators: a text of digits may be a code.
    if cell.is_number() {
        cell.as_f64().map_or_else(|| plain(cell), shown)
    } else {
        plain(cell)
    }
}

/// A number with separators, rounded to two decimals where it has more.
pub fn shown(number: f64) -> String {
    if !number.is_finite() {
        return "no number".to_owned();
    }
    if number != 0.0 && number.abs() < 0.01 {
        return format!("{number:.2e}");
    }
    let text = format!("{:.2}", number.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    if decimals.trim_end_matches('0').is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{decimals}")
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(CHARACTERS_SHOWN_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_told_in_words() {
        let sums =
            r#"{"columns":["region","sum_revenue"],"rows":[["North",1000],["South",3000.5]]}"#;
        assert_eq!(
            result("Which region sold the most", sums),
            "South has the highest total revenue: 3,000.50, 75.0% of the total of 4,000.50.\nTotal revenue by region:\n- South: 3,000.50\n- North: 1,000"
        );
        assert_eq!(
            result("revenue by region", sums),
            "Total revenue by region:\n- North: 1,000\n- South: 3,000.50"
        );
        let means = sums.replace("sum_revenue", "mean_revenue");
        assert!(
            result("Which region has the lowest average revenue", &means)
                .starts_with("North has the lowest average revenue: 1,000.\n")
        );
        assert_eq!(
            result("rows", r#"{"columns":["n"],"rows":[]}"#),
            "No rows match."
        );
        assert_eq!(
            result("how many", r#"{"columns":["count"],"rows":[[1234]]}"#),
            "Count: 1,234."
        );
        assert_eq!(
            result("x", r#"[{"a":"x","b":1,"c":2},{"a":"y|z","b":3,"c":4}]"#),
            "| a | b | c |\n| --- | --- | --- |\n| x | 1 | 2 |\n| y\\|z | 3 | 4 |"
        );
    }

    #[test]
    fn other_results_are_told_as_they_are() {
        assert_eq!(result("x", "plain text\n"), "plain text");
        assert_eq!(
            result("x", r#"{"result":"391","exact":true,"note":null}"#),
            "- exact: true\n- result: 391"
        );
        assert_eq!(
            result(
                "x",
                r#"{"columns":[{"name":"region","type":"text"},{"name":"units","type":"integer"}]}"#
            ),
            "Columns: region, units (numbers)."
        );
    }

    #[test]
    fn numbers_are_readable() {
        for (number, expected) in [
            (0.0, "0"),
            (1234567.0, "1,234,567"),
            (-1234.5, "-1,234.50"),
            (0.126, "0.13"),
            (0.001, "1.00e-3"),
            (100.0, "100"),
            (f64::NAN, "no number"),
        ] {
            assert_eq!(shown(number), expected);
        }
    }
}
