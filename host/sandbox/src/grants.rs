//! What a component may reach: HTTP origins, directories, its own state, and secrets that the host adds on its behalf.
//! Everything else is denied. A grant that does not parse is an error, never a warning.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a component is given. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Origins that it may send requests to.
    pub http: Vec<Origin>,
    /// Directories that it may see.
    pub files: Vec<FileGrant>,
    /// Whether it has a key-value store.
    pub state: bool,
}

/// A directory that a component may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileGrant {
    /// The directory on the host, absolute.
    pub host: PathBuf,
    /// Where the component finds it, such as `data`.
    pub guest: String,
    /// What it may do there.
    pub mode: FileMode,
}

/// What a component may do in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileMode {
    /// Look.
    Read,
    /// Look and change.
    Write,
}

/// A scheme, host and port, after RFC 6454. As a grant, the host may also be `*.example.com` (every name below
/// example.com) or `*` (every public host).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: String,
    /// A name in lower case, an address (IPv6 without brackets), or a pattern.
    pub host: String,
    /// The port; the scheme's own where none was written.
    pub port: u16,
    /// Whether the host may have a private, loopback or link-local address. True where the grant names such an address
    /// or `localhost` itself; for other names it must be asked for.
    pub private: bool,
}

impl Origin {
    /// Whether a request to `scheme://host:port` is covered by this grant. Nothing is said of addresses here.
    pub fn covers(&self, scheme: &str, host: &str, port: u16) -> bool {
        if self.scheme != scheme || self.port != port {
            return false;
        }
        let host = host.trim_end_matches('.');
        match self.host.strip_prefix("*.") {
            Some(parent) => {
                host.len() > parent.len() + 1
                    && host.ends_with(parent)
                    && host.as_bytes()[host.len() - parent.len() - 1] == b'.'
            }
            None => self.host == "*" || self.host == host,
        }
    }
}

impl FromStr for Origin {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let fail = |reason: &str| GrantError {
            grant: text.to_owned(),
            reason: reason.to_owned(),
        };
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| fail("an origin is scheme://host[:port]"))?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(fail("the scheme must be http or https")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@', '\\'])
            || rest.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(fail("an origin has no user, path, query or spaces"));
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(six) => {
                let (host, after) = six
                    .split_once(']')
                    .ok_or_else(|| fail("the bracket of the IPv6 address is not closed"))?;
                host.parse::<std::net::Ipv6Addr>()
                    .map_err(|_| fail("this is not an IPv6 address"))?;
                (
                    host,
                    after
                        .strip_prefix(':')
                        .map(Some)
                        .unwrap_or(if after.is_empty() { None } else { Some("") }),
                )
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = match port {
            None => default_port,
            Some(digits) => match digits.parse::<u16>() {
                Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
                _ => return Err(fail("the port must be a number from 1 to 65535")),
            },
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        if address.is_none() {
            let name = host
                .strip_prefix("*.")
                .unwrap_or(if host == "*" { "any" } else { &host });
            let label = |l: &str| {
                !l.is_empty()
                    && l.len() <= 63
                    && l.bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if name.len() > 253 || !name.split('.').all(label) {
                return Err(fail(
                    "the host must be a DNS name in ASCII (use the xn-- form for others), an address, `*.name` or `*`",
                ));
            }
            let numeric = |l: &str| l.bytes().all(|b| b.is_ascii_digit()) || l.starts_with("0x");
            if name.rsplit('.').next().is_some_and(numeric) {
                return Err(fail(
                    "a host that looks like a number must be written as a plain address such as 192.0.2.1",
                ));
            }
        }
        let private = address.is_some() || host == "localhost" || host.ends_with(".localhost");
        Ok(Self {
            scheme,
            host,
            port,
            private,
        })
    }
}

impl TryFrom<String> for Origin {
    type Error = GrantError;

    fn try_from(text: String) -> Result<Self, GrantError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = if self.scheme == "https" { 443 } else { 80 };
        match self.host.contains(':') {
            true => write!(f, "{}://[{}]", self.scheme, self.host)?,
            false => write!(f, "{}://{}", self.scheme, self.host)?,
        }
        if self.port == default {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}{}", if self.private { " (private)" } else { "" })
    }
}

/// A header that the host adds to requests to one origin. The component never sees its value.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The origin; patterns are not allowed.
    pub origin: Origin,
    /// The header's name, in lower case.
    pub header: String,
    /// Its value.
    pub value: SecretValue,
}

/// A value that never shows itself, and is overwritten in memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue {
    whole: Zeroizing<String>,
    filled_in: Vec<Zeroizing<String>>,
}

impl SecretValue {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self::filled_in(value, Vec::new())
    }

    /// Wraps a value into which others were filled in: each is as secret as the whole.
    pub fn filled_in(value: impl Into<String>, parts: Vec<Zeroizing<String>>) -> Self {
        Self {
            whole: Zeroizing::new(value.into()),
            filled_in: parts,
        }
    }

    /// The value itself: only for the outgoing header, and for removing it from texts.
    pub fn reveal(&self) -> &str {
        &self.whole
    }

    /// What must not be seen: the value, what was filled in, and in `Bearer TOKEN` the token.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        let whole = self.whole.trim();
        let token = whole.rsplit_once(' ').map(|(_, token)| token);
        let filled_in = self.filled_in.iter().map(|part| part.trim());
        [whole].into_iter().chain(token).chain(filled_in)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A grant that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the grant `{grant}` can't be used: {reason}")]
pub struct GrantError {
    /// The grant as it was written.
    pub grant: String,
    /// What is wrong with it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_parse_and_cover_what_they_name() {
        let check = |grant: &str, url: (&str, &str, u16), covered: bool| {
            let origin: Origin = grant.parse().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(
                origin.covers(url.0, url.1, url.2),
                covered,
                "{grant} {url:?}"
            );
        };
        check(
            "https://api.example.com",
            ("https", "api.example.com", 443),
            true,
        );
        check(
            "https://api.example.com",
            ("https", "api.example.com.", 443),
            true,
        );
        check(
            "https://api.example.com",
            ("http", "api.example.com", 443),
            false,
        );
        check(
            "https://api.example.com",
            ("https", "api.example.com", 8443),
            false,
        );
        check(
            "https://*.example.com",
            ("https", "a.b.example.com", 443),
            true,
        );
        check(
            "https://*.example.com",
            ("https", "example.com", 443),
            false,
        );
        check(
            "https://*.example.com",
            ("https", "evilexample.com", 443),
            false,
        );
        check("http://[::1]:8080", ("http", "::1", 8080), true);
        check(
            "HTTPS://API.Example.com/",
            ("https", "api.example.com", 443),
            true,
        );
        check("https://*", ("https", "anything.org", 443), true);
    }

    #[test]
    fn origins_that_are_not_origins_are_refused() {
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://a b",
            "https://user@host",
            "https://host/path",
            "https://host:0",
            "https://host:99999",
            "https://host:+80",
            "https://[::1",
            "https://[::1]x",
            "https://2130706433",
            "https://0x7f.1",
            "https://exämple.com",
            "https://*.*",
            "https://a..b",
            "https://host?x",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = SecretValue::new("hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
