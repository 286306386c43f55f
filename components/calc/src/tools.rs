//! The two tools as a caller sees them: their names, schemas, arguments and answers.

use std::collections::BTreeMap;

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json};
use serde::Deserialize;

use crate::expression::{LENGTH_MAX, evaluate};
use crate::number::{DIGITS_ROUNDED, Number};
use crate::statistics::{Spread, relate, summarise};

/// The most numbers in a list.
const VALUES_MAX: usize = 10_000;

/// The component.
pub struct Calc;

impl Tools for Calc {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![evaluate_tool(), statistics_tool()])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        match name {
            "evaluate" => call_evaluate(arguments.parse()?),
            "statistics" => call_statistics(arguments.parse()?),
            _ => Err(ToolError::not_found(name)),
        }
    }
}

fn evaluate_tool() -> Tool {
    Tool::new(
        "evaluate",
        "Calculates an arithmetic expression exactly: what is 19.99 * 3 + 5, how much is 15% of 80, 2^100, sqrt(2), \
         10!. Add, subtract, multiply, divide, percent, powers, roots, rounding, logarithms, and mean or sum of numbers, \
         in decimals without rounding errors. % after a number is per cent (15% of 80), between two it is the remainder \
         (7 % 3). Angles are in radians.",
    )
    .title("Calculate")
    .input(json!({
        "type": "object",
        "properties": {
            "expression": {
                "type": "string",
                "minLength": 1,
                "maxLength": LENGTH_MAX,
                "description": "The expression, such as (19.99 * 3 + 5) / 2. Operators + - * / % ^ !; functions abs, \
                    round(x, places), floor, ceil, sqrt, min, max, sum, mean, median, ln, log10, exp, sin, cos and \
                    others; constants pi and e.",
                "examples": ["19.99 * 3 + 5", "15% of 80", "round(sqrt(2), 4)"]
            },
            "variables": {
                "type": "object",
                "additionalProperties": { "type": ["number", "string"] },
                "description": "Values of names in the expression. Give a number of more than 15 digits as a string."
            }
        },
        "required": ["expression"],
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": {
            "result": { "type": "string", "description": "The result as a decimal number." },
            "exact": { "type": "boolean", "description": "Whether every digit of the result holds." },
            "number": { "type": ["number", "null"], "description": "The nearest 64-bit float, where there is one." },
            "fraction": { "type": "string", "description": "The exact value where its decimals never end." }
        },
        "required": ["result", "exact", "number"]
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

fn statistics_tool() -> Tool {
    let spread = json!({
        "type": ["object", "null"],
        "properties": { "variance": { "type": "number" }, "stddev": { "type": "number" } },
        "required": ["variance", "stddev"]
    });
    let numbers = |description: &str| {
        json!({
            "type": "array",
            "items": { "type": ["number", "string"] },
            "minItems": 1,
            "maxItems": VALUES_MAX,
            "description": description
        })
    };
    let maybe = json!({ "type": ["number", "null"] });
    Tool::new(
        "statistics",
        "Statistics of a list of numbers: average, mean, median, mode, sum, count, minimum, maximum, variance, standard \
         deviation, quantiles and percentiles. With a second list also the correlation between the two and the linear \
         regression (trend line). For numbers that are given in the question; for a column of a CSV file use a CSV tool.",
    )
    .title("Statistics of numbers")
    .input(json!({
        "type": "object",
        "properties": {
            "values": numbers("The numbers. One with more than 15 digits may be given as a string."),
            "y": numbers("A second list, as long as the first: gives correlation and regression of y on values."),
            "quantiles": {
                "type": "array",
                "items": { "type": "number", "minimum": 0, "maximum": 1 },
                "maxItems": 100,
                "description": "Which quantiles to give, 0 to 1; 0.95 is the 95th percentile. Quartiles where absent."
            }
        },
        "required": ["values"],
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": {
            "count": { "type": "integer" },
            "sum": { "type": "number" },
            "mean": { "type": "number" },
            "median": { "type": "number" },
            "mode": { "type": "array", "items": { "type": "number" } },
            "min": { "type": "number" },
            "max": { "type": "number" },
            "sample": spread,
            "population": spread,
            "quantiles": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "q": { "type": "number" }, "value": { "type": "number" } },
                    "required": ["q", "value"]
                }
            },
            "correlation": maybe,
            "covariance": maybe,
            "regression": {
                "type": ["object", "null"],
                "properties": { "slope": { "type": "number" }, "intercept": { "type": "number" }, "r_squared": maybe }
            }
        },
        "required": ["count", "sum", "mean", "median", "mode", "min", "max", "sample", "population", "quantiles"]
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

/// A number as a caller gives it: JSON's numbers are floats to many, so a string can carry more digits.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Number(caxton_sdk::serde_json::Number),
    Text(String),
}

impl Input {
    fn read(&self) -> Result<Number, String> {
        let text = match self {
            Self::Number(number) => &number.to_string(),
            Self::Text(text) => text,
        };
        Number::parse(text).map_err(|error| error.to_string())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evaluate {
    expression: String,
    #[serde(default)]
    variables: BTreeMap<String, Input>,
}

fn call_evaluate(
    Evaluate {
        expression,
        variables,
    }: Evaluate,
) -> Answer {
    let mut values = BTreeMap::new();
    for (name, input) in variables {
        let value = input
            .read()
            .map_err(|error| ToolError::invalid(format!("variables.{name}: {error}")))?;
        values.insert(name, value);
    }
    let value = match evaluate(&expression, &values) {
        Ok(value) => value,
        Err(error) => {
            return ToolResult::error(format!(
                "`{}` can't be calculated: {error}.",
                shortened(&expression)
            ))
            .into();
        }
    };
    let (result, exact) = (value.to_string(), value.is_exact() && value.is_decimal());
    let mut structured = json!({ "result": result, "exact": exact, "number": finite(&value) });
    let mut text = if exact {
        format!("{} = {result}", shortened(&expression))
    } else {
        String::new()
    };
    if !exact {
        text = format!("{} ≈ {result}", shortened(&expression));
        let fraction = value.value().to_string();
        if value.is_exact() && fraction.len() <= 2 * DIGITS_ROUNDED as usize {
            text.push_str(&format!(" (exactly {fraction})"));
            structured["fraction"] = fraction.into();
        }
    }
    ToolResult::text(text).with_structured(&structured).into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statistics {
    values: Vec<Input>,
    y: Option<Vec<Input>>,
    #[serde(default = "quartiles")]
    quantiles: Vec<Input>,
}

fn quartiles() -> Vec<Input> {
    ["0.25", "0.5", "0.75"]
        .map(|q| Input::Text(q.into()))
        .into()
}

fn call_statistics(
    Statistics {
        values,
        y,
        quantiles,
    }: Statistics,
) -> Answer {
    let values = read_all("values", &values)?;
    let y = y.map(|y| read_all("y", &y)).transpose()?;
    let quantiles = read_all("quantiles", &quantiles)?;
    match describe(&values, y.as_deref(), &quantiles) {
        Ok((structured, text)) => ToolResult::text(text).with_structured(&structured).into(),
        Err(error) => {
            ToolResult::error(format!("The statistics can't be calculated: {error}.")).into()
        }
    }
}

fn describe(
    values: &[Number],
    y: Option<&[Number]>,
    quantiles: &[Number],
) -> Result<(Value, String), crate::number::NumberError> {
    let summary = summarise(values)?;
    let spread = |spread: &Spread| json!({ "variance": finite(&spread.variance), "stddev": finite(&spread.deviation) });
    let quantiles = quantiles
        .iter()
        .map(|q| Ok(json!({ "q": finite(q), "value": finite(&summary.quantile(q)?) })))
        .collect::<Result<Vec<_>, _>>()?;
    let mut structured = json!({
        "count": summary.count,
        "sum": finite(&summary.sum),
        "mean": finite(&summary.mean),
        "median": finite(&summary.median),
        "mode": summary.mode.iter().map(finite).collect::<Vec<_>>(),
        "min": finite(&summary.min),
        "max": finite(&summary.max),
        "sample": summary.sample.as_ref().map(spread),
        "population": spread(&summary.population),
        "quantiles": quantiles,
    });
    let mut text = format!(
        "count {}, sum {}, mean {}, median {}, min {}, max {}",
        summary.count, summary.sum, summary.mean, summary.median, summary.min, summary.max
    );
    if let Some(sample) = &summary.sample {
        text.push_str(&format!(", sample standard deviation {}", sample.deviation));
    }
    if let Some(y) = y {
        let relation = relate(values, y)?;
        structured["correlation"] = relation.correlation.as_ref().map(finite).into();
        structured["covariance"] = relation.covariance.as_ref().map(finite).into();
        structured["regression"] = relation
            .line
            .as_ref()
            .map(|line| {
                json!({
                    "slope": finite(&line.slope),
                    "intercept": finite(&line.intercept),
                    "r_squared": line.r_squared.as_ref().map(finite),
                })
            })
            .into();
        match &relation.correlation {
            Some(correlation) => text.push_str(&format!(", correlation {correlation}")),
            None => text.push_str(", no correlation because one of the lists does not vary"),
        }
        if let Some(line) = &relation.line {
            text.push_str(&format!(
                ", regression y = {} · x + {}",
                line.slope, line.intercept
            ));
        }
    }
    Ok((structured, text))
}

fn read_all(name: &str, inputs: &[Input]) -> Result<Vec<Number>, ToolError> {
    inputs
        .iter()
        .enumerate()
        .map(|(at, input)| {
            input
                .read()
                .map_err(|error| ToolError::invalid(format!("{name}[{at}]: {error}")))
        })
        .collect()
}

/// Gives the nearest float, whole ones as integers; nothing where it would be infinite, which JSON can't say.
fn finite(number: &Number) -> Value {
    use num_traits::ToPrimitive;
    match number.to_whole().and_then(ToPrimitive::to_i64) {
        Some(whole) if whole.unsigned_abs() <= 1 << 53 => whole.into(),
        _ => Some(number.to_f64())
            .filter(|float| float.is_finite())
            .into(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}
