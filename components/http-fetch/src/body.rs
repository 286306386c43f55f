//! A response's body in the form that was asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::Value;
use serde::Deserialize;

use crate::page;

/// The form in which a body is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// By the content type: JSON as a value, a page as readable text, other text as it is; other bytes only by their size.
    #[default]
    Auto,
    /// As it is.
    Text,
    /// As a value.
    Json,
    /// A page's text without its markup.
    Readable,
    /// All bytes.
    Base64,
}

/// A body that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Text.
    Text(String),
    /// A page's title and text.
    Page(Option<String>, String),
    /// JSON.
    Json(Value),
    /// Bytes in base64.
    Base64(String),
    /// Bytes that nobody asked for.
    Bytes,
}

/// Reads `bytes` of the content type `kind` in the form `form`. `is_cut` says that the end is missing.
///
/// # Errors
/// A sentence where the body is not JSON or not text although that was asked for.
pub fn read(bytes: &[u8], kind: &str, form: Form, is_cut: bool) -> Result<Body, String> {
    let (kind, charset) = parts(kind);
    let is_json = kind == "application/json" || kind.ends_with("+json");
    let is_page = kind == "text/html" || kind == "application/xhtml+xml";
    match form {
        Form::Base64 => Ok(Body::Base64(STANDARD.encode(bytes))),
        Form::Json => match serde_json::from_slice(bytes) {
            Ok(value) => Ok(Body::Json(value)),
            Err(_) if is_cut => Err("the body is longer than `max_bytes`, so it can't be read as JSON; ask for more bytes".to_owned()),
            Err(error) => Err(format!("the body is not JSON: {error} (content type {kind:?}; ask for \"text\" to see it)")),
        },
        Form::Text => text(bytes, &charset).map(Body::Text).ok_or_else(|| format!("the body is not text (content type {kind:?}); ask for \"base64\" to get its bytes")),
        Form::Readable => text(bytes, &charset).map(|text| as_page(&text)).ok_or_else(|| format!("the body is no page (content type {kind:?}); ask for \"base64\" to get its bytes")),
        Form::Auto if is_json && !is_cut => match serde_json::from_slice(bytes) {
            Ok(value) => Ok(Body::Json(value)),
            Err(_) => Ok(text(bytes, &charset).map_or(Body::Bytes, Body::Text)),
        },
        Form::Auto => Ok(match text(bytes, &charset) {
            Some(text) if is_page => as_page(&text),
            Some(text) => Body::Text(text),
            None => Body::Bytes,
        }),
    }
}

fn as_page(text: &str) -> Body {
    let (title, text) = page::read(text);
    Body::Page(title, text)
}

/// The content type in lower case without parameters, and its charset.
fn parts(kind: &str) -> (String, String) {
    let lower = kind.to_ascii_lowercase();
    let charset = lower.split("charset=").nth(1).map(|charset| {
        charset
            .trim_matches(['"', '\'', ' '])
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    (
        lower
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
        charset.unwrap_or_default(),
    )
}

/// Decodes text. Bytes with zeros, or with many that are no UTF-8, are none.
fn text(bytes: &[u8], charset: &str) -> Option<String> {
    if matches!(
        charset,
        "iso-8859-1" | "latin1" | "windows-1252" | "iso-8859-15"
    ) {
        return Some(bytes.iter().map(|byte| windows_1252(*byte)).collect());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        // A body that was cut may end in the middle of a character.
        Err(error) if error.valid_up_to() + 4 > bytes.len() => {
            Some(String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned())
        }
        Err(_) => {
            let text = String::from_utf8_lossy(bytes);
            let odd = text
                .chars()
                .filter(|c| *c == char::REPLACEMENT_CHARACTER)
                .count();
            (odd * 20 < text.chars().count()).then(|| text.into_owned())
        }
    }
}

/// Windows-1252, which the web takes Latin-1 for (WHATWG Encoding).
fn windows_1252(byte: u8) -> char {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match byte {
        0x80..=0x9f => HIGH
            .chars()
            .nth(usize::from(byte - 0x80))
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use caxton_sdk::json;

    use super::*;

    #[test]
    fn bodies_are_read_by_their_type_or_as_asked() {
        for (bytes, kind, form, expected) in [
            (
                &b"{\"a\":1}"[..],
                "application/json",
                Form::Auto,
                Body::Json(json!({"a": 1})),
            ),
            (
                b"{\"a\":1}",
                "application/problem+json; charset=utf-8",
                Form::Auto,
                Body::Json(json!({"a": 1})),
            ),
            (
                b"{\"a\":",
                "application/json",
                Form::Auto,
                Body::Text("{\"a\":".into()),
            ),
            (
                b"<title>T</title><p>x",
                "text/html",
                Form::Auto,
                Body::Page(Some("T".into()), "x".into()),
            ),
            (b"<p>x", "text/html", Form::Text, Body::Text("<p>x".into())),
            (
                b"caf\xe9 \x80",
                "text/plain; charset=ISO-8859-1",
                Form::Auto,
                Body::Text("café €".into()),
            ),
            (
                b"\xef\xbb\xbfhi",
                "text/plain",
                Form::Auto,
                Body::Text("hi".into()),
            ),
            (b"\x89PNG\x00\x01", "image/png", Form::Auto, Body::Bytes),
            (
                b"\x00\x01",
                "image/png",
                Form::Base64,
                Body::Base64("AAE=".into()),
            ),
            (b"", "", Form::Auto, Body::Text(String::new())),
        ] {
            assert_eq!(read(bytes, kind, form, false), Ok(expected), "{kind}");
        }
        assert_eq!(
            read(
                "aü".as_bytes().split_at(2).0,
                "text/plain",
                Form::Auto,
                true
            ),
            Ok(Body::Text("a".into()))
        );
        for (bytes, kind, form, is_cut, needle) in [
            (&b"<html>"[..], "text/html", Form::Json, false, "not JSON"),
            (
                b"{\"a\":",
                "application/json",
                Form::Json,
                true,
                "`max_bytes`",
            ),
            (b"\x00", "image/png", Form::Text, false, "\"base64\""),
            (b"\x00", "image/png", Form::Readable, false, "\"base64\""),
        ] {
            let error = read(bytes, kind, form, is_cut).expect_err(kind);
            assert!(error.contains(needle), "{error}");
        }
    }
}
