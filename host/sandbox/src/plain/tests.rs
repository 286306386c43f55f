//! Types to schemas and values there and back, from WIT alone.

use wit_parser::Resolve;

use super::*;

const WIT: &str = "
    package test:types@1.2.3;

    interface shapes {
        record row { max-rows: u32, note: option<string> }
        variant filter { all, by-name(string), between(tuple<s64, s64>) }
        enum colour { red, green }
        flags mode { read, write }
        type rows = list<row>;

        numbers: func(a: u8, b: s8, c: u64, d: s64, e: f32, f: f64) -> u64;
        texts: func(text: string, letter: char, bytes: list<u8>) -> list<u8>;
        table: func(rows: rows, filter: filter, colour: colour, mode: mode) -> rows;
        nothing: func();
        either: func(value: result<u32, string>) -> result<option<u32>, filter>;
        nested: func(value: option<option<u32>>) -> option<option<u32>>;
        ratio: func(a: f64) -> f64;
        check: func(row: row) -> result<row, colour>;
        fails: func() -> result;
        add: func(a: u32) -> u32;
    }

    interface more {
        resource thing { constructor(); get: func() -> u32; }
        add: func(a: u32) -> u32;
        make: func() -> thing;
        read: func() -> stream<u8>;
        later: async func();
    }

    interface wide {
        record r0 { a: u8, b: u8, c: u8, d: u8 }
        record r1 { a: r0, b: r0, c: r0, d: r0 }
        record r2 { a: r1, b: r1, c: r1, d: r1 }
        record r3 { a: r2, b: r2, c: r2, d: r2 }
        record r4 { a: r3, b: r3, c: r3, d: r3 }
        record r5 { a: r4, b: r4, c: r4, d: r4 }
        huge: func() -> r5;
    }

    world all {
        export shapes;
        export more;
        export wide;
        export inline: interface { add: func(a: u32) -> u32; }
        /// Says hello.
        export hello: func(name: option<string>) -> string;
    }
";

fn all() -> Described {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("test.wit", WIT)
        .unwrap_or_else(|e| panic!("{e:#}"));
    let world = resolve.packages[package].worlds["all"];
    Described::of(&resolve, world, &docs::Docs::default())
}

fn function(name: &str) -> Function {
    let functions = all().functions;
    let names: Vec<String> = functions.iter().map(|f| f.tool.name.clone()).collect();
    functions
        .into_iter()
        .find(|f| f.tool.name == name)
        .unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn names_are_as_short_as_they_can_be() {
    let described = all();
    let names: Vec<&str> = described
        .functions
        .iter()
        .map(|f| f.tool.name.as_str())
        .collect();
    for name in ["hello", "numbers", "shapes-add", "more-add", "inline-add"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert!(!names.contains(&"add"));
}

#[test]
fn what_no_json_stands_for_is_left_out_with_its_reason() {
    let left_out = all().left_out;
    for (name, reason) in [
        ("test:types/more@1.2.3.make", "handle"),
        ("test:types/more@1.2.3.read", "stream"),
        ("test:types/more@1.2.3.later", "async"),
        ("test:types/more@1.2.3.[constructor]thing", "resource"),
        ("test:types/wide@1.2.3.huge", "parts"),
    ] {
        assert!(
            left_out
                .iter()
                .any(|(n, r)| n == name && (r.contains(reason) || r.contains("own"))),
            "{name}: {left_out:?}"
        );
    }
}

#[test]
fn schemas_say_what_a_function_takes_and_gives() {
    let table = function("table");
    let row = json!({
        "type": "object",
        "properties": {
            "max-rows": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
        },
        "required": ["max-rows"],
        "additionalProperties": false,
    });
    let rows = json!({ "type": "array", "items": row });
    let input = schema(&table.tool.input_schema);
    assert_eq!(input["properties"]["rows"], rows);
    assert_eq!(
        input["required"],
        json!(["rows", "filter", "colour", "mode"])
    );
    assert_eq!(
        input["properties"]["colour"],
        json!({ "type": "string", "enum": ["red", "green"] })
    );
    assert_eq!(
        input["properties"]["mode"],
        json!({ "type": "array", "items": { "type": "string", "enum": ["read", "write"] }, "uniqueItems": true })
    );
    assert_eq!(
        input["properties"]["filter"]["oneOf"][0]["properties"],
        json!({ "tag": { "const": "all" } })
    );
    assert_eq!(
        input["properties"]["filter"]["oneOf"][1]["required"],
        json!(["tag", "value"])
    );
    let output = table.tool.output_schema.as_deref().map(schema);
    assert_eq!(
        output.map(|schema| schema["properties"]["result"].clone()),
        Some(rows)
    );

    let numbers = schema(&function("numbers").tool.input_schema);
    assert_eq!(numbers["properties"]["c"]["maximum"], json!(u64::MAX));
    assert_eq!(numbers["properties"]["d"]["minimum"], json!(i64::MIN));
    let check = function("check");
    assert_eq!(
        check.tool.output_schema.as_deref().map(schema),
        Some(row),
        "a record is a result of its own"
    );
    assert_eq!(function("nothing").tool.output_schema, None);
    assert_eq!(function("hello").tool.description, "Says hello.");
    assert_eq!(
        function("ratio").tool.description,
        "Calls the function `ratio` of `test:types/shapes@1.2.3`."
    );
}

#[test]
fn arguments_become_values_and_values_become_json() {
    let check = |name: &str, arguments: Value| {
        let function = function(name);
        let values = function
            .arguments(&arguments.to_string())
            .unwrap_or_else(|e| panic!("{name} {arguments}: {e}"));
        for ((param, shape), value) in function.params.iter().zip(&values) {
            let json =
                value::to_json(shape, value, value::Place::Root).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(json, arguments[param], "{name}: {param}");
        }
    };
    check(
        "numbers",
        json!({ "a": 255, "b": -128, "c": u64::MAX, "d": i64::MIN, "e": 1.5, "f": -0.25 }),
    );
    check(
        "texts",
        json!({ "text": "häß\n", "letter": "ß", "bytes": "AAH/" }),
    );
    let rows = json!([{ "max-rows": 1, "note": null }, { "max-rows": 2, "note": "x" }]);
    check(
        "table",
        json!({ "rows": rows, "filter": { "tag": "between", "value": [1, -2] }, "colour": "green", "mode": ["write"] }),
    );
    check(
        "table",
        json!({ "rows": [], "filter": { "tag": "all" }, "colour": "red", "mode": [] }),
    );
    check("either", json!({ "value": { "ok": 1 } }));
    check("either", json!({ "value": { "err": "no" } }));
    check("nested", json!({ "value": null }));
    check("nested", json!({ "value": { "some": null } }));
    check("nested", json!({ "value": { "some": 3 } }));
    check("nothing", json!({}));
    assert_eq!(
        function("hello").arguments("{}"),
        Ok(vec![Val::Option(None)])
    );
    assert_eq!(
        function("shapes-add").arguments(r#"{"a": 5.0}"#),
        Ok(vec![Val::U32(5)])
    );
}

#[test]
fn arguments_that_do_not_fit_are_refused_by_place() {
    let check = |name: &str, arguments: &str, says: &str| {
        let refused = function(name).arguments(arguments);
        assert!(
            refused.as_ref().is_err_and(|text| text.contains(says)),
            "{name} {arguments}: {refused:?}"
        );
    };
    check("shapes-add", "", "not JSON");
    check("shapes-add", "[]", "must be a JSON object");
    check("shapes-add", "{}", "`$.a` is missing");
    check(
        "shapes-add",
        r#"{"a": 1, "b": 2}"#,
        "`$.b` is not known; expected are a",
    );
    check(
        "shapes-add",
        r#"{"a": -1}"#,
        "`$.a` must be a whole number from 0 to 4294967295, and is -1",
    );
    check("shapes-add", r#"{"a": 4294967296}"#, "and is 4294967296");
    check("shapes-add", r#"{"a": 1.5}"#, "and is 1.5");
    check("shapes-add", r#"{"a": "1"}"#, "and is the string \"1\"");
    check("shapes-add", r#"{"a": null}"#, "and is null");
    check(
        "texts",
        r#"{"text": "", "letter": "ab", "bytes": ""}"#,
        "`$.letter` must be a single character",
    );
    check(
        "texts",
        r#"{"text": "", "letter": "a", "bytes": "!"}"#,
        "`$.bytes` must be bytes in base64",
    );
    check(
        "numbers",
        r#"{"a": 1, "b": 1, "c": 18446744073709551616, "d": 1, "e": 1, "f": 1}"#,
        "`$.c`",
    );
    check(
        "numbers",
        r#"{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1e39, "f": 1}"#,
        "`$.e` must be a number that fits 32 bits",
    );
    let table = |rows: &str, filter: &str, mode: &str| {
        format!(r#"{{"rows": {rows}, "filter": {filter}, "colour": "red", "mode": {mode}}}"#)
    };
    check(
        "table",
        &table(r#"[{"max-rows": 1}, {}]"#, r#"{"tag": "all"}"#, "[]"),
        "`$.rows[1].max-rows` is missing",
    );
    check(
        "table",
        &table("[]", r#"{"tag": "none"}"#, "[]"),
        "`$.filter.tag` must be one of `all`, `by-name`, `between`",
    );
    check(
        "table",
        &table("[]", r#"{"tag": "all", "value": 1}"#, "[]"),
        "`$.filter.value` is too much",
    );
    check(
        "table",
        &table("[]", r#"{"tag": "between", "value": [1]}"#, "[]"),
        "`$.filter.value` must be an array of 2",
    );
    check(
        "table",
        &table("[]", r#"{"tag": "all"}"#, r#"["fly"]"#),
        "`$.mode[0]` must be one of `read`, `write`",
    );
    check(
        "either",
        r#"{"value": {"ok": 1, "err": ""}}"#,
        "`$.value` must be an object with `ok` or `err`",
    );
}

#[test]
fn results_tell_success_from_failure() {
    let check =
        |name: &str, val: Option<Val>, text: &str, structured: Option<Value>, is_error: bool| {
            let result = function(name).outcome(val);
            let Body::Text(found) = &result.content[0].body else {
                panic!("{result:?}")
            };
            assert_eq!(
                (
                    found.as_str(),
                    result.structured.as_deref().map(schema),
                    result.is_error
                ),
                (text, structured, is_error),
                "{name}"
            );
        };
    check("nothing", None, "done", None, false);
    check(
        "hello",
        Some(Val::String("hi".to_owned())),
        "hi",
        Some(json!({ "result": "hi" })),
        false,
    );
    check(
        "ratio",
        Some(Val::Float64(f64::NAN)),
        "`$` of the result is NaN, which JSON has no number for",
        None,
        true,
    );
    check(
        "fails",
        Some(Val::Result(Err(None))),
        "the function failed and did not say why",
        None,
        true,
    );
    check("fails", Some(Val::Result(Ok(None))), "done", None, false);
    check(
        "check",
        Some(Val::Result(Err(Some(Box::new(Val::Enum(
            "red".to_owned(),
        )))))),
        "red",
        None,
        true,
    );
    let row = Val::Record(vec![
        ("max-rows".to_owned(), Val::U32(1)),
        ("note".to_owned(), Val::Option(None)),
    ]);
    let json = json!({ "max-rows": 1, "note": null });
    check(
        "check",
        Some(Val::Result(Ok(Some(Box::new(row))))),
        &json.to_string(),
        Some(json),
        false,
    );
}
