//! Performs what the state machine asks for: one action, from which one event comes.

use std::sync::Arc;

use super::complete::{Asking, NotCompleted};
use super::effects::Effects;
use super::receipt::Receipt;
use super::request::Frame;
use super::state::{self, Action, State};
use super::summary::{Older, SUMMARY_TOKENS_MAX};
use crate::config::ModelRef;

/// What was performed.
pub(super) enum Performed {
    Event(state::Event),
    /// There is a summary up to this place.
    Summary(state::Event, i64, String),
}

/// Performs one action.
pub(super) async fn perform(
    asking: &Asking<'_>,
    effects: &Effects<'_>,
    models: &[ModelRef],
    asked: Option<(State, Arc<Frame>)>,
    older: Option<&Older>,
    action: Action,
) -> Performed {
    let event = match (action, asked, older) {
        (Action::Complete { tools }, Some((state, frame)), _) => {
            let request = |model: &ModelRef| frame.request(&state, model, tools);
            match asking.ask(models, &state.model, request).await {
                Ok(completion) => state::Event::Completed(completion),
                Err(NotCompleted {
                    fault,
                    receipt,
                    completions,
                }) => state::Event::NotCompleted {
                    fault,
                    receipt,
                    completions,
                },
            }
        }
        (Action::Summarise, _, Some(older)) => return summarise(asking, models, older).await,
        (
            Action::CallTool {
                id,
                tool,
                arguments,
                again,
            },
            ..,
        ) => {
            let returned = effects.call_tool(id.clone(), tool, arguments, again).await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        (
            Action::AskAgent {
                id,
                capability,
                message,
                again,
            },
            ..,
        ) => {
            let returned = effects
                .ask_agent(id.clone(), capability, message, again)
                .await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        (
            Action::FindTools {
                id,
                purpose,
                on_offer,
            },
            ..,
        ) => {
            let returned = effects.find_tools(id.clone(), purpose, &on_offer).await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        (Action::Remember { facts }, ..) => {
            state::Event::Remembered(effects.reach().remember(facts).await)
        }
        // There is nothing to summarise any more: the conversation was cleared meanwhile.
        (Action::Summarise, ..) => state::Event::Summarised {
            receipt: Receipt::default(),
            completions: Vec::new(),
        },
        // The last two come with a state that has ended, and a request always with its state, so nothing performs these.
        (Action::Complete { .. } | Action::Finish | Action::Fail, ..) => state::Event::Cancelled,
    };
    Performed::Event(event)
}

/// Asks for a summary. Without one the turn goes on all the same.
async fn summarise(asking: &Asking<'_>, models: &[ModelRef], older: &Older) -> Performed {
    let asking = Asking {
        quiet: true,
        max_tokens: Some(SUMMARY_TOKENS_MAX),
        ..*asking
    };
    match asking.ask(models, "", |model| older.request(model)).await {
        Ok(completion) => {
            let event = state::Event::Summarised {
                receipt: completion.receipt,
                completions: completion.completions,
            };
            match completion.text.trim() {
                "" => Performed::Event(event),
                summary => Performed::Summary(event, older.seq, summary.to_owned()),
            }
        }
        Err(not) => {
            tracing::warn!(agent = asking.agent.name, reason = %not.fault, "a conversation can't be summarised; its oldest turns are left out");
            Performed::Event(state::Event::Summarised {
                receipt: not.receipt,
                completions: not.completions,
            })
        }
    }
}
