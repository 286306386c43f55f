//! JSON to the values of plain functions and back, strictly: what does not fit is an error that names its place.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use wasmtime::component::Val;

use super::shape::{Integer, Kind, Part, Shape};

/// Where a value stands, such as `$.points[3].x`. It is made for every value and written out only where one is wrong: names
/// and nesting come from the component, and may be long and deep.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// The outermost value.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An item of an array.
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}

/// Turns the JSON `value`, found at `path`, into a value of `shape`.
///
/// # Errors
/// A text that names the place, what is there and what should be.
pub(super) fn to_val(shape: &Shape, value: &Value, path: Place<'_>) -> Result<Val, String> {
    let wrong = |expected: &str| {
        Err(format!(
            "`{path}` must be {expected}, and is {}",
            described(value)
        ))
    };
    Ok(match (&shape.kind, value) {
        (Kind::Bool, Value::Bool(value)) => Val::Bool(*value),
        (Kind::Bool, _) => return wrong("true or false"),
        (Kind::Integer(of), _) => {
            return integer(*of, value).map_or_else(|| wrong(&of.expected()), Ok);
        }
        (Kind::Float64, Value::Number(number)) => Val::Float64(number.as_f64().unwrap_or(f64::NAN)),
        (Kind::Float32, Value::Number(number)) => {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "a float32 is what the function takes; too large ones are refused"
            )]
            let single = number.as_f64().unwrap_or(f64::NAN) as f32;
            if !single.is_finite() {
                return wrong("a number that fits 32 bits");
            }
            Val::Float32(single)
        }
        (Kind::Float32 | Kind::Float64, _) => return wrong("a number"),
        (Kind::Char, Value::String(text)) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Val::Char(char),
                _ => return wrong("a single character"),
            }
        }
        (Kind::Char, _) => return wrong("a single character"),
        (Kind::String, Value::String(text)) => Val::String(text.clone()),
        (Kind::String, _) => return wrong("a string"),
        (Kind::Bytes, Value::String(text)) => match STANDARD.decode(text) {
            Ok(bytes) => Val::List(bytes.into_iter().map(Val::U8).collect()),
            Err(error) => return Err(format!("`{path}` must be bytes in base64: {error}")),
        },
        (Kind::Bytes, _) => return wrong("a string of bytes in base64"),
        (Kind::List(of), Value::Array(items)) => Val::List(
            items
                .iter()
                .enumerate()
                .map(|(i, item)| to_val(of, item, Place::Item(&path, i)))
                .collect::<Result<_, _>>()?,
        ),
        (Kind::List(_), _) => return wrong("an array"),
        (Kind::Tuple(shapes), Value::Array(items)) if items.len() == shapes.len() => {
            let parts = shapes.iter().zip(items).enumerate();
            Val::Tuple(
                parts
                    .map(|(i, (shape, item))| to_val(shape, item, Place::Item(&path, i)))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Kind::Tuple(shapes), _) => return wrong(&format!("an array of {}", shapes.len())),
        (Kind::Record(fields), Value::Object(map)) => {
            let parts = fields
                .iter()
                .map(|field| (field.name.as_str(), &field.shape));
            let values = members(parts, map, path)?;
            Val::Record(
                fields
                    .iter()
                    .map(|field| field.name.clone())
                    .zip(values)
                    .collect(),
            )
        }
        (Kind::Record(_), _) => return wrong("an object"),
        (Kind::Variant(cases), Value::Object(map)) => variant(cases, map, path)?,
        (Kind::Variant(_), _) => return wrong("an object with `tag`"),
        (Kind::Enum(cases), Value::String(name)) if cases.iter().any(|case| case.name == *name) => {
            Val::Enum(name.clone())
        }
        (Kind::Enum(cases), _) => return wrong(&one_of(cases)),
        (Kind::Flags(flags), Value::Array(items)) => Val::Flags(
            items
                .iter()
                .enumerate()
                .map(|(i, item)| flag(flags, item, Place::Item(&path, i)))
                .collect::<Result<_, _>>()?,
        ),
        (Kind::Flags(flags), _) => return wrong(&format!("an array of {}", one_of(flags))),
        (Kind::Option(_), Value::Null) => Val::Option(None),
        (Kind::Option(of), _) => {
            let inner = match (&of.kind, value) {
                (Kind::Option(_), Value::Object(map))
                    if map.len() == 1 && map.contains_key("some") =>
                {
                    to_val(of, &map["some"], Place::Member(&path, "some"))?
                }
                (Kind::Option(_), _) => return wrong("null or an object with `some`"),
                _ => to_val(of, value, path)?,
            };
            Val::Option(Some(Box::new(inner)))
        }
        (Kind::Result(ok, err), Value::Object(map)) if map.len() == 1 => {
            let side = |shape: &Option<Box<Shape>>, name: &str| match shape {
                Some(shape) => to_val(shape, &map[name], Place::Member(&path, name))
                    .map(|value| Some(Box::new(value))),
                None if map[name].is_null() => Ok(None),
                None => Err(format!(
                    "`{path}.{name}` must be null, and is {}",
                    described(&map[name])
                )),
            };
            match map.keys().next().map(String::as_str) {
                Some("ok") => Val::Result(Ok(side(ok, "ok")?)),
                Some("err") => Val::Result(Err(side(err, "err")?)),
                _ => return wrong("an object with `ok` or `err`"),
            }
        }
        (Kind::Result(..), _) => return wrong("an object with `ok` or `err`"),
    })
}

/// Turns the members of the object at `path` into values, in the order of `parts`; optional ones may be left out.
///
/// # Errors
/// As [`to_val`]; members that are not among `parts` are named.
pub(super) fn members<'a>(
    parts: impl Iterator<Item = (&'a str, &'a Shape)> + Clone,
    map: &Map<String, Value>,
    path: Place<'_>,
) -> Result<Vec<Val>, String> {
    if let Some(unknown) = map
        .keys()
        .find(|key| !parts.clone().any(|(name, _)| name == **key))
    {
        let known: Vec<&str> = parts.map(|(name, _)| name).collect();
        let known = if known.is_empty() {
            "none is expected".to_owned()
        } else {
            format!("expected are {}", known.join(", "))
        };
        return Err(format!("`{path}.{}` is not known; {known}", short(unknown)));
    }
    let value = |(name, shape): (&str, &Shape)| match (map.get(name), &shape.kind) {
        (Some(value), _) => to_val(shape, value, Place::Member(&path, name)),
        (None, Kind::Option(_)) => Ok(Val::Option(None)),
        (None, _) => Err(format!("`{path}.{name}` is missing")),
    };
    parts.map(value).collect()
}

fn variant(
    cases: &[Part<Option<Shape>>],
    map: &Map<String, Value>,
    path: Place<'_>,
) -> Result<Val, String> {
    let tag = map.get("tag").unwrap_or(&Value::Null);
    let case = tag
        .as_str()
        .and_then(|tag| cases.iter().find(|case| case.name == tag));
    let case = case.ok_or_else(|| {
        format!(
            "`{path}.tag` must be {}, and is {}",
            one_of(cases),
            described(tag)
        )
    })?;
    if let Some(unknown) = map.keys().find(|key| *key != "tag" && *key != "value") {
        return Err(format!(
            "`{path}.{}` is not known; expected are tag, value",
            short(unknown)
        ));
    }
    let path = Place::Member(&path, "value");
    let value = match (&case.shape, map.get("value")) {
        (Some(shape), Some(value)) => Some(Box::new(to_val(shape, value, path)?)),
        (Some(_), None) => return Err(format!("`{path}` is missing; `{}` has one", case.name)),
        (None, None | Some(Value::Null)) => None,
        (None, Some(_)) => return Err(format!("`{path}` is too much; `{}` has none", case.name)),
    };
    Ok(Val::Variant(case.name.clone(), value))
}

fn flag(flags: &[Part<()>], value: &Value, path: Place<'_>) -> Result<String, String> {
    let known = value
        .as_str()
        .filter(|name| flags.iter().any(|flag| flag.name == **name));
    known.map(str::to_owned).ok_or_else(|| {
        format!(
            "`{path}` must be {}, and is {}",
            one_of(flags),
            described(value)
        )
    })
}

fn integer(of: Integer, value: &Value) -> Option<Val> {
    let Value::Number(number) = value else {
        return None;
    };
    let whole = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    // JSON knows one kind of number, so 5.0 is as whole as 5. Beyond 2^53 a float no longer tells which whole one it is.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and below 2^53"
    )]
    let whole = whole.or_else(|| {
        number
            .as_f64()
            .filter(|f| f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0)
            .map(|f| f as i128)
    })?;
    Some(match of {
        Integer::S8 => Val::S8(whole.try_into().ok()?),
        Integer::U8 => Val::U8(whole.try_into().ok()?),
        Integer::S16 => Val::S16(whole.try_into().ok()?),
        Integer::U16 => Val::U16(whole.try_into().ok()?),
        Integer::S32 => Val::S32(whole.try_into().ok()?),
        Integer::U32 => Val::U32(whole.try_into().ok()?),
        Integer::S64 => Val::S64(whole.try_into().ok()?),
        Integer::U64 => Val::U64(whole.try_into().ok()?),
    })
}

impl Integer {
    fn expected(self) -> String {
        let (least, greatest) = self.range();
        format!("a whole number from {least} to {greatest}")
    }
}

fn one_of<T>(parts: &[Part<T>]) -> String {
    let names: Vec<String> = parts
        .iter()
        .take(20)
        .map(|part| format!("`{}`", part.name))
        .collect();
    let more = if parts.len() > names.len() {
        " and others"
    } else {
        ""
    };
    format!("one of {}{more}", names.join(", "))
}

/// Says what a JSON value is, without repeating much of it.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "null or missing".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("the string \"{}\"", short(text)),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.escape_debug().to_string()
}

/// Turns a value that a function gave, found at `path`, into JSON.
///
/// # Errors
/// A text that names the place of a number that JSON has no word for.
pub(super) fn to_json(shape: &Shape, val: &Val, path: Place<'_>) -> Result<Value, String> {
    Ok(match (&shape.kind, val) {
        (_, Val::Bool(value)) => json!(value),
        (_, Val::S8(value)) => json!(value),
        (_, Val::U8(value)) => json!(value),
        (_, Val::S16(value)) => json!(value),
        (_, Val::U16(value)) => json!(value),
        (_, Val::S32(value)) => json!(value),
        (_, Val::U32(value)) => json!(value),
        (_, Val::S64(value)) => json!(value),
        (_, Val::U64(value)) => json!(value),
        (_, Val::Float32(value)) => float(f64::from(*value), path)?,
        (_, Val::Float64(value)) => float(*value, path)?,
        (_, Val::Char(value)) => json!(value),
        (_, Val::String(value)) => json!(value),
        (Kind::Bytes, Val::List(items)) => {
            let bytes: Vec<u8> = items
                .iter()
                .filter_map(|item| {
                    if let Val::U8(byte) = item {
                        Some(*byte)
                    } else {
                        None
                    }
                })
                .collect();
            json!(STANDARD.encode(bytes))
        }
        (Kind::List(of), Val::List(items)) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(i, item)| to_json(of, item, Place::Item(&path, i)))
                .collect::<Result<_, _>>()?,
        ),
        (Kind::Tuple(shapes), Val::Tuple(items)) => {
            let parts = shapes.iter().zip(items).enumerate();
            Value::Array(
                parts
                    .map(|(i, (shape, item))| to_json(shape, item, Place::Item(&path, i)))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Kind::Record(fields), Val::Record(values)) => {
            let parts = fields.iter().zip(values);
            let member = |(field, (name, value)): (&Part<Shape>, &(String, Val))| {
                Ok((
                    name.clone(),
                    to_json(&field.shape, value, Place::Member(&path, name))?,
                ))
            };
            Value::Object(parts.map(member).collect::<Result<_, String>>()?)
        }
        (Kind::Variant(cases), Val::Variant(tag, value)) => {
            let shape = cases
                .iter()
                .find(|case| case.name == *tag)
                .and_then(|case| case.shape.as_ref());
            match (shape, value) {
                (Some(shape), Some(value)) => {
                    json!({ "tag": tag, "value": to_json(shape, value, Place::Member(&path, "value"))? })
                }
                _ => json!({ "tag": tag }),
            }
        }
        (_, Val::Enum(name)) => json!(name),
        (_, Val::Flags(names)) => json!(names),
        (_, Val::Option(None)) => Value::Null,
        (Kind::Option(of), Val::Option(Some(value))) => {
            let inner = to_json(of, value, path)?;
            if matches!(of.kind, Kind::Option(_)) {
                json!({ "some": inner })
            } else {
                inner
            }
        }
        (Kind::Result(ok, err), Val::Result(value)) => {
            let (name, shape, value) = match value {
                Ok(value) => ("ok", ok, value),
                Err(value) => ("err", err, value),
            };
            let inner = match (shape, value) {
                (Some(shape), Some(value)) => to_json(shape, value, Place::Member(&path, name))?,
                _ => Value::Null,
            };
            json!({ name: inner })
        }
        _ => return Err(format!("`{path}` of the result is not of its type")),
    })
}

fn float(value: f64, path: Place<'_>) -> Result<Value, String> {
    if value.is_finite() {
        return Ok(json!(value));
    }
    Err(format!(
        "`{path}` of the result is {value}, which JSON has no number for"
    ))
}
