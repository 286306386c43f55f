//! `wasi:http`, for components that know nothing of Caxton: the same egress check, limits and secrets as our own import.
//! As the standard has it, redirects are not followed: the component sees them, and what it then asks for is checked anew.

use std::future::Future;
use std::time::Duration;

use http::{HeaderName, Method, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::body::IncomingBody;
use super::egress::{Caller, Incoming};
use super::is_forbidden;
use super::refused::Refused;
use crate::capabilities::wasi;
use crate::store::CallState;

/// The hooks of `wasi:http` for one call.
pub(crate) struct WasiEgress {
    caller: Caller,
}

impl WasiEgress {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller }
    }
}

/// What drives a connection; ours are driven by the pool.
type Driver = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for WasiEgress {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        std::sync::Arc::new(|name: &HeaderName| is_forbidden(name))
    }

    /// The client sets it from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _received: Driver,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Driver), Error>> + Send> {
        let caller = self.caller.clone();
        Box::new(async move {
            let options = options.unwrap_or_default();
            let incoming = send(&caller, request, options).await.inspect_err(|refused| {
                tracing::debug!(workspace = caller.inner.workspace, component = caller.inner.name, %refused, "a request failed");
            })?;
            let Incoming {
                status,
                headers,
                mut body,
                ..
            } = incoming;
            body.pause_max(options.between_bytes_timeout);
            let mut response = Response::new(outgoing(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok((response, Box::new(async { Ok(()) }) as Driver))
        })
    }
}

async fn send(
    caller: &Caller,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Incoming, Refused> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err(Refused::Invalid(format!(
            "the method {} is not supported",
            parts.method
        )));
    }
    let target = caller.target(&parts.uri.to_string())?;
    let body = (!body.is_end_stream()).then(|| counted(caller.clone(), body));
    let exchange =
        caller
            .inner
            .shared
            .egress
            .exchange(caller, &target, parts.method, parts.headers, body);
    match wait(options) {
        None => exchange.await,
        Some(waited) => match tokio::time::timeout(waited, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Refused::Timeout {
                origin: target.origin.to_string(),
                waited,
            }),
        },
    }
}

/// The longest wait for the response's headers: to connect, and then for the first byte.
fn wait(options: RequestOptions) -> Option<Duration> {
    match (options.connect_timeout, options.first_byte_timeout) {
        (Some(connect), Some(first)) => Some(connect.saturating_add(first)),
        (None, first) => first,
        // Only the connection is limited; the deadline of the call limits the rest.
        (Some(_), None) => None,
    }
}

/// A component's body on its way out, counted.
fn counted(caller: Caller, body: WasiBody) -> reqwest::Body {
    let pieces = futures_util::stream::unfold((caller, body), |(caller, mut body)| async move {
        loop {
            let piece = match body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(piece) => caller.count(piece.len()).map(|()| piece),
                    // Trailers are not sent.
                    Err(_) => continue,
                },
                Err(error) => Err(Refused::Invalid(format!(
                    "the request's body broke off: {error}"
                ))),
            };
            return Some((piece, (caller, body)));
        }
    });
    reqwest::Body::wrap_stream(pieces)
}

/// A response's body on its way to the component.
fn outgoing(body: IncomingBody) -> WasiBody {
    let pieces = futures_util::stream::unfold(body, |mut body| async move {
        let piece = body.next().await.transpose()?;
        Some((piece.map(Frame::data).map_err(Error::from), body))
    });
    BodyExt::boxed_unsync(StreamBody::new(pieces))
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let caller = self.caller();
        let wasi = self
            .wasi
            .get_or_insert_with(|| Box::new(wasi::empty(caller)));
        WasiHttpCtxView {
            ctx: &mut wasi.http,
            table: &mut self.table,
            hooks: &mut wasi.egress,
        }
    }
}
