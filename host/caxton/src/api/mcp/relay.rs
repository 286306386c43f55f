//! What a component emits while it runs, passed on to the client: progress where the client gave a token, log messages
//! from the level that it asked for.

use caxton_sandbox::Emitted;
use caxton_sandbox::wit::log::Level;
use rmcp::model::{
    LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken,
};
use rmcp::{Peer, RoleServer};
use serde_json::Value;
use tokio::sync::mpsc;

/// How many events may wait for a slow client; what comes beyond it is dropped, never the call.
const WAITING_MAX: usize = 256;

/// Where events go, and which of them.
pub(super) struct Relay {
    pub(super) peer: Peer<RoleServer>,
    /// The token under which the client wants progress.
    pub(super) progress: Option<ProgressToken>,
    /// The least serious level that the client wants.
    pub(super) level: Option<LoggingLevel>,
}

impl Relay {
    /// Runs `call` with a listener whose events are passed on as they come; returns when both are done. Both run in the
    /// task of the request, by which the transport knows where the events belong.
    pub(super) async fn during<T, F: Future<Output = T>>(
        &self,
        source: &str,
        call: impl FnOnce(mpsc::Sender<Emitted>) -> F,
    ) -> T {
        let (listener, mut events) = mpsc::channel(WAITING_MAX);
        let pass_on = async {
            let mut done_last = f64::NEG_INFINITY;
            while let Some(event) = events.recv().await {
                // Progress must grow; what does not is a component's mistake that a strict client would choke on.
                if let Emitted::Progress { done, .. } = event {
                    if done.is_nan() || done <= done_last {
                        continue;
                    }
                    done_last = done;
                }
                self.tell(source, event).await;
            }
        };
        let (value, ()) = tokio::join!(call(listener), pass_on);
        value
    }

    async fn tell(&self, source: &str, event: Emitted) {
        let told = match event {
            Emitted::Progress {
                done,
                total,
                message,
            } => {
                let Some(token) = &self.progress else { return };
                let mut progress = ProgressNotificationParam::new(token.clone(), done);
                progress.total = total.filter(|total| total.is_finite());
                progress.message = message;
                self.peer.notify_progress(progress).await
            }
            Emitted::Log { level, message } => {
                let level = logging_level(level);
                if self
                    .level
                    .is_none_or(|wanted| severity(level) < severity(wanted))
                {
                    return;
                }
                let message = LoggingMessageNotificationParam::new(level, Value::String(message))
                    .with_logger(source);
                self.peer.notify_logging_message(message).await
            }
            Emitted::Delta(_) => return,
        };
        if let Err(error) = told {
            tracing::debug!(%error, "an MCP client could not be notified");
        }
    }
}

fn logging_level(level: Level) -> LoggingLevel {
    match level {
        Level::Debug => LoggingLevel::Debug,
        Level::Info => LoggingLevel::Info,
        Level::Notice => LoggingLevel::Notice,
        Level::Warning => LoggingLevel::Warning,
        Level::Error => LoggingLevel::Error,
        Level::Critical => LoggingLevel::Critical,
        Level::Alert => LoggingLevel::Alert,
        Level::Emergency => LoggingLevel::Emergency,
    }
}

/// The levels of RFC 5424 from the least serious, 0, on.
pub(super) fn severity(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        LoggingLevel::Critical => 5,
        LoggingLevel::Alert => 6,
        // The enum may grow; what is unknown is taken for serious rather than lost.
        _ => 7,
    }
}
