//! Why a request was not made, or its answer not read: one error for both ways to HTTP, turned into the words of each.

use std::time::Duration;

use wasmtime_wasi_http::Error as WasiError;

use crate::wit::http::Error as WitError;

/// Why there is no response, or no more of it.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refused {
    /// It may not be sent there.
    #[error("{reason}")]
    Denied {
        /// Where it should have gone: an origin or an address.
        target: String,
        /// Why not, and what would allow it.
        reason: String,
    },
    /// The request is malformed.
    #[error("{0}")]
    Invalid(String),
    /// The call has sent all requests that it may.
    #[error(
        "all {limit} HTTP requests of the call are used up, redirects included; raise `http_requests` under [components.{component}.limits]"
    )]
    Requests {
        /// The component.
        component: String,
        /// The limit.
        limit: u32,
    },
    /// The call has sent and received all bytes that it may.
    #[error(
        "all {limit} bytes of HTTP bodies that the call may send and receive are used up; raise `http_bytes` under [components.{component}.limits]"
    )]
    Bytes {
        /// The component.
        component: String,
        /// The limit.
        limit: u64,
    },
    /// The response's headers are too large.
    #[error("the headers of the answer of `{origin}` are larger than {limit} bytes")]
    Headers {
        /// Who answered.
        origin: String,
        /// The limit.
        limit: usize,
    },
    /// One redirect led to another, too often.
    #[error("`{origin}` redirects in circles: more than {limit} redirects in a row")]
    Redirects {
        /// Where it began.
        origin: String,
        /// The limit.
        limit: usize,
    },
    /// No answer came in time.
    #[error("`{origin}` did not answer within {waited:?}")]
    Timeout {
        /// Who was asked.
        origin: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The name has no address.
    #[error(
        "the name in `{origin}` can't be resolved: {reason}; check its spelling and the network"
    )]
    Unresolved {
        /// Who was asked.
        origin: String,
        /// What the resolver said.
        reason: String,
    },
    /// The connection failed or broke.
    #[error("the connection to `{origin}` failed: {reason}")]
    Connection {
        /// Who was asked.
        origin: String,
        /// What went wrong.
        reason: String,
    },
}

impl From<Refused> for WitError {
    fn from(refused: Refused) -> Self {
        let text = refused.to_string();
        match refused {
            Refused::Denied { .. } => Self::Denied(text),
            Refused::Invalid(_) => Self::Invalid(text),
            Refused::Requests { .. }
            | Refused::Bytes { .. }
            | Refused::Headers { .. }
            | Refused::Redirects { .. } => Self::Limit(text),
            Refused::Timeout { .. } => Self::Timeout(text),
            Refused::Unresolved { .. } | Refused::Connection { .. } => Self::Connection(text),
        }
    }
}

impl From<Refused> for WasiError {
    /// The codes of `wasi:http` have no room for most texts; those are in the log.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied { .. } => Self::HttpRequestDenied,
            Refused::Invalid(text) => Self::InternalError(Some(text)),
            Refused::Requests { .. } => Self::ConnectionLimitReached,
            Refused::Bytes { limit, .. } => Self::HttpResponseBodySize(Some(limit)),
            Refused::Headers { limit, .. } => {
                Self::HttpResponseHeaderSectionSize(u32::try_from(limit).ok())
            }
            Refused::Redirects { .. } => Self::LoopDetected,
            Refused::Timeout { .. } => Self::ConnectionReadTimeout,
            Refused::Unresolved { reason, .. } => Self::DnsError {
                rcode: Some(reason),
                info_code: None,
            },
            Refused::Connection { .. } => Self::ConnectionTerminated,
        }
    }
}
