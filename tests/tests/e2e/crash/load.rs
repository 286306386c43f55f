//! Clients that ask without a pause, and the model that answers them.

use std::sync::{Mutex, PoisonError};

use caxton_tests::{Say, Stream};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What clients did and learned.
#[derive(Debug, Default)]
pub struct Load {
    /// Where the server is.
    pub server: watch::Sender<String>,
    /// How much was heard of turns, by clients and by the model.
    pub heard: watch::Sender<u64>,
    /// No more messages.
    pub stop: watch::Sender<bool>,
    pub messages: Mutex<Vec<Message>>,
}

/// A message that was sent, and what its client knows of it.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub content: String,
    /// Its turn and conversation, where the server acknowledged it.
    pub acknowledged: Option<(String, String)>,
    /// It was answered, or its client was told why not.
    pub ended: bool,
    /// The results of tools that its client was told.
    pub results: Vec<String>,
    /// It was sent more than once, with its key.
    pub again: bool,
    /// Answers that nobody should get.
    pub wrong: Vec<String>,
}

/// Numbers from a seed (SplitMix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl Load {
    /// Something was heard of a turn.
    pub fn hear(&self) {
        self.heard.send_modify(|heard| *heard += 1);
    }
}

/// What the model says: it calls the tools that the message names, and then says so.
pub fn answer(request: &Value) -> Option<Say> {
    let last = request["messages"].as_array()?.last()?;
    let content = match &last["content"] {
        Value::String(text) => text.clone(),
        parts => parts[0]["text"].as_str().unwrap_or_default().to_owned(),
    };
    let (what, name) = content.split_once(' ').unwrap_or_default();
    let enter = |id, key: String| (id, "ledger__enter", json!({ "key": key }));
    let say = match (last["role"].as_str()?, what) {
        ("user", "enter") => {
            Say::calls(&[enter("a", name.to_owned()), enter("b", format!("{name}/b"))])
        }
        ("user", "ask") => {
            let ask = json!({ "capability": "keeping", "message": format!("enter {name}") });
            Say::calls(&[("a", "ask_agent", ask)])
        }
        _ => Say::text(&["This ", "is ", "the ", "answer."]),
    };
    // Sums show who was counted twice, or not at all.
    let size = content.bytes().map(u64::from).sum::<u64>();
    Some(say.used(size, size % 7, size % 13))
}

/// Sends one message after the other.
pub async fn client(load: std::sync::Arc<Load>, number: u64, mut random: Random) {
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let mut conversation = None;
    let mut sent = 0;
    while !*load.stop.borrow() {
        sent += 1;
        let (agent, what) =
            [("clerk", "say"), ("clerk", "enter"), ("asker", "ask")][place(&mut random, 3)];
        let goes_on = conversation.take().filter(|_: &String| random.below(3) > 0);
        let mut message = Message {
            content: format!("{what} {number}.{sent}"),
            ..Message::default()
        };
        let body = json!({ "to": agent, "content": message.content, "conversation": goes_on });
        let key = (random.below(2) == 0).then(|| format!("{number}.{sent}"));
        let way = [Way::Stream, Way::Wait, Way::Later, Way::Leave][place(&mut random, 4)];
        loop {
            let server = load.server.borrow().clone();
            let request = http
                .post(format!("{server}/api/v1/workspaces/default/messages"))
                .json(&body);
            let request = match &key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            };
            let answered = send(request, way, &load, &mut message).await;
            if answered.is_ok() || !wait_for_another(&load, &server).await || key.is_none() {
                break;
            }
            message.again = true;
        }
        conversation = message
            .acknowledged
            .clone()
            .map(|(_, conversation)| conversation)
            .or(goes_on);
        let mut messages = load.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
    }
}

/// How a client gets its answer.
#[derive(Clone, Copy, Debug)]
enum Way {
    Stream,
    Wait,
    Later,
    /// It goes away when it knows that its message was taken.
    Leave,
}

fn place(random: &mut Random, bound: u64) -> usize {
    usize::try_from(random.below(bound)).expect("it is small")
}

/// Waits until there is another server than the one that failed; not where that was the last one.
async fn wait_for_another(load: &Load, failed: &str) -> bool {
    let mut server = load.server.subscribe();
    let mut stop = load.stop.subscribe();
    tokio::select! {
        biased;
        _ = server.wait_for(|server| server != failed) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

async fn send(
    request: reqwest::RequestBuilder,
    way: Way,
    load: &Load,
    message: &mut Message,
) -> reqwest::Result<()> {
    let request = match way {
        Way::Stream | Way::Leave => request.header("accept", "text/event-stream"),
        Way::Later => request.header("prefer", "respond-async"),
        Way::Wait => request,
    };
    let response = request.send().await?;
    let status = response.status().as_u16();
    load.hear();
    match (way, status) {
        (Way::Stream | Way::Leave, 200) => {
            let mut stream = Stream::of(response);
            while let Some(told) = stream.try_next().await? {
                load.hear();
                match told.name.as_str() {
                    "route" if told.data["depth"] == 0 => {
                        message.acknowledge(&told.data["turn"], &told.data)
                    }
                    "tool_result" => message.results.push(told.data["text"].to_string()),
                    "done" => message.ended = true,
                    "error" => message.failed(&told.data),
                    _ => {}
                }
                if matches!(way, Way::Leave) {
                    break;
                }
            }
        }
        (_, 200 | 202) => {
            let body: Value = response.json().await?;
            message.acknowledge(&body["id"], &body);
            message.ended = status == 200;
        }
        _ => {
            let body: Value = response.json().await?;
            if body["turn"].is_string() {
                message.acknowledge(&body["turn"], &body);
            }
            message.failed(&body);
        }
    }
    Ok(())
}

impl Message {
    fn acknowledge(&mut self, turn: &Value, body: &Value) {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("an id: {body}"))
                .to_owned()
        };
        let turn = (text(turn), text(&body["conversation"]));
        if let Some(before) = self.acknowledged.replace(turn.clone())
            && before != turn
        {
            self.wrong
                .push(format!("its turn was {before:?} and is {turn:?}"));
        }
    }

    /// A message may fail because the server ended during it again and again, or because its client left; not otherwise.
    fn failed(&mut self, problem: &Value) {
        self.ended = true;
        if !matches!(problem["code"].as_str(), Some("interrupted" | "cancelled")) {
            self.wrong.push(problem.to_string());
        }
    }
}
