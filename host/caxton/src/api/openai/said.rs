//! A conversation as it is put together from what a client sent: calls belong to the message in which the model asked for
//! them, and each has its result.

use std::collections::HashSet;

use caxton_sandbox::llm_types::{Message, Part, Role, ToolCall, ToolOutput};

use super::super::error::Problem;
use super::input::text;

/// A conversation, put together one message after the other.
#[derive(Default)]
pub(super) struct Said {
    messages: Vec<Message>,
    /// The calls, by id.
    calls: HashSet<String>,
    /// Those that have no result yet.
    open: HashSet<String>,
}

impl Said {
    /// Goes on after what was said before.
    pub(super) fn after(messages: Vec<Message>) -> Self {
        let (mut calls, mut open) = (HashSet::new(), HashSet::new());
        for part in messages.iter().flat_map(|message| &message.parts) {
            match part {
                Part::Call(call) => {
                    calls.insert(call.id.clone());
                    open.insert(call.id.clone());
                }
                Part::Output(output) => {
                    open.remove(&output.id);
                }
                _ => {}
            }
        }
        Self {
            messages,
            calls,
            open,
        }
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Appends what somebody says.
    ///
    /// # Errors
    /// Where a call before it has no result.
    pub(super) fn say(
        &mut self,
        role: Role,
        parts: Vec<Part>,
        pointer: &str,
    ) -> Result<(), Problem> {
        // What the system says may stand anywhere.
        if role != Role::System {
            self.closed(pointer)?;
        }
        if !parts.is_empty() {
            self.messages.push(Message { role, parts });
        }
        Ok(())
    }

    /// Appends a call that the model asked for. It joins the message that the model said before it.
    ///
    /// # Errors
    /// Where there is a call of this id already, or one before the last results has none.
    pub(super) fn call(&mut self, call: ToolCall, pointer: &str) -> Result<(), Problem> {
        if !self.calls.insert(call.id.clone()) {
            let detail = format!(
                "there are two calls with the id `{}`",
                call.id.escape_debug()
            );
            return Err(Problem::parameter(pointer, "invalid-value", detail));
        }
        self.open.insert(call.id.clone());
        match self.messages.last_mut() {
            Some(Message {
                role: Role::Assistant,
                parts,
            }) => parts.push(Part::Call(call)),
            _ => self.messages.push(Message {
                role: Role::Assistant,
                parts: vec![Part::Call(call)],
            }),
        }
        Ok(())
    }

    /// Appends what a call gave. Results of one round are one message.
    ///
    /// # Errors
    /// Where no call waits for it.
    pub(super) fn result(
        &mut self,
        id: String,
        text: String,
        pointer: &str,
    ) -> Result<(), Problem> {
        if !self.open.remove(&id) {
            let detail = format!(
                "no call before this one has the id `{}` and waits for its result; send the model's message with its calls, too",
                id.escape_debug()
            );
            return Err(Problem::parameter(pointer, "invalid-value", detail));
        }
        let output = Part::Output(ToolOutput {
            id,
            text,
            is_error: false,
        });
        match self.messages.last_mut() {
            Some(Message {
                role: Role::User,
                parts,
            }) if matches!(parts.last(), Some(Part::Output(_))) => {
                parts.push(output);
            }
            _ => self.messages.push(Message {
                role: Role::User,
                parts: vec![output],
            }),
        }
        Ok(())
    }

    /// The conversation.
    ///
    /// # Errors
    /// Where a call has no result, or nothing waits for an answer.
    pub(super) fn finish(self, pointer: &str) -> Result<Vec<Message>, Problem> {
        self.closed(pointer)?;
        let mut spoken = self
            .messages
            .iter()
            .rev()
            .filter(|message| message.role != Role::System);
        match spoken.next() {
            Some(last) if last.role == Role::User => Ok(self.messages),
            _ => {
                let detail = "nothing waits for an answer; end with a message of the user, or with the results of the model's calls";
                Err(Problem::parameter(pointer, "invalid-value", detail))
            }
        }
    }

    fn closed(&self, pointer: &str) -> Result<(), Problem> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut parts = self.messages.iter().flat_map(|message| &message.parts);
        let first = parts.find_map(|part| match part {
            Part::Call(call) if self.open.contains(&call.id) => Some(call.id.as_str()),
            _ => None,
        });
        let detail = format!(
            "the call `{}` has no result; each call that the model asked for must be followed by its result",
            first.unwrap_or_default().escape_debug()
        );
        Err(Problem::parameter(pointer, "invalid-value", detail))
    }
}

/// What the user said last, by which an agent is chosen.
pub(super) fn last_words(messages: &[Message]) -> String {
    let users = messages
        .iter()
        .rev()
        .filter(|message| message.role == Role::User);
    let mut texts = users.map(|message| text(&message.parts));
    texts
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall {
            id: id.to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        }
    }

    #[test]
    fn calls_and_their_results_belong_together() {
        let mut said = Said::default();
        let words = |text: &str| vec![Part::Text(text.to_owned())];
        said.say(Role::User, words("q"), "").expect("it is said");
        said.say(Role::Assistant, words("wait"), "")
            .expect("it is said");
        said.call(call("a"), "").expect("it is called");
        said.call(call("b"), "").expect("it is called");
        assert!(said.call(call("a"), "").is_err());
        assert!(said.say(Role::User, words("more"), "").is_err());
        assert!(said.result("c".to_owned(), String::new(), "").is_err());
        said.result("b".to_owned(), "2".to_owned(), "")
            .expect("b waits");
        said.result("a".to_owned(), "1".to_owned(), "")
            .expect("a waits");
        assert!(said.result("a".to_owned(), String::new(), "").is_err());
        let messages = said.finish("").expect("it is whole");
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert_eq!(
            messages.iter().map(|m| m.parts.len()).collect::<Vec<_>>(),
            [1, 3, 2]
        );
        assert_eq!(last_words(&messages), "q");
    }

    #[test]
    fn the_first_call_without_a_result_is_named() {
        let mut said = Said::default();
        for id in ["a", "b", "c", "d"] {
            said.call(call(id), "").expect("it is called");
        }
        said.result("a".to_owned(), String::new(), "")
            .expect("a waits");
        let refused = said.say(Role::User, Vec::new(), "").expect_err("b waits");
        assert!(
            refused.json().to_string().contains("the call `b` has no"),
            "{}",
            refused.json()
        );
        // A model's message with a call that was answered before takes no second result.
        let whole = vec![Message {
            role: Role::Assistant,
            parts: vec![Part::Call(call("a"))],
        }];
        let mut said = Said::after(whole);
        assert!(said.call(call("a"), "").is_err());
        said.result("a".to_owned(), String::new(), "")
            .expect("a waits");
        assert!(said.result("a".to_owned(), String::new(), "").is_err());
    }

    #[test]
    fn something_must_wait_for_an_answer() {
        let mut said = Said::default();
        assert!(Said::default().finish("").is_err());
        said.say(Role::User, vec![Part::Text("q".to_owned())], "")
            .expect("it is said");
        said.say(Role::Assistant, vec![Part::Text("a".to_owned())], "")
            .expect("it is said");
        said.say(Role::System, vec![Part::Text("s".to_owned())], "")
            .expect("it is said");
        assert!(said.finish("").is_err());
    }
}
