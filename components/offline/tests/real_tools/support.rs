//! A host for the tests: the real components as tools, and a loop that runs what the provider asks for.

use caxton_calc::Calc;
use caxton_csv::Csv;
use caxton_offline::Offline;
use caxton_sdk::provider::{Message, Part, Request, Role, StopReason, ToolOutput, ToolSpec};
use caxton_sdk::testing::provider;
use caxton_sdk::{Arguments, Body, Outcome, Provider, Tool, Tools, serde_json};
use caxton_time::Clock;

/// A component's tools under their full names.
struct Component {
    name: &'static str,
    list: fn() -> Result<Vec<Tool>, String>,
    call: fn(&str, Arguments) -> caxton_sdk::Answer,
}

const COMPONENTS: &[Component] = &[
    Component {
        name: "csv",
        list: Csv::list,
        call: Csv::call,
    },
    Component {
        name: "calc",
        list: Calc::list,
        call: Calc::call,
    },
    Component {
        name: "time",
        list: Clock::list,
        call: Clock::call,
    },
];

fn specs() -> Vec<ToolSpec> {
    let mut specs = Vec::new();
    for component in COMPONENTS {
        for tool in (component.list)().expect("tools") {
            specs.push(ToolSpec {
                name: format!("{}__{}", component.name, tool.name),
                description: tool.description,
                input_schema: tool.input_schema,
            });
        }
    }
    specs.push(ToolSpec {
        name: "ask_agent".into(),
        description: "Asks another agent to do what you can't do yourself, and gives its answer. It sees only the message, \
            so put all data that it needs into it. Capabilities:\n- charting: draws a chart from labelled numbers"
            .into(),
        input_schema: r#"{"type":"object","properties":{"capability":{"type":"string","enum":["charting"]},"message":{"type":"string"}},"required":["capability","message"]}"#.into(),
    });
    specs
}

fn run(name: &str, arguments: &str) -> (String, bool) {
    if name == "ask_agent" {
        return ("The chart is saved as charts/1.svg".into(), false);
    }
    let (component, tool) = name.split_once("__").expect("a full name");
    let component = COMPONENTS
        .iter()
        .find(|other| other.name == component)
        .expect("a component");
    match (component.call)(tool, Arguments::from_json(arguments)) {
        Ok(Outcome::Complete(result)) => {
            let texts = result.content.into_iter().map(|content| {
                if let Body::Text(text) = content.body {
                    text
                } else {
                    String::new()
                }
            });
            (texts.collect::<Vec<_>>().join("\n"), result.is_error)
        }
        other => (format!("{other:?}"), true),
    }
}

/// Asks, and runs the calls until there is an answer.
pub fn ask(question: &str) -> (Vec<(String, serde_json::Value)>, String) {
    let path = format!(
        "{}/../../templates/data-analyst/data/sales.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let path = std::fs::canonicalize(path)
        .expect("the template's data")
        .display()
        .to_string();
    let question = question.replace("data/sales.csv", &path);
    let message = provider::message(Role::User, vec![provider::text(&question)]);
    let mut request = Request {
        tools: specs(),
        ..provider::request("demo", vec![message])
    };
    let mut calls = Vec::new();
    for _ in 0..10 {
        let response = Offline::complete(request.clone()).expect("an answer");
        if response.stop_reason == StopReason::EndTurn {
            let [Part::Text(text)] = response.parts.as_slice() else {
                panic!("{:?}", response.parts)
            };
            return (calls, text.clone());
        }
        let mut outputs = Vec::new();
        for part in &response.parts {
            let Part::Call(call) = part else { continue };
            let (text, is_error) = run(&call.name, &call.arguments);
            let mut arguments: serde_json::Value =
                serde_json::from_str(&call.arguments).expect("JSON");
            if let Some(arguments) = arguments.as_object_mut() {
                arguments.remove("path");
            }
            calls.push((call.name.clone(), arguments));
            outputs.push(Part::Output(ToolOutput {
                id: call.id.clone(),
                text,
                is_error,
            }));
        }
        request.messages.push(Message {
            role: Role::Assistant,
            parts: response.parts,
        });
        request.messages.push(Message {
            role: Role::User,
            parts: outputs,
        });
    }
    panic!("no end: {calls:?}");
}

/// Asserts that a question leads to these calls, in any order, and that the answer has these texts.
pub fn check(question: &str, expected: &[(&str, serde_json::Value)], needles: &[&str]) {
    let (calls, answer) = ask(question);
    let shown = calls
        .iter()
        .map(|(name, arguments)| format!("{name} {arguments}"))
        .collect::<Vec<_>>()
        .join("\n");
    for (name, arguments) in expected {
        assert!(
            calls.iter().any(
                |(called, given)| called == name && (arguments.is_null() || given == arguments)
            ),
            "{question}\nexpected {name} {arguments}, got\n{shown}\n{answer}"
        );
    }
    assert_eq!(
        calls.is_empty(),
        expected.is_empty(),
        "{question}\n{shown}\n{answer}"
    );
    for needle in needles {
        assert!(
            answer.contains(needle),
            "{question}\nlacks {needle:?}\n{shown}\n{answer}"
        );
    }
}
