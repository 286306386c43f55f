//! A provider without a model, so that demos and tests work without a key. It reads a request, finds the tools that
//! resemble it by the host's vectors (by shared words where there are none), fills their arguments from the text, the
//! schemas and earlier results, and sums up what they return. It never pretends to understand more than that, and says
//! what it is.
//!
//! The way of a request: `situation` reads the conversation, `plan` finds the next calls with `choose` (which tool) and
//! `fill` (which arguments), and `say` puts the results into words. All of it is deterministic.

mod choose;
mod facts;
mod fill;
mod period;
mod plan;
mod prose;
mod restriction;
mod say;
mod schema;
mod shape;
mod situation;
mod table;
mod text;
mod words;

use caxton_sdk::provider::{
    LlmError, Model, Part, Price, Request, Response, StopReason, ToolCall, Usage,
};
use caxton_sdk::{Provider, deltas, embed};

use crate::situation::Situation;

/// The only model.
const MODEL: &str = "demo";

/// The component.
pub struct Offline;

impl Provider for Offline {
    fn models() -> Result<Vec<Model>, LlmError> {
        Ok(vec![Model {
            id: MODEL.to_owned(),
            name: "Offline demo (no language model)".to_owned(),
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

    fn complete(request: Request) -> Result<Response, LlmError> {
        if request.model != MODEL {
            return Err(LlmError::ModelNotFound(format!(
                "there is no model `{}` here, only `{MODEL}`",
                request.model
            )));
        }
        if request.response_schema.is_some() {
            return Err(LlmError::BadRequest(
                "the offline demo can't write an answer to a schema; that takes a model, such as `[model] default = \"openai/gpt-5-mini\"`".to_owned(),
            ));
        }
        let situation = Situation::of(&request)?;
        // Without a model on the host, shared words must do.
        let similar = |text: &str, others: &[String]| embed::similarities(text, others).ok();
        let plan = plan::next(&situation, &similar);
        let (parts, stop_reason) = if plan.calls.is_empty() {
            write(&request, &say::answer(&situation, &plan))
        } else {
            ask(&situation, plan.calls)
        };
        let written = parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Call(call) => call.arguments.as_str(),
            Part::Image(_) | Part::Output(_) | Part::Opaque(_) => "",
        });
        // There are no tokens without a model: the usage counts words.
        let output_tokens = written
            .map(|text| text.split_whitespace().count() as u64)
            .sum();
        let usage = Usage {
            input_tokens: Situation::words(&request),
            cached_input_tokens: 0,
            output_tokens,
        };
        Ok(Response {
            model: MODEL.to_owned(),
            parts,
            stop_reason,
            usage,
        })
    }

    fn health() -> Result<(), LlmError> {
        Ok(())
    }
}

caxton_sdk::export_provider!(Offline);

/// Asks for tool calls, each with the reason why.
fn ask(situation: &Situation, calls: Vec<plan::Call>) -> (Vec<Part>, StopReason) {
    let parts = calls.into_iter().enumerate().map(|(at, call)| {
        deltas::reasoning(format!("{}\n", call.reason));
        deltas::call(call.tool.as_str());
        Part::Call(ToolCall {
            id: format!("offline_{}", situation.calls + at + 1),
            name: call.tool,
            arguments: call.arguments.to_string(),
        })
    });
    (parts.collect(), StopReason::ToolCalls)
}

/// Writes an answer word by word, within the limits of the request.
fn write(request: &Request, answer: &str) -> (Vec<Part>, StopReason) {
    let (mut text, mut stop_reason) = (answer, StopReason::EndTurn);
    if let Some(at) = request
        .stop
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| answer.find(stop.as_str()))
        .min()
    {
        (text, stop_reason) = (&answer[..at], StopReason::StopText);
    }
    let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
    let max = request.max_tokens.map_or(usize::MAX, |max| max as usize);
    if words.len() > max {
        stop_reason = StopReason::MaxTokens;
    }
    let written = &words[..words.len().min(max)];
    written.iter().for_each(|word| deltas::text(*word));
    (vec![Part::Text(written.concat())], stop_reason)
}

#[cfg(test)]
mod tests;
