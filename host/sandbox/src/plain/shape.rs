//! The types of plain functions as this host needs them: a tree that a JSON Schema is written from, and along which
//! values are converted.

use serde_json::{Map, Value, json};
use wit_parser::{Resolve, Type, TypeDef, TypeDefKind, TypeOwner};

use super::docs::Docs;

/// A function may have so many parts in its types. A few lines of WIT can spell a type with billions.
pub(super) const PARTS_MAX: usize = 2000;

/// A type with its documentation.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) docs: Option<String>,
}

/// A type.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Bool,
    Integer(Integer),
    Float32,
    Float64,
    Char,
    String,
    /// `list<u8>`: base64 in JSON.
    Bytes,
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    Record(Vec<Part<Shape>>),
    Variant(Vec<Part<Option<Shape>>>),
    Enum(Vec<Part<()>>),
    Flags(Vec<Part<()>>),
    Option(Box<Shape>),
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
}

/// A field, case or flag.
#[derive(Clone, Debug)]
pub(super) struct Part<T> {
    pub(super) name: String,
    pub(super) docs: Option<String>,
    pub(super) shape: T,
}

/// The integer types.
#[derive(Clone, Copy, Debug)]
pub(super) enum Integer {
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
}

impl Integer {
    /// The least and the greatest value.
    pub(super) fn range(self) -> (i128, i128) {
        match self {
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
        }
    }
}

/// Reads types out of a component's WIT.
pub(super) struct Reader<'a> {
    pub(super) resolve: &'a Resolve,
    pub(super) docs: &'a Docs,
    /// How many parts the function may still have.
    pub(super) parts_left: usize,
}

impl Reader<'_> {
    /// Reads a type.
    ///
    /// # Errors
    /// A text that says what of it no JSON value can stand for.
    pub(super) fn shape(&mut self, ty: &Type) -> Result<Shape, String> {
        self.parts_left = self
            .parts_left
            .checked_sub(1)
            .ok_or_else(|| format!("its types have more than {PARTS_MAX} parts"))?;
        let kind = match ty {
            Type::Bool => Kind::Bool,
            Type::U8 => Kind::Integer(Integer::U8),
            Type::S8 => Kind::Integer(Integer::S8),
            Type::U16 => Kind::Integer(Integer::U16),
            Type::S16 => Kind::Integer(Integer::S16),
            Type::U32 => Kind::Integer(Integer::U32),
            Type::S32 => Kind::Integer(Integer::S32),
            Type::U64 => Kind::Integer(Integer::U64),
            Type::S64 => Kind::Integer(Integer::S64),
            Type::F32 => Kind::Float32,
            Type::F64 => Kind::Float64,
            Type::Char => Kind::Char,
            Type::String => Kind::String,
            Type::ErrorContext => return Err("it has an error context".to_owned()),
            Type::Id(id) => return self.defined(&self.resolve.types[*id]),
        };
        Ok(Shape { kind, docs: None })
    }

    fn defined(&mut self, def: &TypeDef) -> Result<Shape, String> {
        let interface = match def.owner {
            TypeOwner::Interface(id) => self.resolve.interfaces[id].name.as_deref(),
            TypeOwner::World(_) | TypeOwner::None => None,
        };
        let docs = self.docs;
        let about = |found: &wit_parser::Docs, told: Option<&str>| {
            found
                .contents
                .as_deref()
                .or(told)
                .map(|text| text.trim().to_owned())
        };
        let of_item = |item: &str, found: &wit_parser::Docs| {
            about(
                found,
                interface
                    .zip(def.name.as_deref())
                    .and_then(|(i, name)| docs.item(i, name, item)),
            )
        };
        let names = |name: &str, found: &wit_parser::Docs| Part {
            name: name.to_owned(),
            docs: of_item(name, found),
            shape: (),
        };
        let kind = match &def.kind {
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter().map(|f| {
                    Ok(Part {
                        name: f.name.clone(),
                        docs: of_item(&f.name, &f.docs),
                        shape: self.shape(&f.ty)?,
                    })
                });
                Kind::Record(fields.collect::<Result<_, String>>()?)
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|c| {
                    let shape = c.ty.as_ref().map(|ty| self.shape(ty)).transpose()?;
                    Ok(Part {
                        name: c.name.clone(),
                        docs: of_item(&c.name, &c.docs),
                        shape,
                    })
                });
                Kind::Variant(cases.collect::<Result<_, String>>()?)
            }
            TypeDefKind::Enum(cases) => Kind::Enum(
                cases
                    .cases
                    .iter()
                    .map(|case| names(&case.name, &case.docs))
                    .collect(),
            ),
            TypeDefKind::Flags(flags) => Kind::Flags(
                flags
                    .flags
                    .iter()
                    .map(|flag| names(&flag.name, &flag.docs))
                    .collect(),
            ),
            TypeDefKind::Tuple(tuple) => Kind::Tuple(
                tuple
                    .types
                    .iter()
                    .map(|ty| self.shape(ty))
                    .collect::<Result<_, _>>()?,
            ),
            TypeDefKind::Option(ty) => Kind::Option(Box::new(self.shape(ty)?)),
            TypeDefKind::Result(result) => {
                let mut side = |ty: &Option<Type>| {
                    ty.as_ref()
                        .map(|ty| self.shape(ty).map(Box::new))
                        .transpose()
                };
                Kind::Result(side(&result.ok)?, side(&result.err)?)
            }
            TypeDefKind::List(ty) => match self.shape(ty)? {
                Shape {
                    kind: Kind::Integer(Integer::U8),
                    ..
                } => Kind::Bytes,
                other => Kind::List(Box::new(other)),
            },
            TypeDefKind::Type(ty) => {
                let mut shape = self.shape(ty)?;
                let own = about(
                    &def.docs,
                    interface
                        .zip(def.name.as_deref())
                        .and_then(|(i, name)| docs.type_(i, name)),
                );
                shape.docs = own.or(shape.docs);
                return Ok(shape);
            }
            other => {
                return Err(format!(
                    "it has a {}, which JSON can't stand for",
                    other.as_str()
                ));
            }
        };
        let own = about(
            &def.docs,
            interface
                .zip(def.name.as_deref())
                .and_then(|(i, name)| docs.type_(i, name)),
        );
        Ok(Shape { kind, docs: own })
    }
}

impl Shape {
    /// Writes the JSON Schema (2020-12) of this type's values.
    pub(super) fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        describe(&mut schema, self.docs.as_deref());
        schema
    }
}

impl Kind {
    fn schema(&self) -> Value {
        match self {
            Self::Bool => json!({ "type": "boolean" }),
            Self::Integer(integer) => {
                let (least, greatest) = integer.range();
                json!({ "type": "integer", "minimum": number(least), "maximum": number(greatest) })
            }
            Self::Float32 | Self::Float64 => json!({ "type": "number" }),
            Self::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
            Self::String => json!({ "type": "string" }),
            Self::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Self::List(of) => json!({ "type": "array", "items": of.schema() }),
            Self::Tuple(parts) => {
                let schemas: Vec<Value> = parts.iter().map(Shape::schema).collect();
                json!({ "type": "array", "prefixItems": schemas, "items": false, "minItems": parts.len(), "maxItems": parts.len() })
            }
            Self::Record(fields) => object(fields.iter().map(|field| {
                let mut schema = field.shape.schema();
                describe(&mut schema, field.docs.as_deref());
                (
                    field.name.clone(),
                    schema,
                    !matches!(field.shape.kind, Self::Option(_)),
                )
            })),
            Self::Variant(cases) => one_of(cases.iter().map(|case| {
                let tag = ("tag".to_owned(), json!({ "const": case.name }), true);
                let value = case
                    .shape
                    .as_ref()
                    .map(|shape| ("value".to_owned(), shape.schema(), true));
                let mut schema = object(std::iter::once(tag).chain(value));
                describe(&mut schema, case.docs.as_deref());
                schema
            })),
            Self::Enum(cases) => names(cases),
            Self::Flags(flags) => {
                json!({ "type": "array", "items": names(flags), "uniqueItems": true })
            }
            Self::Option(of) => json!({ "anyOf": [of.some_schema(), { "type": "null" }] }),
            Self::Result(ok, err) => {
                let side = |shape: &Option<Box<Shape>>| {
                    shape
                        .as_ref()
                        .map_or_else(|| json!({ "type": "null" }), |shape| shape.schema())
                };
                one_of(
                    [("ok", ok), ("err", err)]
                        .map(|(name, shape)| object([(name.to_owned(), side(shape), true)]))
                        .into_iter(),
                )
            }
        }
    }
}

impl Shape {
    /// The schema of a value that is there. Where it could be null itself it is wrapped, so that null keeps one meaning.
    fn some_schema(&self) -> Value {
        match self.kind {
            Kind::Option(_) => object([("some".to_owned(), self.schema(), true)]),
            _ => self.schema(),
        }
    }
}

/// The schema of an object with these properties (name, schema, whether it is required) and no others.
pub(super) fn object(properties: impl IntoIterator<Item = (String, Value, bool)>) -> Value {
    let mut required = Vec::new();
    let mut map = Map::new();
    for (name, schema, is_required) in properties {
        if is_required {
            required.push(Value::from(name.clone()));
        }
        map.insert(name, schema);
    }
    json!({ "type": "object", "properties": map, "required": required, "additionalProperties": false })
}

fn one_of(schemas: impl Iterator<Item = Value>) -> Value {
    json!({ "oneOf": schemas.collect::<Vec<_>>() })
}

/// The schema of one of several names, with what is said of each.
fn names(parts: &[Part<()>]) -> Value {
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let said: Vec<String> = parts
        .iter()
        .filter_map(|part| Some(format!("{}: {}", part.name, part.docs.as_ref()?)))
        .collect();
    let mut schema = json!({ "type": "string", "enum": names });
    describe(
        &mut schema,
        (!said.is_empty()).then(|| said.join("\n")).as_deref(),
    );
    schema
}

/// Adds a description; the outer one of two stands first.
pub(super) fn describe(schema: &mut Value, docs: Option<&str>) {
    let Some(docs) = docs.filter(|docs| !docs.is_empty()) else {
        return;
    };
    let text = match schema["description"].as_str() {
        Some(inner) => format!("{docs}\n\n{inner}"),
        None => docs.to_owned(),
    };
    schema["description"] = text.into();
}

/// A bound of an integer type as a JSON number.
fn number(value: i128) -> Value {
    i64::try_from(value)
        .map(Value::from)
        .or_else(|_| u64::try_from(value).map(Value::from))
        .unwrap_or(Value::Null)
}
