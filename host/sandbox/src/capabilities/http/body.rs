//! Bodies in both directions, counted against the call's limits while they stream; what comes back is masked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::egress::Caller;
use super::mask::Mask;
use super::refused::Refused;
use crate::limits::Limits;

/// What one call has used over HTTP. Shared, because a request of `wasi:http` is sent on a task of its own.
#[derive(Debug, Default)]
pub(crate) struct Used {
    requests: AtomicU32,
    bytes: AtomicU64,
    denied: AtomicU32,
}

impl Used {
    /// Requests sent.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies, sent and received.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Requests denied.
    pub(crate) fn denied(&self) -> u32 {
        self.denied.load(Ordering::Relaxed)
    }

    pub(crate) fn deny(&self) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request.
    pub(super) fn request(&self, component: &str, limits: &Limits) -> Result<(), Refused> {
        let limit = limits.http_requests;
        let counted = self
            .requests
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                (used < limit).then(|| used + 1)
            });
        counted.map(drop).map_err(|_| Refused::Requests {
            component: component.to_owned(),
            limit,
        })
    }

    /// Counts `bytes` of a body.
    pub(super) fn body(
        &self,
        bytes: usize,
        component: &str,
        limits: &Limits,
    ) -> Result<(), Refused> {
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let limit = limits.http_bytes;
        if before.saturating_add(bytes as u64) > limit {
            return Err(Refused::Bytes {
                component: component.to_owned(),
                limit,
            });
        }
        Ok(())
    }
}

/// The body of a response while it is read.
pub(crate) struct IncomingBody {
    caller: Caller,
    origin: Arc<str>,
    response: Option<reqwest::Response>,
    mask: Mask,
    pause_max: Option<Duration>,
}

impl IncomingBody {
    pub(super) fn new(
        caller: Caller,
        origin: Arc<str>,
        response: reqwest::Response,
        mask: Mask,
    ) -> Self {
        Self {
            caller,
            origin,
            response: Some(response),
            mask,
            pause_max: None,
        }
    }

    /// Sets the longest wait for a piece.
    pub(super) fn pause_max(&mut self, pause: Option<Duration>) {
        self.pause_max = pause;
    }

    /// Waits for the next piece; none at the end. After an error there is nothing more.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refused> {
        let next = self.piece().await;
        if next.is_err() {
            // Dropping the response closes its connection, as not all of it was read.
            self.response = None;
        }
        next
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Refused> {
        while let Some(response) = &mut self.response {
            let chunk = match self.pause_max {
                None => response.chunk().await,
                Some(waited) => match tokio::time::timeout(waited, response.chunk()).await {
                    Ok(chunk) => chunk,
                    Err(_) => {
                        return Err(Refused::Timeout {
                            origin: self.origin.to_string(),
                            waited,
                        });
                    }
                },
            };
            match chunk {
                Ok(Some(chunk)) => {
                    self.caller.count(chunk.len())?;
                    let masked = self.mask.feed(chunk);
                    if !masked.is_empty() {
                        return Ok(Some(masked));
                    }
                }
                Ok(None) => {
                    let rest = self.mask.finish();
                    self.response = None;
                    return Ok((!rest.is_empty()).then_some(rest));
                }
                Err(error) => return Err(super::egress::failed(error, &self.origin, &self.mask)),
            }
        }
        Ok(None)
    }
}
