//! Asking a model: the agent's own first, then the fallbacks. What it writes goes straight to whoever waits; where one
//! breaks off, the next begins anew.

use std::pin::pin;
use std::time::Duration;

use caxton_sandbox::llm_types::{LlmError, Part, Price, Response, StopReason, Usage};
use caxton_sandbox::{Call, Called, Delta, Emitted, Failed};
use tokio::sync::mpsc;

use super::event::Event;
use super::fault::Fault;
use super::receipt::Receipt;
use super::request::Frame;
use super::state::{Completion, State, Stop, Wanted};
use crate::config::ModelRef;
use crate::workspace::{Loaded, Workspace};

/// How often a busy model is asked again before the next one is.
const RETRIES_MAX: u32 = 2;

/// The first wait before asking again where the upstream names none; it doubles.
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// A longer wait is not worth it: the next model is asked, or the person is told.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// How many pieces of an answer may wait for a slow reader.
const DELTAS_WAITING_MAX: usize = 64;

/// Asks for the turn's next words.
pub(super) struct Asking<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a str,
    pub(super) depth: u32,
    pub(super) frame: &'a Frame,
    pub(super) events: &'a mpsc::Sender<Event>,
}

/// Why one attempt failed.
struct Miss {
    code: String,
    reason: String,
    /// How long to wait before the same model is asked again; nothing where that is no use.
    wait: Option<Wait>,
    /// Another model may do better.
    pass_on: bool,
    /// What it cost.
    receipt: Receipt,
}

enum Wait {
    AsItLikes,
    Named(Duration),
}

impl Asking<'_> {
    /// Asks the models in order until one answers.
    pub(super) async fn ask(
        &self,
        models: &[ModelRef],
        state: &State,
        tools: bool,
    ) -> Result<Completion, (Fault, Receipt)> {
        let mut spent = Receipt::default();
        let mut misses: Vec<Miss> = Vec::new();
        // One that answered earlier in this turn goes on; those that failed before it are not asked again.
        let answered = models
            .iter()
            .position(|model| model.to_string() == state.model)
            .unwrap_or(0);
        let models = &models[answered..];
        for (place, model) in models.iter().enumerate() {
            let mut retries = 0;
            loop {
                if let Some(last) = misses.last() {
                    self.tell(Event::Retry {
                        agent: self.agent.to_owned(),
                        model: model.to_string(),
                        reason: last.reason.clone(),
                    })
                    .await;
                }
                let miss = match self.attempt(model, state, tools).await {
                    Ok(mut completion) => {
                        completion.receipt.add(&spent);
                        return Ok(completion);
                    }
                    Err(miss) => miss,
                };
                tracing::warn!(agent = self.agent, model = %model, code = miss.code, reason = miss.reason, "a model did not answer");
                spent.add(&miss.receipt);
                // With another model at hand there is no need to wait for this one.
                let wait = if place + 1 < models.len() {
                    None
                } else {
                    miss.wait.as_ref().and_then(|wait| wait.after(retries))
                };
                let pass_on = miss.pass_on;
                misses.push(miss);
                match wait {
                    Some(wait) => {
                        retries += 1;
                        tokio::time::sleep(wait).await;
                    }
                    None if pass_on => break,
                    None => return Err((fault(&misses), spent)),
                }
            }
        }
        Err((fault(&misses), spent))
    }

    async fn attempt(
        &self,
        model: &ModelRef,
        state: &State,
        tools: bool,
    ) -> Result<Completion, Miss> {
        let loaded = self
            .workspace
            .component(&model.provider)
            .await
            .map_err(|e| Miss {
                code: e.code().to_owned(),
                reason: format!("{model}: {e}"),
                wait: None,
                pass_on: true,
                receipt: Receipt::default(),
            })?;
        let request = self.frame.request(state, &model.model, tools);
        let (sender, mut emitted) = mpsc::channel(DELTAS_WAITING_MAX);
        let call = Call {
            depth: self.depth,
            listener: Some(sender),
            ..Call::default()
        };
        let mut texts = 0_usize;
        let completing = async {
            let mut completing = pin!(loaded.component.complete(call, &request));
            loop {
                tokio::select! {
                    biased;
                    Some(piece) = emitted.recv() => self.pass(piece, &mut texts).await,
                    ended = &mut completing => break ended,
                }
            }
        };
        // The price is looked up meanwhile, so that nobody waits for it.
        let (ended, price) = tokio::join!(completing, price(&loaded, &model.model));
        while let Ok(piece) = emitted.try_recv() {
            self.pass(piece, &mut texts).await;
        }
        let Called { value, receipt } = ended.map_err(|failed| crashed(model, &failed))?;
        let receipt = Receipt {
            completions: 1,
            ..Receipt::of_call(&receipt)
        };
        match value {
            Ok(response) => Ok(self
                .completion(model, response, receipt, price, texts)
                .await),
            Err(error) => Err(refused(model, &error, receipt)),
        }
    }

    async fn completion(
        &self,
        model: &ModelRef,
        response: Response,
        receipt: Receipt,
        price: Option<Price>,
        texts: usize,
    ) -> Completion {
        let Response {
            parts,
            stop_reason,
            usage,
            ..
        } = response;
        let mut text = String::new();
        let mut calls = Vec::new();
        for part in parts {
            match part {
                Part::Text(more) => text.push_str(&more),
                Part::Call(call) => calls.push(Wanted {
                    id: call.id,
                    name: call.name,
                    arguments: call.arguments,
                }),
                // Models that draw are for a later version of the contract; results are not a model's to give.
                Part::Image(_) | Part::Output(_) | Part::Opaque(_) => {}
            }
        }
        // A provider that does not stream has said nothing yet.
        if texts == 0 && !text.is_empty() {
            self.tell(Event::Delta {
                agent: self.agent.to_owned(),
                text: text.clone(),
            })
            .await;
        }
        let receipt = Receipt {
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens.min(usage.input_tokens),
            output_tokens: usage.output_tokens,
            cost_usd: price.map(|price| cost(&price, &usage)),
            ..receipt
        };
        let stop = match stop_reason {
            StopReason::EndTurn | StopReason::ToolCalls => Stop::EndTurn,
            StopReason::MaxTokens => Stop::MaxTokens,
            StopReason::StopText => Stop::StopText,
            StopReason::ContentFilter => Stop::ContentFilter,
        };
        Completion {
            model: model.to_string(),
            text,
            calls,
            stop,
            receipt,
        }
    }

    async fn pass(&self, piece: Emitted, texts: &mut usize) {
        let agent = self.agent.to_owned();
        match piece {
            Emitted::Delta(Delta::Text(text)) => {
                *texts += 1;
                self.tell(Event::Delta { agent, text }).await;
            }
            Emitted::Delta(Delta::Reasoning(text)) => {
                self.tell(Event::Reasoning { agent, text }).await
            }
            // The call itself is told when it is made.
            Emitted::Delta(Delta::Call(_)) | Emitted::Progress { .. } | Emitted::Log { .. } => {}
        }
    }

    async fn tell(&self, event: Event) {
        // Who went away needs no answer; whether the turn goes on without them is not decided here.
        drop(self.events.send(event).await);
    }
}

impl Wait {
    /// How long to wait after so many retries; nothing where it has been enough, or would be too long.
    fn after(&self, retries: u32) -> Option<Duration> {
        let wait = match self {
            Self::AsItLikes => WAIT_FIRST * 2_u32.pow(retries.min(8)),
            Self::Named(wait) => *wait,
        };
        (retries < RETRIES_MAX && wait <= WAIT_MAX).then_some(wait)
    }
}

/// The price of a model. That none is named for a component of our own that needs no network means that it is free.
async fn price(loaded: &Loaded, model: &str) -> Option<Price> {
    let models = loaded.models().await;
    models
        .iter()
        .find(|known| known.id == model)
        .and_then(|known| known.price)
}

/// What tokens cost. Prices are for a million of them.
fn cost(price: &Price, usage: &Usage) -> f64 {
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let of = |tokens: u64, price: f64| tokens as f64 * price / 1e6;
    of(usage.input_tokens - cached, price.input)
        + of(cached, price.cached_input)
        + of(usage.output_tokens, price.output)
}

fn crashed(model: &ModelRef, failed: &Failed) -> Miss {
    Miss {
        code: failed.error.code().to_owned(),
        reason: format!("{model}: {}", failed.error),
        wait: None,
        pass_on: true,
        receipt: Receipt {
            completions: 1,
            ..Receipt::of_call(&failed.receipt)
        },
    }
}

fn refused(model: &ModelRef, error: &LlmError, receipt: Receipt) -> Miss {
    let named = |ms: Option<u32>| {
        Some(ms.map_or(Wait::AsItLikes, |ms| {
            Wait::Named(Duration::from_millis(ms.into()))
        }))
    };
    let (code, what, text, wait, pass_on) = match error {
        LlmError::Auth(text) => (
            "provider-auth",
            "the key is missing or not accepted",
            text,
            None,
            true,
        ),
        LlmError::RateLimited(backoff) => (
            "provider-rate-limited",
            "it takes no more requests for a while",
            &backoff.message,
            named(backoff.retry_after_ms),
            true,
        ),
        LlmError::Overloaded(backoff) => (
            "provider-overloaded",
            "it is busy",
            &backoff.message,
            named(backoff.retry_after_ms),
            true,
        ),
        LlmError::ContextTooLong(text) => (
            "context-too-long",
            "the conversation is longer than the model can read; begin a new one",
            text,
            None,
            true,
        ),
        LlmError::ContentFiltered(text) => (
            "content-filtered",
            "a filter refused the message",
            text,
            None,
            false,
        ),
        LlmError::ModelNotFound(text) => (
            "model-not-found",
            "there is no such model",
            text,
            None,
            true,
        ),
        LlmError::BadRequest(text) => (
            "provider-refused",
            "it refused the request",
            text,
            None,
            false,
        ),
        LlmError::BadResponse(text) => (
            "provider-bad-response",
            "its answer can't be understood, or broke off",
            text,
            Some(Wait::AsItLikes),
            true,
        ),
        LlmError::Unreachable(text) => (
            "provider-unreachable",
            "it can't be reached",
            text,
            Some(Wait::AsItLikes),
            true,
        ),
    };
    let reason = if text.is_empty() {
        format!("{model}: {what}")
    } else {
        format!("{model}: {what}: {text}")
    };
    Miss {
        code: code.to_owned(),
        reason,
        wait,
        pass_on,
        receipt,
    }
}

/// The fault of a turn for which no model answered: that of the first, for it is the one that was wanted; with what became
/// of the others.
fn fault(misses: &[Miss]) -> Fault {
    let code = misses
        .first()
        .map_or_else(|| "no-model".to_owned(), |miss| miss.code.clone());
    let mut reasons: Vec<&str> = misses.iter().map(|miss| miss.reason.as_str()).collect();
    reasons.dedup();
    Fault::Provider {
        code,
        reason: format!("no model answered: {}", reasons.join("; ")),
    }
}
