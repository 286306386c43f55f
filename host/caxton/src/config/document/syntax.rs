//! From text to tables, with every fault of syntax. The parser recovers after each; we say what to do about it.

use std::ops::Range;

use toml::de::{DeTable, Error};
use toml_parser::lexer::TokenKind;

use super::{Report, Source};
use crate::config::fault::quoted;

/// How deep brackets may nest. The parser bounds both nesting and the length of dotted keys, but not their product, and what is
/// nested some thousand levels deep can't even be dropped on the stack of a worker thread.
const NESTING_MAX: usize = 16;

/// Parses the source. What can't be understood is left out and reported.
pub(crate) fn parse<'s>(source: &'s Source, report: &mut Report<'_>) -> DeTable<'s> {
    if let Some(at) = too_deep(&source.text) {
        let reason = format!("brackets are nested more than {NESTING_MAX} deep");
        report.add_syntax(&at, "nested-too-deep", reason, "flatten the value");
        return DeTable::new();
    }
    let (table, mut errors) = DeTable::parse_recoverable(&source.text);
    errors.sort_by_key(start);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let (code, remedy) = explain(error.message());
        let reason = match source.text.get(span.clone()) {
            Some(key) if code == "duplicate-key" => {
                format!("{} stands here a second time", quoted(key))
            }
            _ => sentence(&error),
        };
        // A line that breaks off is reported at its end, which may be the beginning of the next.
        let at = start(&error);
        let at = if at > 0 && span.is_empty() && source.text.as_bytes().get(at - 1) == Some(&b'\n')
        {
            at - 1
        } else {
            at
        };
        report.add_syntax(&(at..span.end.max(at)), code, reason, remedy);
    }
    table.into_inner()
}

fn start(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// The parser's message without its list of what it would have liked to see, which is long and seldom helps.
fn sentence(error: &Error) -> String {
    let message = error.message();
    let message = message.split(", expected").next().unwrap_or(message);
    format!("this is not TOML: {message}")
}

/// Gives the code and the remedy for a message of the parser.
fn explain(message: &str) -> (&'static str, &'static str) {
    const TABLE: &[(&str, &str, &str)] = &[
        (
            "duplicate key",
            "duplicate-key",
            "remove or rename one of the two",
        ),
        ("must be quoted", "syntax", "write text in quotes: \"…\""),
        ("recursion limit", "nested-too-deep", "flatten the value"),
        ("unclosed", "syntax", "close it"),
        (
            "invalid basic string",
            "syntax",
            "close the quotes on the same line, or use \"\"\" for several lines",
        ),
        (
            "invalid literal string",
            "syntax",
            "close the quotes on the same line, or use ''' for several lines",
        ),
        (
            "escape",
            "syntax",
            "write \\\\ for a backslash, or use '…' where backslashes stand for themselves",
        ),
        ("missing comma", "syntax", "put a comma between the values"),
    ];
    TABLE
        .iter()
        .find(|(part, ..)| message.contains(part))
        .map_or(
            ("syntax", "see https://toml.io for how values are written"),
            |(_, code, remedy)| (code, remedy),
        )
}

/// Gives the first bracket that nests too deep. It looks at tokens, so brackets in strings and comments don't count.
fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut open = Vec::new();
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                if open.len() == NESTING_MAX {
                    return Some(token.span().start()..token.span().end());
                }
                open.push(token.kind());
            }
            // A bracket that closes nothing leaves the others open: the parser may see it so too.
            TokenKind::RightSquareBracket if open.last() == Some(&TokenKind::LeftSquareBracket) => {
                open.pop();
            }
            TokenKind::RightCurlyBracket if open.last() == Some(&TokenKind::LeftCurlyBracket) => {
                open.pop();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_and_brackets_in_strings_are_not() {
        let check = |text: &str| {
            let source = Source::new("x.toml", text);
            let mut report = Report::new(&source);
            parse(&source, &mut report);
            report
                .finish()
                .into_iter()
                .map(|fault| fault.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            check(&format!("a = {}", "[".repeat(100_000))),
            ["nested-too-deep"]
        );
        assert_eq!(
            check(&format!("a = {}1{}", "[".repeat(16), "]".repeat(16))),
            [""; 0]
        );
        assert_eq!(
            check(&format!("a = '{}' # {}", "[{".repeat(100), "{".repeat(100))),
            [""; 0]
        );
        let key = vec!["k"; 78].join(".");
        let deep = format!(
            "[{key}]\nx = {}1{}",
            format!("{{{key}=").repeat(16),
            "}".repeat(16)
        );
        assert_eq!(check(&deep), [""; 0]);
    }
}
