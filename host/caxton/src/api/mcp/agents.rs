//! Agents as tools: a message in, an answer out, what they do meanwhile as progress.

use std::sync::Arc;

use caxton_sandbox::Emitted;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool as Listed, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::caller::Caller;
use super::error::Error;
use crate::turn::{self, Answer, Event, Message, Start, Turns};
use crate::workspace::{State, Workspace};

/// What stands before an agent's name to make it a tool's.
const PREFIX: &str = "agent__";

/// The agents as tools.
pub(super) fn listed(state: &State) -> impl Iterator<Item = Listed> {
    let input = object(json!({
        "type": "object",
        "properties": {
            "message": { "type": "string", "minLength": 1, "description": "What the agent is told or asked." },
            "conversation": { "type": "string", "description": "The conversation to go on with, from an earlier answer; a new one where absent." }
        },
        "required": ["message"],
        "additionalProperties": false
    }));
    let output = object(json!({
        "type": "object",
        "properties": {
            "agent": { "type": "string", "description": "Who answered." },
            "conversation": { "type": "string", "description": "The conversation, to go on with." },
            "content": { "type": "string", "description": "The answer." }
        },
        "required": ["agent", "conversation", "content"]
    }));
    state.agents.values().map(move |agent| {
        let config = &agent.config;
        let description = format!(
            "Gives a message to the agent `{}`. {}",
            config.name, config.description
        );
        Listed::new(
            format!("{PREFIX}{}", config.name),
            description,
            Arc::clone(&input),
        )
        .with_raw_output_schema(Arc::clone(&output))
        .with_annotations(ToolAnnotations::from_raw(
            None,
            Some(false),
            None,
            Some(false),
            None,
        ))
    })
}

/// The agent that a tool's name means, where it is one.
pub(super) fn named(workspace: &Workspace, tool: &str) -> Option<String> {
    let name = tool.strip_prefix(PREFIX)?;
    workspace
        .state()
        .agents
        .contains_key(name)
        .then(|| name.to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    message: String,
    conversation: Option<String>,
}

/// Gives an agent a message and waits for its answer.
pub(super) async fn ask(
    caller: &Caller<'_>,
    turns: &Turns,
    agent: String,
    arguments: JsonObject,
) -> Result<CallToolResult, Error> {
    let Arguments {
        message,
        conversation,
    } = serde_json::from_value(Value::Object(arguments)).map_err(|e| Error::Agent {
        code: "invalid-arguments".to_owned(),
        reason: format!("the arguments of `{PREFIX}{agent}` do not fit its schema: {e}"),
    })?;
    let message = Message {
        to: Some(agent.clone()),
        content: message,
        conversation,
        ..Message::default()
    };
    let answer = caller
        .watch(&agent, |listener| answer(turns, message, listener))
        .await?;
    let structured = json!({ "agent": answer.agent, "conversation": answer.conversation, "content": answer.content });
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.content)]);
    result.structured_content = Some(structured);
    Ok(result)
}

/// Runs the turn, and tells the listener which steps it takes.
async fn answer(
    turns: &Turns,
    message: Message,
    listener: mpsc::Sender<Emitted>,
) -> Result<Answer, Error> {
    let failed = |e: turn::Error| Error::Agent {
        code: e.code().to_owned(),
        reason: e.to_string(),
    };
    let live = turns
        .start(message, Start::default())
        .await
        .map_err(failed)?;
    let mut events = live.follow(None);
    let mut steps = 0.0;
    while let Some((_, event)) = events.next().await {
        let told = match event {
            Event::Route { agent, depth, .. } if depth > 0 => format!("{agent} is asked"),
            Event::ToolCall { agent, name, .. } => format!("{agent} calls {name}"),
            _ => continue,
        };
        steps += 1.0;
        // A client that is too slow for this misses a step and gets the next one.
        drop(listener.try_send(Emitted::Progress {
            done: steps,
            total: None,
            message: Some(told),
        }));
    }
    live.answer().await.map_err(failed)
}

fn object(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(map) => Arc::new(map),
        _ => Arc::default(),
    }
}
