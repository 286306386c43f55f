//! A turn's answer as a response, and its events as those of a response that is being made.

use super::super::super::error::Problem;
use super::super::super::sse::{self, Event as Sent};
use super::super::super::wire::openai as wire;
use super::super::answer::fresh;
use super::super::error::error;
use super::super::stream::{Encode, Made};
use crate::turn::{Answer, Event, Receipt, Wanted};

/// The response that an answer makes, within a frame that has what was asked.
pub(super) fn whole(frame: wire::Response, answer: &Answer) -> wire::Response {
    let mut steps = Steps::new(frame, &answer.id, &answer.agent);
    drop(steps.items(answer));
    steps.response(answer)
}

/// The response that failed.
pub(super) fn failed(frame: wire::Response, problem: &Problem) -> wire::Response {
    let error = error(problem);
    let code = match error.kind {
        "rate_limit_error" => "rate_limit_exceeded",
        "invalid_request_error" => "invalid_prompt",
        _ => "server_error",
    };
    wire::Response {
        status: "failed",
        error: Some(wire::ResponseError {
            code,
            message: error.message,
        }),
        ..frame
    }
}

/// The steps of a response, as its turn goes on. A step can't be taken back: where the turn voids text that was sent, the
/// response fails.
#[derive(Debug)]
pub(super) struct Steps {
    frame: wire::Response,
    turn: String,
    agent: String,
    sequence_number: u64,
    /// The items that are whole.
    output: Vec<wire::OutputItem>,
    /// The text of a message that has begun.
    text: Option<String>,
}

impl Steps {
    pub(super) fn new(frame: wire::Response, turn: &str, agent: &str) -> Self {
        Self {
            frame,
            turn: turn.to_owned(),
            agent: agent.to_owned(),
            sequence_number: 0,
            output: Vec::new(),
            text: None,
        }
    }

    fn numbered(&mut self, step: wire::Step) -> wire::ResponseEvent {
        let sequence_number = self.sequence_number;
        self.sequence_number += 1;
        wire::ResponseEvent {
            sequence_number,
            step,
        }
    }

    fn all(&mut self, steps: Vec<wire::Step>) -> Vec<wire::ResponseEvent> {
        steps.into_iter().map(|step| self.numbered(step)).collect()
    }

    /// Adds text to the message that has begun, or begins one.
    fn say(&mut self, delta: &str) -> Vec<wire::Step> {
        let (item_id, output_index) = self.place("msg");
        let mut steps = Vec::new();
        if self.text.is_none() {
            steps.push(wire::Step::ItemAdded {
                output_index,
                item: message(&item_id, "in_progress", None, Vec::new()),
            });
            steps.push(wire::Step::PartAdded {
                item_id: item_id.clone(),
                output_index,
                content_index: 0,
                part: part(""),
            });
        }
        self.text.get_or_insert_default().push_str(delta);
        if !delta.is_empty() {
            steps.push(wire::Step::TextDelta {
                item_id,
                output_index,
                content_index: 0,
                delta: delta.to_owned(),
                logprobs: [],
            });
        }
        steps
    }

    /// Ends the message that has begun.
    fn said(&mut self, phase: &'static str, status: &'static str) -> Vec<wire::Step> {
        let Some(text) = self.text.take() else {
            return Vec::new();
        };
        let (item_id, output_index) = self.place("msg");
        let item = message(&item_id, status, Some(phase), vec![part(&text)]);
        self.output.push(item.clone());
        vec![
            wire::Step::TextDone {
                item_id: item_id.clone(),
                output_index,
                content_index: 0,
                text: text.clone(),
                logprobs: [],
            },
            wire::Step::PartDone {
                item_id,
                output_index,
                content_index: 0,
                part: part(&text),
            },
            wire::Step::ItemDone { output_index, item },
        ]
    }

    /// Adds a call that the client is to make.
    fn call(&mut self, wanted: &Wanted) -> Vec<wire::Step> {
        let (item_id, output_index) = self.place("fc");
        let item = |status, arguments: &str| wire::OutputItem::FunctionCall {
            id: item_id.clone(),
            status,
            call_id: wanted.id.clone(),
            name: wanted.name.clone(),
            arguments: arguments.to_owned(),
        };
        let whole = item("completed", &wanted.arguments);
        self.output.push(whole.clone());
        vec![
            wire::Step::ItemAdded {
                output_index,
                item: item("in_progress", ""),
            },
            wire::Step::ArgumentsDelta {
                item_id: item_id.clone(),
                output_index,
                delta: wanted.arguments.clone(),
            },
            wire::Step::ArgumentsDone {
                item_id: item_id.clone(),
                output_index,
                name: wanted.name.clone(),
                arguments: wanted.arguments.clone(),
            },
            wire::Step::ItemDone {
                output_index,
                item: whole,
            },
        ]
    }

    /// The steps from where the turn is to the end of its last item.
    fn items(&mut self, answer: &Answer) -> Vec<wire::Step> {
        let calls = &answer.calls;
        let mut steps = Vec::new();
        let rest = fresh(self.text.as_deref().unwrap_or_default(), &answer.content);
        if !rest.is_empty() || (self.text.is_none() && calls.is_empty()) {
            steps.extend(self.say(rest));
        }
        let phase = if calls.is_empty() {
            "final_answer"
        } else {
            "commentary"
        };
        let status = if incomplete(answer).is_some() {
            "incomplete"
        } else {
            "completed"
        };
        steps.extend(self.said(phase, status));
        for wanted in calls {
            steps.extend(self.call(wanted));
        }
        steps
    }

    /// The response with all its items.
    fn response(&self, answer: &Answer) -> wire::Response {
        let reason = incomplete(answer);
        wire::Response {
            status: if reason.is_some() {
                "incomplete"
            } else {
                "completed"
            },
            incomplete_details: reason.map(|reason| wire::IncompleteDetails { reason }),
            output: self.output.clone(),
            usage: Some(usage(&answer.receipt)),
            caxton: Some(wire::Extra::of(answer)),
            ..self.frame.clone()
        }
    }

    fn place(&self, kind: &str) -> (String, usize) {
        let output_index = self.output.len();
        (format!("{kind}_{}_{output_index}", self.turn), output_index)
    }
}

impl Encode for Steps {
    type Piece = wire::ResponseEvent;

    fn first(&mut self) -> Vec<wire::ResponseEvent> {
        let response = Box::new(self.frame.clone());
        self.all(vec![
            wire::Step::Created {
                response: response.clone(),
            },
            wire::Step::InProgress { response },
        ])
    }

    /// What an event makes. Those of agents that were asked by the one that answers make nothing.
    fn event(&mut self, event: Event) -> Made<wire::ResponseEvent> {
        let steps = match event {
            // Another agent may stand in for the one that it began with.
            Event::Route { turn, agent, .. } if turn == self.turn => {
                self.agent = agent;
                Vec::new()
            }
            Event::Delta { agent, text } if agent == self.agent => self.say(&text),
            Event::ToolCall { agent, .. } if agent == self.agent => {
                self.said("commentary", "completed")
            }
            Event::Retry { agent, .. } if agent == self.agent && self.text.is_some() => {
                return Made::Void;
            }
            Event::Done(answer) => {
                let mut steps = self.items(&answer);
                let response = Box::new(self.response(&answer));
                steps.push(if response.incomplete_details.is_some() {
                    wire::Step::Incomplete { response }
                } else {
                    wire::Step::Completed { response }
                });
                return Made::Last(self.all(steps));
            }
            _ => Vec::new(),
        };
        Made::More(self.all(steps))
    }

    fn failed(&mut self, problem: &Problem) -> Vec<Sent> {
        let error = error(problem);
        let response = failed(self.frame.clone(), problem);
        let response = Box::new(wire::Response {
            output: self.output.clone(),
            ..response
        });
        let told = wire::Step::Error {
            code: error.code.clone(),
            message: error.message.clone(),
            param: error.param.clone(),
            error,
        };
        let steps = self.all(vec![told, wire::Step::Failed { response }]);
        steps.into_iter().map(Self::sent).collect()
    }

    fn sent(piece: wire::ResponseEvent) -> Sent {
        sse::event(piece.step.name(), &piece)
    }

    fn end() -> Option<Sent> {
        None
    }
}

fn message(
    id: &str,
    status: &'static str,
    phase: Option<&'static str>,
    content: Vec<wire::OutputPart>,
) -> wire::OutputItem {
    wire::OutputItem::Message {
        id: id.to_owned(),
        status,
        role: "assistant",
        phase,
        content,
    }
}

fn part(text: &str) -> wire::OutputPart {
    wire::OutputPart {
        kind: "output_text",
        text: text.to_owned(),
        annotations: [],
        logprobs: [],
    }
}

/// Why an answer is not whole.
fn incomplete(answer: &Answer) -> Option<&'static str> {
    match answer.stop_reason {
        "max-tokens" => Some("max_output_tokens"),
        "content-filter" => Some("content_filter"),
        _ => None,
    }
}

fn usage(receipt: &Receipt) -> wire::ResponseUsage {
    wire::ResponseUsage {
        input_tokens: receipt.input_tokens,
        input_tokens_details: wire::InputTokens {
            cached_tokens: receipt.cached_input_tokens,
            cache_write_tokens: 0,
        },
        output_tokens: receipt.output_tokens,
        output_tokens_details: wire::OutputTokens {
            reasoning_tokens: 0,
        },
        total_tokens: receipt.tokens(),
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
