//! The beginning of a turn: what its agent is told and offered is put together, from what is there now, for a message that has
//! come or for a turn that another server began.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caxton_memory::{NewConversation, NewTurn, TurnConversation, TurnEnd, TurnKey};
use caxton_sandbox::llm_types::ToolSpec;

use super::allowance::Allowance;
use super::context::{self, Earlier};
use super::drive::{self, Turn};
use super::error::Error;
use super::event::{Answer, Image};
use super::fault::Fault;
use super::live::Live;
use super::offer::{Offer, offer};
use super::request::Frame;
use super::state::{Limits, Phase, State};
use super::task::Task;
use super::turns::Key;
use crate::workspace::{self, Agent, Workspace};

/// How many characters of a first message become the title of its conversation.
const TITLE_CHARS_MAX: usize = 80;

/// What a turn begins with, beside its task.
pub(super) struct Beginning {
    pub(super) content: String,
    pub(super) images: Vec<Image>,
    pub(super) conversation_is_new: bool,
    /// The turn that waits for this one.
    pub(super) parent: Option<Parent>,
    pub(super) key: Option<Key>,
}

/// The turn that waits for another one's answer.
pub(super) struct Parent {
    pub(super) turn: String,
    pub(super) conversation: String,
    /// The call that the answer is for.
    pub(super) call: String,
    pub(super) allowance: Allowance,
}

/// Begins a turn and performs it to its end.
pub(super) async fn begin(
    workspace: &Workspace,
    agent: &Arc<Agent>,
    live: &Live,
    task: Task,
    beginning: Beginning,
) -> Result<Answer, Error> {
    let (id, conversation) = match &beginning.parent {
        None => (live.id().to_owned(), live.conversation().to_owned()),
        Some(_) => (caxton_memory::new_id(), caxton_memory::new_id()),
    };
    let Beginning {
        content,
        images,
        conversation_is_new,
        parent,
        key,
    } = beginning;
    let config = &agent.config;
    // One view of the workspace for the whole turn: what is offered is what is there.
    let now = workspace.state();
    let models = now.models(config);
    let earlier = earlier(
        workspace,
        agent,
        &task,
        &conversation,
        conversation_is_new,
        None,
    )
    .await?;
    let offer = offered(&now, agent, &task);
    let limits = Limits {
        tool_rounds: config.limits.tool_rounds,
        tokens: config.limits.tokens,
        max_tokens: config.limits.max_tokens,
        cost_pusd: config.limits.cost_pusd,
    };
    let tools = match limits.tool_rounds {
        0 => BTreeMap::new(),
        _ => offer.names.clone(),
    };
    let mut state = State::new(&id, &config.name, limits, tools, client_tools(&task));
    state.one_call = task
        .exchange
        .as_ref()
        .is_some_and(|exchange| !exchange.parallel_calls);
    state.wanted = models.first().map(ToString::to_string).unwrap_or_default();
    let target = match conversation_is_new {
        false => TurnConversation::Existing(conversation.clone()),
        true => TurnConversation::New(NewConversation {
            id: Some(conversation.clone()),
            agent: config.name.clone(),
            title: Some(title(&content)),
            parent: parent.as_ref().map(|parent| parent.conversation.clone()),
        }),
    };
    let new = NewTurn {
        id: Some(id),
        conversation: target,
        parent: parent.as_ref().map(|parent| parent.turn.clone()),
        call: parent.as_ref().map(|parent| parent.call.clone()),
        agent: config.name.clone(),
        task: task.json(),
        state: drive::json(&state),
        messages: vec![context::user(&content, &images)],
        key: key.map(|Key { key, digest }| TurnKey { key, digest }),
    };
    let Earlier { messages, older } = earlier;
    let frame = Frame::new(
        config,
        &now.config.name,
        &conversation,
        (&content, &images),
        messages,
        offer,
        &task,
    );
    let above = parent.as_ref().map(|parent| &parent.allowance);
    let allowance = Allowance::new(limits, &state.receipt, above);
    let turn = Turn {
        workspace,
        agent,
        live,
        conversation,
        task,
        models,
        frame,
        older,
        state,
        allowance,
        new: Some(new),
    };
    turn.drive().await
}

/// Takes a turn up again that another server began, and performs it to its end.
pub(super) async fn take_up(
    workspace: &Workspace,
    agent: &Arc<Agent>,
    live: &Live,
    turn: caxton_memory::Turn,
    state: State,
    above: Option<&Allowance>,
) -> Result<Answer, Error> {
    let config = &agent.config;
    let store = workspace.store();
    let task = Task::read(&turn.task);
    let conversation = turn.conversation;
    let asked = store.messages_before(&conversation, Some(turn.seq + 1), 1);
    let asked = asked.await.map_err(drive::missing)?;
    let (content, images) = asked.last().map(context::asked).unwrap_or_default();
    let now = workspace.state();
    let models = now.models(config);
    let earlier = earlier(
        workspace,
        agent,
        &task,
        &conversation,
        false,
        Some(turn.seq),
    )
    .await?;
    let offer = offered(&now, agent, &task);
    if above.is_none() {
        for event in super::replay::events(&task, &conversation, &state) {
            live.tell(event);
        }
        live.show();
    }
    let Earlier { messages, older } = earlier;
    let frame = Frame::new(
        config,
        &now.config.name,
        &conversation,
        (&content, &images),
        messages,
        offer,
        &task,
    );
    let allowance = Allowance::new(state.limits, &state.receipt, above);
    let turn = Turn {
        workspace,
        agent,
        live,
        conversation,
        task,
        models,
        frame,
        older,
        state,
        allowance,
        new: None,
    };
    turn.drive().await
}

/// Ends a turn that can't be taken up again.
pub(super) async fn interrupt(
    workspace: &Workspace,
    turn: caxton_memory::Turn,
    reason: String,
) -> Result<(), Error> {
    let mut written = turn.state;
    if let Ok(mut state) = serde_json::from_value::<State>(written.clone()) {
        state.phase = Phase::Failed(Fault::Interrupted { reason });
        written = drive::json(&state);
    }
    let store = workspace.store();
    let ended = store.finish_turn(
        &turn.id,
        TurnEnd::Interrupted,
        &written,
        Vec::new(),
        Vec::new(),
    );
    ended.await.map_err(drive::missing)
}

/// What the agent is told of earlier.
async fn earlier(
    workspace: &Workspace,
    agent: &Agent,
    task: &Task,
    conversation: &str,
    is_new: bool,
    before: Option<i64>,
) -> Result<Earlier, Error> {
    let store = workspace.store();
    if let Some(exchange) = &task.exchange {
        let models = workspace.state().models(&agent.config);
        let model = models.first().map(ToString::to_string).unwrap_or_default();
        let messages = context::exchanged(store, exchange, &model).await?;
        return Ok(Earlier {
            messages,
            older: None,
        });
    }
    if is_new {
        return Ok(Earlier::default());
    }
    context::load(store, conversation, before, &agent.config)
        .await
        .map_err(drive::missing)
}

/// What the model is offered: the agent's tools and the client's. Where both have the same name, the client means its own.
fn offered(now: &workspace::State, agent: &Agent, task: &Task) -> Offer {
    let mut offer = offer(now, &agent.config, &task.chain, task.depth);
    let client: &[ToolSpec] = task
        .exchange
        .as_ref()
        .map_or(&[], |exchange| &exchange.tools);
    for tool in client {
        offer.names.remove(&tool.name);
        offer.specs.retain(|own| own.name != tool.name);
        offer.specs.push(tool.clone());
    }
    offer
}

fn client_tools(task: &Task) -> BTreeSet<String> {
    let tools = task.exchange.iter().flat_map(|exchange| &exchange.tools);
    tools.map(|tool| tool.name.clone()).collect()
}

fn title(content: &str) -> String {
    let line = content
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}
