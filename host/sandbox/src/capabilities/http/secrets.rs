//! Secrets on their way out: the host puts them into the headers of requests to their origin, after the component has let
//! go of them. That they do not come back is the work of `mask`, which can't see through compression: requests that carry a
//! secret ask for plain answers.

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

use super::refused::Refused;
use crate::grants::{Origin, Secret};

/// Puts the secrets for `origin` into `headers`, in place of what the component may have put there.
pub(super) fn add(
    secrets: &[Secret],
    origin: &Origin,
    headers: &mut HeaderMap,
) -> Result<(), Refused> {
    for secret in secrets.iter().filter(|secret| same(&secret.origin, origin)) {
        let unusable = |what: &str| {
            Refused::Invalid(format!(
                "the secret for `{}` can't be sent: its {what}; correct it in caxton.toml",
                secret.origin
            ))
        };
        let name = HeaderName::from_bytes(secret.header.as_bytes())
            .map_err(|_| unusable("header has no valid name"))?;
        let mut value = HeaderValue::from_str(secret.value.reveal())
            .map_err(|_| unusable("value has characters that no header may have"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(())
}

/// Whether two origins are the same, whatever their grants say of addresses.
pub(super) fn same(a: &Origin, b: &Origin) -> bool {
    a.scheme == b.scheme && a.port == b.port && same_host(&a.host, &b.host)
}

/// Whether two hosts are the same, an address in any of its spellings included.
pub(super) fn same_host(a: &str, b: &str) -> bool {
    a == b
        || matches!((a.parse::<std::net::IpAddr>(), b.parse::<std::net::IpAddr>()), (Ok(a), Ok(b)) if a == b)
}
