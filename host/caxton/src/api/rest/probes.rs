//! Whether the server lives, what it has loaded, and its numbers.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use caxton_embed::State as Embeddings;
use http::{StatusCode, header};

use super::super::{State, wire};
use crate::telemetry::Text;

/// Is the server alive?
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = wire::Health)))]
pub async fn health() -> Response {
    // Nothing is locked, looked up or computed here, so that a busy server answers as fast as an idle one.
    const BODY: &str = concat!(
        r#"{"status":"ok","version":""#,
        env!("CARGO_PKG_VERSION"),
        r#""}"#
    );
    ([(header::CONTENT_TYPE, "application/json")], BODY).into_response()
}

/// Does the server take work?
///
/// It answers 503 while it shuts down. The embedding model loads in the background; until it is there, routing by meaning
/// waits for it.
#[utoipa::path(get, path = "/ready", tag = "server", responses((status = 200, body = wire::Readiness), (status = 503, body = wire::Readiness)))]
pub async fn ready(Shared(state): Shared<State>) -> Response {
    let now = state.workspace.state();
    let ending = state.stop.is_cancelled();
    let (embeddings, embeddings_reason) = match state
        .workspace
        .embedder()
        .map(caxton_embed::Embedder::state)
    {
        Some(Embeddings::Ready) => ("ready", None),
        Some(Embeddings::Loading) => ("loading", None),
        Some(Embeddings::Unavailable(reason)) => ("unavailable", Some(reason)),
        None => ("absent", None),
    };
    let readiness = wire::Readiness {
        status: if ending { "shutting-down" } else { "ready" }.to_owned(),
        workspace: now.config.name.clone(),
        agents: now.agents.len(),
        components: now.components.len(),
        tools: now.tools.all().len(),
        refused: now
            .refused
            .iter()
            .map(wire::RefusedComponent::from)
            .collect(),
        embeddings: embeddings.to_owned(),
        embeddings_reason,
    };
    let status = if ending {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (status, axum::Json(readiness)).into_response()
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(Shared(state): Shared<State>) -> Response {
    let mut text = Text::default();
    state.metrics.write(&mut text);
    workspace(&state, &mut text);
    ([(header::CONTENT_TYPE, Text::MEDIA_TYPE)], text.finish()).into_response()
}

/// What the workspace counts itself.
fn workspace(state: &State, text: &mut Text) {
    let now = state.workspace.state();
    let agents: Vec<_> = now
        .agents
        .values()
        .map(|agent| (agent.config.name.as_str(), agent.activity.snapshot()))
        .collect();
    let mut agent = |name: &str, help: &str, of: fn(&crate::workspace::Snapshot) -> u64| {
        text.family(name, "counter", help);
        for (agent, counters) in &agents {
            text.sample(name, &[("agent", agent)], of(counters));
        }
    };
    agent(
        "caxton_agent_messages_total",
        "Messages that an agent was given.",
        |counters| counters.messages,
    );
    agent(
        "caxton_agent_failures_total",
        "Turns of an agent that failed.",
        |counters| counters.failures,
    );
    agent(
        "caxton_agent_tool_calls_total",
        "Tools that an agent called.",
        |counters| counters.tool_calls,
    );
    agent(
        "caxton_agent_tokens_total",
        "Tokens that an agent's models read and wrote.",
        |counters| counters.tokens,
    );

    let tools: Vec<_> = now
        .tools
        .all()
        .iter()
        .map(|tool| (tool, tool.usage()))
        .collect();
    let name = "caxton_tool_calls_total";
    text.family(name, "counter", "Tool calls that ended, by outcome.");
    for (tool, usage) in &tools {
        let labels = |outcome| {
            [
                ("tool", tool.name.as_str()),
                ("component", tool.component.name()),
                ("outcome", outcome),
            ]
        };
        text.sample(name, &labels("ok"), usage.calls - usage.failures);
        text.sample(name, &labels("error"), usage.failures);
    }
    let name = "caxton_tool_call_duration_seconds";
    text.family(name, "summary", "Time that tool calls took.");
    for (tool, usage) in &tools {
        let labels = [
            ("tool", tool.name.as_str()),
            ("component", tool.component.name()),
        ];
        text.sample(
            "caxton_tool_call_duration_seconds_sum",
            &labels,
            std::time::Duration::from_micros(usage.duration_us).as_secs_f64(),
        );
        text.sample(
            "caxton_tool_call_duration_seconds_count",
            &labels,
            usage.calls,
        );
    }
    text.single(
        "caxton_components",
        "gauge",
        "Components loaded.",
        now.components.len(),
    );
    text.single(
        "caxton_sandbox_instances_free",
        "gauge",
        "Instances that can still be made at once.",
        state.workspace.sandbox().instances_free(),
    );
}
