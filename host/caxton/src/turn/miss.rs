//! Why a model did not answer: what kind of fault it is, whether the same model is worth asking again, and when, and whether
//! another one may do better.

use std::time::Duration;

use caxton_sandbox::Failed;
use caxton_sandbox::llm_types::LlmError;

use super::fault::Fault;
use crate::config::ModelRef;
use crate::workspace::{NoAnswer, TooSoon};

/// How often a busy model is asked again before the next one is.
const RETRIES_MAX: u32 = 3;

/// The first wait before asking again where the upstream names none; it doubles.
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// A longer wait is not worth it: the next model is asked, or the person is told.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// With another model at hand, only a short wait is worth getting the one that was meant.
const WAIT_MAX_WITH_OTHERS: Duration = Duration::from_secs(1);

/// Why one attempt failed.
pub(super) struct Miss {
    pub(super) code: String,
    pub(super) reason: String,
    /// How long to wait before the same model is asked again; nothing where that is no use.
    pub(super) wait: Option<Wait>,
    /// Another model may do better.
    pub(super) pass_on: bool,
    /// It ends the turn with this fault, whatever the other models would say.
    pub(super) last: Option<Fault>,
}

pub(super) enum Wait {
    AsItLikes,
    Named(Duration),
}

impl Wait {
    /// How long to wait after so many retries; nothing where it has been enough, or would be too long. What the upstream names
    /// is kept to; a little chance on top, or within, keeps many that failed together from coming back together (AWS
    /// Architecture Blog, "Exponential Backoff And Jitter").
    pub(super) fn after(&self, retries: u32, others: bool, left: Duration) -> Option<Duration> {
        let longest = if others {
            WAIT_MAX_WITH_OTHERS
        } else {
            WAIT_MAX
        };
        let wait = match self {
            Self::AsItLikes => {
                let full = WAIT_FIRST * 2_u32.pow(retries.min(8));
                full.mul_f64(0.5 + 0.5 * chance())
            }
            Self::Named(wait) => *wait + WAIT_FIRST.mul_f64(0.2 * chance()),
        };
        let named = match self {
            Self::AsItLikes => wait,
            Self::Named(wait) => *wait,
        };
        (retries < RETRIES_MAX && named <= longest && wait < left).then_some(wait)
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    // Chance of operating-system quality is not needed here, but it is at hand; without it, all wait alike.
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX))
}

/// A request that was not made, because there is not enough left for it.
pub(super) fn not_made(fault: Fault) -> Miss {
    Miss {
        code: fault.code().to_owned(),
        reason: fault.to_string(),
        wait: None,
        pass_on: false,
        last: Some(fault),
    }
}

/// A provider that can't be had.
pub(super) fn missing(model: &ModelRef, error: &crate::workspace::Error) -> Miss {
    Miss {
        code: error.code().to_owned(),
        reason: format!("{model}: {error}"),
        wait: None,
        pass_on: true,
        last: None,
    }
}

/// A request that the workspace's own rate does not allow.
pub(super) fn too_soon(model: &ModelRef, too_soon: TooSoon) -> Miss {
    let provider = &model.provider;
    let when = match too_soon.wait {
        Some(wait) => format!("it may be asked again in {} s", wait.as_secs().max(1)),
        None => "it answers as many at a time as it may".to_owned(),
    };
    Miss {
        code: "provider-rate-limited".to_owned(),
        reason: format!(
            "{model}: the workspace asks it no more often ([components.{provider}.rate] in caxton.toml); {when}"
        ),
        wait: None,
        pass_on: true,
        last: None,
    }
}

/// A request that is too long for its model.
pub(super) fn too_long(model: &ModelRef, tokens: u64, window: u64) -> Miss {
    Miss {
        code: "context-too-long".to_owned(),
        reason: format!(
            "{model}: the conversation has about {tokens} tokens, and it reads {window} at most; begin a new one"
        ),
        wait: None,
        pass_on: true,
        last: None,
    }
}

/// A provider that failed.
pub(super) fn crashed(model: &ModelRef, failed: &Failed) -> Miss {
    Miss {
        code: failed.error.code().to_owned(),
        reason: format!("{model}: {}", failed.error),
        wait: None,
        pass_on: true,
        last: None,
    }
}

/// What a provider answered in place of words.
pub(super) fn refused(model: &ModelRef, error: &LlmError) -> Miss {
    let named = |ms: Option<u32>| {
        Some(ms.map_or(Wait::AsItLikes, |ms| {
            Wait::Named(Duration::from_millis(ms.into()))
        }))
    };
    let said = NoAnswer::of(error);
    let (wait, pass_on) = match error {
        LlmError::RateLimited(backoff) | LlmError::Overloaded(backoff) => {
            (named(backoff.retry_after_ms), true)
        }
        LlmError::BadResponse(_) | LlmError::Unreachable(_) => (Some(Wait::AsItLikes), true),
        LlmError::Auth(_) | LlmError::ContextTooLong(_) | LlmError::ModelNotFound(_) => {
            (None, true)
        }
        // No other model would take it either.
        LlmError::ContentFiltered(_) | LlmError::BadRequest(_) => (None, false),
    };
    Miss {
        code: said.code.to_owned(),
        reason: format!("{model}: {said}"),
        wait,
        pass_on,
        last: None,
    }
}

/// Whether a model may have read the request, and written something, before there was this in place of words: then it is paid for.
pub(super) fn is_paid(error: &LlmError) -> bool {
    match error {
        LlmError::ContentFiltered(_) | LlmError::BadResponse(_) => true,
        LlmError::Auth(_)
        | LlmError::RateLimited(_)
        | LlmError::Overloaded(_)
        | LlmError::ContextTooLong(_)
        | LlmError::ModelNotFound(_)
        | LlmError::BadRequest(_)
        | LlmError::Unreachable(_) => false,
    }
}

/// The fault of a turn for which no model answered: that of the first, for it is the one that was wanted; with what became
/// of the others.
pub(super) fn fault(misses: &[Miss]) -> Fault {
    if let Some(last) = misses.last().and_then(|miss| miss.last.clone()) {
        return last;
    }
    let code = misses
        .first()
        .map_or_else(|| "no-model".to_owned(), |miss| miss.code.clone());
    let mut reasons: Vec<&str> = misses.iter().map(|miss| miss.reason.as_str()).collect();
    reasons.dedup();
    let named = match misses.first().and_then(|miss| miss.wait.as_ref()) {
        Some(Wait::Named(wait)) => u64::try_from(wait.as_millis()).ok(),
        _ => None,
    };
    Fault::Provider {
        code,
        reason: format!("no model answered: {}", reasons.join("; ")),
        retry_after_ms: named,
    }
}
