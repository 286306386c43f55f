//! Parsing what a component is given: origins, headers and the values of secrets. The types are the sandbox's; the words in which
//! they are refused are ours.

use caxton_sandbox::{Origin, SecretValue};
use zeroize::Zeroizing;

use super::fault::{Refusal, quoted};
use crate::secrets::{self, Found, Lookup};

/// Parses an origin for a grant: `scheme://host[:port]`, where the host may be `*.example.com` or `*`.
///
/// # Errors
/// `bad-origin` where it is anything else: a path, a query or user information included.
pub fn origin(text: &str) -> Result<Origin, Refusal> {
    const SHAPE: &str = "write scheme://host[:port], such as \"https://api.example.com\"";
    text.parse::<Origin>().map_err(|error| {
        if text.contains('@') {
            // What stands before the `@` may be a password, so it is not shown.
            let remedy = "remove everything up to the `@`; credentials belong in `[[components.NAME.secrets]]`";
            return Refusal::new("bad-origin", "has user information in it", remedy);
        }
        // Most often a whole URL was pasted; then the origin in it is the remedy.
        let host_at = text.find("://").map_or(0, |at| at + 3);
        let cut = text[host_at..].find(['/', '?', '#']).map(|end| &text[..host_at + end]);
        let remedy = match cut.and_then(|cut| cut.parse::<Origin>().ok()) {
            Some(origin) => format!("write \"{origin}\"; a grant covers a whole host"),
            None => SHAPE.to_owned(),
        };
        Refusal::new("bad-origin", format!("is {}: {}", quoted(text), error.reason), remedy)
    })
}

/// Parses the origin that a secret is sent to, which is always a single one.
///
/// # Errors
/// `bad-origin`, as for a grant, and where the host is a pattern.
pub fn secret_origin(text: &str) -> Result<Origin, Refusal> {
    let origin = origin(text)?;
    if origin.host.contains('*') {
        let reason = format!("is {}, and a secret is sent to one host only", quoted(text));
        return Err(Refusal::new(
            "bad-origin",
            reason,
            "name the host, such as \"https://api.example.com\"",
        ));
    }
    Ok(origin)
}

/// A piece of a secret's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// Stands for the secret of that name.
    Name(&'t str),
}

/// Takes a secret's value apart: `${NAME}` stands for the secret of that name, `$${` for `${`.
///
/// # Errors
/// `bad-secret` where a name is malformed.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Refusal> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..dollar]));
        rest = &rest[dollar..];
        if let Some(tail) = rest.strip_prefix("$${") {
            pieces.push(Piece::Text("${"));
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("${") {
            let (name, tail) = tail
                .split_once('}')
                .filter(|(name, _)| secrets::is_name(name))
                .ok_or_else(|| {
                    Refusal::new(
                        "bad-secret",
                        "has `${` without the name of a secret",
                        "write \"${NAME}\", or \"$${\" for a literal \"${\"",
                    )
                })?;
            pieces.push(Piece::Name(name));
            rest = tail;
        } else {
            pieces.push(Piece::Text("$"));
            rest = &rest[1..];
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Fills in a secret's value: `${NAME}` from the environment or the workspace's `secrets.age`.
///
/// # Errors
/// `bad-secret` where a name is malformed or the value can't stand in a header, `missing-secret` where a name is in neither,
/// `unreadable-secrets` where the file would have to say and can't be read. No error shows any part of the value.
pub fn secret_value(text: &str, lookup: &Lookup<'_>) -> Result<SecretValue, Vec<Refusal>> {
    let mut filled_in = Vec::new();
    let mut refusals = Vec::new();
    let pieces = pieces(text).map_err(|refusal| vec![refusal])?;
    for piece in &pieces {
        if let Piece::Name(name) = piece {
            match lookup.find(name) {
                Found::Value(value) => filled_in.push(value),
                Found::Missing { empty } => refusals.push(missing(name, empty)),
                Found::Unreadable(error) => refusals.push(unreadable(name, error)),
            }
        }
    }
    // What follows from a fault already told is not told again.
    if !refusals.is_empty() {
        return Err(refusals);
    }
    // Put together at once: a text that grows would leave copies behind.
    let mut found = filled_in.iter();
    let texts: Vec<&str> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Name(_) => found.next().map_or("", SecretValue::reveal),
        })
        .collect();
    let value = Zeroizing::new(texts.concat());
    let refusal = if value.trim().is_empty() {
        Refusal::new(
            "bad-secret",
            "is empty",
            "write a value such as \"Bearer ${API_KEY}\"",
        )
    } else if value
        .bytes()
        .any(|b| !(b' '..=b'~').contains(&b) && b != b'\t')
    {
        Refusal::new(
            "bad-secret",
            "contains a line break or another character that is not printable ASCII, which no header may have",
            "set the secret again without it",
        )
    } else {
        let parts = filled_in
            .iter()
            .map(|value| Zeroizing::new(value.reveal().to_owned()));
        return Ok(SecretValue::filled_in(value.as_str(), parts.collect()));
    };
    Err(vec![refusal])
}

fn missing(name: &str, set_but_empty: bool) -> Refusal {
    let name = quoted(name);
    let reason = if set_but_empty {
        format!("needs the secret {name}, which is empty in the environment and not in secrets.age")
    } else {
        format!("needs the secret {name}, which is neither in the environment nor in secrets.age")
    };
    let name = name.trim_matches('`');
    Refusal::new(
        "missing-secret",
        reason,
        format!("export {name}=…, or run `caxton secret set {name}`"),
    )
}

fn unreadable(name: &str, error: &secrets::Error) -> Refusal {
    let name = quoted(name);
    let reason = format!(
        "needs the secret {name}, which is not in the environment, and secrets.age can't be read: {error}"
    );
    let name = name.trim_matches('`');
    let remedy = format!("{}; or export {name}=…", error.remedy());
    Refusal::new("unreadable-secrets", reason, remedy)
}

/// Checks the name of a header that a secret may be sent in, and gives it in lower case.
///
/// # Errors
/// `bad-header` where it is not a header's name (RFC 9110, section 5.1), or one that the host sets itself.
pub fn header(name: &str) -> Result<String, Refusal> {
    // Setting these would change where the request goes or where its body ends.
    const RESERVED: &[&str] = &[
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let lower = name.to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if lower.is_empty() || !lower.bytes().all(is_token) {
        let reason = format!("is {}, which is not the name of a header", quoted(name));
        return Err(Refusal::new(
            "bad-header",
            reason,
            "write a name such as \"authorization\"",
        ));
    }
    if RESERVED.contains(&lower.as_str()) {
        let reason = format!("is {}, which the host sets itself", quoted(name));
        return Err(Refusal::new(
            "bad-header",
            reason,
            "use another header, such as \"authorization\"",
        ));
    }
    Ok(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "KEY" => Some("s3cret".to_owned()),
            "EMPTY" => Some(String::new()),
            "BROKEN" => Some("s3cret\r\nx: y".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn values_are_filled_in_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let lookup = Lookup::new(dir.path(), &env);
        for (text, expected) in [
            ("Bearer ${KEY}", Ok("Bearer s3cret")),
            ("${KEY}${KEY}", Ok("s3crets3cret")),
            ("$5 $${KEY}", Ok("$5 ${KEY}")),
            ("Bearer ${GONE}", Err("missing-secret")),
            ("Bearer ${EMPTY}", Err("missing-secret")),
            ("Bearer ${", Err("bad-secret")),
            ("Bearer ${}", Err("bad-secret")),
            ("Bearer ${A B}", Err("bad-secret")),
            ("${BROKEN}", Err("bad-secret")),
            ("${KEY} é", Err("bad-secret")),
            ("", Err("bad-secret")),
        ] {
            let value = secret_value(text, &lookup);
            assert!(!format!("{value:?}").contains("s3cret"), "{text}");
            let told = value
                .as_ref()
                .map(SecretValue::reveal)
                .map_err(|refusals| refusals[0].code);
            assert_eq!(told, expected, "{text}");
        }
        let refusals = secret_value("${GONE} ${AWAY}", &lookup).unwrap_err();
        assert_eq!(refusals.len(), 2);
        let remedy = &refusals[1].remedy;
        assert!(remedy.contains("export AWAY=…") && remedy.contains("caxton secret set AWAY"));
        // The file is asked where the environment does not say, and then has to be readable.
        std::fs::write(dir.path().join(secrets::FILE), "s3cret").unwrap();
        let lookup = Lookup::new(dir.path(), &env);
        assert!(secret_value("${KEY}", &lookup).is_ok());
        let refusal = secret_value("${GONE}", &lookup).unwrap_err().remove(0);
        assert_eq!(refusal.code, "unreadable-secrets");
        assert!(!format!("{refusal:?}").contains("s3cret"), "{refusal:?}");
    }

    #[test]
    fn headers_that_steer_the_request_are_refused() {
        assert_eq!(header("Authorization").unwrap(), "authorization");
        for bad in ["", "Host", "content-length", "x y", "x:y", "é", "x\n"] {
            assert_eq!(header(bad).unwrap_err().code, "bad-header", "{bad}");
        }
    }

    #[test]
    fn refused_origins_say_what_to_write_and_show_no_password() {
        for (text, expected) in [
            (
                "https://api.example.com/v1",
                "write \"https://api.example.com\"; a grant covers a whole host",
            ),
            (
                "https://*.example.com:8443?x=1",
                "write \"https://*.example.com:8443\"; a grant covers a whole host",
            ),
            (
                "api.example.com",
                "write scheme://host[:port], such as \"https://api.example.com\"",
            ),
            (
                "https://",
                "write scheme://host[:port], such as \"https://api.example.com\"",
            ),
        ] {
            assert_eq!(origin(text).unwrap_err().remedy, expected);
        }
        let refusal = origin("https://user:s3cret@example.com").unwrap_err();
        assert!(!format!("{refusal:?}").contains("s3cret"));
        assert!(secret_origin("https://*.example.com").is_err());
        assert!(secret_origin("https://api.example.com").is_ok());
    }
}
