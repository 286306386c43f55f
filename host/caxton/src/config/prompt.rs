//! Prompt templates: text with variables such as `{{request}}`. A template is parsed once, when it is read; filling it in can't
//! fail. What a variable's value is, the turn knows.

use std::fmt;

/// A variable that a prompt may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// The message that is answered.
    Request,
    /// What memory knows about it; empty where memory is off.
    Context,
    /// The agent's name.
    Agent,
    /// The agent's description.
    Description,
    /// The workspace's name.
    Workspace,
    /// The conversation's id.
    Conversation,
}

impl Variable {
    /// Every variable, for a user's prompt.
    pub const ALL: &[Self] = &[
        Self::Request,
        Self::Context,
        Self::Agent,
        Self::Description,
        Self::Workspace,
        Self::Conversation,
    ];

    /// The variables of a system prompt. The request is not among them: words of a user have no place among instructions.
    pub const SYSTEM: &[Self] = &[
        Self::Context,
        Self::Agent,
        Self::Description,
        Self::Workspace,
        Self::Conversation,
    ];

    /// Its name, as it stands between the braces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Context => "context",
            Self::Agent => "agent",
            Self::Description => "description",
            Self::Workspace => "workspace",
            Self::Conversation => "conversation",
        }
    }
}

/// A prompt with its variables found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

/// What is wrong with one pair of braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misprint {
    /// Which `{{` of the text it is, counted from 0.
    pub index: usize,
    /// What stands between the braces, or nothing where they are not closed.
    pub variable: Option<String>,
}

impl Prompt {
    /// Parses `text`, in which `{{name}}` is a variable out of `allowed` and `{{{{` stands for two braces.
    ///
    /// # Errors
    /// Every unknown variable and unclosed pair of braces, in order.
    pub fn parse(text: &str, allowed: &[Variable]) -> Result<Self, Vec<Misprint>> {
        let mut pieces = Vec::new();
        let mut misprints = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let mut index = 0;
        while let Some(open) = rest.find("{{") {
            plain.push_str(&rest[..open]);
            rest = &rest[open + 2..];
            if let Some(tail) = rest.strip_prefix("{{") {
                plain.push_str("{{");
                rest = tail;
                index += 2;
                continue;
            }
            let Some(close) = rest
                .find("}}")
                .filter(|close| !rest[..*close].contains(['{', '\n']))
            else {
                misprints.push(Misprint {
                    index,
                    variable: None,
                });
                index += 1;
                continue;
            };
            let name = rest[..close].trim();
            match allowed.iter().find(|variable| variable.as_str() == name) {
                Some(variable) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Variable(*variable));
                }
                None => misprints.push(Misprint {
                    index,
                    variable: Some(name.to_owned()),
                }),
            }
            index += 1;
            rest = &rest[close + 2..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if misprints.is_empty() {
            Ok(Self {
                source: text.to_owned(),
                pieces,
            })
        } else {
            Err(misprints)
        }
    }

    /// Fills in the variables. Values are put in as they are: braces in them mean nothing.
    pub fn render<'v>(&self, value: impl Fn(Variable) -> &'v str) -> String {
        let mut out = String::with_capacity(self.source.len());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(variable) => out.push_str(value(*variable)),
            }
        }
        out
    }

    /// Whether the prompt names `variable`.
    pub fn uses(&self, variable: Variable) -> bool {
        self.pieces.contains(&Piece::Variable(variable))
    }

    /// The prompt as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The prompt that is nothing but the request.
    pub fn request() -> Self {
        Self {
            source: "{{request}}".to_owned(),
            pieces: vec![Piece::Variable(Variable::Request)],
        }
    }

    /// The system prompt of an agent that has none of its own: its name and description.
    pub fn introduction() -> Self {
        let pieces = vec![
            Piece::Text("You are ".to_owned()),
            Piece::Variable(Variable::Agent),
            Piece::Text(". ".to_owned()),
            Piece::Variable(Variable::Description),
        ];
        Self {
            source: "You are {{agent}}. {{description}}".to_owned(),
            pieces,
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let prompt = Prompt::parse(text, Variable::ALL).unwrap();
        assert_eq!(prompt.as_str(), text);
        prompt.render(|variable| match variable {
            Variable::Request => "{{agent}}?",
            other => other.as_str(),
        })
    }

    #[test]
    fn variables_are_filled_in_once() {
        assert_eq!(rendered("{{request}}"), "{{agent}}?");
        assert_eq!(
            rendered("I am {{ agent }}, in {{workspace}}."),
            "I am agent, in workspace."
        );
        assert_eq!(rendered("{\"a\": {\"b\": 1}}"), "{\"a\": {\"b\": 1}}");
        assert_eq!(
            rendered("Jinja writes {{{{ name }}"),
            "Jinja writes {{ name }}"
        );
        assert_eq!(rendered(""), "");
    }

    #[test]
    fn every_misprint_is_told() {
        let misprints =
            Prompt::parse("{{nme}} {{{{ {{request}} {{open \n{{}}", Variable::ALL).unwrap_err();
        let told: Vec<_> = misprints
            .iter()
            .map(|m| (m.index, m.variable.as_deref()))
            .collect();
        assert_eq!(told, [(0, Some("nme")), (4, None), (5, Some(""))]);
        assert!(Prompt::parse("{{request}}", Variable::SYSTEM).is_err());
    }

    #[test]
    fn the_built_in_prompts_are_what_their_text_says() {
        assert_eq!(
            Prompt::parse("{{request}}", Variable::ALL).unwrap(),
            Prompt::request()
        );
        let introduction = Prompt::introduction();
        assert_eq!(
            Prompt::parse(introduction.as_str(), Variable::SYSTEM).unwrap(),
            introduction
        );
    }
}
