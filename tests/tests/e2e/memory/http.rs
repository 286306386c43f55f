//! What is remembered, over HTTP.

use caxton_tests::{Server, answered};
use serde_json::{Value, json};

use super::{add, bare, names, remembered, send};

#[tokio::test]
async fn entities_are_added_changed_and_forgotten() {
    let server = bare();
    let new = json!({ "name": "Anna Berg", "type": "person", "observations": ["Leads sales."] });
    let added = server.post("~/memory/entities", &new).await;
    assert_eq!(added.status, 201);
    let anna = added.json();
    assert_eq!(
        (&anna["scope"], &anna["type"], &anna["observations"]),
        (
            &json!("workspace"),
            &json!("person"),
            &json!(["Leads sales."])
        )
    );
    let path = format!("~/memory/entities/{}", anna["id"]);

    // The same name is the same entity, to which what is new is added.
    let more = json!({ "name": "Anna Berg", "observations": ["Leads sales.", "Lives in Oslo."] });
    let merged = server.post("~/memory/entities", &more).await;
    assert_eq!(merged.status, 200);
    assert_eq!(merged.json()["id"], anna["id"]);
    let several = json!({ "scope": "agent:writer", "entities": [{ "name": "Anna Berg" }, { "name": "Acme" }, { "name": "Acme" }] });
    let several = server.post("~/memory/entities", &several).await.ok();
    let outcomes: Vec<&Value> = several["entities"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["outcome"])
        .collect();
    assert_eq!(outcomes, ["created", "created", "unchanged"]);

    let changed = send(
        &server,
        "PATCH",
        &path,
        Some(&json!({ "observations": ["Leads support."], "metadata": { "team": 7 } })),
    )
    .await
    .ok();
    assert_eq!(
        (
            &changed["name"],
            &changed["observations"],
            &changed["metadata"]
        ),
        (
            &json!("Anna Berg"),
            &json!(["Leads support."]),
            &json!({ "team": 7 })
        )
    );
    // Who read an earlier version learns so, and changes nothing.
    let late = json!({ "observations": ["Leads nobody."], "version": anna["version"] });
    let problem = send(&server, "PATCH", &path, Some(&late)).await;
    let problem = problem.problem(409, "entity-changed");
    assert_eq!(problem["version"], changed["version"], "{problem}");
    let now = json!({ "observations": ["Leads all."], "version": changed["version"] });
    let now = send(&server, "PATCH", &path, Some(&now)).await.ok();
    assert_eq!(now["observations"], json!(["Leads all."]));
    add(&server, json!({ "name": "Apex" })).await;
    send(&server, "PATCH", &path, Some(&json!({ "name": "Apex" })))
        .await
        .problem(409, "name-used");
    assert_eq!(send(&server, "DELETE", &path, None).await.status, 204);
    for method in ["GET", "DELETE"] {
        send(&server, method, &path, None)
            .await
            .problem(404, "entity-not-found");
    }
}

#[tokio::test]
async fn entities_are_listed_in_pages_and_by_what_they_are() {
    let server = bare();
    for n in 1..=5 {
        let kind = if n % 2 == 0 { "even" } else { "odd" };
        add(
            &server,
            json!({ "name": format!("Room {n}"), "type": kind }),
        )
        .await;
    }
    add(
        &server,
        json!({ "name": "Room 6", "scope": "conversation:c1" }),
    )
    .await;
    let mut seen = Vec::new();
    let mut path = "~/memory/entities?limit=4".to_owned();
    loop {
        let page = server.get(&path).await.ok();
        seen.extend(names(&page["entities"], ""));
        match page["next"].as_str() {
            Some(next) => path = format!("~/memory/entities?limit=4&before={next}"),
            None => break,
        }
    }
    assert_eq!(
        seen,
        ["Room 6", "Room 5", "Room 4", "Room 3", "Room 2", "Room 1"]
    );
    let check = async |query: &str, expected: &[&str]| {
        let found = server.get(&format!("~/memory/entities?{query}")).await.ok();
        assert_eq!(names(&found["entities"], ""), expected, "{query}");
    };
    check("type=even", &["Room 4", "Room 2"]).await;
    check("scope=conversation:c1", &["Room 6"]).await;
    check("phrase=room%201", &["Room 1"]).await;
    check("phrase=roo*&limit=1", &["Room 6"]).await;
    check("until_ms=1", &[]).await;
    check("name=Room%204", &["Room 4"]).await;
    check("name=room%204", &[]).await;
    let path = "~/memory/entities?scope=conversation:c1";
    let gone = send(&server, "DELETE", path, None).await.ok();
    assert_eq!(gone, json!({ "entities": 1 }));
    check("scope=conversation:c1", &[]).await;
    send(&server, "DELETE", "~/memory/entities", None)
        .await
        .problem(422, "invalid-query");
}

#[tokio::test]
async fn what_is_too_much_is_forgotten() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let settings = |keep: &str| format!("name = \"desk\"\n{keep}");
    caxton_tests::write(dir.path(), &[("caxton.toml", &settings(""))]);
    let server = Server::start(dir, &[]);
    for n in 1..=5 {
        add(&server, json!({ "name": format!("Room {n}") })).await;
        let own = json!({ "name": format!("Desk {n}"), "scope": "agent:writer" });
        add(&server, own).await;
    }
    let dir = server.kill();
    let keep = "[memory.keep]\ncount = 2\nagent = { days = 30, count = 3 }\n";
    caxton_tests::write(dir.path(), &[("caxton.toml", &settings(keep))]);
    let server = Server::start(dir, &[]);
    let expected = ["Desk 3", "Desk 4", "Desk 5", "Room 4", "Room 5"];
    // It is done beside what the server does, soon after it has begun.
    let mut left = Vec::new();
    for _ in 0..10_000 {
        left = remembered(&server).await;
        if left == expected {
            break;
        }
    }
    assert_eq!(left, expected);
    let audit = server.get("~/audit?by=retention").await.ok();
    assert_eq!(audit["entries"][0]["action"], "memory-retain", "{audit}");
}

#[tokio::test]
async fn what_can_not_be_taken_is_a_problem() {
    let server = bare();
    let check = async |method: &str, path: &str, body: Value, status: u16, code: &str| {
        let path = format!("~/memory/{path}");
        let body = Some(&body).filter(|body| !body.is_null());
        let problem = send(&server, method, &path, body)
            .await
            .problem(status, code);
        problem["pointer"].as_str().unwrap_or_default().to_owned()
    };
    let post = async |path: &str, body: Value, code: &str, pointer: &str| {
        assert_eq!(
            check("POST", path, body.clone(), 422, code).await,
            pointer,
            "{body}"
        );
    };
    post("entities", json!({}), "invalid-body", "").await;
    post("entities", json!({ "name": "" }), "unfit-value", "").await;
    post(
        "entities",
        json!({ "name": "x", "kind": "y" }),
        "invalid-body",
        "/kind",
    )
    .await;
    post(
        "entities",
        json!({ "name": "x", "scope": "team" }),
        "invalid-body",
        "/scope",
    )
    .await;
    post(
        "entities",
        json!({ "name": "x", "entities": [{ "name": "y" }] }),
        "invalid-body",
        "",
    )
    .await;
    post(
        "entities",
        json!({ "entities": [{ "name": "y", "vector": [1.0] }] }),
        "invalid-body",
        "/entities/0/vector",
    )
    .await;
    post(
        "entities",
        json!({ "name": "y", "vector": vec![1.0; 384] }),
        "unfit-value",
        "",
    )
    .await;
    post("search", json!({ "limit": 1001 }), "invalid-body", "/limit").await;
    post(
        "search",
        json!({ "scopes": ["agent:"] }),
        "invalid-body",
        "/scopes",
    )
    .await;
    post(
        "search",
        json!({ "weights": { "text": -1 } }),
        "invalid-body",
        "/weights",
    )
    .await;
    post(
        "walk",
        json!({ "from": [1], "depth": 9 }),
        "invalid-body",
        "/depth",
    )
    .await;
    post(
        "relations",
        json!({ "source": 1, "type": "", "target": 2 }),
        "unfit-value",
        "",
    )
    .await;
    for (path, status, code) in [
        ("entities?before=soon", 422, "invalid-query"),
        ("entities?scope=team", 422, "invalid-query"),
        ("entities?phrase=-", 422, "unfit-value"),
        ("entities/zero", 404, "entity-not-found"),
        ("entities/9/related", 404, "entity-not-found"),
        ("search?limit=2000", 422, "invalid-query"),
        ("search?similarity_min=2", 422, "invalid-query"),
        ("relations", 422, "invalid-query"),
    ] {
        check("GET", path, Value::Null, status, code).await;
    }
    check(
        "DELETE",
        "relations?source=1&type=x&target=2",
        Value::Null,
        404,
        "relation-not-found",
    )
    .await;
    assert_eq!(remembered(&server).await, [""; 0]);
}

#[tokio::test]
async fn search_finds_and_says_why() {
    let server = bare();
    let mut near = vec![0.0; 384];
    near[0] = 1.0;
    add(&server, json!({ "name": "Anna Berg", "type": "person", "observations": ["Leads the sales team."], "vector": near })).await;
    add(
        &server,
        json!({ "name": "Acme", "type": "company", "observations": ["Buys paper."] }),
    )
    .await;
    add(&server, json!({ "name": "Berg", "scope": "agent:writer" })).await;
    let found = server.get("~/memory/search?q=sales").await.ok();
    let hit = &found["hits"][0];
    assert_eq!(hit["entity"]["name"], "Anna Berg");
    assert!(
        hit["text_rank"] == 1
            && hit["bm25"].as_f64().is_some_and(|score| score > 0.0)
            && hit["score"].as_f64().is_some_and(|score| score > 0.0)
            && hit["recency_rank"].is_u64(),
        "{hit}"
    );
    let check = async |search: Value, expected: &[&str]| {
        let found = server.post("~/memory/search", &search).await.ok();
        assert_eq!(names(&found["hits"], "entity"), expected, "{search}");
    };
    let words = json!({ "vector": 0 });
    check(
        json!({ "text": "berg", "weights": words, "scopes": ["agent:writer"] }),
        &["Berg"],
    )
    .await;
    check(
        json!({ "text": "berg", "weights": words, "types": ["person"] }),
        &["Anna Berg"],
    )
    .await;
    check(
        json!({ "text": "paper berg", "weights": words, "phrases": ["buys pap*"] }),
        &["Acme"],
    )
    .await;
    check(json!({ "limit": 1 }), &["Berg"]).await;
    check(json!({ "text": "zebra", "weights": words }), &[]).await;
}

#[tokio::test]
async fn relations_are_added_walked_and_taken_away() {
    let server = bare();
    let mut ids = Vec::new();
    for name in ["Anna", "Acme", "Oslo"] {
        ids.push(add(&server, json!({ "name": name })).await["id"].clone());
    }
    let relate = async |source: usize, kind: &str, target: usize| {
        let new = json!({ "source": ids[source], "type": kind, "target": ids[target] });
        server.post("~/memory/relations", &new).await.status
    };
    assert_eq!(relate(0, "works-at", 1).await, 201);
    assert_eq!(relate(0, "works-at", 1).await, 200);
    assert_eq!(relate(1, "located-in", 2).await, 201);
    let new = json!({ "source": ids[0], "type": "knows", "target": 999 });
    server
        .post("~/memory/relations", &new)
        .await
        .problem(404, "entity-not-found");

    let listed = server
        .get(&format!(
            "~/memory/relations?entity={}&direction=out",
            ids[1]
        ))
        .await
        .ok();
    assert_eq!(
        (
            &listed["relations"][0]["type"],
            listed["relations"].as_array().map(Vec::len)
        ),
        (&json!("located-in"), Some(1))
    );
    let around = async |query: &str| {
        let path = format!("~/memory/entities/{}/related?{query}", ids[0]);
        let graph = server.get(&path).await.ok();
        let entities = graph["entities"].as_array().expect("a list").iter();
        entities
            .map(|at| {
                format!(
                    "{} {}",
                    at["depth"],
                    at["entity"]["name"].as_str().expect("a name")
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(around("").await, ["0 Anna", "1 Acme"]);
    assert_eq!(around("depth=2").await, ["0 Anna", "1 Acme", "2 Oslo"]);
    assert_eq!(around("depth=2&type=located-in").await, ["0 Anna"]);
    assert_eq!(around("direction=in").await, ["0 Anna"]);
    let walk = json!({ "from": [ids[2]], "depth": 8, "direction": "in", "limit": 2 });
    let walked = server.post("~/memory/walk", &walk).await.ok();
    assert_eq!(walked["truncated"], true, "{walked}");

    let path = format!(
        "~/memory/relations?source={}&type=works-at&target={}",
        ids[0], ids[1]
    );
    assert_eq!(send(&server, "DELETE", &path, None).await.status, 204);
    assert_eq!(around("").await, ["0 Anna"]);
}

/// Imports lines.
async fn import(server: &Server, lines: &str) -> caxton_tests::Answer {
    let request = server.request("POST", "~/memory/import");
    let request = request.header("content-type", "application/jsonl");
    answered(request.body(lines.to_owned())).await
}

#[tokio::test]
async fn what_is_exported_is_imported_elsewhere_once() {
    let (from, to) = (bare(), bare());
    let anna = add(&from, json!({ "name": "Anna", "metadata": { "team": 7 } })).await;
    let acme = add(&from, json!({ "name": "Acme", "scope": "agent:writer" })).await;
    let relation = json!({ "source": anna["id"], "type": "works-at", "target": acme["id"] });
    from.post("~/memory/relations", &relation).await.ok();
    let exported = from.get("~/memory/export").await;
    assert_eq!(exported.content_type, "application/jsonl");
    assert_eq!(exported.text.lines().count(), 4, "{}", exported.text);

    let counts = |created: u32, unchanged: u32, relations: u32| {
        json!({ "created": created, "merged": 0, "unchanged": unchanged,
                "relations": relations, "relations_skipped": 0 })
    };
    assert_eq!(import(&to, &exported.text).await.ok(), counts(2, 0, 1));
    assert_eq!(import(&to, &exported.text).await.ok(), counts(0, 2, 0));
    assert_eq!(remembered(&to).await, ["Acme", "Anna"]);

    // What stands before a line that can't be taken stays, and the mended file goes on.
    let third = bare();
    let mut lines: Vec<&str> = exported.text.lines().collect();
    lines[2] = "{\"entity\":";
    let problem = import(&third, &lines.join("\n"))
        .await
        .problem(422, "invalid-import");
    assert_eq!(problem["line"], 3);
    assert_eq!(import(&third, &exported.text).await.ok()["relations"], 1);
    assert_eq!(remembered(&third).await, ["Acme", "Anna"]);
    let plain = third.request("POST", "~/memory/import").body("{}");
    answered(plain.header("content-type", "text/plain"))
        .await
        .problem(415, "wrong-content-type");
}

#[tokio::test]
async fn a_backup_is_a_database_and_leaves_nothing_behind() {
    let server = bare();
    add(&server, json!({ "name": "Anna" })).await;
    let request = server.request("GET", "~/memory/backup");
    let response = request.send().await.expect("the server answers");
    assert_eq!(
        response.headers()["content-type"],
        "application/vnd.sqlite3"
    );
    let bytes = response.bytes().await.expect("a file");
    assert!(bytes.starts_with(b"SQLite format 3\0"));
    let data = server.dir().join(".caxton");
    let left = data.read_dir().expect("the data").flatten();
    let left = left.filter(|file| file.file_name().to_string_lossy().contains("copy"));
    assert_eq!(left.count(), 0);
    // A picture on a page of another site makes no copy.
    let foreign = server.request("GET", "~/memory/backup");
    let foreign = foreign
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-dest", "image");
    answered(foreign).await.problem(403, "origin-not-allowed");
    // What a server was killed at is removed by the next.
    let dir = server.kill();
    let left = dir.path().join(".caxton/.caxton-copy-1.db.partial");
    let own = dir.path().join(".caxton/backup-monday.db");
    for file in [&left, &own] {
        std::fs::write(file, "SQLite").expect("written");
    }
    let server = Server::start(dir, &[]);
    assert!(!left.exists(), "what is left of a copy stays");
    assert!(own.exists(), "somebody's own backup is gone");
    assert_eq!(remembered(&server).await, ["Anna"]);
}

#[tokio::test]
async fn what_belongs_to_an_agent_or_a_conversation_goes_with_it() {
    let agent = "name = \"writer\"\ndescription = \"Helps.\"\n";
    let files = [
        ("caxton.toml", "name = \"desk\"\n"),
        ("agents/writer.toml", agent),
    ];
    let server = Server::with_workspace(&files, &[]);
    let answer = super::ask(&server, "writer", "Hello").await;
    let conversation = answer["conversation"].as_str().expect("an id");
    add(
        &server,
        json!({ "name": "Told here", "scope": format!("conversation:{conversation}") }),
    )
    .await;
    add(
        &server,
        json!({ "name": "Told writer", "scope": "agent:writer" }),
    )
    .await;
    add(&server, json!({ "name": "Told all" })).await;
    let gone = send(
        &server,
        "DELETE",
        &format!("~/conversations/{conversation}"),
        None,
    )
    .await;
    assert_eq!(gone.status, 204);
    assert_eq!(remembered(&server).await, ["Told all", "Told writer"]);
    assert_eq!(
        send(&server, "DELETE", "~/agents/writer", None)
            .await
            .status,
        204
    );
    assert_eq!(remembered(&server).await, ["Told all"]);
}
