//! Keeps pages of other sites from using a visitor's browser against this server: a request that changes something must
//! not come from another origin, and a server on a loopback address answers only to loopback names, so that a name which an
//! attacker points there (DNS rebinding) is of no use.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, Uri, header};

use super::error::Problem;

/// Decides from a request's head.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Whether the server listens on a loopback address only.
    loopback: bool,
    /// Other origins whose pages are welcome.
    origins: Vec<String>,
}

impl Guard {
    /// A guard for a server that listens on `address` and welcomes pages of `origins`, such as `https://app.example.com`.
    pub fn new(address: SocketAddr, origins: Vec<String>) -> Self {
        Self {
            loopback: address.ip().is_loopback(),
            origins,
        }
    }

    /// Whether the request is refused, and why.
    ///
    /// # Errors
    /// `bad-host`, `host-not-allowed`, `origin-not-allowed`.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let host = host(uri, headers)?;
        if self.loopback {
            match &host {
                Some(host) if is_loopback(host.host()) => {}
                // Without a name there is nothing to rebind; HTTP/1.0 clients send none.
                None => {}
                Some(host) => {
                    let detail = format!(
                        "the host `{host}` is not this server's; use localhost or its address, or let it listen on another address with --listen"
                    );
                    return Err(Problem::new(
                        StatusCode::FORBIDDEN,
                        "host-not-allowed",
                        detail,
                    ));
                }
            }
        }
        // A page's scripts can't see what they get here, but a picture or frame of it would have it made all the same.
        let is_reading = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_reading && !is_embedded(headers) {
            return Ok(());
        }
        match headers.get(header::ORIGIN) {
            None if is_reading => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "origin-not-allowed",
                "pages of other sites may not embed what is here; open it by itself, or send the request without a browser",
            )),
            None => Ok(()),
            Some(origin)
                if host
                    .as_ref()
                    .is_some_and(|host| is_same(origin.as_bytes(), host)) =>
            {
                Ok(())
            }
            Some(origin)
                if self
                    .origins
                    .iter()
                    .any(|welcome| welcome.as_bytes().eq_ignore_ascii_case(origin.as_bytes())) =>
            {
                Ok(())
            }
            Some(origin) => {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                let detail = format!(
                    "pages of `{}` may not change anything here; allow them with --allow-origin, or send the request without a browser",
                    origin.escape_debug()
                );
                Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "origin-not-allowed",
                    detail,
                ))
            }
        }
    }
}

/// Whether a browser says that a page of another site loads this as a part of itself
/// (<https://www.w3.org/TR/fetch-metadata/>).
fn is_embedded(headers: &HeaderMap) -> bool {
    let says = |name: &str, what: &str| headers.get(name).is_some_and(|value| value == what);
    says("sec-fetch-site", "cross-site") && !says("sec-fetch-dest", "document")
}

/// The host that a request names: in its target, else in its header.
fn host(uri: &Uri, headers: &HeaderMap) -> Result<Option<Authority>, Problem> {
    if let Some(authority) = uri.authority() {
        return Ok(Some(authority.clone()));
    }
    let mut named = headers.get_all(header::HOST).iter();
    let Some(first) = named.next() else {
        return Ok(None);
    };
    let bad = || {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-host",
            "the Host header must be one host with an optional port",
        )
    };
    if named.next().is_some() {
        return Err(bad());
    }
    let authority = Authority::try_from(first.as_bytes()).map_err(|_| bad())?;
    if authority.as_str().contains('@') {
        Err(bad())
    } else {
        Ok(Some(authority))
    }
}

fn is_loopback(host: &str) -> bool {
    let plain = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let name = plain.strip_suffix('.').unwrap_or(plain);
    name.eq_ignore_ascii_case("localhost")
        || name.len() > 10
            && name.is_char_boundary(name.len() - 10)
            && name[name.len() - 10..].eq_ignore_ascii_case(".localhost")
        || plain
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether an `Origin` is the one that a page of `host` has.
fn is_same(origin: &[u8], host: &Authority) -> bool {
    let Some((scheme, rest)) = std::str::from_utf8(origin)
        .ok()
        .and_then(|origin| origin.split_once("://"))
    else {
        return false;
    };
    let Ok(theirs) = Authority::try_from(rest) else {
        return false;
    };
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    theirs.host().eq_ignore_ascii_case(host.host())
        && theirs.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        listen: &str,
        method: &Method,
        host: &str,
        origin: Option<&str>,
    ) -> Result<(), String> {
        let welcome = vec!["https://app.example.com".to_owned()];
        let guard = Guard::new(listen.parse().expect("an address"), welcome);
        let mut headers = HeaderMap::new();
        if !host.is_empty() {
            headers.insert(header::HOST, host.parse().expect("a header"));
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        }
        guard
            .check(method, &Uri::from_static("/x"), &headers)
            .map_err(|problem| problem.code.into_owned())
    }

    #[test]
    fn a_loopback_server_answers_to_loopback_names_only() {
        let check = |host: &str, expected: Result<(), &str>| {
            assert_eq!(
                verdict("127.0.0.1:8080", &Method::GET, host, None),
                expected.map_err(str::to_owned),
                "{host}"
            );
        };
        check("127.0.0.1:8080", Ok(()));
        check("localhost:8080", Ok(()));
        check("app.localhost", Ok(()));
        check("[::1]:8080", Ok(()));
        check("", Ok(()));
        check("evil.example", Err("host-not-allowed"));
        check("localhost.evil.example", Err("host-not-allowed"));
        check("127.0.0.1.evil.example:8080", Err("host-not-allowed"));
        check("evillocalhost", Err("host-not-allowed"));
        check("user@localhost", Err("bad-host"));
        check("a b", Err("bad-host"));
        assert_eq!(
            verdict("0.0.0.0:8080", &Method::GET, "caxton.example", None),
            Ok(())
        );
    }

    #[test]
    fn other_sites_may_not_embed_what_is_here() {
        let check = |headers: &[(&'static str, &'static str)], expected: bool| {
            let guard = Guard::new(
                "127.0.0.1:8080".parse().expect("an address"),
                vec!["https://app.example.com".to_owned()],
            );
            let mut all = HeaderMap::new();
            all.insert(header::HOST, "localhost:8080".parse().expect("a header"));
            for (name, value) in headers {
                all.insert(*name, value.parse().expect("a header"));
            }
            let checked = guard.check(&Method::GET, &Uri::from_static("/x"), &all);
            assert_eq!(checked.is_ok(), expected, "{headers:?}");
        };
        let image = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-dest", "image"),
        ];
        check(&image, false);
        check(&[image[0], ("sec-fetch-dest", "iframe")], false);
        check(&[image[0], ("sec-fetch-dest", "document")], true);
        check(&[image[0], ("origin", "https://evil.example")], false);
        check(&[image[0], ("origin", "https://app.example.com")], true);
        check(&[("sec-fetch-site", "same-origin"), image[1]], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[], true);
    }

    #[test]
    fn other_origins_may_not_change_anything() {
        let check = |host: &str, origin: &str, expected: Result<(), &str>| {
            assert_eq!(
                verdict("127.0.0.1:8080", &Method::POST, host, Some(origin)),
                expected.map_err(str::to_owned),
                "{origin}"
            );
        };
        check("localhost:8080", "https://app.example.com", Ok(()));
        check(
            "localhost:8080",
            "https://app.example.com:8443",
            Err("origin-not-allowed"),
        );
        check("localhost:8080", "http://localhost:8080", Ok(()));
        check("localhost", "http://localhost:80", Ok(()));
        check(
            "localhost:8080",
            "http://localhost:3000",
            Err("origin-not-allowed"),
        );
        check(
            "localhost:8080",
            "https://evil.example",
            Err("origin-not-allowed"),
        );
        check("localhost:8080", "null", Err("origin-not-allowed"));
        check("localhost:8080", "file://", Err("origin-not-allowed"));
        assert_eq!(
            verdict(
                "127.0.0.1:8080",
                &Method::GET,
                "localhost:8080",
                Some("https://evil.example")
            ),
            Ok(())
        );
        assert_eq!(
            verdict("127.0.0.1:8080", &Method::DELETE, "localhost:8080", None),
            Ok(())
        );
    }
}
