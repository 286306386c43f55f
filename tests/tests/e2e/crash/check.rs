//! What must be true when it is over.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::PoisonError;

use caxton_tests::{Server, Stream};
use serde_json::{Value, json};

use super::load::Load;

/// What was counted.
#[derive(Debug, Default)]
pub struct Counts {
    sent: usize,
    acknowledged: usize,
    again: usize,
    /// Turns by how they ended, those that nobody was told of included.
    ended: BTreeMap<String, usize>,
    entries: u64,
    results_told: usize,
    completions: u64,
    cost_pusd: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "messages: {} sent, {} acknowledged, {} sent again, 0 lost; turns: {:?}; ledger: {} entries, {} results told, 0 repeated; usage: {} completions, {} pico-dollars, as in the receipts",
            self.sent,
            self.acknowledged,
            self.again,
            self.ended,
            self.entries,
            self.results_told,
            self.completions,
            self.cost_pusd
        )
    }
}

/// A turn as it is found in its conversation.
struct Found {
    conversation: String,
    messages: Vec<Value>,
}

/// Checks that the server kept its word.
pub async fn check(server: &Server, load: &Load, first_day: &Value) -> Counts {
    let messages = load
        .messages
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let mut counts = Counts {
        sent: messages.len(),
        ..Counts::default()
    };
    let mut found = turns(server).await;
    for message in &messages {
        assert!(message.wrong.is_empty(), "{message:?}");
        counts.again += usize::from(message.again);
        counts.results_told += message.results.len();
        let Some((turn, conversation)) = &message.acknowledged else {
            continue;
        };
        counts.acknowledged += 1;
        let there = found
            .get(turn)
            .unwrap_or_else(|| panic!("it is lost: {message:?}"));
        assert_eq!(&there.conversation, conversation, "{message:?}");
        for result in &message.results {
            assert!(
                !result.contains("entered 2"),
                "a call was made again: {message:?}"
            );
        }
    }
    // Who is still working gets to the end.
    for turn in found.keys() {
        let path = format!("~/turns/{turn}/events");
        Stream::open(server.request("GET", &path))
            .await
            .rest()
            .await;
    }
    found = turns(server).await;
    let mut contents = BTreeSet::new();
    let mut receipts: HashMap<String, Vec<Value>> = HashMap::new();
    let mut cut_short = false;
    for (id, there) in &found {
        let turn = server.get(&format!("~/turns/{id}")).await.ok();
        let status = turn["status"].as_str().expect("a status").to_owned();
        assert!(
            ["done", "failed", "interrupted", "cancelled"].contains(&status.as_str()),
            "{turn}"
        );
        whole(&status, there, &turn);
        assert!(
            contents.insert(there.messages[0]["content"].to_string()),
            "it is there twice: {turn}"
        );
        let result = if status == "done" {
            &turn["answer"]
        } else {
            &turn["error"]
        };
        let agent = turn["agent"].as_str().expect("an agent");
        cut_short |= agent == "asker" && status != "done";
        // One that could not be taken up again has a receipt, too, unless it was given up before anything was asked.
        receipts
            .entry(agent.to_owned())
            .or_default()
            .push(result["receipt"].clone());
        *counts.ended.entry(status).or_default() += 1;
    }
    let told = server.call("ledger__entries", json!({})).await.ok();
    let told = told["content"][0]["text"]
        .as_str()
        .expect("a text")
        .to_owned();
    let ledger: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(ledger["repeated"], json!([]), "calls were made twice");
    counts.entries = ledger["entries"].as_u64().expect("a number");

    usage(server, first_day, &receipts, cut_short, &mut counts).await;
    counts
}

/// A turn that is done has all its messages, and no call is without its result; another has the user's only.
fn whole(status: &str, there: &Found, turn: &Value) {
    let roles: Vec<_> = there
        .messages
        .iter()
        .map(|message| message["role"].as_str().expect("a role"))
        .collect();
    let expected: &[&str] = match (status, roles.len()) {
        ("done", 2) => &["user", "assistant"],
        ("done", _) => &["user", "assistant", "tool", "assistant"],
        _ => &["user"],
    };
    assert_eq!(roles, expected, "{turn}");
    if roles.len() == 4 {
        let ids = |list: &Value| -> Vec<Value> {
            let list = list.as_array().expect("a list");
            list.iter().map(|one| one["id"].clone()).collect()
        };
        assert_eq!(
            ids(&there.messages[1]["tool_calls"]),
            ids(&there.messages[2]["content"]),
            "{turn}"
        );
    }
}

/// All turns of all conversations, with their messages.
async fn turns(server: &Server) -> HashMap<String, Found> {
    let mut turns: HashMap<String, Found> = HashMap::new();
    let mut before = String::new();
    loop {
        let page = server
            .get(&format!("~/conversations?limit=100{before}"))
            .await
            .ok();
        for conversation in page["conversations"].as_array().expect("a list") {
            let id = conversation["id"].as_str().expect("an id");
            let transcript = server.get(&format!("~/conversations/{id}")).await.ok();
            let mut last = 0;
            for message in transcript["messages"].as_array().expect("a list") {
                let seq = message["seq"].as_i64().expect("a number");
                assert!(seq > last, "{transcript}");
                last = seq;
                let turn = message["turn"].as_str().expect("a turn");
                let there = turns.entry(turn.to_owned()).or_insert_with(|| Found {
                    conversation: id.to_owned(),
                    messages: Vec::new(),
                });
                assert_eq!(there.conversation, id, "a turn is in two conversations");
                there.messages.push(message.clone());
            }
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return turns,
        }
    }
}

/// Usage is what the receipts add up to.
async fn usage(
    server: &Server,
    first_day: &Value,
    receipts: &HashMap<String, Vec<Value>>,
    cut_short: bool,
    counts: &mut Counts,
) {
    let first_day = first_day.as_str().expect("a day");
    let all = server.get(&format!("~/usage?from={first_day}")).await.ok();
    let pusd = |value: &Value| {
        (value["cost_usd"]
            .as_f64()
            .unwrap_or_else(|| panic!("{value}"))
            * 1e12)
            .round() as u64
    };
    let number = |value: &Value, key: &str| {
        value[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key}: {value}"))
    };
    counts.completions = number(&all["total"], "completions");
    counts.cost_pusd = pusd(&all["total"]);
    // What an agent is asked by another one stands in the receipt of that one's turn.
    for (agents, exact) in [
        (&["clerk"][..], true),
        (&["asker", "keeper"][..], !cut_short),
    ] {
        let entries = all["entries"].as_array().expect("a list");
        let entries: Vec<_> = entries
            .iter()
            .filter(|entry| agents.iter().any(|agent| entry["agent"] == *agent))
            .collect();
        let receipts: Vec<_> = receipts.get(agents[0]).into_iter().flatten().collect();
        let sums = |values: &[&Value]| -> [u64; 4] {
            let sum = |of: &dyn Fn(&Value) -> u64| values.iter().map(|value| of(value)).sum();
            [
                sum(&pusd),
                sum(&|value| number(value, "input_tokens")),
                sum(&|value| number(value, "cached_input_tokens")),
                sum(&|value| number(value, "output_tokens")),
            ]
        };
        let (used, received) = (sums(&entries), sums(&receipts));
        if exact {
            assert_eq!(used, received, "{agents:?}: {all}");
        } else {
            // One that was cut short may have asked another, whose turn keeps its own receipt.
            assert!(
                used.iter()
                    .zip(received)
                    .all(|(used, received)| *used >= received),
                "{agents:?}: {all}"
            );
        }
    }
}
