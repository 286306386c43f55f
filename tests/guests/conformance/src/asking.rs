//! Tools that ask: the person, the client's model, for the client's roots, all three at once, several times over, and
//! with state that must come back as it was.

use caxton_sdk::input::{InputRequired, Reply, Resumption, resumption};
use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Value, json};
use serde::{Deserialize, Serialize};

/// The tools of this file.
pub fn list() -> Vec<Tool> {
    let one = |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] });
    let mut tools = vec![
        Tool::new("test_sampling", "Asks the client's model.").input(one("prompt")),
        Tool::new("test_elicitation", "Asks the person.").input(one("message")),
    ];
    let without_arguments = [
        (
            "test_elicitation_sep1034_defaults",
            "Asks the person, with defaults of every primitive type.",
        ),
        (
            "test_elicitation_sep1330_enums",
            "Asks the person to choose, in every form of choice.",
        ),
        (
            "test_missing_capability",
            "Asks the client's model, and can do nothing without it.",
        ),
        ("test_streaming_elicitation", "Asks the person."),
        (
            "test_input_required_result_elicitation",
            "Asks the person for a name.",
        ),
        (
            "test_input_required_result_sampling",
            "Asks the client's model for a capital.",
        ),
        (
            "test_input_required_result_list_roots",
            "Asks for the client's roots.",
        ),
        (
            "test_input_required_result_request_state",
            "Asks, and expects its state back.",
        ),
        (
            "test_input_required_result_multiple_inputs",
            "Asks the person, the model and for the roots at once.",
        ),
        (
            "test_input_required_result_multi_round",
            "Asks twice, one question after the other.",
        ),
        (
            "test_input_required_result_tampered_state",
            "Asks, with state that must not be changed.",
        ),
        (
            "test_input_required_result_capabilities",
            "Asks the person and the model; does with what the client can.",
        ),
    ];
    tools.extend(
        without_arguments
            .into_iter()
            .map(|(name, description)| Tool::new(name, description)),
    );
    tools
}

/// Calls a tool of this file; nothing where it has none of that name.
pub fn call(name: &str, arguments: &Arguments) -> Option<Answer> {
    let asked = resumption();
    let asked = asked.as_ref();
    Some(match name {
        "test_sampling" => sampling(arguments, asked),
        "test_elicitation" => elicitation(arguments, asked),
        "test_elicitation_sep1034_defaults" => {
            form("Please provide user information", defaults(), asked)
        }
        "test_elicitation_sep1330_enums" => form("Please choose", choices(), asked),
        "test_missing_capability" => model("greeting", "Say hello", asked),
        "test_streaming_elicitation" => form("What is the word?", text_field("word"), asked),
        "test_input_required_result_elicitation" => greet(asked),
        "test_input_required_result_sampling" => {
            model("capital_question", "What is the capital of France?", asked)
        }
        "test_input_required_result_list_roots" => roots(asked),
        "test_input_required_result_request_state" => state(asked),
        "test_input_required_result_multiple_inputs" => everything(asked),
        "test_input_required_result_multi_round" => rounds(asked),
        "test_input_required_result_tampered_state" => confirmed(asked),
        "test_input_required_result_capabilities" => whatever_works(asked),
        _ => return None,
    })
}

fn text_field(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

fn confirmation() -> Value {
    json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] })
}

fn question_to_model(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": text } }], "maxTokens": 100 })
}

/// The answer to `key`, where there is one.
fn answer(asked: Option<&Resumption>, key: &str) -> Result<Option<Value>, ToolError> {
    asked
        .map_or(Ok(None), |resumption| resumption.answer(key))
        .map_err(ToolError::InvalidArguments)
}

fn sampling(arguments: &Arguments, asked: Option<&Resumption>) -> Answer {
    #[derive(Deserialize)]
    struct Sampling {
        prompt: String,
    }
    let Sampling { prompt } = arguments.parse()?;
    model("answer", &prompt, asked)
}

fn elicitation(arguments: &Arguments, asked: Option<&Resumption>) -> Answer {
    #[derive(Deserialize)]
    struct Elicitation {
        message: String,
    }
    let Elicitation { message } = arguments.parse()?;
    let fields = json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" }
        },
        "required": ["username", "email"]
    });
    form(&message, fields, asked)
}

/// Asks the person and says what came back, whatever it was.
fn form(message: &str, fields: Value, asked: Option<&Resumption>) -> Answer {
    match answer(asked, "answer")? {
        None => InputRequired::new()
            .elicit("answer", message, fields)
            .into(),
        Some(answer) => {
            let action = answer["action"].as_str().unwrap_or("none");
            ToolResult::text(format!(
                "User response: action={action}, content={}",
                answer["content"]
            ))
            .into()
        }
    }
}

/// Asks the client's model and says what it said.
fn model(key: &str, text: &str, asked: Option<&Resumption>) -> Answer {
    match answer(asked, key)? {
        None => InputRequired::new()
            .sample(key, question_to_model(text))
            .into(),
        Some(answer) => ToolResult::text(format!(
            "LLM response: {}",
            answer["content"]["text"].as_str().unwrap_or("not text")
        ))
        .into(),
    }
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// The name that the person gave, where they did.
fn name(asked: Option<&Resumption>, key: &str) -> Result<Option<Reply<Name>>, ToolError> {
    asked
        .map_or(Ok(None), |resumption| resumption.elicited(key))
        .map_err(ToolError::InvalidArguments)
}

fn greet(asked: Option<&Resumption>) -> Answer {
    match name(asked, "user_name")? {
        Some(Reply::Accepted(Name { name })) => ToolResult::text(format!("Hello, {name}!")).into(),
        Some(_) => ToolResult::text("Hello, stranger!").into(),
        None => InputRequired::new()
            .elicit("user_name", "What is your name?", text_field("name"))
            .into(),
    }
}

fn roots(asked: Option<&Resumption>) -> Answer {
    match answer(asked, "client_roots")? {
        Some(answer) => {
            let count = answer["roots"].as_array().map_or(0, Vec::len);
            ToolResult::text(format!("The client has {count} roots.")).into()
        }
        None => InputRequired::new().list_roots("client_roots").into(),
    }
}

fn state(asked: Option<&Resumption>) -> Answer {
    const STATE: &str = "state of the first round";
    match asked {
        Some(resumption)
            if resumption.state.as_deref() == Some(STATE)
                && answer(asked, "confirm")?.is_some() =>
        {
            ToolResult::text("state-ok: the state came back as it was").into()
        }
        _ => InputRequired::new()
            .elicit("confirm", "Please confirm", confirmation())
            .state(STATE)
            .into(),
    }
}

fn everything(asked: Option<&Resumption>) -> Answer {
    if let (Some(_), Some(_), Some(_)) = (
        answer(asked, "user_name")?,
        answer(asked, "greeting")?,
        answer(asked, "client_roots")?,
    ) {
        return ToolResult::text("All answers received.").into();
    }
    InputRequired::new()
        .elicit("user_name", "What is your name?", text_field("name"))
        .sample("greeting", question_to_model("Generate a greeting"))
        .list_roots("client_roots")
        .state("three questions")
        .into()
}

/// What the tool of several rounds knows between two of them.
#[derive(Deserialize, Serialize)]
struct Round {
    name: String,
}

fn rounds(asked: Option<&Resumption>) -> Answer {
    let known = asked
        .and_then(|resumption| resumption.state.as_deref())
        .and_then(|state| caxton_sdk::serde_json::from_str::<Round>(state).ok());
    let first = || {
        InputRequired::new()
            .elicit("step1", "Step 1: What is your name?", text_field("name"))
            .state("{}")
    };
    match (known, name(asked, "step1")?, answer(asked, "step2")?) {
        (Some(Round { name }), _, Some(answer)) => ToolResult::text(format!(
            "{name} likes {}.",
            answer["content"]["color"].as_str().unwrap_or("no color")
        ))
        .into(),
        (None, Some(Reply::Accepted(Name { name })), _) => {
            let state = json!(Round { name }).to_string();
            InputRequired::new()
                .elicit(
                    "step2",
                    "Step 2: What is your favorite color?",
                    text_field("color"),
                )
                .state(state)
                .into()
        }
        _ => first().into(),
    }
}

fn confirmed(asked: Option<&Resumption>) -> Answer {
    match asked.and_then(|resumption| resumption.state.as_deref()) {
        Some(state) => ToolResult::text(format!("state-ok: {state}")).into(),
        None => InputRequired::new()
            .elicit("confirm", "Please confirm", confirmation())
            .state("round 1")
            .into(),
    }
}

fn whatever_works(asked: Option<&Resumption>) -> Answer {
    if asked.is_some_and(|resumption| !resumption.responses.is_empty()) {
        return ToolResult::text("Thank you.").into();
    }
    InputRequired::new()
        .elicit("ask", "What is your name?", text_field("name"))
        .sample("sample", question_to_model("Say hello"))
        .state("either will do")
        .into()
}

fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "User name", "default": "John Doe" },
            "age": { "type": "integer", "description": "User age", "default": 30 },
            "score": { "type": "number", "description": "User score", "default": 95.5 },
            "status": { "type": "string", "description": "User status", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "description": "Verification status", "default": true }
        },
        "required": []
    })
}

fn choices() -> Value {
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "description": "One of", "enum": ["option1", "option2", "option3"] },
            "titledSingle": {
                "type": "string",
                "description": "One of, with titles",
                "oneOf": [
                    { "const": "value1", "title": "First Option" },
                    { "const": "value2", "title": "Second Option" },
                    { "const": "value3", "title": "Third Option" }
                ]
            },
            "legacyEnum": {
                "type": "string",
                "description": "One of, with titles in the old form",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": {
                "type": "array",
                "description": "Some of",
                "items": { "type": "string", "enum": ["option1", "option2", "option3"] }
            },
            "titledMulti": {
                "type": "array",
                "description": "Some of, with titles",
                "items": {
                    "anyOf": [
                        { "const": "value1", "title": "First Choice" },
                        { "const": "value2", "title": "Second Choice" },
                        { "const": "value3", "title": "Third Choice" }
                    ]
                }
            }
        },
        "required": []
    })
}
