//! What a caller of the tools sees: results, and what is said of bad input.

use caxton_calc::Calc;
use caxton_sdk::{Arguments, Body, Outcome, ToolError, Tools, Value, json, serde_json};

fn call(tool: &str, arguments: Value) -> Result<Value, String> {
    let result = match Calc::call(tool, Arguments::from(arguments.clone())) {
        Ok(Outcome::Complete(result)) => result,
        Ok(other) => panic!("{other:?}"),
        Err(ToolError::InvalidArguments(error) | ToolError::NotFound(error)) => return Err(error),
        Err(other) => panic!("{other:?}"),
    };
    if result.is_error {
        let Body::Text(text) = &result.content[0].body else {
            panic!("an error is a text")
        };
        return Err(text.clone());
    }
    let structured =
        serde_json::from_str(&result.structured.expect("a structured result")).expect("JSON");
    fits(tool, &arguments, &structured);
    Ok(structured)
}

/// What was taken and given fits the schemas that the tool shows.
#[track_caller]
fn fits(tool: &str, arguments: &Value, structured: &Value) {
    let tools = Calc::list().expect("tools");
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

fn evaluate(expression: &str) -> Result<String, String> {
    call("evaluate", json!({ "expression": expression }))
        .map(|value| value["result"].as_str().unwrap().to_owned())
}

#[track_caller]
fn check(expression: &str, expected: &str) {
    assert_eq!(
        evaluate(expression).as_deref(),
        Ok(expected),
        "{expression}"
    );
}

#[track_caller]
fn refused(expression: &str, expected: &str) {
    let error = evaluate(expression).expect_err("an error");
    assert!(error.contains(expected), "{expression:.80}: {error}");
}

#[test]
fn arithmetic_is_exact() {
    check("0.1 + 0.2", "0.3");
    check("19.99 * 3 + 5", "64.97");
    check("1/3*3", "1");
    check("1.10", "1.1");
    check("-2^2", "-4");
    check("(-2)^2", "4");
    check("2^3^2", "512");
    check("2**10", "1024");
    check("2^-2", "0.25");
    check("0^0", "1");
    check("--5", "5");
    check("10 - 4 - 3", "3");
    check("100/10/2", "5");
    check("2 + 3 × 4 ÷ 2 − 1", "7");
    check("1_000_000 * 1_000_000", "1000000000000");
    check("2^100", "1267650600228229401496703205376");
    check(
        "123456789.123456789 * 987654321.987654321",
        "121932631356500531.347203169112635269",
    );
    check("1e3 + 1.5e-3", "1000.0015");
    check("1e-40", "0.0000000000000000000000000000000000000001");
    check("1/8", "0.125");
    check(".5", "0.5");
    check("2 + 2 = ?", "4");
    check("7 % 3", "1");
    check("-7 % 3", "-1");
    check("5.5 % 2", "1.5");
    check("15% of 80", "12");
    check("200 * 10%", "20");
    check("(5%) - 3", "-2.95");
    check("5!", "120");
    check("25!", "15511210043330985984000000");
}

#[test]
fn what_no_decimal_can_hold_is_rounded_and_marked() {
    check("1/3", "0.3333333333333333333333333333333333");
    check("2/3", "0.6666666666666666666666666666666667");
    check("sqrt(2)", "1.414213562373095048801688724209698");
    check(
        "sqrt(2e-60)",
        "0.000000000000000000000000000001414213562373095048801688724209698",
    );
    check("pi", "3.141592653589793238462643383279503");
    check("sqrt(2)^2", "2");
    check("sin(pi/2)", "1");
    check("sqrt(2e200)", "1.414213562373095048801688724209698e100");
    check("10^60 / 3", "3.333333333333333333333333333333333e59");
    check("ln(e)", "1");
    check("exp(1)", "2.71828182845905");
    let third = call("evaluate", json!({ "expression": "1/3" })).unwrap();
    assert_eq!(
        (&third["exact"], &third["fraction"]),
        (&json!(false), &json!("1/3"))
    );
    let half = call("evaluate", json!({ "expression": "1/2" })).unwrap();
    assert_eq!(
        (&half["exact"], &half["number"]),
        (&json!(true), &json!(0.5))
    );
    let root = call("evaluate", json!({ "expression": "sqrt(2)" })).unwrap();
    assert_eq!(
        (&root["exact"], root.get("fraction")),
        (&json!(false), None)
    );
    // Larger than any float: the decimal is there, the float is not.
    let large = call("evaluate", json!({ "expression": "10^400" })).unwrap();
    assert_eq!(
        (&large["exact"], &large["number"]),
        (&json!(true), &Value::Null)
    );
}

#[test]
fn functions() {
    check("sqrt(16)", "4");
    check("sqrt(0.25)", "0.5");
    check("27^(1/3)", "3");
    check("4^0.5", "2");
    check("cbrt(-8)", "-2");
    check("round(2.5)", "3");
    check("round(-2.5)", "-3");
    check("round(3.14159, 2)", "3.14");
    check("round(1234, -2)", "1200");
    check("floor(-1.5)", "-2");
    check("ceil(1.1)", "2");
    check("trunc(-1.9)", "-1");
    check("abs(-3)", "3");
    check("min(3, 1, 2) + max(3, 1, 2)", "4");
    check("sum(0.1, 0.2, 0.3)", "0.6");
    check("mean(1, 2, 4.5)", "2.5");
    check("median(3, 1, 2, 10)", "2.5");
    check("gcd(12, 18) + lcm(4, 6)", "18");
    check("log10(1000)", "3");
    check("log(8, 2)", "3");
    check("SQRT(9)", "3");
}

#[test]
fn variables_have_values() {
    let arguments = json!({ "expression": "price * n", "variables": { "price": "19.99", "n": 3 } });
    assert_eq!(call("evaluate", arguments).unwrap()["result"], "59.97");
    let error = call(
        "evaluate",
        json!({ "expression": "price * n", "variables": { "price": 2 } }),
    )
    .unwrap_err();
    assert!(
        error.contains("at character 9: `n` has no value") && error.contains("price, pi, e"),
        "{error}"
    );
    let error = call(
        "evaluate",
        json!({ "expression": "a", "variables": { "a": "ten" } }),
    )
    .unwrap_err();
    assert!(
        error.contains("variables.a: `ten` is not a number"),
        "{error}"
    );
}

#[test]
fn a_bad_expression_is_refused_with_place_and_reason() {
    refused("", "at character 1: the expression is empty");
    refused("2 +", "at character 4: a number is missing at the end");
    refused("2 + * 3", "at character 5: expected a number before `*`");
    refused("(1 + 2", "at character 1: this `(` is never closed");
    refused("1 + 2)", "at character 6: this `)` closes nothing");
    refused("1,000 + 2", "at character 2: a comma only separates");
    refused("2 3", "at character 3: expected an operator before 3");
    refused("1.2.3", "`1.2.3` is not a number");
    refused("2 $ 3", "at character 3: `$` has no meaning");
    refused("1 / (2 - 2)", "at character 3: can't divide by zero");
    refused("5 % 0", "can't divide by zero");
    refused("0^-1", "can't divide by zero");
    refused("sqrt(-1)", "the square root of -1 is not a real number");
    refused("(-8)^(1/2)", "no real power");
    refused("ln(0)", "ln is defined for numbers above 0");
    refused("asin(2)", "not a real number");
    refused(
        "frobnicate(1)",
        "there is no function `frobnicate`; there are abs(x)",
    );
    refused(
        "round(1, 2, 3)",
        "round is given 3 arguments, and takes them as round(x, places)",
    );
    refused("sqrt", "`sqrt` is a function; write sqrt(x)");
    refused("round(1, 0.5)", "whole number");
    refused("2.5!", "a factorial is of a whole number");
    refused("7 % -3", "could be per cent or a remainder");
}

#[test]
fn a_hostile_expression_is_refused_before_it_costs() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(1_500), close.repeat(1_500));
    refused(&deep("(", ")"), "nests deeper than 100 levels");
    refused(&deep("-", ""), "nests deeper than 100 levels");
    refused(&deep("2^", ""), "nests deeper than 100 levels");
    refused(&deep("abs(", ")"), "nests deeper than 100 levels");
    refused("9^9^9^9", "more than 5000 digits");
    refused("10^5001", "more than 5000 digits");
    refused("1e999999999", "more than 5000 digits");
    refused("1e99999999999999999999999", "not a number");
    refused("99999!", "more than 5000 digits");
    refused("lcm(2^9000, 3^9000)", "more than 5000 digits");
    refused("exp(1000)", "more than 5000 digits");
    refused(
        &"1+".repeat(6_000),
        "the expression has 12000 characters, and at most 10000 are taken",
    );
    check("(1/3)^3000 * 3^3000", "1");
    check("sqrt(2)^1000 / 2^500", "1");
    check("1^99999999999999999999", "1");
}

#[test]
fn statistics_of_a_list() {
    let result = call(
        "statistics",
        json!({ "values": [2, 4, 4, 4, 5, 5, 7, 9], "quantiles": [0.25, 0.95] }),
    )
    .unwrap();
    assert_eq!(result["count"], 8);
    assert_eq!(result["sum"], 40);
    assert_eq!(result["mean"], 5);
    assert_eq!(result["median"], 4.5);
    assert_eq!(result["mode"], json!([4]));
    assert_eq!((&result["min"], &result["max"]), (&json!(2), &json!(9)));
    assert_eq!(result["population"], json!({ "variance": 4, "stddev": 2 }));
    assert_eq!(result["sample"]["variance"], 32.0 / 7.0);
    assert_eq!(
        result["quantiles"],
        json!([{ "q": 0.25, "value": 4 }, { "q": 0.95, "value": 8.3 }])
    );

    // Large numbers that nearly cancel: floats would give a variance of 0 or less.
    let result = call(
        "statistics",
        json!({ "values": ["1000000000000000.1", "1000000000000000.2"] }),
    )
    .unwrap();
    assert_eq!(result["sample"]["variance"], 0.005);

    let result = call("statistics", json!({ "values": [0.1, 0.2, 0.3] })).unwrap();
    assert_eq!(
        (&result["sum"], &result["mean"], &result["mode"]),
        (&json!(0.6), &json!(0.2), &json!([]))
    );

    let single = call("statistics", json!({ "values": [3] })).unwrap();
    assert_eq!(
        (&single["sample"], &single["median"]),
        (&Value::Null, &json!(3))
    );
}

#[test]
fn two_lists_are_related() {
    let result = call(
        "statistics",
        json!({ "values": [1, 2, 3, 4], "y": [3, 5, 7, 9] }),
    )
    .unwrap();
    assert_eq!(result["correlation"], 1);
    assert_eq!(
        result["regression"],
        json!({ "slope": 2, "intercept": 1, "r_squared": 1 })
    );

    let result = call("statistics", json!({ "values": [1, 2, 3], "y": [3, 2, 2] })).unwrap();
    assert!((result["correlation"].as_f64().unwrap() + 0.866_025_403_784_438_6).abs() < 1e-15);

    let result = call("statistics", json!({ "values": [5, 5], "y": [1, 2] })).unwrap();
    assert_eq!(
        (&result["correlation"], &result["regression"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_bad_list_is_refused_with_the_place() {
    let error = |arguments| call("statistics", arguments).unwrap_err();
    assert!(error(json!({ "values": [] })).contains("there are no values"));
    assert!(error(json!({ "values": [1, "two"] })).contains("values[1]: `two` is not a number"));
    assert!(error(json!({ "values": [1, 2], "y": [1] })).contains("2 values and 1 values of y"));
    assert!(
        error(json!({ "values": [1], "quantiles": [95] })).contains("the 95th percentile is 0.95")
    );
    assert!(error(json!({ "values": "1" })).contains("invalid type"));
    assert!(call("nothing", json!({})).is_err());
}

#[test]
fn the_tools_have_object_schemas() {
    for tool in Calc::list().unwrap() {
        let schema: Value = serde_json::from_str(&tool.input_schema).unwrap();
        assert_eq!(schema["type"], "object", "{}", tool.name);
        assert!(serde_json::from_str::<Value>(tool.output_schema.as_deref().unwrap()).is_ok());
    }
}
