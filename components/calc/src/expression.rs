//! Reading an expression and reckoning it on the way: no tree is built, and how deep it may nest is counted, because a
//! hostile expression must not overflow the stack.

use std::collections::BTreeMap;

use crate::functions;
use crate::number::{Number, NumberError};

/// How deep parentheses, signs and powers may nest: more than people write, and far less than the stack holds.
pub const DEPTH_MAX: usize = 100;

/// The most characters of an expression.
pub const LENGTH_MAX: usize = 10_000;

/// What is wrong with an expression, and where: the position counts characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {reason}")]
pub struct ExpressionError {
    /// The character it is at, from 1.
    pub position: usize,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// The values of names.
pub type Variables = BTreeMap<String, Number>;

/// Reckons `text`.
///
/// # Errors
/// [`ExpressionError`] with the place and the reason.
pub fn evaluate(text: &str, variables: &Variables) -> Result<Number, ExpressionError> {
    let length = text.chars().count();
    if length > LENGTH_MAX {
        let reason =
            format!("the expression has {length} characters, and at most {LENGTH_MAX} are taken");
        return Err(ExpressionError {
            position: LENGTH_MAX + 1,
            reason,
        });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: length + 1,
        depth: 0,
        variables,
    };
    let value = parser.sum()?;
    match parser.peek() {
        None => Ok(value),
        Some(token) => Err(parser.unexpected(&token.clone())),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(String),
    Name(String),
    Sign(char),
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ExpressionError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    // What a person types after a question is not part of it.
    let end = text
        .trim_end_matches(|c: char| c.is_whitespace() || c == '=' || c == '?')
        .chars()
        .count();
    while at < end {
        let (start, character) = (at, characters[at]);
        let following = |at: usize| characters.get(at).copied().unwrap_or(' ');
        at += 1;
        let token = match character {
            ' ' | '\t' | '\n' | '\r' | '\u{a0}' => continue,
            '0'..='9' | '.' => {
                while at < end
                    && (characters[at].is_ascii_digit() || matches!(characters[at], '.' | '_'))
                {
                    at += 1;
                }
                if at < end && matches!(characters[at], 'e' | 'E') {
                    let sign = usize::from(matches!(following(at + 1), '+' | '-'));
                    if following(at + 1 + sign).is_ascii_digit() {
                        at += 2 + sign;
                        while at < end && characters[at].is_ascii_digit() {
                            at += 1;
                        }
                    }
                }
                Token::Number(characters[start..at].iter().collect())
            }
            _ if character.is_alphabetic() || character == '_' => {
                while at < end && (characters[at].is_alphanumeric() || characters[at] == '_') {
                    at += 1;
                }
                Token::Name(characters[start..at].iter().collect())
            }
            '*' if following(at) == '*' => {
                at += 1;
                Token::Sign('^')
            }
            '+' | '-' | '*' | '/' | '%' | '^' | '(' | ')' | ',' | '!' => Token::Sign(character),
            '×' | '·' | '⋅' => Token::Sign('*'),
            '÷' => Token::Sign('/'),
            '−' | '–' => Token::Sign('-'),
            _ => {
                let reason = format!(
                    "`{character}` has no meaning here; numbers, names, + - * / % ^ ! ( ) and commas are understood"
                );
                return Err(ExpressionError {
                    position: start + 1,
                    reason,
                });
            }
        };
        tokens.push((token, start + 1));
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<(Token, usize)>,
    next: usize,
    end: usize,
    depth: usize,
    variables: &'a Variables,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn sign(&self, offset: usize) -> Option<char> {
        match self.tokens.get(self.next + offset) {
            Some((Token::Sign(sign), _)) => Some(*sign),
            _ => None,
        }
    }

    fn is_of(&self, offset: usize) -> bool {
        matches!(self.tokens.get(self.next + offset), Some((Token::Name(name), _)) if name.eq_ignore_ascii_case("of"))
    }

    fn position(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |(_, position)| *position)
    }

    fn error<T>(&self, position: usize, reason: impl Into<String>) -> Result<T, ExpressionError> {
        Err(ExpressionError {
            position,
            reason: reason.into(),
        })
    }

    fn unexpected(&self, token: &Token) -> ExpressionError {
        let reason = match token {
            Token::Number(text) => format!("expected an operator before {text}"),
            Token::Name(name) => format!("expected an operator before `{name}`"),
            Token::Sign(')') => "this `)` closes nothing".into(),
            Token::Sign(',') => {
                "a comma only separates the arguments of a function; write large numbers without it, such as 1000".into()
            }
            Token::Sign(sign) => format!("`{sign}` can't stand here"),
        };
        ExpressionError {
            position: self.position(),
            reason,
        }
    }

    /// Goes one level deeper.
    fn nested<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth == DEPTH_MAX {
            return self.error(
                self.position(),
                format!("the expression nests deeper than {DEPTH_MAX} levels"),
            );
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Result<Number, ExpressionError> {
        let mut left = self.product()?;
        while let Some(sign @ ('+' | '-')) = self.sign(0) {
            let position = self.position();
            self.next += 1;
            let right = self.product()?;
            left = at(
                position,
                if sign == '+' {
                    left.add(&right)
                } else {
                    left.subtract(&right)
                },
            )?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Number, ExpressionError> {
        let mut left = self.signed()?;
        loop {
            let position = self.position();
            let sign = if self.is_of(0) {
                Some('*')
            } else {
                self.sign(0)
            };
            let Some(sign @ ('*' | '/' | '%')) = sign else {
                return Ok(left);
            };
            self.next += 1;
            let right = self.signed()?;
            left = at(
                position,
                match sign {
                    '*' => left.multiply(&right),
                    '/' => left.divide(&right),
                    _ => left.remainder(&right),
                },
            )?;
        }
    }

    /// A sign binds less tightly than a power: -2^2 is -4.
    fn signed(&mut self) -> Result<Number, ExpressionError> {
        match self.sign(0) {
            Some(sign @ ('+' | '-')) => {
                self.next += 1;
                let value = self.nested(Self::signed)?;
                Ok(if sign == '-' { value.negate() } else { value })
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Number, ExpressionError> {
        let base = self.postfix()?;
        if self.sign(0) != Some('^') {
            return Ok(base);
        }
        let position = self.position();
        self.next += 1;
        let exponent = self.nested(Self::signed)?;
        at(position, base.power(&exponent))
    }

    fn postfix(&mut self) -> Result<Number, ExpressionError> {
        let mut value = self.primary()?;
        loop {
            let position = self.position();
            match self.sign(0) {
                Some('!') => value = at(position, functions::factorial(&value))?,
                Some('%') if self.is_percent()? => {
                    value = at(position, value.divide(&Number::whole(100)))?;
                }
                _ => return Ok(value),
            }
            self.next += 1;
        }
    }

    /// `%` is per cent where no operand follows, as in `15% of 80`, and the remainder where one does, as in `7 % 3`.
    fn is_percent(&self) -> Result<bool, ExpressionError> {
        match self.tokens.get(self.next + 1) {
            Some((Token::Sign('+' | '-'), _)) => self.error(
                self.position(),
                "this `%` could be per cent or a remainder; write (5%) - 3 for the one and 5 % (-3) for the other",
            ),
            Some((Token::Number(_) | Token::Sign('('), _)) => Ok(false),
            Some((Token::Name(_), _)) => Ok(self.is_of(1)),
            _ => Ok(true),
        }
    }

    fn primary(&mut self) -> Result<Number, ExpressionError> {
        let position = self.position();
        let Some(token) = self.peek().cloned() else {
            let reason = if self.next == 0 {
                "the expression is empty"
            } else {
                "a number is missing at the end"
            };
            return self.error(position, reason);
        };
        self.next += 1;
        match token {
            Token::Number(text) => at(position, Number::parse(&text)),
            Token::Sign('(') => {
                let value = self.nested(Self::sum)?;
                self.close(position)?;
                Ok(value)
            }
            Token::Name(name) if self.sign(0) == Some('(') => {
                let arguments = self.arguments()?;
                match functions::call(&name, &arguments) {
                    Ok(value) => Ok(value),
                    Err(error) => self.error(position, error.to_string()),
                }
            }
            Token::Name(name) => match self
                .variables
                .get(&name)
                .cloned()
                .or_else(|| functions::constant(&name))
            {
                Some(value) => Ok(value),
                None => self.error(
                    position,
                    functions::unknown_name(&name, self.variables.keys()),
                ),
            },
            Token::Sign(sign) => self.error(position, format!("expected a number before `{sign}`")),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Number>, ExpressionError> {
        let open = self.position();
        self.next += 1;
        let mut arguments = Vec::new();
        if self.sign(0) != Some(')') {
            loop {
                arguments.push(self.nested(Self::sum)?);
                if self.sign(0) != Some(',') {
                    break;
                }
                self.next += 1;
            }
        }
        self.close(open)?;
        Ok(arguments)
    }

    fn close(&mut self, open: usize) -> Result<(), ExpressionError> {
        match self.peek() {
            Some(Token::Sign(')')) => {
                self.next += 1;
                Ok(())
            }
            None => self.error(open, "this `(` is never closed"),
            Some(token) => Err(self.unexpected(&token.clone())),
        }
    }
}

fn at(position: usize, result: Result<Number, NumberError>) -> Result<Number, ExpressionError> {
    result.map_err(|error| ExpressionError {
        position,
        reason: error.to_string(),
    })
}
