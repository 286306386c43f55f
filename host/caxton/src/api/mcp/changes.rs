//! Telling clients that the workspace has changed: a component or an agent is new, different or gone, and with it what is on
//! offer. A resource counts as changed when the component that has it was replaced.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::SubscriptionContext;
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::handler::locked;
use crate::workspace::Workspace;
use crate::workspace::event::{Change, Event, Kind};

/// What may be different from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// The tools only: agents came or went.
    Tools,
    /// All that components offer.
    Everything,
}

/// Waits for the next change; nothing when there will be none.
async fn next(events: &mut Receiver<Arc<Event>>) -> Option<Changed> {
    loop {
        match events.recv().await {
            Ok(event) => {
                if let Some(changed) = changed(&event.kind) {
                    return Some(changed);
                }
            }
            // What was missed may have been a change.
            Err(RecvError::Lagged(_)) => return Some(Changed::Everything),
            Err(RecvError::Closed) => return None,
        }
    }
}

fn changed(kind: &Kind) -> Option<Changed> {
    let listed =
        |change: &Change| matches!(change, Change::Added | Change::Replaced | Change::Removed);
    match kind {
        Kind::Agent { change, .. } if listed(change) => Some(Changed::Tools),
        Kind::Component { change, .. } if listed(change) => Some(Changed::Everything),
        _ => None,
    }
}

/// Tells the client of a session until it is gone.
pub(super) async fn tell_session(
    workspace: Workspace,
    peer: Peer<RoleServer>,
    subscribed: Arc<Mutex<HashSet<String>>>,
) {
    let mut events = workspace.events().subscribe(None).live;
    while let Some(changed) = next(&mut events).await {
        let mut told = peer.notify_tool_list_changed().await;
        if changed == Changed::Everything {
            let uris: Vec<String> = locked(&subscribed).iter().cloned().collect();
            told = told
                .and(peer.notify_prompt_list_changed().await)
                .and(peer.notify_resource_list_changed().await);
            for uri in uris {
                told = told.and(
                    peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri))
                        .await,
                );
            }
        }
        if told.is_err() {
            return;
        }
    }
}

/// Tells a client that listens, of what it wants to hear.
pub(super) async fn tell_subscription(workspace: &Workspace, context: &SubscriptionContext) {
    let mut events = workspace.events().subscribe(None).live;
    let accepted = context.accepted();
    let wants = |wanted: Option<bool>| wanted == Some(true);
    let sink = context.sink();
    while let Some(changed) = next(&mut events).await {
        let mut told = Ok(());
        if wants(accepted.tools_list_changed) {
            told = sink.notify_tool_list_changed().await;
        }
        if changed == Changed::Everything {
            if wants(accepted.prompts_list_changed) {
                told = told.and(sink.notify_prompt_list_changed().await);
            }
            if wants(accepted.resources_list_changed) {
                told = told.and(sink.notify_resource_list_changed().await);
            }
            for uri in accepted.resource_subscriptions.iter().flatten() {
                told = told.and(sink.notify_resource_updated(uri.as_str()).await);
            }
        }
        if told.is_err() {
            return;
        }
    }
}
