//! How a text is written where it is repeated: as it is, in JSON (and that in JSON), in a URL, in base64. An answer that
//! repeats a request's headers does so in one of these.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// What encoders of JSON escape beside quotes, backslashes and control characters: nothing; slashes (PHP); what HTML gives a
/// meaning (Go); and more of that (Gson).
const JSON: [&str; 4] = ["", "/", "<>&", "<>&='"];

/// What encoders of URLs leave as it is beside letters and digits: RFC 3986, section 2.3; `encodeURIComponent`; `encodeURI`;
/// HTML forms.
const URL: [&str; 4] = ["-._~", "-._~!*'()", "-._~!*'();/?:@&=+$,#", "-._*"];

/// Every spelling of `text`, itself first; some may be the same.
pub(super) fn of(text: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut spellings = vec![text.to_owned()];
    for more in JSON {
        let once = json(text, more);
        // JSON as a text in JSON, as where a model repeats it.
        spellings.push(json(&once, ""));
        spellings.push(once);
    }
    for kept in URL {
        for (space, lower) in [("%20", false), ("%20", true), ("+", false), ("+", true)] {
            spellings.push(percent(text, kept, space, lower));
        }
    }
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        spellings.extend([0, 1, 2].map(|before| base64(text, before, &engine)));
    }
    let bytes = |spelling: String| Zeroizing::new(spelling.into_bytes());
    spellings.into_iter().map(bytes).collect()
}

fn json(text: &str, more: &str) -> String {
    let mut out = String::with_capacity(text.len() * 6);
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '/' if more.contains(c) => out.push_str("\\/"),
            '\t' => out.push_str("\\t"),
            _ if more.contains(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

fn percent(text: &str, kept: &str, space: &str, lower: bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        let c = char::from(byte);
        match c {
            ' ' => out.push_str(space),
            _ if c.is_ascii_alphanumeric() || kept.contains(c) => out.push(c),
            _ if lower => drop(write!(out, "%{byte:02x}")),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// The digits that are the same whatever stands around `text` where `before` bytes, modulo 3, stand in front of it.
fn base64(text: &str, before: usize, engine: &impl Engine) -> String {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(text.as_bytes());
    let digits = Zeroizing::new(engine.encode(&*bytes));
    // A digit has six bits; the first and the last may share theirs with a neighbour.
    let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    digits.get(from..to).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_however_an_encoder_writes_it() {
        let check = |text: &str, expected: &str| {
            let found = of(text);
            assert!(
                found
                    .iter()
                    .any(|spelling| ***spelling == *expected.as_bytes()),
                "{text} as {expected}"
            );
        };
        check("Bearer sk-1", "Bearer sk-1");
        check("a\"b\\c\td", r#"a\"b\\c\td"#);
        check("a\"b\\c", r#"a\\\"b\\\\c"#);
        check("a/b", r"a\/b");
        check("a<b=c", r"a\u003cb=c");
        check("a<b=c", r"a\u003cb\u003dc");
        check("Bearer a+b/c=", "Bearer%20a%2Bb%2Fc%3D");
        check("Bearer a+b/c=", "Bearer+a%2bb%2fc%3d");
        check("a b!c", "a%20b!c");
        // "sk-ab?>" alone, and where one and two bytes stand in front of it.
        check("sk-ab?>", "c2stYWI/P");
        check("sk-ab?>", "c2stYWI_P");
        check("sk-ab?>", "NrLWFiPz");
        check("sk-ab?>", "zay1hYj8+");
        check("sk-ab?>", "zay1hYj8-");
    }
}
