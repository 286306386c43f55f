//! A response's request as a message to an agent. One message of a user that goes on where a conversation ended is sent as
//! any other; with instructions, tools or more than that, the whole of what was said is put together here.

use caxton_sandbox::llm_types::{Part, Role, ToolCall, ToolSpec};

use super::super::super::error::Problem;
use super::super::super::wire::openai as wire;
use super::super::input::{self, AUTO, Kinds, Unserved};
use super::super::said::{Said, last_words};
use super::TURN;
use crate::turn::{Asked, Exchange, Image, Message, Past};

/// What would change the answer, and can't be served.
const UNSERVED: [Unserved; 6] = [
    ("background", input::when_false),
    ("prompt", input::never),
    ("top_logprobs", input::when_zero),
    ("context_management", input::when_empty),
    ("moderation", input::never),
    ("messages", input::never),
];

/// Refuses what can't be served, before anything is looked up.
///
/// # Errors
/// Whatever can't be served, by its place.
pub(super) fn check(request: &wire::ResponseRequest) -> Result<(), Problem> {
    input::refuse(&request.others, &UNSERVED)?;
    if request.previous_response_id.is_some() && request.conversation.is_some() {
        let detail = "the response can go on from `previous_response_id` or with `conversation`, not with both; leave one out";
        return Err(Problem::parameter("/conversation", "invalid-value", detail));
    }
    let goes_on = request.previous_response_id.is_some() || request.conversation.is_some();
    if goes_on && request.store == Some(false) {
        let detail = "a conversation that goes on is kept by the server, so `store` can't be false; leave it out, or send the whole conversation as `input`";
        return Err(Problem::parameter("/store", "unsupported-value", detail));
    }
    Ok(())
}

/// The message that is asked, where `past` is what it goes on from.
///
/// # Errors
/// Whatever can't be served, by its place.
pub(super) fn message(
    request: wire::ResponseRequest,
    past: Option<Past>,
) -> Result<Message, Problem> {
    let tools = tools(request.tools.unwrap_or_default())?;
    let tool_choice = input::choice(request.tool_choice.as_ref(), &tools)?;
    let asked = Asked {
        temperature: input::temperature(request.temperature)?,
        max_tokens: input::tokens(request.max_output_tokens, "max_output_tokens")?,
        stop: Vec::new(),
        response_schema: match request.text.and_then(|text| text.format) {
            None => None,
            Some(format) => input::schema(&format.kind, format.schema.as_ref(), "/text/format")?,
        },
    };
    let base = Message {
        to: (request.model != AUTO).then_some(request.model),
        conversation: past.as_ref().map(|past| past.conversation.clone()),
        asked,
        ..Message::default()
    };
    let instructions = request.instructions.filter(|text| !text.is_empty());
    let items = match request.input {
        wire::TextOr::Text(text) => vec![user(text)],
        wire::TextOr::List(items) => items,
    };
    let mut said = match past.as_ref() {
        Some(past) => Said::after(past.messages.clone()),
        None => Said::default(),
    };
    let before = said.len();
    for (index, item) in items.into_iter().enumerate() {
        say(&mut said, item, &format!("/input/{index}"))?;
    }
    let messages = said.finish("/input")?;
    let goes_on = past.is_none_or(|past| past.is_last);
    if goes_on
        && instructions.is_none()
        && tools.is_empty()
        && let [only] = &messages[before..]
        && let Some((content, images)) = plain(&only.parts)
    {
        return Ok(Message {
            content,
            images,
            ..base
        });
    }
    Ok(Message {
        content: last_words(&messages),
        exchange: Some(Exchange {
            messages,
            tools,
            tool_choice,
            parallel_calls: request.parallel_tool_calls != Some(false),
            instructions,
        }),
        ..base
    })
}

/// Text and pictures of a message that is nothing else.
fn plain(parts: &[Part]) -> Option<(String, Vec<Image>)> {
    let picture = |part: &Part| match part {
        Part::Text(_) => None,
        Part::Image(blob) => Some(Ok(Image {
            mime_type: blob.mime_type.clone(),
            data: blob.data.clone(),
        })),
        _ => Some(Err(())),
    };
    let images = parts
        .iter()
        .filter_map(picture)
        .collect::<Result<_, _>>()
        .ok()?;
    Some((input::text(parts), images))
}

fn user(text: String) -> wire::InputItem {
    wire::InputItem {
        kind: None,
        role: Some("user".to_owned()),
        content: Some(wire::Content::Text(text)),
        call_id: None,
        name: None,
        arguments: None,
        output: None,
    }
}

fn say(said: &mut Said, item: wire::InputItem, pointer: &str) -> Result<(), Problem> {
    let kind = item.kind.as_deref().unwrap_or("message");
    let missing = |name: &str| {
        let detail = format!(
            "an item of type `{}` needs the member `{name}`",
            kind.escape_debug()
        );
        Problem::parameter(
            &format!("{pointer}/{name}"),
            "missing-required-parameter",
            detail,
        )
    };
    match kind {
        "message" => {
            let role = match item.role.as_deref().ok_or_else(|| missing("role"))? {
                "system" | "developer" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => {
                    let detail = format!(
                        "`{}` is none of `system`, `developer`, `user`, `assistant`",
                        other.escape_debug()
                    );
                    return Err(Problem::parameter(
                        &format!("{pointer}/role"),
                        "invalid-value",
                        detail,
                    ));
                }
            };
            let kinds = if role == Role::User {
                Kinds::TextAndPictures
            } else {
                Kinds::Text
            };
            let content = item.content.ok_or_else(|| missing("content"))?;
            let parts = input::parts(content, kinds, &format!("{pointer}/content"))?;
            said.say(role, parts, pointer)
        }
        "function_call" => {
            let call = ToolCall {
                id: item.call_id.ok_or_else(|| missing("call_id"))?,
                name: item.name.ok_or_else(|| missing("name"))?,
                arguments: item.arguments.ok_or_else(|| missing("arguments"))?,
            };
            said.call(call, pointer)
        }
        "function_call_output" => {
            let id = item.call_id.ok_or_else(|| missing("call_id"))?;
            let output = item.output.ok_or_else(|| missing("output"))?;
            let parts = input::parts(output, Kinds::Text, &format!("{pointer}/output"))?;
            said.result(id, input::text(&parts), pointer)
        }
        // What a model thought is of use to that model alone, and kept here.
        "reasoning" => Ok(()),
        other => {
            let detail = format!(
                "an item of type `{}` can't be served; there are `message`, `function_call` and `function_call_output`",
                other.escape_debug()
            );
            Err(Problem::parameter(
                &format!("{pointer}/type"),
                "invalid-value",
                detail,
            ))
        }
    }
}

fn tools(given: Vec<wire::ResponseTool>) -> Result<Vec<ToolSpec>, Problem> {
    let tool = |(index, tool): (usize, wire::ResponseTool)| {
        let pointer = format!("/tools/{index}");
        match tool.name {
            Some(name) if tool.kind == "function" => {
                input::tool(name, tool.description, tool.parameters, &pointer)
            }
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

/// The turn of a response, by the response's id.
pub(super) fn turn(id: &str) -> Option<&str> {
    id.strip_prefix(TURN)
}

#[cfg(test)]
mod tests {
    use caxton_sandbox::llm_types::{self, ToolOutput};
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body;

    fn asked(members: Value, past: Option<Past>) -> Result<Message, Problem> {
        let mut body = json!({ "model": "writer", "input": "Hi" });
        body.as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("an object").clone());
        let request = body::parse(body.to_string().as_bytes())?;
        check(&request)?;
        message(request, past)
    }

    fn said(role: Role, part: Part) -> llm_types::Message {
        llm_types::Message {
            role,
            parts: vec![part],
        }
    }

    fn past(is_last: bool, open: bool) -> Option<Past> {
        let mut messages = vec![said(Role::User, Part::Text("Weather?".to_owned()))];
        if open {
            let call = ToolCall {
                id: "call_1".to_owned(),
                name: "look".to_owned(),
                arguments: "{}".to_owned(),
            };
            messages.push(said(Role::Assistant, Part::Call(call)));
        }
        Some(Past {
            conversation: "c".to_owned(),
            messages,
            is_last,
        })
    }

    #[test]
    fn a_message_that_goes_on_from_the_end_is_sent_as_any_other() {
        for past in [None, past(true, false)] {
            let conversation = past.as_ref().map(|past| past.conversation.clone());
            let message = asked(json!({}), past).expect("it can be served");
            assert_eq!((message.content.as_str(), message.exchange), ("Hi", None));
            assert_eq!(message.conversation, conversation);
        }
        let picture = json!([{ "role": "user", "content": [{ "type": "input_image", "image_url": "data:image/png;base64,AQID", "detail": "auto" }] }]);
        let message = asked(json!({ "input": picture }), None).expect("it can be served");
        assert_eq!((message.content.as_str(), message.images.len()), ("", 1));
    }

    #[test]
    fn anything_more_is_put_together_with_what_was_said() {
        let shape = |members: Value, past: Option<Past>| {
            let message = asked(members, past).expect("it can be served");
            let exchange = message.exchange.expect("it is put together");
            let roles: Vec<Role> = exchange
                .messages
                .iter()
                .map(|message| message.role)
                .collect();
            (message.content, roles, exchange.instructions.is_some())
        };
        let hi = "Hi".to_owned();
        let user = Role::User;
        assert_eq!(
            shape(json!({ "instructions": "Be brief." }), None),
            (hi.clone(), vec![user], true)
        );
        assert_eq!(
            shape(json!({}), past(false, false)),
            (hi.clone(), vec![user, user], false)
        );
        let tools = json!({ "tools": [{ "type": "function", "name": "look" }] });
        assert_eq!(
            shape(tools, past(true, false)),
            (hi, vec![user, user], false)
        );
        let output = json!({ "input": [{ "type": "reasoning", "id": "r", "summary": [] },
            { "type": "function_call_output", "call_id": "call_1", "output": "Sunny" }] });
        let (content, roles, _) = shape(output, past(false, true));
        assert_eq!(
            (content.as_str(), roles),
            ("Weather?", vec![user, Role::Assistant, user])
        );
    }

    #[test]
    fn calls_and_results_are_items() {
        let items = json!({ "input": [
            { "type": "message", "role": "developer", "content": "Be brief." },
            { "role": "user", "content": "Weather?" },
            { "type": "message", "id": "m", "status": "completed", "role": "assistant",
                "content": [{ "type": "output_text", "text": "I look.", "annotations": [] }] },
            { "type": "function_call", "id": "f", "call_id": "call_1", "name": "look", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "call_1", "output": [{ "type": "input_text", "text": "Sunny" }] },
        ] });
        let messages = asked(items, None)
            .expect("it can be served")
            .exchange
            .expect("it is put together")
            .messages;
        let output = ToolOutput {
            id: "call_1".to_owned(),
            text: "Sunny".to_owned(),
            is_error: false,
        };
        assert_eq!(
            messages.last(),
            Some(&said(Role::User, Part::Output(output)))
        );
        assert_eq!(
            messages
                .iter()
                .map(|message| message.parts.len())
                .collect::<Vec<_>>(),
            [1, 1, 2, 1]
        );
    }

    #[test]
    fn what_can_not_be_served_is_refused_by_its_place() {
        let check = |members: Value, pointer: &str, code: &str| {
            let told = members.to_string();
            let problem = asked(members, None).expect_err(&told);
            let found = (problem.pointer().unwrap_or_default(), problem.code.as_ref());
            assert_eq!(found, (pointer, code), "{told}: {}", problem.detail);
        };
        let unsupported = "unsupported-parameter";
        let invalid = "invalid-value";
        let missing = "missing-required-parameter";
        check(json!({ "background": true }), "/background", unsupported);
        check(json!({ "prompt": { "id": "p" } }), "/prompt", unsupported);
        check(json!({ "messages": [] }), "/messages", unsupported);
        check(
            json!({ "previous_response_id": "resp_1", "store": false }),
            "/store",
            "unsupported-value",
        );
        check(
            json!({ "previous_response_id": "resp_1", "conversation": "c" }),
            "/conversation",
            invalid,
        );
        check(
            json!({ "tools": [{ "type": "web_search" }] }),
            "/tools/0/type",
            "unsupported-value",
        );
        check(
            json!({ "tools": [{ "type": "function", "name": "a b" }] }),
            "/tools/0/name",
            invalid,
        );
        check(
            json!({ "text": { "format": { "type": "xml" } } }),
            "/text/format/type",
            invalid,
        );
        check(
            json!({ "max_output_tokens": 0 }),
            "/max_output_tokens",
            invalid,
        );
        check(
            json!({ "metadata": { "a": 1 } }),
            "/metadata/a",
            "invalid-body",
        );
        check(json!({ "input": 7 }), "/input", "invalid-body");
        check(json!({ "input": [] }), "/input", invalid);
        check(
            json!({ "input": [{ "role": "user" }] }),
            "/input/0/content",
            missing,
        );
        check(
            json!({ "input": [{ "content": "x" }] }),
            "/input/0/role",
            missing,
        );
        check(
            json!({ "input": [{ "role": "tool", "content": "x" }] }),
            "/input/0/role",
            invalid,
        );
        check(
            json!({ "input": [{ "type": "item_reference", "id": "x" }] }),
            "/input/0/type",
            invalid,
        );
        check(
            json!({ "input": [{ "type": "function_call_output", "call_id": "a", "output": "x" }] }),
            "/input/0",
            invalid,
        );
        check(
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_file", "file_id": "x" }] }] }),
            "/input/0/content/0/type",
            invalid,
        );
    }
}
