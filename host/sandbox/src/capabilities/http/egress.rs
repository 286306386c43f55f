//! The one way out: every HTTP request of a component, by our `http` import or by `wasi:http`, is checked, counted and
//! sent here. Redirects are requests of their own. Nothing is taken from the server's environment: no proxies, no
//! cookies, no credentials.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use reqwest::{Client, Url};
use tokio::sync::OnceCell;

use super::body::{IncomingBody, Used};
use super::mask::Mask;
use super::refused::Refused;
use super::resolve::{AddressRefused, Checked, Network, Reach, System, Unresolved};
use super::secrets;
use super::target::{Target, unreachable};
use crate::component::Inner;
use crate::store::DENIALS_TOLD;

/// How many redirects are followed in a row; as many as browsers and curl's users are used to.
const REDIRECTS_MAX: usize = 10;
/// The most bytes of a response's header names and values.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// The most headers of a response.
const HEADERS_MAX: usize = 256;
/// The longest time to connect, name lookup and TLS included; calls may set less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections to one server that are kept for the next request: as many as answers may well be streaming at once.
const IDLE_MAX: usize = 256;

/// The clients that send requests, shared by all components: connections are reused.
pub(crate) struct Egress {
    network: Arc<dyn Network>,
    public: OnceCell<Client>,
    private: OnceCell<Client>,
}

/// Who sends a request, and what the call has used.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) inner: Arc<Inner>,
    pub(super) used: Arc<Used>,
}

/// A request of a component. Its headers are checked already.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// The longest wait for the headers of the final response.
    pub(super) wait: Option<Duration>,
}

/// A response whose body is still to be read.
pub(super) struct Incoming {
    pub(super) status: StatusCode,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: IncomingBody,
}

impl Egress {
    /// Uses `network`, or the system's own where there is none. The clients are made when they are first needed.
    pub(crate) fn new(network: Option<Arc<dyn Network>>) -> Self {
        Self {
            network: network.unwrap_or_else(|| Arc::new(System)),
            public: OnceCell::new(),
            private: OnceCell::new(),
        }
    }

    /// Sends a request and follows redirects.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        outgoing: Outgoing,
    ) -> Result<Incoming, Refused> {
        let wait = outgoing.wait;
        let origin = caller.target(&outgoing.url)?.origin.to_string();
        match wait {
            None => self.follow(caller, outgoing).await,
            Some(waited) => match tokio::time::timeout(waited, self.follow(caller, outgoing)).await
            {
                Ok(answer) => answer,
                Err(_) => Err(Refused::Timeout { origin, waited }),
            },
        }
    }

    async fn follow(&self, caller: &Caller, outgoing: Outgoing) -> Result<Incoming, Refused> {
        let Outgoing {
            mut method,
            url,
            mut headers,
            mut body,
            ..
        } = outgoing;
        let mut target = caller.target(&url)?;
        let first = target.origin.to_string();
        for _ in 0..=REDIRECTS_MAX {
            let bytes = body.as_ref().map_or(0, Bytes::len);
            caller.count(bytes)?;
            let answer = self
                .exchange(
                    caller,
                    &target,
                    method.clone(),
                    headers.clone(),
                    body.clone().map(Into::into),
                )
                .await?;
            let Some(next) = redirect(&answer, &target.url) else {
                return Ok(answer);
            };
            let next = Target::of(next, &caller.inner.name, &caller.inner.grants)
                .map_err(|refused| redirected(&target, refused));
            let next = next.inspect_err(|refused| caller.note(refused))?;
            if becomes_get(answer.status, &method) {
                method = Method::GET;
                body = None;
                drop_content_headers(&mut headers);
            }
            if !secrets::same(&next.origin, &target.origin) {
                drop_credentials(&mut headers, caller);
            }
            target = next;
        }
        Err(Refused::Redirects {
            origin: first,
            limit: REDIRECTS_MAX,
        })
    }

    /// Sends one request and waits for the headers of its response, whatever they say.
    pub(super) async fn exchange(
        &self,
        caller: &Caller,
        target: &Target,
        method: Method,
        mut headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<Incoming, Refused> {
        let inner = &caller.inner;
        let origin: Arc<str> = target.origin.to_string().into();
        caller.used.request(&inner.name, &inner.limits)?;
        secrets::add(&inner.secrets, &target.origin, &mut headers)?;
        let client = self.client(target.reach).await?;
        if let Some(address) = target.literal {
            let connecting = self.network.connecting(&target.origin.host, &[address]);
            connecting.map_err(|error| Refused::Connection {
                origin: origin.to_string(),
                reason: error.to_string(),
            })?;
        }
        let mask = inner.mask.clone();
        let mut request = reqwest::Request::new(method, target.url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let mut response = match client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                let refused = address_refused(&error).map_or_else(
                    || failed(error, &origin, &mask),
                    |a| unreachable(&target.origin, a.address, a.kind),
                );
                caller.note(&refused);
                return Err(refused);
            }
        };
        let size: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if size > HEADER_BYTES_MAX {
            return Err(Refused::Headers {
                origin: origin.to_string(),
                limit: HEADER_BYTES_MAX,
            });
        }
        let mut headers = std::mem::take(response.headers_mut());
        mask.headers(&mut headers);
        let (status, url) = (response.status(), mask.text(target.url.to_string()));
        Ok(Incoming {
            status,
            url,
            headers,
            body: IncomingBody::new(caller.clone(), origin, response, mask),
        })
    }

    /// The client for a reach. Clients of different reach share no connections: an open connection is not checked again.
    async fn client(&self, reach: Reach) -> Result<&Client, Refused> {
        let (cell, reach) = match reach {
            Reach::Public => (&self.public, Reach::Public),
            Reach::Private | Reach::Named => (&self.private, Reach::Private),
        };
        let network = self.network.clone();
        // Reading the system's certificates takes a moment and blocks.
        let make = || async move {
            tokio::task::spawn_blocking(move || client(network, reach))
                .await
                .map_err(|error| error.to_string())?
        };
        cell.get_or_try_init(make)
            .await
            .map_err(|reason| Refused::Connection {
                origin: "any host".to_owned(),
                reason,
            })
    }
}

impl Caller {
    pub(crate) fn new(inner: Arc<Inner>, used: Arc<Used>) -> Self {
        Self { inner, used }
    }

    /// Parses a URL and finds the grant for it. A denial is written down.
    pub(super) fn target(&self, url: &str) -> Result<Target, Refused> {
        Target::new(url, &self.inner.name, &self.inner.grants)
            .inspect_err(|refused| self.note(refused))
    }

    /// Counts bytes of a body.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Refused> {
        self.used.body(bytes, &self.inner.name, &self.inner.limits)
    }

    /// Writes a denial down.
    pub(super) fn note(&self, refused: &Refused) {
        if let Refused::Denied { target, reason } = refused {
            self.used.deny();
            if self.used.denied() <= DENIALS_TOLD {
                self.inner.audit("http", target, reason);
            }
        }
    }
}

/// Makes a client that connects only to addresses of `reach`.
fn client(network: Arc<dyn Network>, reach: Reach) -> Result<Client, String> {
    // One provider for the whole process; where another part of it was first, that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        Client::builder()
            .user_agent(concat!("caxton/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Checked {
                network: network.clone(),
                reach,
            })
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .http1_max_headers(HEADERS_MAX)
            .http2_max_header_list_size(HEADER_BYTES_MAX as u32)
            .pool_max_idle_per_host(IDLE_MAX)
    };
    builder().build().or_else(|error| {
        tracing::warn!(error = %deepest(&error), "there are no certificates of authorities on this system, so every https request will fail; install the package ca-certificates");
        builder().tls_certs_only([]).build().map_err(|error| deepest(&error))
    })
}

/// Where the response sends us, if it does.
fn redirect(answer: &Incoming, url: &Url) -> Option<Url> {
    let follows = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = follows.then(|| answer.headers.get(LOCATION))??;
    url.join(std::str::from_utf8(location.as_bytes()).ok()?)
        .ok()
}

/// Whether the request after a redirect is a GET without a body (RFC 9110, section 15.4).
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

fn drop_content_headers(headers: &mut HeaderMap) {
    let content: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("content-"))
        .cloned()
        .collect();
    for name in content {
        headers.remove(name);
    }
}

/// Removes what was meant for one origin only.
fn drop_credentials(headers: &mut HeaderMap, caller: &Caller) {
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    for secret in &caller.inner.secrets {
        headers.remove(secret.header.as_str());
    }
}

/// Adds to a refusal that a redirect led there.
fn redirected(from: &Target, refused: Refused) -> Refused {
    let origin = &from.origin;
    match refused {
        Refused::Denied { target, reason } => Refused::Denied {
            target,
            reason: format!("{reason} (`{origin}` redirected there)"),
        },
        Refused::Invalid(reason) => Refused::Invalid(format!(
            "`{origin}` redirected to what is no usable URL: {reason}"
        )),
        other => other,
    }
}

/// Finds in a failure that the name's addresses were refused.
fn address_refused(error: &reqwest::Error) -> Option<AddressRefused> {
    causes(error).find_map(|cause| cause.downcast_ref::<AddressRefused>().cloned())
}

/// Turns a client's failure into ours, without URLs and secrets.
pub(super) fn failed(error: reqwest::Error, origin: &str, mask: &Mask) -> Refused {
    let error = error.without_url();
    let origin = origin.to_owned();
    // Where the request's own body went over a limit, that is the reason.
    if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Refused>()) {
        return refused.clone();
    }
    if let Some(unresolved) = causes(&error).find_map(|cause| cause.downcast_ref::<Unresolved>()) {
        return Refused::Unresolved {
            origin,
            reason: unresolved.reason.clone(),
        };
    }
    if error.is_timeout() {
        return Refused::Timeout {
            origin,
            waited: CONNECT_TIMEOUT,
        };
    }
    let reason = mask.text(deepest(&error));
    match error.is_builder() {
        true => Refused::Invalid(format!("the request can't be sent: {reason}")),
        false => Refused::Connection { origin, reason },
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The innermost cause: what happened, without what was being done.
fn deepest(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
