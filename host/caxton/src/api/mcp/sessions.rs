//! The sessions of clients that speak protocol versions with a handshake (up to 2025-11-25): at most so many, the one that
//! was not used for the longest time making room for a new one, and none that nobody uses. Clients of later versions have
//! none.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, LocalSessionWorker, SessionConfig,
};
use rmcp::transport::streamable_http_server::session::{
    ServerSseMessage, SessionId, SessionManager,
};

/// A session costs a task and some tens of KiB; a desktop with every MCP client there is has a dozen.
const SESSIONS_MAX: usize = 512;

/// How long a session may lie idle. A client that comes back later is told that it is gone, and begins a new one.
const IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// All sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    local: LocalSessionManager,
    used: Mutex<HashMap<SessionId, Instant>>,
    sessions_max: usize,
}

impl Default for Sessions {
    fn default() -> Self {
        Self::with_most(SESSIONS_MAX)
    }
}

impl Sessions {
    fn with_most(sessions_max: usize) -> Self {
        let mut config = SessionConfig::default();
        config.keep_alive = Some(IDLE_MAX);
        let mut local = LocalSessionManager::default();
        local.session_config = config;
        Self {
            local,
            used: Mutex::default(),
            sessions_max,
        }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<SessionId, Instant>> {
        // Every change is a single one, so a poisoned lock says nothing about what it guards.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, id: &SessionId) {
        if let Some(used) = self.used().get_mut(id) {
            *used = Instant::now();
        }
    }

    /// The session that makes room for another one, where there are too many.
    fn surplus(&self) -> Option<SessionId> {
        let used = self.used();
        if used.len() < self.sessions_max {
            return None;
        }
        used.iter()
            .min_by_key(|(_, used)| **used)
            .map(|(id, _)| id.clone())
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        while let Some(oldest) = self.surplus() {
            tracing::info!(
                sessions_max = self.sessions_max,
                "too many MCP sessions; the one that was idle for the longest time is closed"
            );
            self.close_session(&oldest).await?;
        }
        let (id, transport) = self.local.create_session().await?;
        self.used().insert(id.clone(), Instant::now());
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.local.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.touch(id);
        self.local.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.used().remove(id);
        self.local.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.local.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.resume(id, last_event_id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_session_that_was_idle_for_the_longest_time_makes_room() {
        let sessions = Sessions::with_most(2);
        let (first, _first) = sessions.create_session().await.expect("a session");
        let (second, _second) = sessions.create_session().await.expect("a session");
        assert!(sessions.has_session(&first).await.expect("an answer"));
        let (third, _third) = sessions.create_session().await.expect("a session");
        let alive = async |id| sessions.has_session(id).await.expect("an answer");
        assert_eq!(
            (
                alive(&first).await,
                alive(&second).await,
                alive(&third).await
            ),
            (true, false, true)
        );
        sessions.close_session(&third).await.expect("closed");
        assert_eq!(sessions.used().len(), 1);
    }
}
