//! The beginning of a turn: what its agent is told and offered is put together, from what is there now, for a message that has
//! come or for a turn that another server began.

use std::collections::BTreeSet;
use std::sync::Arc;

use caxton_memory::{NewConversation, NewTurn, TurnConversation, TurnKey};

use super::allowance::Allowance;
use super::attempt;
use super::context::{self, Earlier};
use super::drive::Turn;
use super::error::Error;
use super::event::{Answer, Image};
use super::exchange::exchanged;
use super::key::Key;
use super::live::Live;
use super::memory;
use super::offer::Offer;
use super::record::{self, missing};
use super::replay;
use super::request::{Frame, Put};
use super::stand_in::{PassedOn, StandIns};
use super::state::{Limits, Phase, State};
use super::task::Task;
use super::transcript;
use crate::config::ModelRef;
use crate::workspace::{self, Agent, Running, Workspace};

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
    /// Its agent is busy with it.
    pub(super) running: Running,
    /// Who answers where that agent fails before it has acted.
    pub(super) stand_ins: StandIns,
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
        running,
        stand_ins,
    } = beginning;
    let config = &agent.config;
    let before = match conversation_is_new {
        true => Before::Nothing,
        false => Before::Everything,
    };
    let ground = Ground::new(workspace, agent, live, conversation, task, before).await?;
    let (conversation, task) = (&ground.conversation, &ground.task);
    let state = ground.fresh(&id, &content).await;
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
        state: record::json(&state),
        messages: vec![transcript::user(&content, &images)],
        key: key.map(|Key { key, digest }| TurnKey { key, digest }),
    };
    let above = parent.as_ref().map(|parent| &parent.allowance);
    let turn = ground.turn((&content, &images), state, above, Some(new));
    attempt::perform(Turn { stand_ins, ..turn }, Some(running)).await
}

/// Begins a turn anew, with the agent that stands in for one that failed before it had acted. Gives what keeps that agent busy
/// as well.
pub(super) async fn pass_on<'a>(
    workspace: &'a Workspace,
    live: &'a Live,
    passed: PassedOn,
    above: Option<Allowance>,
) -> Result<(Turn<'a>, Running), Error> {
    let PassedOn {
        state, to, others, ..
    } = passed;
    if let Some(found) = &state.routed {
        to.tell(workspace, found);
    }
    let turn = workspace.store().turn(&state.id).await?;
    let turn = turn.ok_or(Error::Gone)?;
    let turn = go_on(workspace, &to.agent, live, turn, state, above.as_ref()).await?;
    live.tell(turn.task.routed(&turn.conversation, &turn.state));
    let recalled = replay::recalled(&turn.state);
    recalled.into_iter().for_each(|event| live.tell(event));
    let stand_ins = others;
    Ok((Turn { stand_ins, ..turn }, to.running))
}

/// Takes a turn up again that another server began, and performs it to its end.
pub(super) async fn take_up(
    workspace: &Workspace,
    agent: &Arc<Agent>,
    live: &Live,
    turn: caxton_memory::Turn,
    state: State,
    above: Option<&Allowance>,
    running: Option<Running>,
) -> Result<Answer, Error> {
    let turn = go_on(workspace, agent, live, turn, state, above).await?;
    if above.is_none() {
        for event in replay::events(&turn.task, &turn.conversation, &turn.state) {
            live.tell(event);
        }
        live.show();
    }
    attempt::perform(turn, running).await
}

/// Puts together again what a turn on disk asks. One that has not begun begins with what is there now: it may have been another
/// agent's before.
async fn go_on<'a>(
    workspace: &'a Workspace,
    agent: &Arc<Agent>,
    live: &'a Live,
    turn: caxton_memory::Turn,
    state: State,
    above: Option<&Allowance>,
) -> Result<Turn<'a>, Error> {
    let task = Task::read(&turn.task).for_stand_in(&state.agent);
    let (content, images) = asked(workspace, &turn.conversation, turn.seq).await?;
    let before = Before::Message(turn.seq);
    let ground = Ground::new(workspace, agent, live, turn.conversation, task, before).await?;
    let state = match state.phase {
        Phase::New => State {
            routed: state.routed,
            generation: state.generation,
            elapsed_ms: state.elapsed_ms,
            completions: state.completions,
            receipt: state.receipt,
            ..ground.fresh(&turn.id, &content).await
        },
        _ => state,
    };
    Ok(ground.turn((&content, &images), state, above, None))
}

/// What a turn answers: the message at this place of its conversation.
async fn asked(
    workspace: &Workspace,
    conversation: &str,
    seq: i64,
) -> Result<(String, Vec<Image>), Error> {
    let asked = workspace
        .store()
        .messages_before(conversation, Some(seq + 1), 1);
    let asked = asked.await.map_err(missing)?;
    Ok(asked.last().map(transcript::asked).unwrap_or_default())
}

/// What is the same for a turn that begins and for one that is taken up again.
struct Ground<'a> {
    workspace: &'a Workspace,
    agent: Arc<Agent>,
    live: &'a Live,
    /// One view of the workspace for the whole turn: what is offered is what is there.
    now: Arc<workspace::State>,
    conversation: String,
    task: Task,
    models: Vec<ModelRef>,
    earlier: Earlier,
    offer: Offer,
}

/// What of a conversation was said before a turn's message.
#[derive(Clone, Copy)]
enum Before {
    /// It begins with the message.
    Nothing,
    /// All that there is.
    Everything,
    /// What stands before the message of this place.
    Message(i64),
}

impl<'a> Ground<'a> {
    async fn new(
        workspace: &'a Workspace,
        agent: &Arc<Agent>,
        live: &'a Live,
        conversation: String,
        task: Task,
        before: Before,
    ) -> Result<Self, Error> {
        let now = workspace.state();
        let models = now.models(&agent.config);
        let store = workspace.store();
        let earlier = match (&task.exchange, before) {
            (Some(exchange), _) => {
                let model = models.first().map(ToString::to_string).unwrap_or_default();
                Earlier {
                    messages: exchanged(store, exchange, &model).await?,
                    older: None,
                }
            }
            (None, Before::Nothing) => Earlier::default(),
            (None, Before::Everything | Before::Message(_)) => {
                let seq = match before {
                    Before::Message(seq) => Some(seq),
                    _ => None,
                };
                let earlier = context::load(store, &conversation, seq, &agent.config);
                earlier.await.map_err(missing)?
            }
        };
        let client = task.exchange.as_ref().map(|exchange| &exchange.tools);
        let client = client.map_or(&[][..], Vec::as_slice);
        Ok(Self {
            offer: Offer::new(&now, &agent.config, &task.chain, task.depth, client),
            workspace,
            agent: Arc::clone(agent),
            live,
            now,
            conversation,
            task,
            models,
            earlier,
        })
    }

    /// The state of a turn that has not begun, and answers `content`.
    async fn fresh(&self, id: &str, content: &str) -> State {
        let config = &self.agent.config;
        let limits = Limits {
            tool_rounds: config.limits.tool_rounds,
            tokens: config.limits.tokens,
            max_tokens: config.limits.max_tokens,
            cost_pusd: config.limits.cost_pusd,
        };
        let history = &self.earlier.messages;
        let offer = self
            .offer
            .first(self.workspace.embedder(), content, history);
        let client = client_tools(&self.task);
        let mut state = State::new(id, &config.name, limits, offer.await, client);
        let exchange = self.task.exchange.as_ref();
        state.one_call = exchange.is_some_and(|exchange| !exchange.parallel_calls);
        let wanted = self.models.first().map(ToString::to_string);
        state.wanted = wanted.unwrap_or_default();
        let origin = self.task.origin.as_deref().unwrap_or(&self.conversation);
        state.recalled = memory::recall(self.workspace, config, origin, content).await;
        state.facts = memory::facts(&self.now, config, &self.task, content);
        state
    }

    fn turn(
        self,
        message: (&str, &[Image]),
        state: State,
        above: Option<&Allowance>,
        new: Option<NewTurn>,
    ) -> Turn<'a> {
        let Earlier { messages, older } = self.earlier;
        let (content, images) = message;
        let message = Put {
            content,
            images,
            context: &memory::shown(&state.recalled),
        };
        let frame = Frame::new(
            &self.agent.config,
            &self.now.config.name,
            &self.conversation,
            &message,
            messages,
            self.offer,
            &self.task,
        );
        Turn {
            workspace: self.workspace,
            agent: self.agent,
            stand_ins: StandIns::default(),
            live: self.live,
            conversation: self.conversation,
            task: self.task,
            models: self.models,
            frame,
            older,
            allowance: Allowance::new(state.limits, &state.receipt, above),
            state,
            new,
        }
    }
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
