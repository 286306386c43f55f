//! `log`: messages for the people who run the server.

use crate::call::Emitted;
use crate::store::CallState;
use crate::wit::log::{Host, Level};

impl Host for CallState {
    async fn write(&mut self, level: Level, message: String) {
        self.paced(message.len()).await;
        if self.meter.log(message.len()) {
            record(
                &self.component.workspace,
                &self.component.name,
                level,
                &message,
            );
            self.tell(Emitted::Log { level, message });
        }
    }
}

/// Passes a guest's message on to the server's own log. The text is a field, not the format, and control characters are
/// escaped: a guest can't forge a line.
pub(crate) fn record(workspace: &str, component: &str, level: Level, message: &str) {
    let message = message.escape_debug();
    match level {
        Level::Debug => tracing::debug!(target: "component", workspace, component, %message),
        Level::Info | Level::Notice => {
            tracing::info!(target: "component", workspace, component, %message)
        }
        Level::Warning => tracing::warn!(target: "component", workspace, component, %message),
        Level::Error | Level::Critical | Level::Alert | Level::Emergency => {
            tracing::error!(target: "component", workspace, component, %message)
        }
    }
}
