//! What the component's settings ask for, and what is left of it once a model has refused some.

use caxton_sdk::provider::{LlmError, Request, ToolChoice};
use caxton_sdk::{config, upstream};

use crate::models;

/// The smallest budget for thinking that Anthropic accepts, in tokens.
pub const THINKING_TOKENS_MIN: u32 = 1024;

/// What the component's settings ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether what requests have in common is cached upstream. An agent asks several times in a row with the same prompts,
    /// tools and earlier messages: writing them to the cache costs a quarter more once, reading them nine tenths less each
    /// time. So it is on unless the setting says otherwise.
    pub cache: bool,
    /// Whether the model is asked to think and to show what it thinks, and at most how long where it takes such a limit.
    pub thinking_tokens: Option<u32>,
}

impl Settings {
    /// Reads `cache` and `thinking_tokens`.
    ///
    /// # Errors
    /// `bad-request` with the setting that is wrong and what it must be.
    pub fn from_config() -> Result<Self, LlmError> {
        let thinking_tokens =
            config::parse::<u32>("thinking_tokens").map_err(LlmError::BadRequest)?;
        if let Some(tokens) = thinking_tokens.filter(|tokens| *tokens < THINKING_TOKENS_MIN) {
            return Err(LlmError::BadRequest(format!(
                "The setting `thinking_tokens` is {tokens}; it must be at least {THINKING_TOKENS_MIN}, or be left out"
            )));
        }
        Ok(Self {
            cache: config::parse("cache")
                .map_err(LlmError::BadRequest)?
                .unwrap_or(true),
            thinking_tokens,
        })
    }
}

/// How a model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// As it does unasked.
    Unasked,
    /// As long as it likes: models since Claude 4.6.
    Adaptive,
    /// Up to a number of tokens: models up to Claude 4.5.
    Budget,
}

/// What is asked of a model beyond the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How it is asked to think.
    pub thinking: Thinking,
    /// The other way to ask was refused.
    swapped: bool,
    /// Give its earlier thoughts back.
    pub thoughts: bool,
    /// Pass the temperature on: models that always think take none.
    pub temperature: bool,
    /// Make it call a tool: models that always think can't be made to.
    pub forced_tool: bool,
    /// Hold it to the response schema while it writes; otherwise it is told about it.
    pub schema: bool,
}

impl Options {
    /// What is asked first.
    pub fn first(settings: &Settings, request: &Request) -> Self {
        Self {
            thinking: match settings.thinking_tokens {
                None => Thinking::Unasked,
                Some(_) if models::known(&request.model).is_some_and(|model| model.has_budget) => {
                    Thinking::Budget
                }
                Some(_) => Thinking::Adaptive,
            },
            swapped: false,
            thoughts: true,
            temperature: true,
            forced_tool: true,
            schema: true,
        }
    }

    /// Gives the options without the one that `refusal` names; nothing where it names none that is left.
    pub fn without(mut self, refusal: &str, request: &Request) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        let says = |words: &str| refusal.contains(words);
        let is_forced = matches!(
            request.tool_choice,
            ToolChoice::Required | ToolChoice::Named(_)
        );
        let left_out = |what: &str| upstream::left_out(&request.model, what);
        if self.thoughts && says("messages.") && (says("thinking") || says("signature")) {
            // A thought counts only in the conversation that it was thought in, and earlier messages may be gone.
            self.thoughts = false;
            self.thinking = Thinking::Unasked;
        } else if is_forced && self.thinking != Thinking::Unasked && says("tool_choice") {
            // What this request asks for goes before what the settings ask for.
            self.thinking = Thinking::Unasked;
        } else if self.forced_tool && is_forced && says("tool_choice") {
            left_out("tool choice that forces a call");
            self.forced_tool = false;
        } else if self.temperature && request.temperature.is_some() && says("temperature") {
            left_out("such temperature");
            self.temperature = false;
        } else if self.schema
            && request.response_schema.is_some()
            && (says("output_config") || says("output_format") || says("schema"))
        {
            self.schema = false;
        } else if self.thinking != Thinking::Unasked && says("thinking") {
            self.thinking = match self.thinking {
                Thinking::Adaptive if !self.swapped => Thinking::Budget,
                Thinking::Budget if !self.swapped => Thinking::Adaptive,
                _ => {
                    left_out("setting `thinking_tokens`");
                    Thinking::Unasked
                }
            };
            self.swapped = true;
        } else {
            return None;
        }
        Some(self)
    }
}
