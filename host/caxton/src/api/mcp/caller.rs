//! One request of one client, and how questions between the request and its answer are asked: in the answer itself for
//! clients of 2026-07-28 and later, which call again with what they were asked, and on the session for those before.

use caxton_sandbox::input::{InputRequired, Resumption};
use caxton_sandbox::{Call, Emitted, Listener};
use rmcp::RoleServer;
use rmcp::model::{
    ClientCapabilities, InputRequiredResult, InputResponses, LoggingLevel, ProtocolVersion,
};
use rmcp::service::RequestContext;
use tokio::sync::mpsc;

use super::error::Error;
use super::question;
use super::relay::Relay;
use super::seal::{Scope, Seal};

/// How often one call may ask on a session. A client without one counts for itself.
const ROUNDS_MAX: usize = 16;

/// One request of one client.
pub(super) struct Caller<'a> {
    context: &'a RequestContext<RoleServer>,
    seal: &'a Seal,
    capabilities: ClientCapabilities,
    relay: Relay,
}

/// What a request brought for a call that has asked before.
#[derive(Default)]
pub(super) struct Given {
    pub(super) responses: Option<InputResponses>,
    pub(super) state: Option<String>,
}

/// Something that may ask before it answers: a tool, a prompt, a resource.
pub(super) trait Askable: Sync {
    /// What it gives in the end.
    type Answer: Send;

    /// What its state is signed for.
    fn scope(&self) -> Scope;

    /// Makes the call.
    fn attempt(
        &self,
        call: Call,
    ) -> impl Future<Output = Result<Attempt<Self::Answer>, Error>> + Send;
}

/// How a call ended.
pub(super) enum Attempt<T> {
    /// With an answer.
    Answered(T),
    /// With questions.
    Asked(InputRequired),
}

/// How a request ends.
pub(super) enum Ended<T> {
    /// With an answer.
    Answered(T),
    /// With questions for a client that calls again.
    Asked(InputRequiredResult),
}

impl<'a> Caller<'a> {
    /// Looks at who asks. `level` is the log level that the client's session has.
    pub(super) fn new(
        context: &'a RequestContext<RoleServer>,
        seal: &'a Seal,
        level: LoggingLevel,
    ) -> Self {
        // A later client says with each request whether it wants log messages, and gets none where it does not.
        let level = if is_modern(context) {
            context.meta.log_level()
        } else {
            Some(level)
        };
        let relay = Relay {
            peer: context.peer.clone(),
            progress: context.meta.get_progress_token(),
            level,
        };
        Self {
            context,
            seal,
            capabilities: context.client_capabilities().unwrap_or_default(),
            relay,
        }
    }

    /// Runs `work` with a listener; ends early when the client takes its request back.
    pub(super) async fn watch<T, F>(
        &self,
        source: &str,
        work: impl FnOnce(mpsc::Sender<Emitted>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        tokio::select! {
            biased;
            () = self.context.ct.cancelled() => Err(Error::Cancelled),
            result = self.relay.during(source, work) => result,
        }
    }

    /// Makes a call, asks what it asks, and makes it again with the answers.
    pub(super) async fn answer<A: Askable>(
        &self,
        item: &A,
        given: Given,
    ) -> Result<Ended<A::Answer>, Error> {
        let scope = item.scope();
        let mut resumption = self.resumption(&scope, given)?;
        for _ in 0..ROUNDS_MAX {
            let call = |listener| {
                item.attempt(Call {
                    listener: Some(Listener::from(listener)),
                    resumption: resumption.take(),
                    ..Call::default()
                })
            };
            let input = match self.watch(&scope.component, call).await? {
                Attempt::Answered(answer) => return Ok(Ended::Answered(answer)),
                Attempt::Asked(input) => input,
            };
            let modern = is_modern(self.context);
            let questions =
                question::answerable(&scope.component, &input, &self.capabilities, modern)?;
            if modern {
                let state = input.state.map(|state| self.seal.seal(&scope, &state));
                let questions = (!questions.is_empty()).then_some(questions);
                if questions.is_none() && state.is_none() {
                    let reason = "it neither asks anything nor wants anything kept".to_owned();
                    return Err(Error::Question {
                        component: scope.component,
                        key: String::new(),
                        reason,
                    });
                }
                return Ok(Ended::Asked(InputRequiredResult::new(questions, state)));
            }
            if !self.has_session() {
                let reason = "the request is not part of a session, on which it could be asked; begin with `initialize`, or use protocol version 2026-07-28";
                return Err(Error::Unanswered {
                    key: questions.into_keys().next().unwrap_or_default(),
                    reason: reason.to_owned(),
                });
            }
            let responses = tokio::select! {
                biased;
                () = self.context.ct.cancelled() => return Err(Error::Cancelled),
                responses = question::ask(&self.context.peer, questions) => responses?,
            };
            resumption = Some(Resumption {
                responses,
                state: input.state,
            });
        }
        Err(Error::Rounds {
            component: scope.component,
            rounds: ROUNDS_MAX,
        })
    }

    fn resumption(&self, scope: &Scope, given: Given) -> Result<Option<Resumption>, Error> {
        let state = given
            .state
            .map(|sealed| self.seal.open(scope, &sealed))
            .transpose()?;
        let responses = given.responses.map(question::answers).transpose()?;
        if state.is_none() && responses.is_none() {
            return Ok(None);
        }
        Ok(Some(Resumption {
            responses: responses.unwrap_or_default(),
            state,
        }))
    }

    /// Whether requests can be sent to the client: over HTTP only on a session, on stdio always.
    fn has_session(&self) -> bool {
        let parts = self.context.extensions.get::<http::request::Parts>();
        parts.is_none_or(|parts| parts.headers.contains_key("mcp-session-id"))
    }
}

/// Whether the client speaks a version without sessions. Versions are dates, and sort as such.
pub(super) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}
