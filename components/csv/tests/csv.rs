//! What a caller of the tools sees: tables as people have them, questions as agents ask them, and what is said of bad
//! input.

use caxton_csv::Csv;
use caxton_sdk::{Arguments, Body, Outcome, ToolError, Tools, Value, json, serde_json, testing};

const SALES: &str = "\
date,region,product,amount,units,returned
2024-01-05,North,Chair,199.90,2,no
2024-01-20,South,Table,0.10,1,no
2024-02-03,North,\"Lamp, \"\"Edison\"\"\",0.20,4,yes
2024-02-28,East,Chair,\"1,000.00\",10,no
2024-03-01,South,\"Desk
with drawers\",,1,no
";

fn answer(tool: &str, arguments: Value) -> Result<(Value, String), String> {
    let result = match Csv::call(tool, Arguments::from(arguments.clone())) {
        Ok(Outcome::Complete(result)) => result,
        Err(ToolError::InvalidArguments(error) | ToolError::NotFound(error)) => return Err(error),
        other => panic!("{other:?}"),
    };
    let Body::Text(text) = result.content[0].body.clone() else {
        panic!("the first content is a text")
    };
    if result.is_error {
        return Err(text);
    }
    let structured =
        serde_json::from_str(&result.structured.expect("a structured result")).expect("JSON");
    fits(tool, &arguments, &structured);
    Ok((structured, text))
}

/// What was taken and given fits the schemas that the tool shows.
#[track_caller]
fn fits(tool: &str, arguments: &Value, structured: &Value) {
    let tools = Csv::list().expect("tools");
    let tool = tools
        .iter()
        .find(|known| known.name == tool)
        .expect("a tool of that name");
    let output = tool.output_schema.as_deref().expect("an output schema");
    for (schema, value) in [
        (tool.input_schema.as_str(), arguments),
        (output, structured),
    ] {
        let schema = serde_json::from_str(schema).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        if let Err(error) = validator.validate(value) {
            panic!("{}: {error} in {value}", tool.name);
        }
    }
}

fn ask(tool: &str, text: &str, mut arguments: Value) -> Value {
    arguments["text"] = text.into();
    answer(tool, arguments).expect("an answer").0
}

fn refused(tool: &str, text: &str, mut arguments: Value) -> String {
    arguments["text"] = text.into();
    answer(tool, arguments).expect_err("an error")
}

fn column(text: &str, at: usize) -> Value {
    ask("describe", text, json!({}))["columns"][at].clone()
}

#[test]
fn describe_finds_types_and_statistics() {
    let (description, text) = answer("describe", json!({ "text": SALES })).unwrap();
    assert_eq!(
        (&description["row_count"], &description["delimiter"]),
        (&json!(5), &json!(","))
    );
    let types: Vec<&str> = description["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        ["date", "text", "text", "decimal", "integer", "boolean"]
    );
    let amount = &description["columns"][3];
    assert_eq!(
        (&amount["nulls"], &amount["distinct"]),
        (&json!(1), &json!(4))
    );
    assert_eq!(
        (&amount["min"], &amount["max"], &amount["mean"]),
        (&json!(0.1), &json!(1000), &json!(300.05))
    );
    assert_eq!(description["columns"][0]["max"], "2024-03-01");
    assert_eq!(
        description["columns"][1]["examples"],
        json!(["North", "South", "East"])
    );
    assert_eq!(description["notes"], json!([]));
    assert!(
        text.contains("- amount (decimal), 0.1 to 1000, mean 300.05, 4 distinct, 1 missing"),
        "{text}"
    );
}

#[test]
fn quoting_follows_rfc_4180() {
    let rows = ask("read", SALES, json!({ "columns": ["product"] }));
    assert_eq!(rows["rows"][2][0], "Lamp, \"Edison\"");
    assert_eq!(rows["rows"][4][0], "Desk\nwith drawers");
    for ends in ["\r\n", "\r"] {
        let crlf = ask(
            "read",
            &"a,b\n1,\"x\"\n\n2,\"\"\n".replace('\n', ends),
            json!({}),
        );
        assert_eq!(crlf["rows"], json!([[1, "x"], [2, null]]), "{ends:?}");
    }
    let last = ask("read", "a,b\n1,", json!({}));
    assert_eq!(last["rows"], json!([[1, null]]));
    let bom = ask("read", "\u{feff}a,b\n1,2", json!({}));
    assert_eq!(bom["columns"], json!(["a", "b"]));
    let no_header = ask("read", "1,2\n3,4", json!({ "header": false }));
    assert_eq!(
        (&no_header["columns"], &no_header["total"]),
        (&json!(["column_1", "column_2"]), &json!(2))
    );
}

#[test]
fn the_delimiter_is_found_or_set() {
    let find = |text: &str| ask("describe", text, json!({}))["delimiter"].clone();
    assert_eq!(find("a;b\n1,5;2\n2,5;3\n"), ";");
    assert_eq!(find("a\tb\n1,5\t2\n"), "\t");
    assert_eq!(find("a|b\n1|2\n"), "|");
    assert_eq!(find("name,note\nx,\"a;b;c\"\ny,\"d;e\"\n"), ",");
    assert_eq!(find("only\n1\n2\n"), ",");
    testing::with(|host| host.config.insert("delimiter".into(), "tab".into()));
    assert_eq!(find("a,b\tc\n"), "\t");
    testing::with(|host| host.config.insert("delimiter".into(), "::".into()));
    assert!(
        refused("read", "a", json!({}))
            .contains("The setting `delimiter` is \"::\"; it is one character")
    );
    testing::reset();
}

#[test]
fn odd_tables_are_read_and_noted() {
    let rows = ask("read", "a,b\n1\n2,3,4\n5,6\n", json!({}));
    assert_eq!(rows["columns"], json!(["a", "b", "column_3"]));
    assert_eq!(
        rows["rows"],
        json!([[1, null, null], [2, 3, 4], [5, 6, null]])
    );
    let note = rows["notes"][0].as_str().unwrap();
    assert!(
        note.contains("2 rows have not the 2 fields of the header: row 1 has 1, row 2 has 3"),
        "{note}"
    );

    let rows = ask("read", "a,,a\n1,2,3\n", json!({}));
    assert_eq!(rows["columns"], json!(["a", "column_2", "a_2"]));
    assert_eq!(rows["notes"].as_array().unwrap().len(), 2);

    let rows = ask("read", "a,b\n\"x\"y,\"z\"\n", json!({}));
    assert_eq!(rows["rows"], json!([["\"x\"y", "z"]]));
    assert!(
        rows["notes"][0]
            .as_str()
            .unwrap()
            .contains("first in row 1")
    );

    let rows = ask("read", "a,b\n", json!({}));
    assert_eq!((&rows["total"], &rows["rows"]), (&json!(0), &json!([])));
}

#[test]
fn numbers_are_what_people_write() {
    let kind = |values: &str| {
        column(&format!("v;w\n{}", values.replace(' ', ";x\n") + ";x\n"), 0)["type"].clone()
    };
    assert_eq!(kind("1 -2 3000"), "integer");
    assert_eq!(kind("1.5 2 -3.25"), "decimal");
    assert_eq!(kind("1,5 2 3,25"), "decimal");
    assert_eq!(kind("1.234,50 -0,5"), "decimal");
    assert_eq!(kind("$1,000.50 -$3 $-4"), "decimal");
    assert_eq!(kind("12€ 3,50€"), "decimal");
    assert_eq!(kind("1e300 2.5e-3"), "decimal");
    assert_eq!(kind("1 n/a NaN 3"), "integer");
    assert_eq!(kind("007 123"), "text");
    assert_eq!(kind("1,23,4 5"), "text");
    assert_eq!(kind("+49 30"), "text");
    assert_eq!(kind("123456789012345678901234567890 1"), "text");
    assert_eq!(kind("yes no YES"), "boolean");
    assert_eq!(kind("1 0"), "integer");
    assert_eq!(kind("- n/a"), "text");
    let comma = ask(
        "aggregate",
        "v;w\n1.234,50;x\n0,25;x\n",
        json!({ "metrics": ["sum(v)"] }),
    );
    assert_eq!(comma["rows"], json!([[1234.75]]));
}

#[test]
fn dates_are_what_people_write() {
    let first = |text: &str| {
        let column = column(&format!("d|x\n{text}|1\n"), 0);
        (
            column["type"].as_str().unwrap().to_owned(),
            column["min"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let date = |iso: &str| ("date".to_owned(), iso.to_owned());
    let time = |iso: &str| ("datetime".to_owned(), iso.to_owned());
    assert_eq!(first("2024-02-29"), date("2024-02-29"));
    assert_eq!(first("2024/2/9"), date("2024-02-09"));
    assert_eq!(first("31.12.2024"), date("2024-12-31"));
    assert_eq!(first("31/12/2024"), date("2024-12-31"));
    assert_eq!(first("12/31/2024"), date("2024-12-31"));
    assert_eq!(first("5 Jan 2024"), date("2024-01-05"));
    assert_eq!(first("January 5, 2024"), date("2024-01-05"));
    assert_eq!(first("5-Sep-2024"), date("2024-09-05"));
    assert_eq!(first("2024-01-05T13:30:00Z"), time("2024-01-05T13:30:00Z"));
    assert_eq!(first("2024-01-05 13:30"), time("2024-01-05T13:30:00"));
    assert_eq!(
        first("2024-01-05T13:30:00.25+01:00"),
        time("2024-01-05T13:30:00.250+01:00")
    );
    assert_eq!(first("1/5/2024 1:30 PM"), time("2024-01-05T13:30:00"));
    assert_eq!(first("2023-02-29").0, "text");
    assert_eq!(first("2024-13-01").0, "text");
    assert_eq!(first("2024-01-05 25:00").0, "text");
    let ambiguous = ask("describe", "d,x\n1/2/2024,1\n3/4/2024,2\n", json!({}));
    assert!(
        ambiguous["notes"][0]
            .as_str()
            .unwrap()
            .contains("column `d` could be month/day/year")
    );
}

#[test]
fn filter_finds_and_sorts_rows() {
    let products = |conditions: Value| {
        let rows = ask(
            "filter",
            SALES,
            json!({ "where": conditions, "columns": ["units"] }),
        );
        rows["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[0].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(products(json!([])), [2, 1, 4, 10, 1]);
    assert_eq!(
        products(json!([{ "column": "amount", "op": "gt", "value": 0.1 }])),
        [2, 4, 10]
    );
    assert_eq!(
        products(json!([{ "column": "amount", "op": "ge", "value": "0.10" }])),
        [2, 1, 4, 10]
    );
    assert_eq!(
        products(json!([{ "column": "region", "op": "eq", "value": "north" }])),
        [2, 4]
    );
    assert_eq!(
        products(json!([{ "column": "region", "op": "ne", "value": "north" }])),
        [1, 10, 1]
    );
    assert_eq!(
        products(json!([{ "column": "region", "op": "in", "value": ["East", "South"] }])),
        [1, 10, 1]
    );
    assert_eq!(
        products(json!([{ "column": "product", "op": "contains", "value": "edison" }])),
        [4]
    );
    assert_eq!(
        products(json!([{ "column": "product", "op": "starts_with", "value": "de" }])),
        [1]
    );
    assert_eq!(
        products(json!([{ "column": "amount", "op": "is_null" }])),
        [1]
    );
    assert_eq!(
        products(json!([{ "column": "amount", "op": "not_null" }])).len(),
        4
    );
    assert_eq!(
        products(json!([{ "column": "date", "op": "lt", "value": "2024-02-01" }])),
        [2, 1]
    );
    assert_eq!(
        products(json!([{ "column": "returned", "op": "eq", "value": true }])),
        [4]
    );
    let either = json!([{ "or": [
        { "column": "units", "op": "ge", "value": 10 },
        { "and": [{ "column": "region", "op": "eq", "value": "North" }, { "column": "units", "op": "lt", "value": 3 }] },
    ] }]);
    assert_eq!(products(either), [2, 10]);

    let sorted = ask(
        "filter",
        SALES,
        json!({ "sort": ["amount desc", "units"], "columns": ["amount"], "limit": 2 }),
    );
    assert_eq!(sorted["rows"], json!([[1000], [199.9]]));
    assert_eq!(
        (&sorted["total"], &sorted["next_offset"]),
        (&json!(5), &json!(2))
    );
    let rest = ask(
        "filter",
        SALES,
        json!({ "sort": ["amount desc"], "columns": ["amount"], "offset": 3 }),
    );
    assert_eq!(
        (&rest["rows"], &rest["next_offset"]),
        (&json!([[0.1], [null]]), &Value::Null)
    );
}

#[test]
fn aggregate_groups_and_totals_exactly() {
    let totals = ask(
        "aggregate",
        SALES,
        json!({ "group_by": ["region"], "metrics": ["sum(amount)", "count", "mean(units) as average"] }),
    );
    assert_eq!(
        totals["columns"],
        json!(["region", "sum(amount)", "count", "average"])
    );
    assert_eq!(
        totals["rows"],
        json!([
            ["East", 1000, 1, 10],
            ["North", 200.1, 2, 3],
            ["South", 0.1, 2, 1]
        ])
    );

    let largest = ask(
        "aggregate",
        SALES,
        json!({ "group_by": ["region"], "metrics": ["sum(amount)"], "sort": ["sum(amount) desc"], "limit": 1 }),
    );
    assert_eq!(
        (&largest["rows"], &largest["total"]),
        (&json!([["East", 1000]]), &json!(3))
    );

    let months = ask(
        "aggregate",
        SALES,
        json!({ "group_by": ["month(date)"], "metrics": ["sum(units)"] }),
    );
    assert_eq!(
        months["rows"],
        json!([["2024-01", 3], ["2024-02", 14], ["2024-03", 1]])
    );
    let quarters = ask(
        "aggregate",
        SALES,
        json!({ "group_by": ["year(date)", "quarter(date)", "weekday(date)"] }),
    );
    assert_eq!(
        quarters["rows"][0],
        json!([2024, "2024-Q1", "3 Wednesday", 1])
    );

    let all = "median(units),min(date),max(amount),stddev(units),distinct(region),count(amount),avg(amount)";
    let whole = ask(
        "aggregate",
        SALES,
        json!({ "metrics": all.split(',').collect::<Vec<_>>() }),
    );
    let row = whole["rows"][0].as_array().unwrap();
    assert_eq!(
        (&row[0], &row[1], &row[2]),
        (&json!(2), &json!("2024-01-05"), &json!(1000))
    );
    assert!((row[3].as_f64().unwrap() - 3.781_534_080_237_807).abs() < 1e-12);
    assert_eq!(
        (&row[4], &row[5], &row[6]),
        (&json!(3), &json!(4), &json!(300.05))
    );

    // Floats give 0.30000000000000004 and lose the cent beside the billion.
    let exact = ask(
        "aggregate",
        "v,g\n0.1,a\n0.2,a\n",
        json!({ "metrics": ["sum(v)"] }),
    );
    assert_eq!(exact["rows"], json!([[0.3]]));
    let cents = format!("v,g\n1000000000000,a\n{}", "0.01,a\n".repeat(100));
    assert_eq!(
        ask("aggregate", &cents, json!({ "metrics": ["sum(v)"] }))["rows"],
        json!([[1_000_000_000_001_i64]])
    );

    let filtered =
        json!({ "metrics": ["count"], "where": [{ "column": "units", "op": "gt", "value": 100 }] });
    assert_eq!(ask("aggregate", SALES, filtered)["rows"], json!([[0]]));
    let missing = ask(
        "aggregate",
        "g,v\n,1\na,2\n",
        json!({ "group_by": ["g"], "metrics": ["sum(v)"] }),
    );
    assert_eq!(missing["rows"], json!([["a", 2], [null, 1]]));
    let parentheses = ask(
        "aggregate",
        "Price (EUR),g\n2,a\n3,a\n",
        json!({ "metrics": ["sum(Price (EUR))"] }),
    );
    assert_eq!(parentheses["rows"], json!([[5]]));
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let error = refused("read", SALES, json!({ "columns": ["amuont"] }));
    assert!(
        error.contains("no column `amuont`; did you mean `amount`?")
            && error.contains("date, region"),
        "{error}"
    );
    let error = refused("aggregate", SALES, json!({ "metrics": ["sum(product)"] }));
    assert!(
        error.contains(
            "Sum needs numbers, and column `product` holds text, such as \"Chair\" in row 1"
        ),
        "{error}"
    );
    let error = refused(
        "aggregate",
        SALES,
        json!({ "metrics": ["variance(units)"] }),
    );
    assert!(
        error.contains("no metric `variance(units)`; metrics are count, sum"),
        "{error}"
    );
    let error = refused("aggregate", SALES, json!({ "metrics": ["sum"] }));
    assert!(error.contains("`sum` needs a column"), "{error}");
    let error = refused("aggregate", SALES, json!({ "group_by": ["month(region)"] }));
    assert!(
        error.contains("Month needs dates, and column `region` holds text"),
        "{error}"
    );
    let error = refused("aggregate", SALES, json!({ "group_by": ["decade(date)"] }));
    assert!(error.contains("year, quarter, month"), "{error}");
    let error = refused(
        "aggregate",
        SALES,
        json!({ "group_by": ["region"], "sort": ["units"] }),
    );
    assert!(
        error.contains("no column `units` in the result to sort by")
            && error.contains("region, count"),
        "{error}"
    );
    let error = refused(
        "filter",
        SALES,
        json!({ "where": [{ "column": "amount", "op": "gt", "value": "many" }] }),
    );
    assert!(
        error.contains("Column `amount` holds decimals, and \"many\" is none"),
        "{error}"
    );
    let error = refused(
        "filter",
        SALES,
        json!({ "where": [{ "column": "region", "op": "in", "value": "North" }] }),
    );
    assert!(error.contains("needs a list of values"), "{error}");
    let error = refused(
        "filter",
        SALES,
        json!({ "where": [{ "column": "region", "op": "eq" }] }),
    );
    assert!(error.contains("`is_null`"), "{error}");
    let error = refused("read", "", json!({}));
    assert!(error.contains("The given text is empty"), "{error}");
    let error = refused("read", "a,b\n1,2\n3,\"4\n5,6\n", json!({}));
    assert!(
        error.contains("opens on line 3 (row 2, field 2) is never closed"),
        "{error}"
    );
    assert!(
        answer("read", json!({}))
            .unwrap_err()
            .contains("neither was given")
    );
    assert!(
        answer("read", json!({ "path": "a", "text": "b" }))
            .unwrap_err()
            .contains("both were given")
    );
    assert!(answer("read", json!({ "text": "a", "limit": "ten" })).is_err());
    assert!(answer("nothing", json!({})).is_err());
}

#[test]
fn files_are_read_and_their_faults_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let read = |name: &str| answer("read", json!({ "path": path(name) }));
    let write = |name: &str, bytes: &[u8]| std::fs::write(path(name), bytes).unwrap();

    write("sales.csv", SALES.as_bytes());
    assert_eq!(read("sales.csv").unwrap().0["total"], 5);

    let error = read("sale.csv").unwrap_err();
    assert!(
        error.contains("there is no such file; did you mean `sales.csv`?"),
        "{error}"
    );
    let error = read("").unwrap_err();
    assert!(error.contains("can't be read"), "{error}");
    let error = answer("read", json!({ "path": "no/such/directory/x.csv" })).unwrap_err();
    assert!(
        error.contains("files = [{ path = \"no/such/directory\", mode = \"read\" }]"),
        "{error}"
    );

    write("latin.csv", b"name,v\nA,1\nCaf\xe9,2\n");
    let (rows, _) = read("latin.csv").unwrap();
    assert_eq!(rows["rows"][1], json!(["Caf\u{fffd}", 2]));
    let note = rows["notes"][0].as_str().unwrap();
    assert!(
        note.contains("byte 0xe9 on line 3") && note.contains("row 2, column `name`"),
        "{note}"
    );

    let utf16: Vec<u8> = "\u{feff}a,b\n1,é\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    write("wide.csv", &utf16);
    assert_eq!(read("wide.csv").unwrap().0["rows"], json!([[1, "é"]]));

    write("image.png", b"\x89PNG\r\n\x1a\n\0\0\0");
    assert!(
        read("image.png")
            .unwrap_err()
            .contains("is not a text file")
    );
}

#[test]
fn text_results_are_tables_that_cells_cannot_break() {
    let (_, text) = answer("read", json!({ "text": "a,b\n\"x|y\",1.5\n\"l\nm\",2\n" })).unwrap();
    assert_eq!(
        text,
        "2 rows:\n\n| a | b |\n| --- | --- |\n| x\\|y | 1.5 |\n| l m | 2 |"
    );
}

#[test]
fn schemas_are_objects_with_descriptions() {
    for tool in Csv::list().unwrap() {
        let schema: Value = serde_json::from_str(&tool.input_schema).unwrap();
        assert_eq!(schema["type"], "object", "{}", tool.name);
        assert!(schema["properties"]["path"]["description"].is_string());
        assert!(tool.output_schema.is_some());
    }
}
