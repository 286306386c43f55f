//! `http`: requests to granted origins. In reading order: `target` (which URLs are granted), `resolve` (which addresses
//! are reachable), `secrets`, `egress` (sending, redirects), `body` (counting), `mask` with its `spellings` (secrets do not
//! come back), `refused` (what can go wrong); here is our own import, and in `wasi_http` the standard's.

mod body;
mod egress;
mod mask;
mod refused;
mod resolve;
mod secrets;
mod spellings;
mod target;
mod wasi_http;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use wasmtime::Result;
use wasmtime::component::Resource;

pub(crate) use body::Used;
pub(crate) use egress::{Caller, Egress};
pub(crate) use mask::Mask;
pub use resolve::{Lookup, Network};
pub(crate) use wasi_http::WasiEgress;

use body::IncomingBody;
use egress::Outgoing;
use refused::Refused;
use target::shown;

use crate::store::CallState;
use crate::wit::http::{Error, Host, HostResponse, Request};

/// The most headers of a request, and the most bytes of their names and values.
const HEADERS_MAX: usize = 128;
const HEADER_BYTES_MAX: usize = 64 << 10;
/// The largest piece of a body given at once.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// A response whose body is read piece by piece.
pub struct Response {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
    body: IncomingBody,
    /// What has come of the body and was not asked for yet.
    rest: Bytes,
}

impl CallState {
    /// Who sends requests in this call.
    pub(crate) fn caller(&self) -> Caller {
        Caller::new(self.component.clone(), self.meter.http.clone())
    }
}

impl Host for CallState {
    async fn send(
        &mut self,
        request: Request,
    ) -> Result<std::result::Result<Resource<Response>, Error>> {
        let headers = request.headers.iter();
        let bytes = request.url.len()
            + headers
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>()
            + request.body.as_ref().map_or(0, Vec::len);
        self.paced(bytes).await;
        let caller = self.caller();
        let outgoing = match outgoing(request) {
            Ok(outgoing) => outgoing,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let component = self.component.clone();
        let incoming = match component.shared.egress.send(&caller, outgoing).await {
            Ok(incoming) => incoming,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let response = Response {
            status: incoming.status.as_u16(),
            url: incoming.url,
            headers: texts(&incoming.headers),
            body: incoming.body,
            rest: Bytes::new(),
        };
        Ok(Ok(self.table.push(response)?))
    }
}

impl HostResponse for CallState {
    async fn status(&mut self, response: Resource<Response>) -> Result<u16> {
        self.paced(0).await;
        Ok(self.table.get(&response)?.status)
    }

    async fn url(&mut self, response: Resource<Response>) -> Result<String> {
        let url = self.table.get(&response)?.url.clone();
        self.paced(url.len()).await;
        Ok(url)
    }

    async fn headers(&mut self, response: Resource<Response>) -> Result<Vec<(String, String)>> {
        let headers = self.table.get(&response)?.headers.clone();
        let bytes = headers.iter().map(|(name, value)| name.len() + value.len());
        self.paced(bytes.sum()).await;
        Ok(headers)
    }

    async fn read(
        &mut self,
        response: Resource<Response>,
        max: u32,
    ) -> Result<std::result::Result<Option<Vec<u8>>, Error>> {
        self.paced(0).await;
        let response = self.table.get_mut(&response)?;
        if response.rest.is_empty() {
            match response.body.next().await {
                Ok(Some(piece)) => response.rest = piece,
                Ok(None) => return Ok(Ok(None)),
                Err(refused) => return Ok(Err(refused.into())),
            }
        }
        let max = if max == 0 {
            PIECE_BYTES_MAX
        } else {
            usize::try_from(max)
                .unwrap_or(PIECE_BYTES_MAX)
                .min(PIECE_BYTES_MAX)
        };
        let piece = response.rest.split_to(response.rest.len().min(max));
        Ok(Ok(Some(piece.into())))
    }

    async fn drop(&mut self, response: Resource<Response>) -> Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

/// Checks a request's form.
fn outgoing(request: Request) -> std::result::Result<Outgoing, Refused> {
    let Request {
        method,
        url,
        headers,
        body,
        timeout_ms,
    } = request;
    let invalid = |text: String| Refused::Invalid(text);
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| invalid(format!("`{}` is not a method", shown(&method))))?;
    if method == Method::CONNECT || method == Method::TRACE {
        return Err(invalid(format!("the method {method} is not supported")));
    }
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if headers.len() > HEADERS_MAX || bytes > HEADER_BYTES_MAX {
        return Err(invalid(format!(
            "there are {} headers of {bytes} bytes; at most {HEADERS_MAX} of {HEADER_BYTES_MAX} bytes are allowed",
            headers.len()
        )));
    }
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid(format!("`{}` is not a header's name", shown(&name))))?;
        if is_forbidden(&header) || header == http::header::CONTENT_LENGTH {
            return Err(invalid(format!(
                "the header `{header}` is set by the host; leave it out"
            )));
        }
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            invalid(format!(
                "the value of the header `{header}` has characters that are not allowed"
            ))
        })?;
        map.append(header, value);
    }
    let wait = timeout_ms.map(|ms| Duration::from_millis(ms.into()));
    Ok(Outgoing {
        method,
        url,
        headers: map,
        body: body.map(Bytes::from),
        wait,
    })
}

/// Headers that decide where a request goes or where its body ends.
fn is_forbidden(name: &HeaderName) -> bool {
    const FORBIDDEN: [&str; 9] = [
        "connection",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    FORBIDDEN.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

/// The headers that are text.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((
            name.as_str().to_owned(),
            std::str::from_utf8(value.as_bytes()).ok()?.to_owned(),
        ))
    };
    headers.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_malformed_are_refused() {
        let check = |method: &str, header: (&str, &str), says: &str| {
            let headers = vec![(header.0.to_owned(), header.1.to_owned())];
            let request = Request {
                method: method.to_owned(),
                url: "https://example.com/".to_owned(),
                headers,
                body: None,
                timeout_ms: None,
            };
            let text = outgoing(request).err().map(|refused| refused.to_string());
            assert!(
                text.as_ref().is_some_and(|text| text.contains(says)),
                "{method} {header:?}: {text:?}"
            );
        };
        for name in [
            "Host",
            "connection",
            "Transfer-Encoding",
            "content-length",
            "upgrade",
            "proxy-authorization",
            "Proxy-Connection",
            "te",
            "trailer",
            "keep-alive",
            "expect",
        ] {
            check("GET", (name, "x"), "is set by the host");
        }
        check("GET", ("x y", "x"), "is not a header's name");
        check(
            "GET",
            ("x", "a\r\nhost: b"),
            "characters that are not allowed",
        );
        check("", ("x", "x"), "is not a method");
        check("GET /\r\n", ("x", "x"), "is not a method");
        check("CONNECT", ("x", "x"), "is not supported");
        check("GET", ("x", &"y".repeat(HEADER_BYTES_MAX)), "are allowed");
    }
}
