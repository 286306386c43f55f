//! A chat completion's request as a message to an agent.

use caxton_sandbox::llm_types::{Role, ToolCall, ToolSpec};

use super::super::super::error::Problem;
use super::super::super::wire::openai as wire;
use super::super::input::{self, AUTO, Kinds, Unserved};
use super::super::said::{Said, last_words};
use crate::turn::{Asked, Exchange, Message};

/// What would change the answer, and can't be served.
const UNSERVED: [Unserved; 9] = [
    ("logprobs", input::when_false),
    ("top_logprobs", input::when_zero),
    ("logit_bias", input::when_empty),
    ("modalities", input::when_text),
    ("audio", input::never),
    ("functions", input::when_empty),
    ("function_call", input::never),
    ("web_search_options", input::never),
    ("moderation", input::never),
];

/// The message that is asked.
///
/// # Errors
/// Whatever can't be served, by its place.
pub(super) fn message(request: wire::ChatRequest) -> Result<Message, Problem> {
    input::refuse(&request.others, &UNSERVED)?;
    if request.n.is_some_and(|n| n != 1) {
        let detail = "`n` must be 1: one answer is given; ask again for another";
        return Err(Problem::parameter("/n", "unsupported-value", detail));
    }
    let tools = tools(request.tools.unwrap_or_default())?;
    let tool_choice = input::choice(request.tool_choice.as_ref(), &tools)?;
    let asked = Asked {
        temperature: input::temperature(request.temperature)?,
        max_tokens: input::tokens(request.max_completion_tokens, "max_completion_tokens")?
            .or(input::tokens(request.max_tokens, "max_tokens")?),
        stop: stop(request.stop)?,
        response_schema: match request.response_format {
            None => None,
            Some(format) => {
                let schema = format
                    .json_schema
                    .as_ref()
                    .and_then(|named| named.schema.as_ref());
                input::schema(&format.kind, schema, "/response_format")?
            }
        },
    };
    let mut said = Said::default();
    for (index, message) in request.messages.into_iter().enumerate() {
        say(&mut said, message, &format!("/messages/{index}"))?;
    }
    let messages = said.finish("/messages")?;
    Ok(Message {
        to: (request.model != AUTO).then_some(request.model),
        content: last_words(&messages),
        asked,
        exchange: Some(Exchange {
            messages,
            tools,
            tool_choice,
            parallel_calls: request.parallel_tool_calls != Some(false),
            instructions: None,
        }),
        ..Message::default()
    })
}

fn say(said: &mut Said, message: wire::ChatMessage, pointer: &str) -> Result<(), Problem> {
    let wire::ChatMessage {
        role,
        content,
        refusal,
        tool_calls,
        tool_call_id,
        audio,
        function_call,
    } = message;
    if audio.is_some() || function_call.is_some() {
        let (name, instead) = if audio.is_some() {
            ("audio", "say it as `content`")
        } else {
            ("function_call", "use `tool_calls`")
        };
        let detail = format!("`{name}` can't be served; {instead}");
        return Err(Problem::parameter(
            &format!("{pointer}/{name}"),
            "unsupported-parameter",
            detail,
        ));
    }
    let calls = tool_calls.unwrap_or_default();
    let kinds = if role == "user" {
        Kinds::TextAndPictures
    } else {
        Kinds::Text
    };
    let place = format!("{pointer}/content");
    let missing = |name: &str| {
        let detail = format!(
            "a message of role `{}` needs the member `{name}`",
            role.escape_debug()
        );
        Problem::parameter(
            &format!("{pointer}/{name}"),
            "missing-required-parameter",
            detail,
        )
    };
    let parts = match content {
        Some(content) => Some(input::parts(content, kinds, &place)?),
        None => None,
    };
    match role.as_str() {
        "system" | "developer" => said.say(
            Role::System,
            parts.ok_or_else(|| missing("content"))?,
            pointer,
        ),
        "user" => said.say(
            Role::User,
            parts.ok_or_else(|| missing("content"))?,
            pointer,
        ),
        "assistant" => {
            if parts.is_none() && refusal.is_none() && calls.is_empty() {
                return Err(missing("content"));
            }
            let mut parts = parts.unwrap_or_default();
            parts.extend(refusal.map(caxton_sandbox::llm_types::Part::Text));
            said.say(Role::Assistant, parts, pointer)?;
            for (index, call) in calls.into_iter().enumerate() {
                let pointer = format!("{pointer}/tool_calls/{index}");
                let function = call
                    .function
                    .ok_or_else(|| input::no_function(&call.kind, &pointer))?;
                let call = ToolCall {
                    id: call.id,
                    name: function.name,
                    arguments: function.arguments,
                };
                said.call(call, &pointer)?;
            }
            Ok(())
        }
        "tool" => {
            let id = tool_call_id.ok_or_else(|| missing("tool_call_id"))?;
            let text = input::text(&parts.ok_or_else(|| missing("content"))?);
            said.result(id, text, pointer)
        }
        other => {
            let detail = format!(
                "`{}` is none of `system`, `developer`, `user`, `assistant`, `tool`",
                other.escape_debug()
            );
            Err(Problem::parameter(
                &format!("{pointer}/role"),
                "invalid-value",
                detail,
            ))
        }
    }
}

fn tools(given: Vec<wire::ChatTool>) -> Result<Vec<ToolSpec>, Problem> {
    let tool = |(index, tool): (usize, wire::ChatTool)| {
        let pointer = format!("/tools/{index}");
        match tool.function {
            Some(function) if tool.kind == "function" => input::tool(
                function.name,
                function.description,
                function.parameters,
                &format!("{pointer}/function"),
            ),
            _ => Err(input::no_function(&tool.kind, &pointer)),
        }
    };
    let tools = given
        .into_iter()
        .enumerate()
        .map(tool)
        .collect::<Result<Vec<_>, _>>()?;
    input::distinct(&tools)?;
    Ok(tools)
}

fn stop(given: Option<wire::TextOr<String>>) -> Result<Vec<String>, Problem> {
    let texts = match given {
        None => Vec::new(),
        Some(wire::TextOr::Text(text)) => vec![text],
        Some(wire::TextOr::List(texts)) => texts,
    };
    if texts.iter().any(String::is_empty) {
        let detail = "a text at which to stop is empty, and would stop everything; leave it out";
        return Err(Problem::parameter("/stop", "invalid-value", detail));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use caxton_sandbox::llm_types::{Part, ToolChoice};
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body;

    fn asked(members: Value) -> Result<Message, Problem> {
        let mut body =
            json!({ "model": "writer", "messages": [{ "role": "user", "content": "Hi" }] });
        body.as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("an object").clone());
        message(body::parse(body.to_string().as_bytes())?)
    }

    #[test]
    fn a_conversation_is_handed_on_whole() {
        let message = asked(json!({
            "model": "auto",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": [{ "type": "text", "text": "What is this?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AQID", "detail": "low" } }] },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "call_1", "type": "function", "function": { "name": "look", "arguments": "{}" } }] },
                { "role": "tool", "tool_call_id": "call_1", "content": [{ "type": "text", "text": "a cat" }] },
            ],
            "tools": [{ "type": "function", "function": { "name": "look", "parameters": { "type": "object" }, "strict": true } }],
            "tool_choice": "required",
            "stop": "END", "max_completion_tokens": 7, "max_tokens": 9, "temperature": 0,
            "response_format": { "type": "json_object" },
            "user": "u", "seed": 1, "top_p": 1, "something_new": {}, "logprobs": false, "n": 1, "audio": null,
        }))
        .expect("it can be served");
        assert_eq!(message.to, None);
        assert_eq!(message.content, "What is this?");
        assert_eq!(
            (
                message.asked.max_tokens,
                message.asked.temperature,
                message.asked.stop.as_slice()
            ),
            (Some(7), Some(0.0), &["END".to_owned()][..])
        );
        assert_eq!(
            message.asked.response_schema.as_deref(),
            Some(r#"{"type":"object"}"#)
        );
        let exchange = message.exchange.expect("the client keeps the conversation");
        let shape: Vec<_> = exchange
            .messages
            .iter()
            .map(|m| (m.role, m.parts.len()))
            .collect();
        assert_eq!(
            shape,
            [
                (Role::System, 1),
                (Role::User, 2),
                (Role::Assistant, 1),
                (Role::User, 1)
            ]
        );
        assert!(
            matches!(&exchange.messages[1].parts[1], Part::Image(image) if image.data == [1, 2, 3])
        );
        assert!(
            matches!(&exchange.messages[3].parts[0], Part::Output(output) if output.text == "a cat")
        );
        assert_eq!(exchange.tool_choice, ToolChoice::Required);
        assert_eq!(exchange.tools[0].input_schema, r#"{"type":"object"}"#);
    }

    #[test]
    fn what_can_not_be_served_is_refused_by_its_place() {
        let check = |members: Value, pointer: &str, code: &str| {
            let told = members.to_string();
            let problem = asked(members).expect_err(&told);
            assert_eq!(
                (problem.pointer().unwrap_or_default(), problem.code.as_ref()),
                (pointer, code),
                "{told}: {}",
                problem.detail
            );
        };
        let messages = |message: Value| json!({ "messages": [message] });
        check(json!({ "n": 2 }), "/n", "unsupported-value");
        check(
            json!({ "logprobs": true }),
            "/logprobs",
            "unsupported-parameter",
        );
        check(
            json!({ "modalities": ["text", "audio"] }),
            "/modalities",
            "unsupported-parameter",
        );
        check(
            json!({ "functions": [{}] }),
            "/functions",
            "unsupported-parameter",
        );
        check(
            json!({ "temperature": 2.5 }),
            "/temperature",
            "invalid-value",
        );
        check(
            json!({ "temperature": "hot" }),
            "/temperature",
            "invalid-body",
        );
        check(json!({ "max_tokens": 0 }), "/max_tokens", "invalid-value");
        check(json!({ "max_tokens": -1 }), "/max_tokens", "invalid-body");
        check(json!({ "stop": "" }), "/stop", "invalid-value");
        check(
            json!({ "tools": [{ "type": "web_search" }] }),
            "/tools/0/type",
            "unsupported-value",
        );
        check(
            json!({ "tool_choice": "required" }),
            "/tool_choice",
            "invalid-value",
        );
        check(
            json!({ "response_format": { "type": "json_schema" } }),
            "/response_format",
            "missing-required-parameter",
        );
        check(json!({ "messages": [] }), "/messages", "invalid-value");
        check(
            messages(json!({ "role": "robot", "content": "x" })),
            "/messages/0/role",
            "invalid-value",
        );
        check(
            messages(json!({ "role": "user" })),
            "/messages/0/content",
            "missing-required-parameter",
        );
        check(
            messages(json!({ "role": "user", "content": 7 })),
            "/messages/0/content",
            "invalid-body",
        );
        check(
            messages(json!({ "role": "user", "content": [{ "type": "text" }] })),
            "/messages/0/content/0",
            "missing-required-parameter",
        );
        check(
            messages(json!({ "role": "user", "content": [{ "text": "x" }] })),
            "/messages/0/content/0",
            "invalid-body",
        );
        check(
            messages(
                json!({ "role": "user", "content": [{ "type": "input_audio", "input_audio": {} }] }),
            ),
            "/messages/0/content/0/type",
            "invalid-value",
        );
        check(
            messages(
                json!({ "role": "system", "content": [{ "type": "image_url", "image_url": { "url": "data:" } }] }),
            ),
            "/messages/0/content/0/type",
            "invalid-value",
        );
        check(
            messages(
                json!({ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "https://x/y.png" } }] }),
            ),
            "/messages/0/content/0",
            "invalid-image-url",
        );
        check(
            messages(json!({ "role": "tool", "content": "x" })),
            "/messages/0/tool_call_id",
            "missing-required-parameter",
        );
        check(
            messages(json!({ "role": "tool", "content": "x", "tool_call_id": "a" })),
            "/messages/0",
            "invalid-value",
        );
        check(
            messages(json!({ "role": "assistant", "content": "x" })),
            "/messages",
            "invalid-value",
        );
    }
}
