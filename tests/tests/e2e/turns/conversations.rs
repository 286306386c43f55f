//! Conversations: in which order messages are answered, copies, fresh starts, and what agents are told of them.

use caxton_tests::{Gate, ModelServer, Say};
use serde_json::{Value, json};

use super::{asked, delete, desk, hello, list, roles, said, settings, start, stream, text};

fn more(conversation: &Value, content: &str) -> Value {
    json!({ "content": content, "conversation": conversation })
}

#[tokio::test]
async fn two_messages_to_one_conversation_are_answered_one_after_the_other() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    // The conversation may be new, or there before.
    let mut conversation = Value::Null;
    for round in 0..2 {
        upstream.says([
            Say::text(&["first ", "answer"]).held(&gate),
            Say::text(&["second answer"]),
        ]);
        let first = match round {
            0 => hello(),
            _ => more(&conversation, "Hello"),
        };
        let mut events = stream(&server, &first).await;
        conversation = events.next().await.data["conversation"].clone();
        events.until("delta").await;
        let message = more(&conversation, "And now?");
        let second = server.post("~/messages", &message);
        let gone_on = async {
            while server.get("~/agents/writer").await.ok()["counters"]["messages"]
                != 2 * (round + 1)
            {
                tokio::task::yield_now().await;
            }
            gate.open(2);
        };
        let (second, ()) = futures_util::join!(second, gone_on);
        assert_eq!(second.ok()["content"], "second answer");
        let seen = upstream.seen();
        assert_eq!(seen.open_max, 1);
        let told = asked(seen.requests.last().expect("a request"));
        assert_eq!(told[told.len() - 2]["content"], "first answer", "{told:?}");
    }
    let said = said(&server, &text(&conversation)).await;
    assert_eq!(roles(&said), ["user", "assistant"].repeat(4));
}

#[tokio::test]
async fn a_conversation_forks_and_begins_anew() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    upstream.says(["one", "two", "in the fork", "in the first"].map(|text| Say::text(&[text])));
    let first = server.post("~/messages", &hello()).await.ok();
    let id = first["conversation"].clone();
    server.post("~/messages", &more(&id, "On")).await.ok();
    let path = format!("~/conversations/{}", text(&id));
    let forked = server
        .post(&format!("{path}/fork"), &json!({ "through": 2 }))
        .await;
    assert_eq!(forked.status, 201);
    let fork = forked.ok();
    assert_eq!(fork["forked_from"], id);
    server
        .post("~/messages", &more(&fork["id"], "Else"))
        .await
        .ok();
    let told = asked(&upstream.seen().requests[2]);
    assert_eq!(
        told.iter().map(|m| text(&m["content"])).collect::<Vec<_>>(),
        ["Hello", "one", "Else"]
    );
    assert_eq!(
        said(&server, &text(&id)).await.len(),
        4,
        "the first one stays as it is"
    );
    server
        .post(&format!("{path}/fork"), &json!({ "through": 1 }))
        .await
        .problem(422, "splits-a-turn");
    server
        .post("~/conversations/nothing/fork", &json!({}))
        .await
        .problem(404, "conversation-not-found");

    assert_eq!(
        delete(&server, &format!("{path}/messages")).await.status,
        204
    );
    assert!(said(&server, &text(&id)).await.is_empty());
    server.post("~/messages", &more(&id, "Anew")).await.ok();
    assert_eq!(asked(&upstream.seen().requests[3]).len(), 1);
    assert_eq!(said(&server, &text(&fork["id"])).await.len(), 4);
}

#[tokio::test]
async fn a_conversation_that_is_deleted_stops_what_runs_in_it() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    for (round, response) in [false, true].into_iter().enumerate() {
        upstream.says([Say::text(&["123456", "7"]).held(&Gate::default())]);
        let mut events = stream(&server, &hello()).await;
        let route = events.next().await.data;
        events.until("delta").await;
        let before = upstream.seen();
        // Another one stands in line.
        let message = more(&route["conversation"], "And?");
        let second = server.post("~/messages", &message);
        let deleted = async {
            while server.get("~/agents/writer").await.ok()["counters"]["messages"]
                != 2 * (round + 1)
            {
                tokio::task::yield_now().await;
            }
            let (path, status) = match response {
                false => (
                    format!("~/conversations/{}", text(&route["conversation"])),
                    204,
                ),
                true => (format!("/v1/responses/resp_{}", text(&route["turn"])), 200),
            };
            assert_eq!(delete(&server, &path).await.status, status, "{path}");
        };
        let (second, ()) = futures_util::join!(second, deleted);
        assert_eq!(second.json()["code"], "cancelled", "{}", second.text);
        let ended = events.rest().await;
        let last = ended.last().expect("an end");
        assert_eq!(
            (last.name.as_str(), &last.data["code"]),
            ("error", &json!("cancelled"))
        );
        upstream.until(|seen| seen.given_up > before.given_up).await;
        assert_eq!(upstream.seen().requests.len(), before.requests.len());
    }
    let usage = server.get("~/usage").await.ok();
    assert_eq!(usage["total"]["output_tokens"], 4, "{usage}");
}

#[tokio::test]
async fn agents_take_turns_in_one_conversation() {
    let upstream = ModelServer::start();
    let server = start(&[
        ("caxton.toml", settings(&upstream, "")),
        (
            "agents/writer.toml",
            "name = \"writer\"\ndescription = \"Helps.\"\n".to_owned(),
        ),
        (
            "agents/critic.toml",
            "name = \"critic\"\ndescription = \"Helps.\"\n".to_owned(),
        ),
        (
            "agents/loner.toml",
            "name = \"loner\"\ndescription = \"Helps.\"\n[context]\nscope = \"agent\"\n".to_owned(),
        ),
    ]);
    upstream.says(["A poem.", "It is bad.", "Who?", "Sorry."].map(|text| Say::text(&[text])));
    let first = server.post("~/messages", &hello()).await.ok();
    let id = &first["conversation"];
    for (agent, earlier) in [("critic", 2), ("loner", 0), ("writer", 6)] {
        let message = json!({ "to": agent, "content": "And?", "conversation": id });
        assert_eq!(
            server.post("~/messages", &message).await.ok()["agent"],
            agent
        );
        let told = asked(upstream.seen().requests.last().expect("a request"));
        assert_eq!(told.len(), earlier + 1, "{agent}: {told:?}");
    }
    let told = asked(&upstream.seen().requests[3]);
    assert_eq!(told[1]["content"], "A poem.");
    assert_eq!(told[3]["content"], "[answered by critic]\nIt is bad.");
    let said = said(&server, &text(id)).await;
    let by: Vec<_> = said
        .iter()
        .filter_map(|message| message["agent"].as_str())
        .collect();
    assert_eq!(by, ["writer", "critic", "loner", "writer"]);
}

#[tokio::test]
async fn of_a_long_conversation_the_end_is_told_without_a_gap() {
    let upstream = ModelServer::answering(|_| Some(Say::text(&["Yes."])));
    let agent = |name: &str, window: u32| {
        format!("name = \"{name}\"\ndescription = \"Helps.\"\n[context]\nwindow = {window}\n")
    };
    let server = start(&[
        ("caxton.toml", settings(&upstream, "")),
        ("agents/writer.toml", agent("writer", 20_000)),
        ("agents/forgetful.toml", agent("forgetful", 1_500)),
    ]);
    let mut id = server.post("~/messages", &hello()).await.ok()["conversation"].clone();
    for place in 1..120 {
        let answer = server
            .post("~/messages", &more(&id, &place.to_string()))
            .await
            .ok();
        id = answer["conversation"].clone();
    }
    for agent in ["writer", "forgetful"] {
        let message = json!({ "to": agent, "content": "120", "conversation": id });
        server.post("~/messages", &message).await.ok();
        let told = asked(upstream.seen().requests.last().expect("a request"));
        let contents = told.iter().filter(|message| message["role"] == "user");
        let contents: Vec<_> = contents.map(|message| text(&message["content"])).collect();
        match agent {
            "writer" => assert_eq!((contents.len(), contents[0].as_str()), (121, "Hello")),
            _ => assert!((64..121).contains(&contents.len()), "{contents:?}"),
        }
        // The last one was said to each of them.
        let first = 121 - contents.len() + usize::from(agent == "forgetful");
        for (place, content) in contents.iter().enumerate().skip(1) {
            assert_eq!(
                *content,
                (first + place).min(120).to_string(),
                "{agent}: {contents:?}"
            );
        }
    }
}

/// Sums up, calls a tool, or says what came of it: whatever it is asked for.
fn answer(request: &Value) -> Option<Say> {
    let messages = list(&request["messages"]);
    let first = text(&messages.first()?["content"]);
    let last = messages.last()?;
    Some(if first.contains("Summarise what you are given") {
        Say::text(&["They echo words."])
    } else if last["role"] == "tool" {
        Say::text(&["noted"])
    } else {
        Say::calls(&[("a", "echo__echo", json!({ "n": messages.len() }))])
    })
}

#[tokio::test]
async fn what_does_not_fit_is_summed_up_and_calls_keep_their_results() {
    let upstream = ModelServer::answering(answer);
    let agent = "tools = [\"echo__echo\"]\n[context]\nwindow = 400\noverflow = \"summarise\"\n";
    let server = start(&[
        ("caxton.toml", settings(&upstream, "")),
        ("components/echo.wasm", String::new()),
        (
            "agents/writer.toml",
            format!("name = \"writer\"\ndescription = \"Helps.\"\n{agent}"),
        ),
    ]);
    let long = "word ".repeat(60);
    let first = json!({ "to": "writer", "content": long });
    let mut answer = server.post("~/messages", &first).await.ok();
    for _ in 0..7 {
        let message = more(&answer["conversation"], &long);
        answer = server.post("~/messages", &message).await.ok();
        assert_eq!(answer["content"], "noted");
    }
    let (mut summaries, mut with_summary) = (0, 0);
    for request in upstream.seen().requests {
        let told = asked(&request);
        if request["messages"] != json!(told)
            && told.len() == 1
            && text(&told[0]["content"]).contains("Assistant calls")
        {
            summaries += 1;
            let given = text(&told[0]["content"]);
            assert_eq!(
                given.matches("Assistant calls").count(),
                given.matches("Result:").count(),
                "{given}"
            );
            continue;
        }
        assert_eq!(told[0]["role"], "user");
        let summary =
            told[0]["content"] == "[summary of the earlier conversation]\nThey echo words.";
        assert_eq!(summary, summaries > 0, "{told:?}");
        with_summary += usize::from(summary);
        for (place, message) in told.iter().enumerate() {
            let calls = place
                .checked_sub(1)
                .map(|before| &told[before]["tool_calls"][0]["id"]);
            if message["role"] == "tool" {
                assert_eq!(calls, Some(&message["tool_call_id"]), "{told:?}");
            } else {
                assert!(
                    calls.is_none_or(Value::is_null),
                    "a call lost its result: {told:?}"
                );
            }
        }
    }
    // Each summary makes room for some turns.
    assert!(
        (2..7).contains(&summaries) && with_summary > 0,
        "{summaries} summaries"
    );
    assert_eq!(
        said(&server, &text(&answer["conversation"])).await.len(),
        8 * 4
    );
}
