//! What a tool wants: its JSON Schema read as a list of parameters, each with what would have to be found to fill it.
//! The names and descriptions of parameters are read as a person would read them.

mod list;

use serde_json::{Map, Value};

use crate::text;

/// How deep a schema is read.
const DEPTH_MAX: usize = 5;

/// What a column stands for in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What rows are put together by, or what names them.
    Group,
    /// What is added up or drawn.
    Measure,
    /// Any column.
    Any,
}

/// The form in which a table is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// `{"columns":[…],"rows":[[…]]}`.
    ColumnsAndRows,
    /// A list of objects.
    Records,
    /// A list of objects with these keys for a row's name and its number.
    Pairs { label: String, value: String },
    /// A list of objects with these keys for a series' name and its numbers.
    Series { name: String, values: String },
    /// A list of lists.
    Rows,
    /// The columns' names.
    Columns,
    /// The rows' names.
    Labels,
    /// The rows' numbers.
    Numbers,
    /// Text: CSV.
    Csv,
    /// Text: JSON.
    Json,
}

/// What would have to be found.
#[derive(Debug, Clone, PartialEq)]
pub enum Want {
    /// One of these.
    Choice(Vec<Value>),
    /// A file or directory.
    Path,
    /// An `http` or `https` address.
    Url,
    /// The name of a column.
    Column(Role),
    /// Names of columns.
    Columns(Role),
    /// A table in some form.
    Table(Shape),
    /// A number.
    Number { is_whole: bool },
    /// Several numbers.
    Numbers,
    /// Calculations written as `sum(column)`, with these functions.
    Calls(Vec<String>),
    /// What to sort by, written as `column desc`, or `sum(column) desc` where these functions are there.
    Sort(Vec<String>),
    /// True or false.
    Flag,
    /// A point in time.
    Date,
    /// A length of time.
    Duration,
    /// A time zone.
    Zone,
    /// A formula.
    Formula,
    /// A heading.
    Title,
    /// Text to work on: what is quoted, or the request itself.
    Text,
    /// The request itself, to be passed on.
    Message,
    /// An object of which all required parameters must be found.
    Object(Vec<Parameter>),
    /// A list of one such thing.
    List(Box<Want>),
    /// Any of these forms.
    Either(Vec<Want>),
    /// Not understood; filled only from a default.
    Unknown,
}

/// A parameter of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The words of its name and description.
    pub words: Vec<String>,
    /// What it wants.
    pub want: Want,
    /// It must be given.
    pub required: bool,
    /// Its default, where it has one.
    pub default: Option<Value>,
}

/// Reads the parameters of an object schema.
pub fn parameters(schema: &Value) -> Vec<Parameter> {
    let mut parameters = object(schema, schema, 0);
    // A tool that works on a file and says that nothing is required takes the data in another way too; one of them must
    // be given.
    let takes_table = parameters
        .iter()
        .any(|parameter| matches!(parameter.want, Want::Table(_)));
    if takes_table && parameters.iter().all(|parameter| !parameter.required) {
        if let Some(path) = parameters
            .iter_mut()
            .find(|parameter| parameter.want == Want::Path)
        {
            path.required = true;
        }
    }
    parameters
}

fn object(schema: &Value, root: &Value, depth: usize) -> Vec<Parameter> {
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    properties
        .iter()
        .map(|(name, property)| {
            let property = resolve(property, root);
            let description = property["description"].as_str().unwrap_or_default();
            Parameter {
                name: name.clone(),
                words: text::words(&format!("{name} {description}")),
                want: want(name, property, properties, root, depth),
                required: required.contains(&name.as_str()),
                default: property.get("default").cloned(),
            }
        })
        .collect()
}

/// Follows a `$ref` within the schema, a few steps at most.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        let Some(target) = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| root.pointer(pointer))
        else {
            break;
        };
        schema = target;
    }
    schema
}

fn want(
    name: &str,
    schema: &Value,
    siblings: &Map<String, Value>,
    root: &Value,
    depth: usize,
) -> Want {
    if depth > DEPTH_MAX {
        return Want::Unknown;
    }
    if let Some(values) = schema["enum"].as_array() {
        return Want::Choice(values.clone());
    }
    if let Some(value) = schema.get("const") {
        return Want::Choice(vec![value.clone()]);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(forms) = schema[key].as_array() {
            let wants: Vec<Want> = forms
                .iter()
                .map(|form| resolve(form, root))
                .filter(|form| form["type"] != "null")
                .map(|form| want(name, &described_by(form, schema), siblings, root, depth + 1))
                .filter(|want| *want != Want::Unknown)
                .collect();
            return match wants.len() {
                0 => Want::Unknown,
                1 => wants.into_iter().next().unwrap_or(Want::Unknown),
                _ => Want::Either(wants),
            };
        }
    }
    let kind = kind_of(schema);
    let names = text::words(name);
    let described = text::words(schema["description"].as_str().unwrap_or_default());
    match kind {
        "boolean" => Want::Flag,
        "integer" => Want::Number { is_whole: true },
        "number" => Want::Number { is_whole: false },
        "string" => string(&names, &described, schema),
        "array" => list::array(name, &names, &described, schema, siblings, root, depth),
        "object" => {
            let properties = schema["properties"].as_object();
            if properties.is_some_and(|properties| {
                properties.contains_key("columns") && properties.contains_key("rows")
            }) {
                return Want::Table(Shape::ColumnsAndRows);
            }
            let parameters = object(schema, root, depth + 1);
            if parameters.is_empty() {
                Want::Unknown
            } else {
                Want::Object(parameters)
            }
        }
        // Anything at all: a table if its name says so.
        _ if is_table_name(&names) => Want::Either(vec![
            Want::Table(Shape::Records),
            Want::Table(Shape::ColumnsAndRows),
        ]),
        _ => Want::Unknown,
    }
}

/// The type that a schema allows; the first of several, apart from null.
fn kind_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ if schema["properties"].is_object() => "object",
        _ => "",
    }
}

/// One form of several, with the description of the whole where it has none of its own.
fn described_by(form: &Value, whole: &Value) -> Value {
    let mut form = form.clone();
    if let (Some(object), Some(description)) = (form.as_object_mut(), whole.get("description")) {
        object
            .entry("description")
            .or_insert_with(|| description.clone());
    }
    form
}

fn has(words: &[String], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(&word.as_str()))
}

fn is_table_name(names: &[String]) -> bool {
    has(
        names,
        &["data", "table", "rows", "records", "points", "dataset"],
    )
}

fn role(names: &[String], described: &[String]) -> Role {
    const GROUP: &[&str] = &[
        "group",
        "groups",
        "by",
        "category",
        "categories",
        "label",
        "labels",
        "dimension",
        "x",
        "key",
        "keys",
        "per",
    ];
    const MEASURE: &[&str] = &[
        "metric",
        "metrics",
        "measure",
        "measures",
        "value",
        "values",
        "y",
        "aggregate",
        "numeric",
        "amount",
        "series",
    ];
    // The name is the surer hint.
    if has(names, GROUP) {
        Role::Group
    } else if has(names, MEASURE) {
        Role::Measure
    } else if has(
        described,
        &[
            "numeric",
            "number",
            "numbers",
            "sum",
            "aggregate",
            "aggregated",
            "measure",
        ],
    ) {
        Role::Measure
    } else if has(described, &["group", "grouped", "category"]) {
        Role::Group
    } else {
        Role::Any
    }
}

fn is_column(names: &[String], described: &[String]) -> bool {
    has(
        names,
        &[
            "column",
            "columns",
            "field",
            "fields",
            "metric",
            "dimension",
        ],
    ) || (has(names, &["group", "by"]) && !has(names, &["order"]))
        || has(described, &["column", "columns"])
}

fn string(names: &[String], described: &[String], schema: &Value) -> Want {
    let format = schema["format"].as_str().unwrap_or_default();
    if matches!(format, "uri" | "url" | "iri") || has(names, &["url", "uri", "link"]) {
        Want::Url
    } else if matches!(format, "date" | "date-time" | "time") {
        Want::Date
    } else if format == "duration" || has(names, &["duration", "span", "period"]) {
        Want::Duration
    } else if has(names, &["zone", "timezone", "tz"]) || has(described, &["iana"]) {
        Want::Zone
    } else if has(
        names,
        &["path", "file", "filename", "directory", "dir", "folder"],
    ) {
        Want::Path
    } else if has(names, &["expression", "formula", "equation", "calculation"]) {
        Want::Formula
    } else if has(names, &["title", "heading", "caption"]) {
        Want::Title
    } else if has(
        names,
        &[
            "message",
            "request",
            "prompt",
            "question",
            "task",
            "instruction",
            "instructions",
        ],
    ) {
        Want::Message
    } else if has(names, &["csv"])
        || (has(described, &["csv"])
            && (is_table_name(names) || has(described, &["itself", "content"])))
    {
        Want::Table(Shape::Csv)
    } else if is_table_name(names) && has(described, &["json"]) {
        Want::Table(Shape::Json)
    } else if is_column(names, described) {
        Want::Column(role(names, described))
    } else if has(
        names,
        &[
            "time",
            "date",
            "datetime",
            "timestamp",
            "start",
            "end",
            "from",
            "to",
            "since",
            "until",
            "when",
        ],
    ) && has(described, &["time", "date", "rfc", "iso", "instant"])
    {
        Want::Date
    } else if has(
        names,
        &[
            "text", "content", "input", "query", "search", "pattern", "term", "needle", "body",
            "string", "name", "city", "location", "place", "topic",
        ],
    ) {
        Want::Text
    } else {
        Want::Unknown
    }
}

#[cfg(test)]
mod tests;
