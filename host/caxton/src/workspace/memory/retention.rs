//! Forgetting what is older or more than the workspace's file lets be kept, in the background.

use std::sync::Weak;
use std::time::Duration;

use caxton_memory::{Error, Retention, Scope, View};

use super::super::{Inner, Workspace};
use crate::config::{Keep, Keeping};

/// How often what has grown too old is looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Workspace {
    /// Forgets what is older or more than is to be kept, and gives how many entities that were.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn forget_what_is_too_much(&self) -> Result<u64, Error> {
        let keeping = self.state().config.keeping;
        if keeping == Keeping::default() {
            return Ok(0);
        }
        let memory = self.store().memory(View::everything("retention"));
        let mut gone = 0;
        for scope in memory.scopes().await? {
            let keep = match scope {
                Scope::Conversation(_) => keeping.conversation,
                Scope::Agent(_) => keeping.agent,
                Scope::Workspace => keeping.workspace,
                Scope::Global => keeping.global,
            };
            gone += memory.retain(&scope, retention(keep)).await?;
        }
        Ok(gone)
    }
}

fn retention(keep: Keep) -> Retention {
    Retention {
        age_ms_max: keep.days.map(|days| i64::from(days) * DAY_MS),
        count_max: keep.count,
    }
}

/// Does so now, then again and again until the workspace is gone.
pub(in crate::workspace) async fn run(workspace: Weak<Inner>) {
    while let Some(inner) = workspace.upgrade() {
        let workspace = Workspace { inner };
        match workspace.forget_what_is_too_much().await {
            Ok(0) => {}
            Ok(entities) => tracing::info!(entities, "forgotten, as `memory.keep` says"),
            Err(error) => tracing::warn!(%error, "what is to be forgotten can't be"),
        }
        drop(workspace);
        tokio::time::sleep(EVERY).await;
    }
}
