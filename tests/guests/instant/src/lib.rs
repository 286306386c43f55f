//! A provider without an upstream that always says the same: all time that a message takes is the server's own.

use caxton_sdk::Provider;
use caxton_sdk::deltas;
use caxton_sdk::provider::{LlmError, Model, Part, Price, Request, Response, StopReason, Usage};

struct Instant;

const MODEL: &str = "ok";

impl Provider for Instant {
    fn models() -> Result<Vec<Model>, LlmError> {
        Ok(vec![Model {
            id: MODEL.to_owned(),
            name: "Always the same".to_owned(),
            tools: true,
            vision: false,
            context_window: None,
            max_output: None,
            price: Some(Price {
                input: 0.0,
                cached_input: 0.0,
                output: 0.0,
            }),
        }])
    }

    fn complete(_: Request) -> Result<Response, LlmError> {
        deltas::text("ok");
        Ok(Response {
            model: MODEL.to_owned(),
            parts: vec![Part::Text("ok".to_owned())],
            stop_reason: StopReason::EndTurn,
            usage: Usage {
                input_tokens: 10,
                cached_input_tokens: 0,
                output_tokens: 1,
            },
        })
    }

    fn health() -> Result<(), LlmError> {
        Ok(())
    }
}

caxton_sdk::export_provider!(Instant);
