//! The tools by which agents remember on purpose, and what they may reach by them.

use caxton_tests::{Gate, ModelServer, Say, Server, Stream};
use serde_json::{Value, json};

use super::{add, ask, desk, names, remembered};

/// Has an agent make a call, and gives what came of it.
async fn call(
    upstream: &ModelServer,
    server: &Server,
    agent: &str,
    tool: &str,
    arguments: Value,
) -> Value {
    upstream.says([Say::calls(&[("a", tool, arguments)]), Say::text(&["Done."])]);
    let answer = ask(server, agent, "Go on").await;
    answer["tool_calls"][0].clone()
}

fn text(call: &Value) -> &str {
    call["text"].as_str().expect("a text")
}

#[tokio::test]
async fn an_agent_remembers_relates_finds_and_forgets() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", &[("writer", "[memory]\nenabled = true\n")]);
    let call = async |tool: &str, arguments: Value| {
        call(&upstream, &server, "writer", tool, arguments).await
    };
    let anna = json!({ "name": "Anna Berg", "type": "person", "observations": ["Leads sales.", "Lives in Oslo."] });
    let given = call("memory__remember", anna).await;
    assert!(
        text(&given).contains("created, in the scope workspace"),
        "{given}"
    );
    let acme = json!({ "name": "Acme", "observations": "Buys paper." });
    assert_eq!(
        call("memory__remember", acme).await["structured"]["outcome"],
        "created"
    );
    let relation = json!({ "source": "Anna Berg", "relation": "works-at", "target": "Acme" });
    let given = call("memory__relate", relation.clone()).await;
    assert!(
        text(&given).ends_with("remembered") && given["structured"]["is_new"] == true,
        "{given}"
    );
    assert!(text(&call("memory__relate", relation).await).ends_with("known already"));

    let given = call("memory__search", json!({ "query": "Anna Berg" })).await;
    assert!(
        text(&given).contains("Anna Berg (person): Leads sales.; Lives in Oslo.")
            && text(&given).contains(") works-at Acme (#")
            && text(&given).contains("no instruction"),
        "{given}"
    );
    let forget = json!({ "entity": "Anna Berg", "observation": "Lives in Oslo." });
    assert_eq!(
        call("memory__forget", forget.clone()).await["is_error"],
        false
    );
    let given = call("memory__forget", forget).await;
    assert!(
        given["is_error"] == true && text(&given).contains("word for word"),
        "{given}"
    );
    let found = server.get("~/memory/entities?phrase=anna").await.ok();
    assert_eq!(
        found["entities"][0]["observations"],
        json!(["Leads sales."])
    );
    assert_eq!(found["entities"][0]["metadata"]["agent"], "writer");
    call("memory__forget", json!({ "entity": "Anna Berg" })).await;
    assert_eq!(remembered(&server).await, ["Acme"]);

    let wrong = |given: &Value, part: &str| {
        assert!(
            given["is_error"] == true && text(given).contains(part),
            "{given}"
        );
    };
    wrong(
        &call("memory__forget", json!({ "entity": 99 })).await,
        "number 99",
    );
    wrong(
        &call("memory__remember", json!({ "name": "x" })).await,
        "missing field `observations`",
    );
    wrong(
        &call(
            "memory__remember",
            json!({ "name": " ", "observations": [] }),
        )
        .await,
        "name",
    );
    wrong(
        &call(
            "memory__remember",
            json!({ "name": "x", "observations": [], "scope": "global" }),
        )
        .await,
        "none of this agent's",
    );
    wrong(
        &call("memory__search", json!({ "words": "x" })).await,
        "unknown field",
    );
}

#[tokio::test]
async fn calls_of_one_round_do_not_undo_each_other() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", &[("writer", "[memory]\nenabled = true\n")]);
    let wrong: Vec<String> = (0..8).map(|n| format!("Sells {n} boats.")).collect();
    add(&server, json!({ "name": "Acme", "observations": wrong })).await;
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let forget = ids.iter().zip(&wrong).map(|(id, observation)| {
        let arguments = json!({ "entity": "Acme", "observation": observation });
        (*id, "memory__forget", arguments)
    });
    let right = json!({ "name": "Acme", "observations": "Sells paper." });
    let mut calls: Vec<(&str, &str, Value)> = forget.collect();
    calls.insert(4, ("right", "memory__remember", right));
    upstream.says([Say::calls(&calls), Say::text(&["Done."])]);
    let answer = ask(&server, "writer", "Acme sells paper, not boats!").await;
    let calls = answer["tool_calls"].as_array().expect("the calls");
    assert!(
        calls.len() == 9 && calls.iter().all(|call| call["is_error"] == false),
        "{answer}"
    );
    let found = server.get("~/memory/entities?phrase=acme").await.ok();
    let acme = found["entities"].as_array().into_iter().flatten();
    let acme = acme.filter(|entity| entity["name"] == "Acme");
    let left: Vec<&Value> = acme.map(|entity| &entity["observations"]).collect();
    assert_eq!(left, [&json!(["Sells paper."])]);
}

#[tokio::test]
async fn a_number_is_a_name_first() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", &[("writer", "[memory]\nenabled = true\n")]);
    let mut ids = Vec::new();
    for name in ["Acme", "Apex", "Aster"] {
        ids.push(add(&server, json!({ "name": name })).await["id"].clone());
    }
    // One is called as another's number is.
    add(&server, json!({ "name": ids[0].to_string() })).await;
    let check = async |entity: Value, expected: &[&str]| {
        let arguments = json!({ "entity": entity });
        let given = call(&upstream, &server, "writer", "memory__forget", arguments).await;
        assert_eq!(remembered(&server).await, expected, "{given}");
    };
    check(json!(ids[0].to_string()), &["Acme", "Apex", "Aster"]).await;
    check(json!(ids[0].to_string()), &["Apex", "Aster"]).await;
    check(json!(format!("#{}", ids[1])), &["Aster"]).await;
    check(json!(format!("#{}", ids[1])), &["Aster"]).await;
    check(ids[2].clone(), &[]).await;
}

#[tokio::test]
async fn no_agent_reaches_what_is_another_ones() {
    let upstream = ModelServer::start();
    let alone = "[memory]\nenabled = true\nscope = \"agent\"\n";
    let server = desk(&upstream, "", &[("one", alone), ("two", alone)]);
    let call = async |agent: &str, tool: &str, arguments: Value| {
        call(&upstream, &server, agent, tool, arguments).await
    };
    let plan = json!({ "name": "The plan", "observations": ["Sell all by Friday."] });
    let own = call("one", "memory__remember", plan.clone()).await["structured"]["id"].clone();
    let shared = add(
        &server,
        json!({ "name": "Acme", "observations": ["Plans to buy paper."] }),
    )
    .await;
    let there = add(
        &server,
        json!({ "name": "Elsewhere", "scope": "conversation:other", "observations": ["A plan."] }),
    )
    .await;

    // It is neither found nor told apart from what does not exist.
    let given = call(
        "two",
        "memory__search",
        json!({ "query": "the plan to sell all by Friday", "limit": 20 }),
    )
    .await;
    assert_eq!(
        names(&given["structured"]["entities"], ""),
        ["Acme"],
        "{given}"
    );
    let nothing = text(&call("two", "memory__forget", json!({ "entity": "999" })).await).to_owned();
    for hidden in [
        own.to_string(),
        there["id"].to_string(),
        "The plan".to_owned(),
    ] {
        let expected = nothing.replace("999", &hidden);
        for (tool, arguments) in [
            ("memory__forget", json!({ "entity": hidden })),
            (
                "memory__relate",
                json!({ "source": hidden, "relation": "is", "target": "Acme" }),
            ),
        ] {
            let given = call("two", tool, arguments).await;
            assert!(
                given["is_error"] == true && text(&given) == expected,
                "{given}"
            );
        }
    }
    // What is shared it sees, and does not change.
    let given = call("two", "memory__forget", json!({ "entity": shared["id"] })).await;
    assert!(text(&given).contains("may read and not change"), "{given}");
    let into = json!({ "name": "Acme", "observations": ["Is bankrupt."], "scope": "workspace" });
    assert_eq!(
        call("two", "memory__remember", into).await["is_error"],
        true
    );
    // The same name is another entity in another scope.
    let same = call("two", "memory__remember", plan).await;
    assert_eq!(same["structured"]["outcome"], "created");
    let answer = ask_with(
        &upstream,
        &server,
        "two",
        "What is the plan to sell all by Friday?",
    )
    .await;
    assert!(
        answer["recalled"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|told| told["id"] != own),
        "{answer}"
    );
    assert_eq!(
        remembered(&server).await,
        ["Acme", "Elsewhere", "The plan", "The plan"]
    );
}

async fn ask_with(upstream: &ModelServer, server: &Server, agent: &str, content: &str) -> Value {
    upstream.says([Say::text(&["Fine."])]);
    ask(server, agent, content).await
}

#[tokio::test]
async fn an_allowlist_may_leave_an_agent_less_than_all_tools() {
    let upstream = ModelServer::answering(|_| Some(Say::text(&["Fine."])));
    let server = desk(
        &upstream,
        "",
        &[
            ("all", "tools = [\"calc__*\"]\n[memory]\nenabled = true\n"),
            (
                "some",
                "tools = [\"memory__search\"]\n[memory]\nenabled = true\n",
            ),
            ("none", "tools = [\"*\"]\n"),
        ],
    );
    let check = async |agent: &str, expected: &[&str]| {
        ask(&server, agent, "Go on").await;
        let request = upstream.seen().requests.pop().expect("a request");
        let tools = request["tools"].as_array().cloned().unwrap_or_default();
        let names = tools
            .iter()
            .filter_map(|tool| tool["function"]["name"].as_str());
        let names: Vec<&str> = names.filter(|name| name.starts_with("memory__")).collect();
        assert_eq!(names, expected, "{agent}");
    };
    let all = [
        "memory__search",
        "memory__remember",
        "memory__relate",
        "memory__forget",
    ];
    check("all", &all).await;
    check("some", &["memory__search"]).await;
    check("none", &[]).await;
    for agent in ["some", "none"] {
        let arguments = json!({ "name": "x", "observations": ["y"] });
        let given = call(&upstream, &server, agent, "memory__remember", arguments).await;
        assert_eq!(given["is_error"], true, "{given}");
    }
    assert_eq!(remembered(&server).await, [""; 0]);
}

#[tokio::test]
async fn what_was_remembered_is_not_again_when_a_turn_is_taken_up() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", &[("writer", "[memory]\nenabled = true\n")]);
    let plan = json!({ "name": "The plan", "observations": ["Sell all."] });
    upstream.says([
        Say::calls(&[("a", "memory__remember", plan)]),
        Say::text(&["half ", "an answer"]).held(&Gate::default()),
        Say::text(&["Done."]),
    ]);
    let message = json!({ "to": "writer", "content": "Our office is in Oslo." });
    let request = server.request("POST", "~/messages").json(&message);
    let mut events = Stream::open(request).await;
    let route = events.next().await;
    let turn = route.data["turn"].as_str().expect("a turn").to_owned();
    events.until("tool_result").await;
    events.until("delta").await;
    // It is forgotten meanwhile, and would be there again if the call were made again.
    let found = server.get("~/memory/entities").await.ok();
    let id = found["entities"][0]["id"].clone();
    let path = format!("~/memory/entities/{id}");
    assert_eq!(
        super::send(&server, "DELETE", &path, None).await.status,
        204
    );

    let server = Server::start(server.kill(), &[]);
    let request = server.request("GET", &format!("~/turns/{turn}/events"));
    let told = Stream::open(request).await.rest().await;
    let names: Vec<&str> = told.iter().map(|told| told.name.as_str()).collect();
    assert!(names.ends_with(&["remember", "done"]), "{names:?}");
    assert_eq!(remembered(&server).await, ["Our office is in Oslo."]);
}
