//! How a provider is: whether its upstream is reachable and accepts the key. It is asked now and then, while somebody wants to
//! know; and what the refusals of providers are called, here and wherever else they are told.

use std::time::{Duration, Instant};

use caxton_sandbox::llm_types::LlmError;
use caxton_sandbox::{Call, CallError, Failed};
use tokio::sync::Mutex;

use super::load::Loaded;

/// How long an answer holds: a page that shows all components can be reloaded, and watched by several, without an upstream
/// noticing.
const KEPT: Duration = Duration::from_secs(30);

/// How long the upstream may take. Whoever looks at the list of components waits for it.
const TIME: Duration = Duration::from_secs(5);

/// What is wrong with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ailment {
    /// A stable kebab-case name, such as `auth` or `unreachable`.
    pub code: &'static str,
    /// What it is, in words.
    pub reason: String,
}

/// How a provider was when it was asked last.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<(Instant, Result<(), Ailment>)>>);

/// What a provider said in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer<'a> {
    /// A stable kebab-case name, as errors have it: what only a provider can say begins with `provider-`.
    pub code: &'static str,
    /// What it means.
    pub what: &'static str,
    /// What the provider says of it; may be empty.
    pub text: &'a str,
}

impl Loaded {
    /// How it is, as far as it was asked within the last half minute; otherwise it is asked now, once for all who want to know.
    /// What is no provider is well because it is loaded.
    ///
    /// # Errors
    /// [`Ailment`] says what is wrong.
    pub async fn health(&self) -> Result<(), Ailment> {
        if !self.component.roles().provider {
            return Ok(());
        }
        let mut kept = self.health.0.lock().await;
        if let Some((asked, health)) = &*kept
            && asked.elapsed() < KEPT
        {
            return health.clone();
        }
        let call = Call {
            time: Some(TIME),
            ..Call::default()
        };
        let health = match self.component.health(call).await {
            Ok(called) => called.value.map_err(|error| Ailment::of(&error)),
            Err(failed) => Err(Ailment::failed(&failed)),
        };
        *kept = Some((Instant::now(), health.clone()));
        health
    }
}

impl Ailment {
    /// What a provider said.
    pub(super) fn of(error: &LlmError) -> Self {
        let said = NoAnswer::of(error);
        Self {
            code: said.code.strip_prefix("provider-").unwrap_or(said.code),
            reason: said.to_string(),
        }
    }

    /// A provider that does not answer.
    pub(super) fn late(limit: Duration) -> Self {
        Self {
            code: "unreachable",
            reason: format!("it did not answer within {limit:?}"),
        }
    }

    /// A provider that could say nothing.
    pub(super) fn failed(failed: &Failed) -> Self {
        match &failed.error {
            // A provider has nothing else to do in this time than to wait for its upstream.
            CallError::Time { limit, .. } => Self::late(*limit),
            error => Self {
                code: error.code(),
                reason: error.to_string(),
            },
        }
    }
}

impl<'a> NoAnswer<'a> {
    /// Reads what a provider answered in place of what was wanted.
    pub fn of(error: &'a LlmError) -> Self {
        let (code, what, text) = match error {
            LlmError::Auth(text) => ("provider-auth", "the key is missing or not accepted", text),
            LlmError::RateLimited(backoff) => (
                "provider-rate-limited",
                "it takes no more requests for a while",
                &backoff.message,
            ),
            LlmError::Overloaded(backoff) => {
                ("provider-overloaded", "it is busy", &backoff.message)
            }
            LlmError::ContextTooLong(text) => (
                "context-too-long",
                "the conversation is longer than the model can read; begin a new one",
                text,
            ),
            LlmError::ContentFiltered(text) => {
                ("content-filtered", "a filter refused the message", text)
            }
            LlmError::ModelNotFound(text) => ("model-not-found", "there is no such model", text),
            LlmError::BadRequest(text) => ("provider-refused", "it refused the request", text),
            LlmError::BadResponse(text) => (
                "provider-bad-response",
                "its answer can't be understood, or broke off",
                text,
            ),
            LlmError::Unreachable(text) => ("provider-unreachable", "it can't be reached", text),
        };
        Self { code, what, text }
    }
}

impl std::fmt::Display for NoAnswer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text {
            "" => f.write_str(self.what),
            text => write!(f, "{}: {text}", self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caxton_sandbox::llm_types::Backoff;

    #[test]
    fn ailments_are_called_as_the_errors_of_turns_are() {
        let backoff = |message: &str| Backoff {
            message: message.to_owned(),
            retry_after_ms: None,
        };
        let check = |error: LlmError, code: &str, reason: &str| {
            let ailment = Ailment::of(&error);
            assert_eq!((ailment.code, ailment.reason.as_str()), (code, reason));
        };
        check(
            LlmError::Auth("401".to_owned()),
            "auth",
            "the key is missing or not accepted: 401",
        );
        check(
            LlmError::RateLimited(backoff("")),
            "rate-limited",
            "it takes no more requests for a while",
        );
        check(
            LlmError::Overloaded(backoff("503")),
            "overloaded",
            "it is busy: 503",
        );
        check(
            LlmError::Unreachable(String::new()),
            "unreachable",
            "it can't be reached",
        );
        check(
            LlmError::ModelNotFound("x".to_owned()),
            "model-not-found",
            "there is no such model: x",
        );
    }
}
