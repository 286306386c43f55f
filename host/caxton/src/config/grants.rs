//! Parsing what a component is given: origins, headers and the values of secrets. The types are the sandbox's; the words in which
//! they are refused are ours.

use caxton_sandbox::{Origin, SecretValue};

use super::fault::{Refusal, quoted};

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

/// Fills in a secret's value `${NAME}` from the environment; `$${` stands for `${`.
///
/// # Errors
/// `bad-secret` where a variable's name is malformed or the value can't stand in a header, `missing-env` where a variable is
/// not set. No error shows any part of the value.
pub fn secret_value(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<SecretValue, Vec<Refusal>> {
    let mut value = String::with_capacity(text.len());
    let mut refusals = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        value.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        if let Some(tail) = rest.strip_prefix("$${") {
            value.push_str("${");
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("${") {
            let Some((name, tail)) = tail.split_once('}').filter(|(name, _)| is_variable(name))
            else {
                let remedy = "write \"${NAME}\", or \"$${\" for a literal \"${\"";
                refusals.push(Refusal::new(
                    "bad-secret",
                    "has `${` without the name of an environment variable",
                    remedy,
                ));
                break;
            };
            match env(name) {
                Some(found) if !found.is_empty() => value.push_str(&found),
                found => refusals.push(missing(name, found.is_some())),
            }
            rest = tail;
        } else {
            value.push('$');
            rest = &rest[1..];
        }
    }
    value.push_str(rest);
    // What follows from a fault already told is not told again.
    if refusals.is_empty() {
        if value.trim().is_empty() {
            refusals.push(Refusal::new(
                "bad-secret",
                "is empty",
                "write a value such as \"Bearer ${API_KEY}\"",
            ));
        } else if value.bytes().any(|b| b < b' ' && b != b'\t' || b == 0x7f) {
            let reason =
                "contains a line break or another control character, which no header may have";
            refusals.push(Refusal::new(
                "bad-secret",
                reason,
                "set the variable again without it",
            ));
        }
    }
    if refusals.is_empty() {
        Ok(SecretValue::new(value))
    } else {
        Err(refusals)
    }
}

fn missing(name: &str, set_but_empty: bool) -> Refusal {
    let why = if set_but_empty {
        "is empty"
    } else {
        "is not set"
    };
    let reason = format!(
        "needs the environment variable {}, which {why}",
        quoted(name)
    );
    Refusal::new("missing-env", reason, format!("set it: export {name}=…"))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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
        for (text, expected) in [
            ("Bearer ${KEY}", Ok("Bearer s3cret")),
            ("${KEY}${KEY}", Ok("s3crets3cret")),
            ("$5 $${KEY}", Ok("$5 ${KEY}")),
            ("Bearer ${GONE}", Err("missing-env")),
            ("Bearer ${EMPTY}", Err("missing-env")),
            ("Bearer ${", Err("bad-secret")),
            ("Bearer ${}", Err("bad-secret")),
            ("Bearer ${A B}", Err("bad-secret")),
            ("${BROKEN}", Err("bad-secret")),
            ("", Err("bad-secret")),
        ] {
            let value = secret_value(text, &env);
            assert!(!format!("{value:?}").contains("s3cret"), "{text}");
            let told = value
                .as_ref()
                .map(SecretValue::reveal)
                .map_err(|refusals| refusals[0].code);
            assert_eq!(told, expected, "{text}");
        }
        assert_eq!(secret_value("${GONE} ${AWAY}", &env).unwrap_err().len(), 2);
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
