//! Draws charts of every kind, easy and awkward ones, to be looked at: `cargo run -p caxton-chart --example gallery -- DIR`.

use caxton_chart::Chart;
use caxton_sdk::{Arguments, Body, Outcome, Tools, Value, json};

fn main() -> Result<(), String> {
    let directory = std::env::args()
        .nth(1)
        .ok_or("name the directory that the pictures go to")?;
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("{directory} can't be made: {error}"))?;
    for (name, arguments) in charts() {
        let outcome = Chart::call("render", Arguments::from(arguments))
            .map_err(|error| format!("{name}: {error:?}"))?;
        let Outcome::Complete(result) = outcome else {
            return Err(format!("{name}: no result"));
        };
        for content in result.content {
            match content.body {
                Body::Image(image) => {
                    let path = format!("{directory}/{name}.svg");
                    std::fs::write(&path, image.data)
                        .map_err(|error| format!("{path} can't be written: {error}"))?;
                }
                Body::Text(text) => println!("{name}: {text}"),
                _ => {}
            }
        }
    }
    Ok(())
}

fn charts() -> Vec<(&'static str, Value)> {
    let table = |columns: Value, rows: Value| json!({ "columns": columns, "rows": rows });
    let regions = table(
        json!(["region", "sum(amount)"]),
        json!([
            ["North", 18250.5],
            ["South", 12480],
            ["East", 9120.25],
            ["West", 15730]
        ]),
    );
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
    let quarters = json!({
        "categories": ["Q1", "Q2", "Q3", "Q4"],
        "series": [
            { "name": "Chairs", "values": [120, 180, 150, 210] },
            { "name": "Tables", "values": [90, 60, 110, 95] },
            { "name": "Lamps", "values": [40, 75, 60, 130] }
        ]
    });
    let days: Vec<Value> = (0..60)
        .map(|day| {
            json!([
                format!("2024-{:02}-{:02}", 1 + day / 30, 1 + day % 30),
                100.0 + 40.0 * (day as f64 / 6.0).sin()
            ])
        })
        .collect();
    let names = [
        "Department of Long Names and Longer Titles",
        "Research & Development <Europe>",
        "Sales",
        "Human Resources",
        "Facility Management International",
        "Legal",
    ];
    let cloud: Vec<Value> = (0..120)
        .map(|at| {
            let x = f64::from(at % 40) * 2.5;
            let region = ["north", "south", "east"][at as usize % 3];
            json!([x, x * 1.7 + f64::from((at * 37) % 50) - 10.0, region])
        })
        .collect();
    vec![
        (
            "bar",
            json!({ "data": regions, "title": "Sales by region" }),
        ),
        (
            "bar_one",
            json!({ "data": { "categories": ["Only"], "series": [{ "values": [3] }] }, "title": "One bar" }),
        ),
        (
            "bar_grouped",
            json!({ "data": quarters, "title": "Units by quarter", "y_label": "units" }),
        ),
        (
            "bar_stacked",
            json!({ "data": quarters, "title": "Units by quarter", "stacked": true }),
        ),
        (
            "bar_horizontal_stacked",
            json!({ "data": quarters, "title": "Units", "stacked": true, "horizontal": true }),
        ),
        (
            "bar_horizontal",
            json!({
                "data": { "categories": names, "series": [{ "name": "cost", "values": [1.2e6, 9.8e5, 2.5e6, 4e5, 7.7e5, 1.5e5] }] },
                "title": "Cost by department", "horizontal": true
            }),
        ),
        (
            "bar_long_names",
            json!({
                "data": { "categories": names, "series": [{ "name": "cost", "values": [1.2e6, 9.8e5, 2.5e6, 4e5, 7.7e5, 1.5e5] }] },
                "title": "Cost by department with a title that is so long that it has to be broken into two lines, or even be cut somewhere"
            }),
        ),
        (
            "bar_negative",
            json!({
                "data": { "categories": months, "series": [{ "name": "profit", "values": [12, -7.5, 3, -14, 0, 22] }] },
                "title": "Profit and loss", "y_label": "thousand euros"
            }),
        ),
        (
            "bar_negative_horizontal",
            json!({
                "data": { "categories": months, "series": [{ "name": "profit", "values": [12, -7.5, 3, -14, null, 22] }] },
                "title": "Profit and loss", "horizontal": true
            }),
        ),
        (
            "bar_negative_stacked",
            json!({
                "data": { "categories": months, "series": [
                    { "name": "in", "values": [12, 8, 13, 14, 9, 22] }, { "name": "out", "values": [-8, -9, -5, -16, -7, -12] },
                    { "name": "tax", "values": [-2, -1, -3, -2, -1, -4] }
                ] }, "stacked": true, "title": "Cash flow"
            }),
        ),
        (
            "bar_many",
            json!({
                "data": { "categories": (1..=60).map(|at| format!("Customer {at}")).collect::<Vec<_>>(),
                    "series": [{ "name": "orders", "values": (0..60).map(|at| (at * 37) % 91 + 5).collect::<Vec<_>>() }] },
                "title": "Orders by customer"
            }),
        ),
        (
            "line",
            json!({ "kind": "line", "title": "Visitors", "data": {
            "categories": months, "series": [
                { "name": "Web", "values": [1200, 1350, 1280, 1500, 1720, 1690] },
                { "name": "Shop", "values": [800, 760, 820, 790, 850, 910] },
                { "name": "Phone", "values": [300, 280, null, null, 210, 190] }
            ] } }),
        ),
        (
            "line_dates",
            json!({ "kind": "line", "title": "Temperature", "data": table(json!(["date", "mean(t)"]), json!(days)) }),
        ),
        (
            "line_gaps",
            json!({ "kind": "line", "data": {
            "categories": months, "series": [{ "name": "a", "values": [1, null, 3, null, "NaN", 2] }] } }),
        ),
        (
            "line_one",
            json!({ "kind": "line", "data": { "categories": ["2024"], "series": [{ "name": "a", "values": [42] }] } }),
        ),
        (
            "line_tiny",
            json!({ "kind": "line", "title": "Tiny", "data": {
            "categories": months, "series": [{ "name": "a", "values": [1.2e-9, 2.5e-9, 1.9e-9, 3.1e-9, 2.2e-9, 4e-9] }] } }),
        ),
        (
            "line_huge",
            json!({ "kind": "line", "title": "Huge, and nearly the same", "data": {
            "categories": months, "series": [{ "name": "a", "values": [8.1e12, 8.12e12, 8.09e12, 8.15e12, 8.11e12, 8.2e12] }] } }),
        ),
        (
            "line_many_series",
            json!({ "kind": "line", "title": "Ten series", "data": {
            "categories": months, "series": (0..10).map(|at| json!({ "name": format!("Series number {at}"),
                "values": (0..6).map(|x| at * 10 + (x * 7 + at * 3) % 11).collect::<Vec<_>>() })).collect::<Vec<_>>() } }),
        ),
        (
            "scatter",
            json!({ "kind": "scatter", "title": "Weight against height", "series": "region",
            "data": table(json!(["height", "weight", "region"]), json!(cloud)) }),
        ),
        (
            "scatter_one",
            json!({ "kind": "scatter", "data": { "series": [{ "name": "p", "points": [[-3, 1e6]] }] } }),
        ),
        (
            "pie",
            json!({ "kind": "pie", "title": "Share of sales", "data": regions }),
        ),
        (
            "donut",
            json!({ "kind": "donut", "title": "Share of sales", "data": {
            "categories": ["Rent", "Food", "Transport", "Insurance", "Savings", "Fun", "Other things that cost money every month"],
            "series": [{ "name": "eur", "values": [950, 420, 130, 110, 300, 90, 12] }] } }),
        ),
        (
            "pie_one",
            json!({ "kind": "pie", "data": { "categories": ["All"], "series": [{ "values": [5] }] } }),
        ),
        (
            "pie_many",
            json!({ "kind": "pie", "title": "Thirty slices", "data": {
            "categories": (1..=30).map(|at| format!("Slice {at}")).collect::<Vec<_>>(),
            "series": [{ "values": (1..=30).map(|at| at * at).collect::<Vec<_>>() }] } }),
        ),
        (
            "split",
            json!({ "title": "Sales by month and region", "data": table(
            json!(["month(date)", "region", "sum(amount)"]),
            json!([["2024-01", "North", 120], ["2024-01", "South", 90], ["2024-02", "North", 150], ["2024-03", "North", 170], ["2024-03", "South", 60]])) }),
        ),
        (
            "small",
            json!({ "data": regions, "title": "Small", "width": 320, "height": 200 }),
        ),
        (
            "narrow_donut",
            json!({ "kind": "donut", "data": regions, "title": "Narrow", "width": 300, "height": 420 }),
        ),
    ]
}
