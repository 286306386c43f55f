//! Schemas, and what is understood of them.

use serde_json::json;

use super::*;

fn want_of(name: &str, property: Value) -> Want {
    let schema = json!({"type": "object", "properties": {name: property}});
    parameters(&schema).remove(0).want
}

#[test]
fn names_and_descriptions_say_what_is_wanted() {
    for (name, property, expected) in [
        ("path", json!({"type": "string"}), Want::Path),
        ("url", json!({"type": "string"}), Want::Url),
        ("expression", json!({"type": "string"}), Want::Formula),
        (
            "group_by",
            json!({"type": "array", "items": {"type": "string"}}),
            Want::Columns(Role::Group),
        ),
        (
            "column",
            json!({"type": "string", "description": "The numeric column to add up."}),
            Want::Column(Role::Measure),
        ),
        (
            "sort_by",
            json!({"type": "string", "description": "Column to sort by."}),
            Want::Column(Role::Group),
        ),
        (
            "to",
            json!({"type": "string", "description": "An RFC 3339 time."}),
            Want::Date,
        ),
        ("zone", json!({"type": ["string", "null"]}), Want::Zone),
        (
            "limit",
            json!({"type": "integer"}),
            Want::Number { is_whole: true },
        ),
        (
            "kind",
            json!({"enum": ["bar", "line"]}),
            Want::Choice(vec![json!("bar"), json!("line")]),
        ),
        ("title", json!({"type": "string"}), Want::Title),
        ("message", json!({"type": "string"}), Want::Message),
        (
            "data",
            json!({"type": "array", "items": {"type": "object"}}),
            Want::Table(Shape::Records),
        ),
        (
            "data",
            json!({"type": "object", "properties": {"columns": {}, "rows": {}}}),
            Want::Table(Shape::ColumnsAndRows),
        ),
        (
            "points",
            json!({"type": "array", "items": {"type": "object", "properties": {"label": {"type": "string"}, "value": {"type": "number"}}}}),
            Want::Table(Shape::Pairs {
                label: "label".into(),
                value: "value".into(),
            }),
        ),
        (
            "series",
            json!({"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "values": {"type": "array"}}}}),
            Want::Table(Shape::Series {
                name: "name".into(),
                values: "values".into(),
            }),
        ),
        ("whatever", json!({"type": "string"}), Want::Unknown),
        ("odd", json!({"type": 7}), Want::Unknown),
        ("odd", json!(true), Want::Unknown),
    ] {
        assert_eq!(
            want_of(name, property.clone()),
            expected,
            "{name}: {property}"
        );
    }
}

#[test]
fn references_are_followed_and_circles_end() {
    let schema = json!({"properties": {"table": {"$ref": "#/$defs/table"}}, "$defs": {"table": {"type": "object", "properties": {"columns": {}, "rows": {}}}}});
    assert_eq!(
        parameters(&schema)[0].want,
        Want::Table(Shape::ColumnsAndRows)
    );
    let circle = json!({"properties": {"a": {"$ref": "#/properties/a"}}});
    assert_eq!(parameters(&circle)[0].want, Want::Unknown);
    let nested = json!({"properties": {"node": {"$ref": "#/$defs/node"}}, "$defs": {"node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}, "path": {"type": "string"}}}}});
    assert!(matches!(parameters(&nested)[0].want, Want::Object(_)));
    assert_eq!(parameters(&json!(null)), vec![]);
}
