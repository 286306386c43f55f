//! A turn's answer as a chat completion, and its events as chunks of one.

use super::super::super::error::Problem;
use super::super::super::sse::{self, Event as Sent};
use super::super::super::wire::openai as wire;
use super::super::answer::{created, fresh};
use super::super::error::error;
use super::super::stream::{Encode, Made};
use crate::turn::{Answer, Event, Receipt, Wanted};

/// What of the request shows in the answer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The model, as it was asked for.
    pub model: String,
    /// Whether the last chunk tells what was used.
    pub usage: bool,
}

/// The whole answer.
pub(super) fn whole(asked: &Asked, answer: &Answer) -> wire::ChatAnswer {
    let calls = calls(answer);
    wire::ChatAnswer {
        id: id(&answer.id),
        object: "chat.completion",
        created: created(&answer.id),
        model: asked.model.clone(),
        choices: [wire::ChatChoice {
            index: 0,
            message: wire::AnswerMessage {
                role: "assistant",
                content: (calls.is_empty() || !answer.content.is_empty())
                    .then(|| answer.content.clone()),
                refusal: None,
                tool_calls: calls,
            },
            logprobs: None,
            finish_reason: finish_reason(answer),
        }],
        usage: usage(&answer.receipt),
        system_fingerprint: answer.model.clone(),
        caxton: wire::Extra::of(answer),
    }
}

fn id(turn: &str) -> String {
    format!("chatcmpl-{turn}")
}

fn calls(answer: &Answer) -> Vec<wire::Call> {
    let call = |wanted: &Wanted| wire::Call {
        id: wanted.id.clone(),
        kind: "function".to_owned(),
        function: Some(wire::CallFunction {
            name: wanted.name.clone(),
            arguments: wanted.arguments.clone(),
        }),
    };
    answer.calls.iter().map(call).collect()
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.stop_reason {
        "max-tokens" => "length",
        "content-filter" => "content_filter",
        "tool-calls" => "tool_calls",
        _ => "stop",
    }
}

fn usage(receipt: &Receipt) -> wire::Usage {
    wire::Usage {
        prompt_tokens: receipt.input_tokens,
        completion_tokens: receipt.output_tokens,
        total_tokens: receipt.tokens(),
        prompt_tokens_details: wire::PromptTokens {
            cached_tokens: receipt.cached_input_tokens,
        },
        completion_tokens_details: wire::CompletionTokens {
            reasoning_tokens: 0,
        },
    }
}

/// The chunks of an answer, as its turn goes on. A chunk can't be taken back: where the turn voids text that was sent, the
/// stream ends with an error.
#[derive(Debug)]
pub(super) struct Chunks {
    asked: Asked,
    turn: String,
    agent: String,
    /// What of the text since the agent's last tool call was sent.
    sent: String,
    /// The agent called tools after text was sent, so that more text is another paragraph.
    paragraph: bool,
}

impl Chunks {
    pub(super) fn new(asked: Asked, turn: &str, agent: &str) -> Self {
        Self {
            asked,
            turn: turn.to_owned(),
            agent: agent.to_owned(),
            sent: String::new(),
            paragraph: false,
        }
    }

    fn last(&mut self, answer: &Answer) -> Vec<wire::ChatChunk> {
        let mut chunks = Vec::new();
        let rest = fresh(&self.sent, &answer.content).to_owned();
        if !rest.is_empty() {
            chunks.push(self.text(rest));
        }
        for (index, call) in calls(answer).into_iter().enumerate() {
            chunks.push(self.chunk(wire::Delta {
                tool_calls: vec![wire::CallDelta { index, call }],
                ..wire::Delta::default()
            }));
        }
        let mut end = self.chunk(wire::Delta::default());
        for choice in &mut end.choices {
            choice.finish_reason = Some(finish_reason(answer));
        }
        end.system_fingerprint = Some(answer.model.clone());
        end.caxton = Some(wire::Extra::of(answer));
        chunks.push(end);
        if self.asked.usage {
            let mut used = self.chunk(wire::Delta::default());
            used.choices.clear();
            used.usage = Some(Some(usage(&answer.receipt)));
            chunks.push(used);
        }
        chunks
    }

    fn text(&mut self, text: String) -> wire::ChatChunk {
        let text = if std::mem::take(&mut self.paragraph) {
            format!("\n\n{text}")
        } else {
            text
        };
        self.chunk(wire::Delta {
            content: Some(text),
            ..wire::Delta::default()
        })
    }

    fn chunk(&self, delta: wire::Delta) -> wire::ChatChunk {
        wire::ChatChunk {
            id: id(&self.turn),
            object: "chat.completion.chunk",
            created: created(&self.turn),
            model: self.asked.model.clone(),
            system_fingerprint: None,
            choices: vec![wire::ChunkChoice {
                index: 0,
                delta,
                logprobs: None,
                finish_reason: None,
            }],
            usage: self.asked.usage.then_some(None),
            caxton: None,
        }
    }
}

impl Encode for Chunks {
    type Piece = wire::ChatChunk;

    fn first(&mut self) -> Vec<wire::ChatChunk> {
        vec![self.chunk(wire::Delta {
            role: Some("assistant"),
            content: Some(String::new()),
            ..wire::Delta::default()
        })]
    }

    /// What an event makes. Those of agents that were asked by the one that answers make nothing.
    fn event(&mut self, event: Event) -> Made<wire::ChatChunk> {
        match event {
            // Another agent may stand in for the one that it began with.
            Event::Route { turn, agent, .. } if turn == self.turn => self.agent = agent,
            Event::Delta { agent, text } if agent == self.agent => {
                self.sent.push_str(&text);
                return Made::More(vec![self.text(text)]);
            }
            Event::ToolCall { agent, .. } if agent == self.agent && !self.sent.is_empty() => {
                self.sent.clear();
                self.paragraph = true;
            }
            Event::Retry { agent, .. } if agent == self.agent && !self.sent.is_empty() => {
                return Made::Void;
            }
            Event::Done(answer) => return Made::Last(self.last(&answer)),
            _ => {}
        }
        Made::More(Vec::new())
    }

    fn failed(&mut self, problem: &Problem) -> Vec<Sent> {
        vec![sse::data(&wire::Failure {
            error: error(problem),
        })]
    }

    fn sent(piece: wire::ChatChunk) -> Sent {
        sse::data(&piece)
    }

    fn end() -> Option<Sent> {
        Some(sse::word("[DONE]"))
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
