//! What turns and days may cost, and agents and models that are left alone for a while.

use caxton_tests::{Gate, ModelServer, Say, answered};
use serde_json::{Value, json};

use super::{desk, hello, list, pusd, settings, start, story, stream, text};

const PRICES: &str =
    "[components.openai.prices]\n\"m\" = { input = 0.3, cached_input = 0.07, output = 1.1 }\n";

#[tokio::test]
async fn an_agent_that_keeps_failing_is_left_alone_until_it_is_restarted() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "[breaker]\nfailures = 2\npause = \"1h\"\n");
    // What the model's server does not take is the fault of whoever asks, and keeps no agent from the others.
    let refusals = [
        (400, "provider-refused", "ready"),
        (400, "provider-refused", "ready"),
        (401, "provider-auth", "failed"),
        (400, "provider-refused", "failed"),
        (401, "provider-auth", "paused"),
    ];
    for (status, code, state) in refusals {
        upstream.says([Say::refuse(status, "No.")]);
        server.post("~/messages", &hello()).await.problem(502, code);
        assert_eq!(server.get("~/agents/writer").await.ok()["state"], state);
    }
    let refused = server.post("~/messages", &hello()).await;
    refused.problem(503, "agent-paused");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((3500..=3600).contains(&wait), "{wait}");
    let agents = server.get("~/agents").await.ok();
    assert_eq!(agents["agents"][0]["state"], "paused", "{agents}");
    assert_eq!(upstream.seen().requests.len(), 5);

    answered(server.request("POST", "~/agents/writer/restart"))
        .await
        .ok();
    upstream.says([Say::text(&["Yes."])]);
    assert_eq!(
        server.post("~/messages", &hello()).await.ok()["content"],
        "Yes."
    );
    assert_eq!(server.get("~/agents/writer").await.ok()["state"], "ready");
}

#[tokio::test]
async fn receipts_and_usage_add_up_to_the_last_digit() {
    let upstream = ModelServer::start();
    let more = format!("{PRICES}[components.ledger.grants]\nstate = true\n");
    let server = start(&[
        ("caxton.toml", settings(&upstream, &more)),
        ("components/ledger.wasm", String::new()),
        ("agents/writer.toml", "name = \"writer\"\ndescription = \"Helps.\"\n".to_owned()),
        (
            "agents/clerk.toml",
            "name = \"clerk\"\ndescription = \"Helps.\"\ncapabilities = [\"keeping\"]\ntools = [\"ledger__*\"]\n".to_owned(),
        ),
    ]);
    let ask = json!({ "capability": "keeping", "message": "Enter it." });
    upstream.says([
        Say::text(&["a"]).used(101, 0, 7),
        Say::text(&["b"]).used(1_003, 1_001, 13),
        Say::calls(&[("a", "ask_agent", ask)]).used(11, 3, 5),
        Say::calls(&[("a", "ledger__enter", json!({ "key": "it" }))]).used(17, 0, 1),
        Say::text(&["entered"]).used(19, 17, 2),
        Say::text(&["done"]).used(23, 11, 3),
        Say::text(&[""]).used(29, 0, 0),
        Say::refuse(400, "No."),
    ]);
    let mut receipts = Vec::new();
    for _ in 0..3 {
        receipts.push(server.post("~/messages", &hello()).await.ok()["receipt"].clone());
    }
    receipts.push(
        server
            .post("~/messages", &hello())
            .await
            .problem(502, "empty-answer")["receipt"]
            .clone(),
    );
    receipts.push(
        server
            .post("~/messages", &hello())
            .await
            .problem(502, "provider-refused")["receipt"]
            .clone(),
    );
    let cost = |input: u64, cached: u64, output: u64| {
        (input - cached) * 300_000 + cached * 70_000 + output * 1_100_000
    };
    let third = cost(11, 3, 5) + cost(17, 0, 1) + cost(19, 17, 2) + cost(23, 11, 3);
    let expected = [
        cost(101, 0, 7),
        cost(1_003, 1_001, 13),
        third,
        cost(29, 0, 0),
        0,
    ];
    let told: Vec<u64> = receipts
        .iter()
        .map(|receipt| pusd(&receipt["cost_usd"]))
        .collect();
    assert_eq!(told, expected);

    let check = |usage: &Value| {
        assert_eq!(
            pusd(&usage["total"]["cost_usd"]),
            expected.iter().sum::<u64>(),
            "{usage}"
        );
        let by_entry: u64 = list(&usage["entries"])
            .iter()
            .map(|entry| pusd(&entry["cost_usd"]))
            .sum();
        assert_eq!(by_entry, expected.iter().sum::<u64>());
        for count in ["input_tokens", "cached_input_tokens", "output_tokens"] {
            let told: u64 = receipts
                .iter()
                .map(|receipt| receipt[count].as_u64().expect("a number"))
                .sum();
            assert_eq!(usage["total"][count], told, "{count}");
        }
    };
    check(&server.get("~/usage").await.ok());
    let of_clerk = server.get("~/usage?agent=clerk").await.ok();
    assert_eq!(
        pusd(&of_clerk["total"]["cost_usd"]),
        cost(17, 0, 1) + cost(19, 17, 2)
    );
    check(&super::again(server).get("~/usage").await.ok());
}

#[tokio::test]
async fn what_no_provider_tells_is_estimated_and_adds_up() {
    let upstream = ModelServer::start();
    let server = start(&[
        ("caxton.toml", settings(&upstream, PRICES)),
        (
            "agents/writer.toml",
            "name = \"writer\"\ndescription = \"Helps.\"\n".to_owned(),
        ),
        (
            "agents/clerk.toml",
            "name = \"clerk\"\ndescription = \"Helps.\"\ncapabilities = [\"keeping\"]\n".to_owned(),
        ),
    ]);
    let mut receipts = Vec::new();

    // It breaks off, and is asked again.
    let gate = Gate::default();
    upstream.says([
        Say::text(&["123456789"]).held(&gate).broken(),
        Say::text(&["whole"]).used(101, 0, 7),
    ]);
    let mut events = stream(&server, &hello()).await;
    events.until("delta").await;
    gate.open(1);
    let answer = events.until("done").await.data;
    let [broken, whole] = list(&answer["completions"]).try_into().expect("two");
    assert_eq!(
        (&broken["estimated"], &broken["output_tokens"]),
        (&json!(true), &json!(3)),
        "{broken}"
    );
    let asked = broken["input_tokens"].as_u64().expect("a number");
    assert!((50..400).contains(&asked), "{broken}");
    assert_eq!(whole["estimated"], Value::Null, "{whole}");
    assert_eq!(answer["receipt"]["input_tokens"], asked + 101);
    assert_eq!(answer["receipt"]["output_tokens"], 10);
    receipts.push(answer["receipt"].clone());

    // The upstream reports nothing.
    upstream.says([Say::text(&["1234567"]).used(0, 0, 0)]);
    let answer = server.post("~/messages", &hello()).await.ok();
    let silent = &answer["completions"][0];
    assert_eq!(
        (&silent["estimated"], &silent["output_tokens"]),
        (&json!(true), &json!(3)),
        "{silent}"
    );
    assert_eq!(silent["input_tokens"], asked);
    receipts.push(answer["receipt"].clone());

    // A refusal is free.
    upstream.says([Say::refuse(401, "No.")]);
    let refused = server.post("~/messages", &hello()).await;
    let refused = refused.problem(502, "provider-auth")["receipt"].clone();
    assert_eq!(refused["input_tokens"], 0);
    receipts.push(refused);

    // It is cancelled while it writes, and while another agent writes for it.
    let ask = json!({ "capability": "keeping", "message": "Enter it." });
    let half = || Say::text(&["123456", "7"]).held(&gate);
    for says in [
        vec![half()],
        vec![
            Say::calls(&[("a", "ask_agent", ask)]).used(11, 3, 5),
            half(),
        ],
    ] {
        let below = says.len() > 1;
        upstream.says(says);
        let mut events = stream(&server, &hello()).await;
        let id = text(&events.next().await.data["turn"]);
        events.until("delta").await;
        let path = format!("~/turns/{id}");
        assert_eq!(super::delete(&server, &path).await.status, 204);
        let receipt = super::turn(&server, &id).await["error"]["receipt"].clone();
        let output = if below { 5 + 2 } else { 2 };
        assert_eq!(receipt["output_tokens"], output, "{receipt}");
        receipts.push(receipt);
    }

    let cost: u64 = receipts.iter().map(|r| pusd(&r["cost_usd"])).sum();
    // What the other agent used is written down by itself, a moment later.
    let usage = loop {
        let usage = server.get("~/usage").await.ok();
        if usage["total"]["completions"] == 6 {
            break usage;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(pusd(&usage["total"]["cost_usd"]), cost, "{usage}");
    for count in ["input_tokens", "cached_input_tokens", "output_tokens"] {
        let told: u64 = receipts
            .iter()
            .map(|receipt| receipt[count].as_u64().expect("a number"))
            .sum();
        assert_eq!(usage["total"][count], told, "{count}");
    }
}

#[tokio::test]
async fn what_would_cost_too_much_is_not_asked() {
    let tokens = "[budget]\ntokens_per_day = 5_000\n";
    let money = format!("{PRICES}[budget]\ncost_usd_per_day = 0.005\n");
    let cases: [(&str, &str, &str, (u16, &str)); 6] = [
        // More than half of what is left is put aside for one answer, so that two don't fit.
        (
            tokens,
            "[limits]\ntokens = 4_000\nmax_tokens = 3_000\n",
            "",
            (429, "budget-exceeded"),
        ),
        (
            &money,
            "[limits]\nmax_tokens = 3_000\n",
            "",
            (429, "budget-exceeded"),
        ),
        (
            "",
            "[budget]\ncost_usd_per_day = 1\n",
            "first",
            (422, "price-unknown"),
        ),
        (
            "",
            "[limits]\ncost_usd = 1\n",
            "first",
            (422, "price-unknown"),
        ),
        (
            PRICES,
            "[limits]\ncost_usd = 0.00001\n",
            "first",
            (422, "cost-exceeded"),
        ),
        (
            "",
            "[limits]\ntokens = 20\nmax_tokens = 20\n[context]\nwindow = 0\n",
            "first",
            (422, "tokens-exceeded"),
        ),
    ];
    for (more, agent, first, (status, code)) in cases {
        let upstream = ModelServer::start();
        let server = desk(&upstream, more, agent);
        let gate = Gate::default();
        if first.is_empty() {
            // While the first is under way, what it may cost is put aside.
            upstream.says([Say::text(&["one ", "two"]).held(&gate)]);
            let mut events = stream(&server, &hello()).await;
            events.until("delta").await;
            let refused = server.post("~/messages", &hello()).await;
            refused.problem(status, code);
            let wait = refused.headers["retry-after"].to_str().expect("text");
            assert!(wait.parse::<u64>().expect("seconds") <= 86_400, "{wait}");
            gate.open(2);
            events.until("done").await;
            // It cost less, and the rest was given back.
            upstream.says([Say::text(&["three"])]);
            server.post("~/messages", &hello()).await.ok();
            assert_eq!(upstream.seen().requests.len(), 2, "{more}{agent}");
        } else {
            server
                .post("~/messages", &hello())
                .await
                .problem(status, code);
            assert!(upstream.seen().requests.is_empty(), "{more}{agent}");
        }
    }
}

#[tokio::test]
async fn an_answer_is_no_longer_than_its_turn_may_cost() {
    let upstream = ModelServer::start();
    // Some hundred tokens of output are what this pays for.
    let server = desk(&upstream, PRICES, "[limits]\ncost_usd = 0.001\n");
    upstream.says([Say::text(&["short"])]);
    server.post("~/messages", &hello()).await.ok();
    let asked = upstream.seen().requests.remove(0);
    let most = asked["max_tokens"].as_u64().expect("a bound");
    assert!((700..910).contains(&most), "{asked}");
}

#[tokio::test]
async fn a_provider_is_asked_as_many_at_a_time_as_it_may() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "[components.openai.rate]\nconcurrent = 1\n", "");
    let gate = Gate::default();
    upstream.says((0..3).map(|_| Say::text(&["one ", "two"]).held(&gate)));
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut events = stream(&server, &hello()).await;
        events.next().await;
        streams.push(events);
    }
    gate.open(6);
    for mut events in streams {
        assert_eq!(
            story(&events.rest().await),
            ["delta one ", "delta two", "done"]
        );
    }
    let seen = upstream.seen();
    assert_eq!((seen.requests.len(), seen.open_max), (3, 1));

    // One that waits for its turn at the provider can be cancelled, and keeps nobody else waiting.
    upstream.says([
        Say::text(&["one ", "two"]).held(&gate),
        Say::text(&["three"]),
    ]);
    let mut first = stream(&server, &hello()).await;
    first.until("delta").await;
    let mut second = stream(&server, &hello()).await;
    let id = text(&second.next().await.data["turn"]);
    let mut third = stream(&server, &hello()).await;
    third.next().await;
    assert_eq!(
        super::delete(&server, &format!("~/turns/{id}"))
            .await
            .status,
        204
    );
    gate.open(2);
    first.until("done").await;
    assert_eq!(third.until("done").await.data["content"], "three");
}
