//! What is asked: the body in the API's words, and signatures where they belong.

use caxton_sdk::provider::{Blob, LlmError, Part, Role, ToolChoice, ToolSpec};
use caxton_sdk::testing::provider::{body_of, call, message, output, request, text};
use caxton_sdk::testing::{configure, upstream};
use caxton_sdk::{Provider, Value, json};

use super::{Gemini, calls, hello, stream};

#[test]
fn the_request_says_everything_in_the_apis_words() {
    let seen = upstream(vec![stream(&calls())]);
    configure(&[
        (
            "thinking_config",
            r#"{"includeThoughts":true,"thinkingLevel":"low"}"#,
        ),
        ("headers", r#"{"x-team":"sales"}"#),
        (
            "extra_body",
            r#"{"safetySettings":[],"generationConfig":{"topK":20}}"#,
        ),
    ]);
    let mut request = request(
        "gemini-2.5-pro",
        vec![
            message(Role::System, vec![text("Be brief.")]),
            message(Role::System, vec![text("Be kind.")]),
            message(
                Role::User,
                vec![
                    Part::Text("Look".into()),
                    Part::Image(Blob {
                        data: vec![1, 2],
                        mime_type: "image/png".into(),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                vec![
                    Part::Text("I look.".into()),
                    call("a", "f", r#"{"x":1}"#),
                    call("b", "g", "not JSON"),
                ],
            ),
            message(
                Role::User,
                vec![
                    Part::Text("and?".into()),
                    output("a", "no file", true),
                    output("b", "7", false),
                    output("gone", "8", false),
                ],
            ),
            message(Role::Assistant, vec![]),
        ],
    );
    request.tools = vec![ToolSpec {
        name: "f".into(),
        description: "d".into(),
        input_schema:
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}"#.into(),
    }];
    request.tool_choice = ToolChoice::Named("f".into());
    request.max_tokens = Some(7);
    request.temperature = Some(0.5);
    request.stop = vec!["END".into()];
    request.response_schema = Some(r#"{"type":"object"}"#.into());
    Gemini::complete(request).expect("an answer");
    let seen = seen.borrow();
    assert_eq!(
        seen[0].url,
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
    );
    assert!(seen[0].headers.contains(&("x-team".into(), "sales".into())));
    assert_eq!(
        body_of(&seen[0]),
        json!({
            "systemInstruction": {"parts": [{"text": "Be brief.\n\nBe kind."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Look"}, {"inlineData": {"mimeType": "image/png", "data": "AQI="}}]},
                {"role": "model", "parts": [
                    {"text": "I look."},
                    {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
                    {"functionCall": {"id": "b", "name": "g", "args": {}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "a", "name": "f", "response": {"error": "no file"}}},
                    {"functionResponse": {"id": "b", "name": "g", "response": {"output": "7"}}},
                    {"text": "An earlier tool call gave: 8"},
                    {"text": "and?"},
                ]},
            ],
            "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
            "generationConfig": {
                "maxOutputTokens": 7, "temperature": 0.5, "stopSequences": ["END"], "topK": 20,
                "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"},
                "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "low"},
            },
            "safetySettings": [],
        })
    );
}

#[test]
fn a_choice_of_tools_has_a_mode() {
    for (choice, expected) in [
        (ToolChoice::Auto, Value::Null),
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
    ] {
        let seen = upstream(vec![stream(&calls()), stream(&calls())]);
        let mut request = hello();
        request.tool_choice = choice;
        Gemini::complete(request.clone()).expect("an answer");
        request.tools = vec![ToolSpec {
            name: "f".into(),
            description: String::new(),
            input_schema: "{}".into(),
        }];
        Gemini::complete(request).expect("an answer");
        let seen = seen.borrow();
        assert_eq!(body_of(&seen[0]).get("toolConfig"), None);
        assert_eq!(
            body_of(&seen[1])["toolConfig"]["functionCallingConfig"],
            expected
        );
    }
}

/// Two rounds of calls are given back as the host does it: opaque parts first, with everything else unchanged.
#[test]
fn signatures_come_back_with_the_calls_that_they_came_with() {
    upstream(vec![stream(&calls())]);
    let first = Gemini::complete(hello()).expect("an answer");
    let outputs = message(
        Role::User,
        vec![
            output("q7", "3 columns", false),
            output("call_1", "noon", false),
        ],
    );
    let mut conversation = hello();
    conversation
        .messages
        .push(message(Role::Assistant, first.parts));
    conversation.messages.push(outputs);
    let seen = upstream(vec![stream(&calls())]);
    Gemini::complete(conversation).expect("an answer");
    assert_eq!(
        body_of(&seen.borrow()[0])["contents"][1]["parts"],
        json!([
            {"text": "Let me sée 🦀."},
            {"functionCall": {"id": "q7", "name": "csv__describe", "args": {"path": "ä.csv"}}, "thoughtSignature": "CiQB=="},
            {"functionCall": {"id": "call_1", "name": "time__now", "args": {}}},
        ])
    );
}

#[test]
fn calls_of_another_model_get_the_word_for_it_in_the_current_turn() {
    let skip = json!("skip_thought_signature_validator");
    let none = Value::Null;
    for (model, earlier, first, second) in [
        ("gemini-3.5-flash", &none, &skip, &none),
        ("gemini-flash-latest", &none, &skip, &none),
        ("models/gemini-3-pro-preview", &none, &skip, &none),
        ("gemini-2.5-pro", &none, &none, &none),
        ("gemma-4-31b-it", &none, &none, &none),
        ("tunedModels/mine", &none, &none, &none),
    ] {
        let seen = upstream(vec![stream(&calls())]);
        Gemini::complete(request(
            model,
            vec![
                message(Role::User, vec![text("earlier")]),
                message(Role::Assistant, vec![call("a", "f", "{}")]),
                message(Role::User, vec![output("a", "1", false)]),
                message(Role::Assistant, vec![text("done")]),
                message(Role::User, vec![text("now")]),
                message(
                    Role::Assistant,
                    vec![call("b", "f", "{}"), call("c", "f", "{}")],
                ),
                message(
                    Role::User,
                    vec![output("b", "1", false), output("c", "2", false)],
                ),
            ],
        ))
        .expect("an answer");
        let body = body_of(&seen.borrow()[0]);
        let of = |content: usize, part: usize| &body["contents"][content]["parts"][part]["thoughtSignature"];
        assert_eq!(
            (of(1, 0), of(5, 0), of(5, 1)),
            (earlier, first, second),
            "{model}"
        );
    }
}

#[test]
fn a_signature_of_the_text_goes_with_the_text() {
    let opaque = || Part::Opaque(r#"{"thoughtSignature":"Sg=="}"#.into());
    for (parts, expected) in [
        (
            vec![opaque(), Part::Text("Hi".into())],
            json!([{"text": "Hi", "thoughtSignature": "Sg=="}]),
        ),
        (
            vec![opaque(), call("a", "f", "{}")],
            json!([{"text": "", "thoughtSignature": "Sg=="}, {"functionCall": {"id": "a", "name": "f", "args": {}}}]),
        ),
        (
            vec![
                Part::Opaque("not JSON".into()),
                Part::Opaque("{}".into()),
                Part::Text("Hi".into()),
            ],
            json!([{"text": "Hi"}]),
        ),
    ] {
        let seen = upstream(vec![stream(&calls())]);
        let mut request = hello();
        request.model = "gemini-2.5-pro".into();
        request.messages.push(message(Role::Assistant, parts));
        Gemini::complete(request).expect("an answer");
        assert_eq!(body_of(&seen.borrow()[0])["contents"][1]["parts"], expected);
    }
}

#[test]
fn a_models_name_stays_in_the_path() {
    for (model, expected) in [
        ("gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("tunedModels/mine-7", "tunedModels/mine-7"),
        ("x?key=1#y", "models/x%3Fkey%3D1%23y"),
        ("ä b", "models/%C3%A4%20b"),
    ] {
        let seen = upstream(vec![stream(&calls())]);
        let mut request = hello();
        request.model = model.into();
        Gemini::complete(request).expect("an answer");
        let url = seen.borrow()[0].url.clone();
        let end = format!("/v1beta/{expected}:streamGenerateContent?alt=sse");
        assert!(url.ends_with(&end), "{url}");
    }
}

#[test]
fn wrong_settings_and_schemas_are_named() {
    for (key, value) in [
        ("base_url", "generativelanguage.googleapis.com"),
        ("thinking_config", "high"),
        ("headers", "7"),
    ] {
        upstream(Vec::new());
        configure(&[(key, value)]);
        let Err(LlmError::BadRequest(text)) = Gemini::complete(hello()) else {
            panic!("{key} = {value} was taken")
        };
        assert!(text.contains(&format!("`{key}`")), "{text}");
    }
    upstream(Vec::new());
    let mut broken = hello();
    broken.tools = vec![ToolSpec {
        name: "odd".into(),
        description: String::new(),
        input_schema: "{".into(),
    }];
    let Err(LlmError::BadRequest(text)) = Gemini::complete(broken) else {
        panic!("a broken schema was taken")
    };
    assert!(text.contains("`odd`"), "{text}");
}
