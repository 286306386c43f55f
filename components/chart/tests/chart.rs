//! What a caller of the tool sees: pictures that are well-formed and complete, and what is said of bad input.

use caxton_chart::Chart;
use caxton_sdk::{Arguments, Body, Outcome, ToolError, Tools, Value, json, serde_json};

struct Picture {
    svg: String,
    text: String,
    structured: Value,
}

impl Picture {
    fn count(&self, what: &str) -> usize {
        self.svg.matches(what).count()
    }

    #[track_caller]
    fn shows(&self, what: &str) {
        assert!(
            self.svg.contains(&format!(">{what}</text>")),
            "{what} in {}",
            self.svg
        );
    }
}

fn render(arguments: Value) -> Result<Picture, String> {
    let result = match Chart::call("render", Arguments::from(arguments.clone())) {
        Ok(Outcome::Complete(result)) => result,
        Err(ToolError::InvalidArguments(error)) => return Err(error),
        other => panic!("{other:?}"),
    };
    let Body::Text(text) = result.content[0].body.clone() else {
        panic!("the first content is a text")
    };
    if result.is_error {
        return Err(text);
    }
    let Body::Image(image) = &result.content[1].body else {
        panic!("the second content is a picture")
    };
    assert_eq!(image.mime_type, "image/svg+xml");
    let svg = String::from_utf8(image.data.clone()).expect("UTF-8");
    well_formed(&svg);
    let structured =
        serde_json::from_str(&result.structured.expect("a structured result")).expect("JSON");
    fits("render", &arguments, &structured);
    Ok(Picture {
        svg,
        text,
        structured,
    })
}

/// What was taken and given fits the schemas that the tool shows.
#[track_caller]
fn fits(tool: &str, arguments: &Value, structured: &Value) {
    let tools = Chart::list().expect("tools");
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

/// Tags match, no number is NaN or infinite, and every coordinate of the picture lies near it.
#[track_caller]
fn well_formed(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(!text.contains('"') || !text.contains("=\""), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()), "{svg}");
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap_or_default().to_owned());
        }
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
        for name in [
            "x", "y", "cx", "cy", "x1", "y1", "x2", "y2", "width", "height",
        ] {
            if let Some(value) = tag
                .split_once(&format!(" {name}=\""))
                .and_then(|(_, rest)| rest.split('"').next())
            {
                let value: f64 = value.parse().expect(tag);
                assert!((-20.0..4100.0).contains(&value), "{tag}");
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[track_caller]
fn refused(arguments: Value, expected: &str) {
    match render(arguments) {
        Err(error) => assert!(error.contains(expected), "{error}"),
        Ok(picture) => panic!("drawn: {}", picture.text),
    }
}

fn table() -> Value {
    json!({ "columns": ["region", "sum(amount)"], "rows": [["North", 18250.5], ["South & <East>", 12480], ["West", null]] })
}

fn lists(values: Value) -> Value {
    let categories: Vec<String> = (1..=values.as_array().map_or(0, Vec::len))
        .map(|at| format!("c{at}"))
        .collect();
    json!({ "categories": categories, "series": [{ "name": "a", "values": values }] })
}

#[test]
fn bars_have_axes_ticks_labels_and_values() {
    let picture = render(json!({ "data": table(), "title": "Sales" })).unwrap();
    for text in [
        "Sales",
        "region",
        "sum(amount)",
        "North",
        "South &amp; &lt;East&gt;",
        "West",
        "0",
        "5k",
        "20k",
        "18,250.5",
    ] {
        picture.shows(text);
    }
    // The paper and two bars: what is missing has none.
    assert_eq!(picture.count("<rect "), 3);
    assert_eq!(
        picture.text,
        "Sales (bar chart): North 18,250.5; South & <East> 12,480"
    );
    let expected = json!({
        "kind": "bar", "title": "Sales", "mime_type": "image/svg+xml", "width": 800, "height": 450,
        "series": ["sum(amount)"], "points": 2, "min": 12480.0, "max": 18250.5
    });
    assert_eq!(picture.structured, expected);
    assert!(
        picture
            .svg
            .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"450\"")
    );
    assert!(
        !picture.svg.contains("href") && !picture.svg.contains("<style"),
        "nothing is fetched"
    );
}

#[test]
fn several_series_have_a_legend() {
    let data = json!({ "categories": ["Q1", "Q2"], "series": [
        { "name": "Chairs", "values": [1, -2] }, { "name": "Tables", "values": [3, 4] }
    ] });
    for (stacked, horizontal) in [(false, false), (true, false), (false, true), (true, true)] {
        let picture =
            render(json!({ "data": data, "stacked": stacked, "horizontal": horizontal })).unwrap();
        picture.shows("Chairs");
        picture.shows("Tables");
        // The paper, two swatches and four bars.
        assert_eq!(picture.count("<rect "), 7);
    }
    let line = render(json!({ "data": data, "kind": "line" })).unwrap();
    // Two swatches and two lines, with a dot for each value.
    assert_eq!((line.count("<polyline "), line.count("<circle ")), (4, 4));
}

#[test]
fn two_groupings_become_series() {
    let data = json!({ "columns": ["month(date)", "region", "sum(amount)"], "rows": [
        ["2024-01", "North", 1], ["2024-01", "South", 2], ["2024-02", "North", 3]
    ] });
    let picture = render(json!({ "data": data })).unwrap();
    assert_eq!(picture.structured["series"], json!(["North", "South"]));
    assert_eq!(picture.structured["points"], 3);
    let chosen =
        render(json!({ "data": data, "x": "Region", "y": "sum(amount)", "series": "month(date)" }))
            .unwrap();
    assert_eq!(chosen.structured["series"], json!(["2024-01", "2024-02"]));
}

#[test]
fn a_line_breaks_where_values_are_missing() {
    let picture =
        render(json!({ "kind": "line", "data": lists(json!([1, 2, null, 4, "NaN", 6, 7])) }))
            .unwrap();
    assert_eq!(
        (picture.count("<polyline "), picture.count("<circle ")),
        (2, 5)
    );
}

#[test]
fn scatter_has_numbers_on_both_axes() {
    let data = json!({ "columns": ["name", "height", "weight"], "rows": [["a", 1.5, 50], ["b", 1.8, null], ["c", "2.0", 90]] });
    let picture = render(json!({ "kind": "scatter", "data": data })).unwrap();
    assert_eq!(picture.count("<circle "), 2);
    picture.shows("height");
    picture.shows("weight");
    let points = json!({ "series": [{ "name": "p", "points": [[1, 2], [3, 4]] }] });
    assert_eq!(
        render(json!({ "kind": "scatter", "data": points }))
            .unwrap()
            .structured["points"],
        2
    );
}

#[test]
fn pies_have_slices_and_shares() {
    let data =
        json!({ "categories": ["a", "b", "c"], "series": [{ "name": "n", "values": [1, 2, 1] }] });
    for kind in ["pie", "donut"] {
        let picture = render(json!({ "kind": kind, "data": data })).unwrap();
        assert_eq!(picture.count("<path "), 3);
        picture.shows("50%");
        picture.shows("25%");
    }
    let many = lists((1..=30).collect::<Vec<_>>().into());
    let picture = render(json!({ "kind": "pie", "data": many })).unwrap();
    assert_eq!(picture.count("<path "), 12);
    picture.shows("19 others");
    assert!(
        render(json!({ "kind": "pie", "data": lists(json!([5])) }))
            .unwrap()
            .svg
            .contains(" A")
    );
}

#[test]
fn awkward_values_are_drawn() {
    for kind in ["bar", "line", "scatter", "pie", "donut"] {
        for values in [
            json!([5]),
            json!([1e-12, 3e-12]),
            json!([1e100, 2e100]),
            json!([1e15, 1.0000000001e15]),
        ] {
            for (width, height) in [(240, 160), (800, 450), (4000, 200)] {
                let data = json!({ "columns": ["x", "y"], "rows": values.as_array().unwrap().iter()
                    .enumerate().map(|(at, value)| json!([at, value])).collect::<Vec<_>>() });
                let arguments = json!({ "kind": kind, "data": data, "width": width, "height": height, "title": "T" });
                render(arguments).unwrap();
            }
        }
        let many = json!({ "kind": kind, "data": lists((1..=60).collect::<Vec<_>>().into()) });
        match render(many) {
            Ok(picture) => assert!(picture.count("<text ") < 100, "labels are thinned"),
            Err(error) => assert!(
                kind == "scatter" && error.contains("which is no number"),
                "{error}"
            ),
        }
    }
    for values in [
        json!([0, 0]),
        json!([-5, -6]),
        json!([-1, 0, 1]),
        json!([0.1, 0.2]),
    ] {
        for kind in ["bar", "line"] {
            render(json!({ "kind": kind, "data": lists(values.clone()) })).unwrap();
            render(json!({ "kind": kind, "data": lists(values.clone()), "horizontal": true }))
                .unwrap();
        }
    }
}

#[test]
fn texts_cannot_break_the_picture() {
    let data = json!({ "categories": ["</text><script>alert(1)</script>", "a\u{0}\u{7}b\"'&", "漢字🎉", ""],
        "series": [{ "name": "]]>", "values": [1, 2, 3, 4] }] });
    for kind in ["bar", "line", "pie"] {
        let picture =
            render(json!({ "kind": kind, "data": data, "title": "<&>", "y_label": "a<b" }))
                .unwrap();
        assert!(!picture.svg.contains("<script") && !picture.svg.contains('\u{7}'));
        picture.shows("&lt;&amp;&gt;");
    }
}

#[test]
fn ticks_are_round_and_enclose_the_values() {
    let ticks = |values: Value| {
        let picture =
            render(json!({ "kind": "line", "data": lists(values), "y_label": "", "height": 300 }))
                .unwrap();
        let numbers = picture
            .svg
            .lines()
            .filter(|line| line.contains("text-anchor=\"end\""));
        numbers
            .map(|line| line.split(['>', '<']).nth(2).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ticks(json!([0, 1])), ["0", "1"]);
    assert_eq!(ticks(json!([0.0, 0.35])), ["0", "0.1", "0.2", "0.3", "0.4"]);
    assert_eq!(ticks(json!([100, 103])), ["100", "101", "102", "103"]);
    assert_eq!(ticks(json!([-30, 70])), ["−50", "0", "50", "100"]);
    assert_eq!(
        ticks(json!([12_000, 34_000])),
        ["0", "10k", "20k", "30k", "40k"]
    );
    assert_eq!(ticks(json!([2.5e6, 7e6])), ["0", "2M", "4M", "6M", "8M"]);
    assert_eq!(ticks(json!([1e-7, 3e-7])), ["0", "1e-7", "2e-7", "3e-7"]);
}

#[test]
fn bad_input_is_refused_with_the_place() {
    refused(json!({}), "missing field `data`");
    refused(json!({ "data": {} }), "has neither form");
    refused(
        json!({ "data": { "columns": ["a", "b"], "rows": [] } }),
        "the table has no rows",
    );
    refused(
        json!({ "data": { "columns": [], "rows": [[]] } }),
        "`columns` is an empty list",
    );
    refused(
        json!({ "data": { "categories": [], "series": [] } }),
        "`series` is an empty list",
    );
    refused(
        json!({ "data": lists(json!([null, null])) }),
        "no value is a number",
    );
    refused(
        json!({ "data": { "columns": ["a", "b"], "rows": [["x", 1], ["y"]] } }),
        "row 2 has 1 values for 2 columns",
    );
    refused(
        json!({ "data": { "columns": ["a", "b"], "rows": [["x", "y"]] } }),
        "no column beside `a` has numbers",
    );
    refused(
        json!({ "data": table(), "x": "place" }),
        "no column `place`; the columns are: region, sum(amount)",
    );
    refused(
        json!({ "data": { "columns": ["a", "b"], "rows": [["x", 1], ["y", "many"]] }, "y": "b" }),
        "column `b` in row 2 is \"many\", which is no number",
    );
    refused(
        json!({ "data": { "categories": ["a", "b"], "series": [{ "name": "s", "values": [1] }] } }),
        "series `s` has 1 values for 2 categories",
    );
    refused(
        json!({ "data": lists(json!([1e300])) }),
        "too large to draw",
    );
    refused(
        json!({ "data": lists(vec![1; 5_001].into()) }),
        "at most 5000 can be drawn; group or filter",
    );
    refused(
        json!({ "kind": "pie", "data": lists(json!([1, -2])) }),
        "`c2` is -2; draw a bar chart",
    );
    refused(
        json!({ "kind": "pie", "data": lists(json!([0, 0])) }),
        "all values are 0",
    );
    refused(
        json!({ "kind": "scatter", "data": table() }),
        "needs two columns of numbers",
    );
    refused(
        json!({ "kind": "radar", "data": table() }),
        "unknown variant `radar`",
    );
    let twice = json!({ "columns": ["m", "r", "v"], "rows": [["1", "N", 1], ["1", "N", 2]] });
    refused(
        json!({ "data": twice }),
        "two values of `N` at `1`; group the data first",
    );
    assert!(matches!(
        Chart::call("paint", Arguments::from(json!({}))),
        Err(ToolError::NotFound(_))
    ));
}
