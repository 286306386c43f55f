//! The tool as a caller sees it: its schema, its arguments and its answer.

use caxton_sdk::{Answer, Arguments, Content, Tool, ToolError, ToolResult, Tools, Value, json};
use serde::Deserialize;

use crate::bar::Stand;
use crate::data::{Choice, Data, Input, Points};
use crate::error::ChartError;
use crate::frame::Words;
use crate::svg::Svg;
use crate::{bar, line, number, pie, scatter};

/// The size where none is given, in pixels: wide enough for a page, with the shape of a slide.
const SIZE_DEFAULT: (f64, f64) = (800.0, 450.0);

/// The longest list of values in words; what is longer says less than the picture.
const VALUES_TOLD: usize = 12;

/// The component.
pub struct Chart;

impl Tools for Chart {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![render()])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        match name {
            "render" => {
                let request: Request = arguments.parse()?;
                draw(&request)
                    .unwrap_or_else(|error| ToolResult::error(sentence(&error)))
                    .into()
            }
            _ => Err(ToolError::not_found(name)),
        }
    }
}

fn render() -> Tool {
    Tool::new(
        "render",
        "Draws a chart, graph, diagram or plot of data as an SVG picture: draw a bar chart of sales by region, plot the \
         revenue per month as a line chart, show the shares as a pie or donut chart, a scatter plot of price against \
         weight. Takes a table with columns and rows, as the csv tools give it, or lists of values.",
    )
    .title("Draw a chart")
    .input(json!({
        "type": "object",
        "properties": {
            "kind": {
                "enum": ["bar", "line", "scatter", "pie", "donut"],
                "default": "bar",
                "description": "bar compares values, line shows how they change over time, scatter shows how two numbers \
                    relate, pie and donut show parts of a whole."
            },
            "data": data_schema(),
            "x": {
                "type": "string",
                "description": "The column along the axis, such as region or month; the first column where absent."
            },
            "y": {
                "type": ["array", "string"],
                "items": { "type": "string" },
                "description": "The column or columns with the values; all that hold numbers where absent."
            },
            "series": {
                "type": "string",
                "description": "A column by whose values the data is split into several series, such as product."
            },
            "title": { "type": "string", "description": "The title of the chart." },
            "x_label": { "type": "string", "description": "The name of the axis of categories; empty for none." },
            "y_label": { "type": "string", "description": "The name of the axis of values; empty for none." },
            "stacked": { "type": "boolean", "description": "Bars of several series on top of one another." },
            "horizontal": { "type": "boolean", "description": "Lying bars: better for long names." },
            "width": { "type": "integer", "minimum": 240, "maximum": 4000, "default": SIZE_DEFAULT.0 as u32 },
            "height": { "type": "integer", "minimum": 160, "maximum": 4000, "default": SIZE_DEFAULT.1 as u32 }
        },
        "required": ["data"],
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": {
            "kind": { "type": "string" },
            "title": { "type": ["string", "null"] },
            "mime_type": { "const": "image/svg+xml" },
            "width": { "type": "integer" },
            "height": { "type": "integer" },
            "series": { "type": "array", "items": { "type": "string" } },
            "points": { "type": "integer", "description": "How many values are drawn." },
            "min": { "type": "number" },
            "max": { "type": "number" }
        },
        "required": ["kind", "title", "mime_type", "width", "height", "series", "points", "min", "max"]
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

fn data_schema() -> Value {
    let value = json!({ "type": ["number", "string", "null"] });
    json!({
        "type": "object",
        "description": "The data: a table with columns and rows, as csv tools give it, or categories and series.",
        "properties": {
            "columns": { "type": "array", "items": { "type": "string" }, "description": "The names of a table's columns." },
            "rows": {
                "type": "array",
                "items": { "type": "array", "items": { "type": ["number", "string", "boolean", "null"] } },
                "description": "The table's rows; each has a value for each column."
            },
            "categories": {
                "type": "array",
                "items": { "type": ["string", "number", "boolean", "null"] },
                "description": "What stands along the axis, or the names of the slices."
            },
            "series": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "values": { "type": "array", "items": value, "description": "A value for each category; null for a gap." },
                        "points": {
                            "type": "array",
                            "items": { "type": "array", "items": value, "minItems": 2, "maxItems": 2 },
                            "description": "For scatter charts: pairs of x and y."
                        }
                    }
                }
            }
        },
        "examples": [
            { "columns": ["region", "sales"], "rows": [["North", 120], ["South", 80]] },
            { "categories": ["North", "South"], "series": [{ "name": "sales", "values": [120, 80] }] }
        ]
    })
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Bar,
    Line,
    Scatter,
    Pie,
    Donut,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Line => "line",
            Self::Scatter => "scatter",
            Self::Pie => "pie",
            Self::Donut => "donut",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    kind: Kind,
    data: Input,
    x: Option<String>,
    y: Option<OneOrMore>,
    series: Option<String>,
    title: Option<String>,
    x_label: Option<String>,
    y_label: Option<String>,
    #[serde(default)]
    stacked: bool,
    #[serde(default)]
    horizontal: bool,
    width: Option<f64>,
    height: Option<f64>,
}

/// What was drawn, for the answer.
struct Drawn {
    /// One line for each value, or for each series where there are many.
    told: String,
    series: Vec<String>,
    values: Vec<f64>,
}

fn draw(request: &Request) -> Result<ToolResult, ChartError> {
    let choice = Choice {
        x: request.x.clone(),
        y: match &request.y {
            Some(OneOrMore::One(name)) => vec![name.clone()],
            Some(OneOrMore::More(names)) => names.clone(),
            None => Vec::new(),
        },
        split: request.series.clone(),
    };
    let width = request
        .width
        .unwrap_or(SIZE_DEFAULT.0)
        .round()
        .clamp(240.0, 4000.0);
    let height = request
        .height
        .unwrap_or(SIZE_DEFAULT.1)
        .round()
        .clamp(160.0, 4000.0);
    let mut svg = Svg::new(width, height);
    let drawn = match request.kind {
        Kind::Scatter => {
            let points = Points::new(&request.data, &choice)?;
            scatter::draw(
                &mut svg,
                (width, height),
                &words(request, &points.x_name, &points.y_name),
                &points,
            );
            tell_points(&points)
        }
        kind => {
            let data = Data::new(&request.data, &choice)?;
            let words = words(request, &data.x_name, &data.y_name);
            match kind {
                Kind::Line => line::draw(&mut svg, (width, height), &words, &data),
                Kind::Pie | Kind::Donut => pie::draw(
                    &mut svg,
                    (width, height),
                    &words,
                    &data,
                    kind == Kind::Donut,
                )?,
                _ => {
                    let stand = Stand {
                        stacked: request.stacked,
                        horizontal: request.horizontal,
                    };
                    bar::draw(&mut svg, (width, height), &words, &data, stand);
                }
            }
            tell_data(&data)
        }
    };
    let name = format!("{} chart", request.kind.name());
    let name = match title(request) {
        Some(title) => format!("{title} ({name})"),
        None => format!("A {name}"),
    };
    // The minus sign of pictures is no part of a number to those who read text as data.
    let told = drawn.told.replace('−', "-");
    let text = format!("{name}: {told}");
    let structured = json!({
        "kind": request.kind.name(),
        "title": title(request),
        "mime_type": "image/svg+xml",
        "width": width as u32,
        "height": height as u32,
        "series": drawn.series,
        "points": drawn.values.len(),
        "min": drawn.values.iter().copied().fold(f64::INFINITY, f64::min),
        "max": drawn.values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    });
    let image = svg.finish(&name, &told);
    Ok(ToolResult::text(text)
        .and(Content::image(image, "image/svg+xml"))
        .with_structured(&structured))
}

fn title(request: &Request) -> Option<&str> {
    request
        .title
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty())
}

/// Gives what stands around the chart; the columns' names are the axes' where nothing else is said.
fn words(request: &Request, x: &Option<String>, y: &Option<String>) -> Words {
    let label = |given: &Option<String>, own: &Option<String>| {
        given
            .clone()
            .or_else(|| own.clone())
            .map(|label| label.trim().to_owned())
            .filter(|label| !label.is_empty())
    };
    Words {
        title: title(request).map(Into::into),
        x: label(&request.x_label, x),
        y: label(&request.y_label, y),
    }
}

fn tell_data(data: &Data) -> Drawn {
    let values: Vec<f64> = data.values().collect();
    let pairs: Vec<(String, f64)> = data
        .series
        .iter()
        .flat_map(|series| {
            data.categories
                .iter()
                .zip(&series.values)
                .map(move |(category, value)| (category, series, value))
        })
        .filter_map(|(category, series, value)| {
            let name = if data.series.len() > 1 {
                format!("{category}, {}", series.name)
            } else {
                category.clone()
            };
            value.map(|value| (name, value))
        })
        .collect();
    let told = if pairs.len() <= VALUES_TOLD {
        pairs
            .iter()
            .map(|(name, value)| format!("{name} {}", number::value(*value)))
            .collect::<Vec<_>>()
            .join("; ")
    } else {
        let by = |a: &&(String, f64), b: &&(String, f64)| a.1.total_cmp(&b.1);
        let extreme = |pair: Option<&(String, f64)>| {
            pair.map(|(name, value)| format!("{} ({name})", number::value(*value)))
                .unwrap_or_default()
        };
        format!(
            "{} values in {} categories, from {} to {}",
            pairs.len(),
            data.categories.len(),
            extreme(pairs.iter().min_by(by)),
            extreme(pairs.iter().max_by(by))
        )
    };
    Drawn {
        told,
        series: data
            .series
            .iter()
            .map(|series| series.name.clone())
            .collect(),
        values,
    }
}

fn tell_points(points: &Points) -> Drawn {
    let values: Vec<f64> = points
        .series
        .iter()
        .flat_map(|(_, points)| points.iter().map(|(_, y)| *y))
        .collect();
    let name =
        |name: &Option<String>, default: &str| name.clone().unwrap_or_else(|| default.into());
    let told = format!(
        "{} points of {} against {}",
        values.len(),
        name(&points.y_name, "y"),
        name(&points.x_name, "x")
    );
    Drawn {
        told,
        series: points.series.iter().map(|(name, _)| name.clone()).collect(),
        values,
    }
}

/// Makes a sentence of a message.
fn sentence(error: &ChartError) -> String {
    format!("The chart can't be drawn: {error}.")
}
