//! Where a request goes: the URL as the URL standard reads it, and the grant that covers it. Everything afterwards uses
//! the parsed URL, so what was checked is what is connected to.

use std::net::IpAddr;

use reqwest::Url;

use super::refused::Refused;
use super::resolve::Reach;
use super::secrets::{same, same_host};
use crate::grants::{Grants, Origin};

/// The longest URL, in bytes: as long as common servers take.
const URL_BYTES_MAX: usize = 16 << 10;

/// A URL that a component may send a request to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) origin: Origin,
    pub(super) reach: Reach,
    /// The address, where the URL has one instead of a name.
    pub(super) literal: Option<IpAddr>,
}

impl Target {
    /// Parses `text` and finds the grant of `component` that covers it.
    pub(super) fn new(text: &str, component: &str, grants: &Grants) -> Result<Self, Refused> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refused::Invalid(format!(
                "the URL has {} bytes; at most {URL_BYTES_MAX} are allowed",
                text.len()
            )));
        }
        let url = Url::parse(text).map_err(|error| {
            Refused::Invalid(format!("`{}` is not a URL: {error}", shown(text)))
        })?;
        Self::of(url, component, grants)
    }

    /// Finds the grant of `component` that covers `url`.
    pub(super) fn of(mut url: Url, component: &str, grants: &Grants) -> Result<Self, Refused> {
        let scheme = url.scheme().to_owned();
        if scheme != "http" && scheme != "https" {
            return Err(Refused::Invalid(format!(
                "the scheme `{}` is not supported; use http or https",
                shown(&scheme)
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let text = format!(
                "a URL must not have user information; declare it under [[components.{component}.secrets]] instead"
            );
            return Err(Refused::Invalid(text));
        }
        let no_host = || Refused::Invalid("the URL has no host".to_owned());
        let name = url
            .domain()
            .map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        if let Some(name) = name {
            let refused = |why: &dyn std::fmt::Display| {
                Refused::Invalid(format!("`{}` is not a host: {why}", shown(&name)))
            };
            if name.split('.').any(str::is_empty) {
                return Err(refused(&"a part of it is empty"));
            }
            // One spelling for the grant, the name in the certificate and the `host` header. Without the dot at its end a name
            // may turn out to be an address, so what it is, is only asked afterwards.
            url.set_host(Some(&name)).map_err(|error| refused(&error))?;
        }
        let host = url.host_str().ok_or_else(no_host)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let literal = match url.domain() {
            Some(_) => None,
            None => Some(host.parse::<IpAddr>().map_err(|_| no_host())?),
        };
        let port = url.port_or_known_default().filter(|port| *port > 0);
        let port = port.ok_or_else(no_host)?;
        url.set_fragment(None);
        let origin = Origin {
            scheme,
            host,
            port,
            private: false,
        };
        let reach = reach(&origin, literal.is_some(), grants)
            .ok_or_else(|| ungranted(&origin, component))?;
        if let Some((address, kind)) =
            literal.and_then(|address| Some((address, reach.refusal(address)?)))
        {
            return Err(unreachable(&origin, address, kind));
        }
        Ok(Self {
            url,
            origin,
            reach,
            literal,
        })
    }
}

/// The widest reach of the grants that cover `origin`; none where no grant does.
fn reach(origin: &Origin, literal: bool, grants: &Grants) -> Option<Reach> {
    let covering = grants.http.iter().filter(|grant| {
        grant.covers(&origin.scheme, &origin.host, origin.port) || same(grant, origin)
    });
    let of = |grant: &Origin| match grant.private {
        _ if literal && same_host(&grant.host, &origin.host) => Reach::Named,
        true => Reach::Private,
        false => Reach::Public,
    };
    covering.map(of).max()
}

fn ungranted(origin: &Origin, component: &str) -> Refused {
    let reason = format!(
        "`{origin}` is not granted to `{component}`; add it under [components.{component}.grants] http = [\"{origin}\"]"
    );
    Refused::Denied {
        target: origin.to_string(),
        reason,
    }
}

/// The refusal of a granted origin because of its address.
pub(super) fn unreachable(origin: &Origin, address: IpAddr, kind: &str) -> Refused {
    let at = Origin {
        host: address.to_string(),
        ..origin.clone()
    };
    let reason = format!(
        "`{origin}` is refused: {address} is {kind}; a grant reaches such an address only if it names the address itself, as in http = [\"{at}\"]"
    );
    Refused::Denied {
        target: at.to_string(),
        reason,
    }
}

/// The beginning of a text that a component gave, for an error.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    short.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(origins: &[&str]) -> Grants {
        let http = origins
            .iter()
            .map(|text| text.parse().unwrap_or_else(|e| panic!("{e}")))
            .collect();
        Grants {
            http,
            ..Grants::default()
        }
    }

    #[test]
    fn hosts_are_read_as_browsers_read_them() {
        let check = |url: &str, grant: &str| {
            let target = Target::new(url, "x", &grants(&[grant]));
            assert!(target.is_ok(), "{url} under {grant}: {target:?}");
        };
        check("https://API.Example.com./a?b#c", "https://api.example.com");
        check("https://bücher.example/", "https://xn--bcher-kva.example");
        check("https://api.example.com:443/", "https://api.example.com");
        check("http://2130706433:8080/", "http://127.0.0.1:8080");
        check("http://0x7f.1/", "http://127.0.0.1");
        check("http://017700000001/", "http://127.0.0.1");
        check("http://[0:0:0:0:0:0:0:1]/", "http://[::1]");
        check("http://[::1]/", "http://[0:0:0:0:0:0:0:1]");
        check("http://169.254.169.254/latest", "http://169.254.169.254");
        check("https://anything.org/", "https://*");
    }

    #[test]
    fn what_is_not_granted_is_denied_in_every_spelling() {
        let wide = grants(&["http://*", "https://*", "http://localhost:3000"]);
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0x7f000001/",
            "http://017700000001/",
            "http://127.1/",
            "http://0/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://169.254.169.254/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://172.16.0.1/",
            "http://100.64.0.1/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:0:1::1]/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
            "http://１２７.０.０.１/",
            "http://127.0.0.1./",
            "http://127。0。0。1/",
            "http://2852039166./",
            "http://0x7f.1./",
            "http://2852039166../latest/meta-data/",
            "http://0x7f.1../",
            "http://127.0.0.1../",
            "http://127.1。。/",
            "http:\\\\127.0.0.1\\",
            "http:127.0.0.1",
            "http:///127.0.0.1",
        ] {
            assert!(
                matches!(Target::new(url, "x", &wide), Err(Refused::Denied { .. })),
                "{url}"
            );
        }
        let narrow = grants(&["https://api.example.com", "http://*.example.org"]);
        for url in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://api.example.com.evil.test/",
            "https://evil.test/api.example.com",
            "https://evil.test#api.example.com",
            "https://evil.test?@api.example.com",
            "http://example.org/",
            "http://evilexample.org/",
            "https://evil.test\\api.example.com/",
            "https://api.example.co\u{200b}m.evil.test",
        ] {
            let refused = Target::new(url, "x", &narrow);
            assert!(
                matches!(refused, Err(Refused::Denied { .. })),
                "{url}: {refused:?}"
            );
        }
    }

    #[test]
    fn what_is_no_request_is_invalid() {
        let wide = grants(&["http://*", "https://*"]);
        for url in [
            "",
            "/path",
            "example.com",
            "ftp://example.com/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "http://",
            "http://user@example.com/",
            "http://user:pw@example.com/",
            "https://api.example.com@evil.test/",
            "http://:80/",
            "http://[::1",
            "http://a b/",
            "http://1.2.3.4.5/",
            "http://256.1.1.1/",
            "http://example.com:99999/",
            "http://example.com:0/",
            "javascript:alert(1)",
            "http://./",
            "http://a..example.com/",
            "http://[fe80::1%25eth0]/",
        ] {
            let refused = Target::new(url, "x", &wide);
            assert!(
                matches!(refused, Err(Refused::Invalid(_))),
                "{url}: {refused:?}"
            );
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX));
        assert!(matches!(
            Target::new(&long, "x", &wide),
            Err(Refused::Invalid(_))
        ));
    }

    #[test]
    fn a_denial_says_which_grant_is_missing() {
        let refused = Target::new(
            "https://api.example.com/v1?key=1",
            "weather",
            &Grants::default(),
        );
        let text = refused
            .err()
            .map(|refused| refused.to_string())
            .unwrap_or_default();
        assert_eq!(
            text,
            "`https://api.example.com` is not granted to `weather`; add it under [components.weather.grants] http = [\"https://api.example.com\"]"
        );
    }
}
