//! Prompt templates: text with variables such as `{{request}}`. A template is parsed once, when it is read; filling it in can't
//! fail. What a variable's value is, the turn knows.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// A variable that a prompt may name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// A parameter of the agent, by name.
    Parameter(String),
}

impl Variable {
    /// Every built-in variable, for a user's prompt.
    pub const ALL: &[Self] = &[
        Self::Request,
        Self::Context,
        Self::Agent,
        Self::Description,
        Self::Workspace,
        Self::Conversation,
    ];

    /// The built-in variables of a system prompt. The request is not among them: words of a user have no place among
    /// instructions.
    pub const SYSTEM: &[Self] = &[
        Self::Context,
        Self::Agent,
        Self::Description,
        Self::Workspace,
        Self::Conversation,
    ];

    /// Its name, as it stands between the braces.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Request => "request",
            Self::Context => "context",
            Self::Agent => "agent",
            Self::Description => "description",
            Self::Workspace => "workspace",
            Self::Conversation => "conversation",
            Self::Parameter(name) => name,
        }
    }
}

/// A prompt with its variables found. The text is held once, because a server may have thousands of agents that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    source: Box<str>,
    pieces: Box<[Piece]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Text as it stands in the source.
    Text(Range<usize>),
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
    /// Parses `text`, in which `{{name}}` is a variable out of `allowed` or a parameter out of `parameters`, and `{{{{` stands for
    /// two braces.
    ///
    /// # Errors
    /// Every unknown variable and unclosed pair of braces, in order.
    pub fn parse(
        text: &str,
        allowed: &[Variable],
        parameters: &BTreeSet<&str>,
    ) -> Result<Self, Vec<Misprint>> {
        let mut pieces = Vec::new();
        let mut misprints = Vec::new();
        // Where the text that is not yet a piece begins, and where the next braces are looked for.
        let (mut plain, mut at) = (0, 0);
        let mut index = 0;
        while let Some(open) = text[at..].find("{{").map(|found| at + found) {
            at = open + 2;
            if text[at..].starts_with("{{") {
                // Of the four braces, the first two belong to the text.
                push_text(&mut pieces, plain..at);
                at += 2;
                plain = at;
                index += 2;
                continue;
            }
            let rest = &text[at..];
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
            let built_in = allowed.iter().find(|variable| variable.as_str() == name);
            let parameter = || {
                let known = parameters.contains(name);
                known.then(|| Variable::Parameter(name.to_owned()))
            };
            match built_in.cloned().or_else(parameter) {
                Some(variable) => {
                    push_text(&mut pieces, plain..open);
                    pieces.push(Piece::Variable(variable));
                }
                None => misprints.push(Misprint {
                    index,
                    variable: Some(name.to_owned()),
                }),
            }
            index += 1;
            at += close + 2;
            plain = at;
        }
        push_text(&mut pieces, plain..text.len());
        if misprints.is_empty() {
            Ok(Self {
                source: text.into(),
                pieces: pieces.into(),
            })
        } else {
            Err(misprints)
        }
    }

    /// Fills in the variables. Values are put in as they are: braces in them mean nothing.
    pub fn render<'v>(&self, value: impl Fn(&Variable) -> &'v str) -> String {
        let mut out = String::with_capacity(self.source.len());
        for piece in &self.pieces {
            match piece {
                Piece::Text(range) => out.push_str(&self.source[range.clone()]),
                Piece::Variable(variable) => out.push_str(value(variable)),
            }
        }
        out
    }

    /// The variables that the prompt names, in its order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            Piece::Text(_) => None,
        })
    }

    /// Whether the prompt names `variable`.
    pub fn uses(&self, variable: &Variable) -> bool {
        self.variables().any(|used| used == variable)
    }

    /// The prompt as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The prompt that is nothing but the request.
    pub fn request() -> Self {
        Self {
            source: "{{request}}".into(),
            pieces: [Piece::Variable(Variable::Request)].into(),
        }
    }

    /// The system prompt of an agent that has none of its own: its name and description.
    pub fn introduction() -> Self {
        Self {
            source: "You are {{agent}}. {{description}}".into(),
            pieces: [
                Piece::Text(0..8),
                Piece::Variable(Variable::Agent),
                Piece::Text(17..19),
                Piece::Variable(Variable::Description),
            ]
            .into(),
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, range: Range<usize>) {
    if !range.is_empty() {
        pieces.push(Piece::Text(range));
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

    fn parse(text: &str, allowed: &[Variable]) -> Result<Prompt, Vec<Misprint>> {
        Prompt::parse(text, allowed, &BTreeSet::from(["region"]))
    }

    fn rendered(text: &str) -> String {
        let prompt = parse(text, Variable::ALL).unwrap();
        assert_eq!(prompt.as_str(), text);
        prompt.render(|variable| match variable {
            Variable::Request => "{{agent}}?",
            Variable::Context => "context",
            Variable::Agent => "agent",
            Variable::Workspace => "workspace",
            Variable::Parameter(name) if name == "region" => "{{north}}",
            _ => "other",
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
        assert_eq!(rendered("{{{{{{{{x{{agent}}"), "{{{{xagent");
        assert_eq!(rendered("ü{{ region }}{{region}}ü"), "ü{{north}}{{north}}ü");
        assert_eq!(rendered(""), "");
    }

    #[test]
    fn every_misprint_is_told() {
        let misprints = parse("{{nme}} {{{{ {{request}} {{open \n{{}}", Variable::ALL).unwrap_err();
        let told: Vec<_> = misprints
            .iter()
            .map(|m| (m.index, m.variable.as_deref()))
            .collect();
        assert_eq!(told, [(0, Some("nme")), (4, None), (5, Some(""))]);
        assert!(parse("{{request}}", Variable::SYSTEM).is_err());
    }

    #[test]
    fn the_built_in_prompts_are_what_their_text_says() {
        assert_eq!(
            parse("{{request}}", Variable::ALL).unwrap(),
            Prompt::request()
        );
        let introduction = Prompt::introduction();
        assert_eq!(
            parse(introduction.as_str(), Variable::SYSTEM).unwrap(),
            introduction
        );
    }
}
