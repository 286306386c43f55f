//! What one view keeps is out of reach for others, by whatever way.

use caxton_memory::{
    Change, Direction, Error, Filter, Memory, NewEntity, NewRelation, Query, RelationKey, Scope,
    View, Walk,
};

use crate::{HOSTILE, everything, fact, names, place, vector};

fn agent(name: &str) -> Scope {
    Scope::Agent(name.to_owned())
}

/// Remembers a secret of the agent `a` and relates it to something of everybody.
async fn secret(memory: &Memory) -> (i64, i64) {
    let secret = NewEntity {
        vector: Some(vector(1)),
        ..fact("secret plan", &["the code is zebra"])
    };
    let secret = memory.remember(&agent("a"), vec![secret]).await.unwrap()[0].id;
    let shared = NewEntity {
        vector: Some(vector(2)),
        ..fact("shared", &["known to all"])
    };
    let shared = memory
        .remember(&Scope::Workspace, vec![shared])
        .await
        .unwrap()[0]
        .id;
    let relation = NewRelation {
        source: shared,
        kind: "hides".to_owned(),
        target: secret,
        metadata: Default::default(),
    };
    memory.relate(vec![relation]).await.unwrap();
    (secret, shared)
}

#[tokio::test]
async fn no_way_leads_to_what_is_out_of_view() {
    let place = place();
    let all = everything(&place.store);
    let (secret, shared) = secret(&all).await;
    let views = [
        View::agent("b", None),
        View::agent("A", None),
        View::agent("a:b", None),
        View::agent("", Some("a")),
        View::agent("%", Some("agent:a")),
        View::of("x", []).unwrap(),
        View::of("x", [Scope::Conversation("a".to_owned()), Scope::Workspace]).unwrap(),
        View::of("x", HOSTILE.iter().map(|name| agent(name))).unwrap(),
    ];
    for view in views {
        let memory = place.store.memory(view.clone());
        let check = |what: &str, hidden: bool| assert!(hidden, "{what} by {view:?}");
        check("entity", memory.entity(secret).await.unwrap().is_none());
        let named = memory.named(&agent("a"), "secret plan").await.unwrap_err();
        check("named", matches!(named, Error::OutOfView { .. }));
        for filter in [
            Filter::default(),
            Filter {
                scopes: vec![agent("a")],
                ..Filter::default()
            },
            Filter {
                phrases: vec!["zebra".to_owned()],
                ..Filter::default()
            },
            Filter {
                name: Some("secret plan".to_owned()),
                ..Filter::default()
            },
        ] {
            let listed = memory
                .entities(filter.clone(), 100, None)
                .await
                .unwrap()
                .entities;
            check("entities", listed.iter().all(|entity| entity.id != secret));
            for (text, meaning) in [
                ("zebra secret plan", true),
                ("zebra", false),
                ("", true),
                ("", false),
            ] {
                let query = Query {
                    text: text.to_owned(),
                    vector: meaning.then(|| vector(1)),
                    filter: filter.clone(),
                    limit: 100,
                    ..Query::default()
                };
                let hits = memory.search(query).await.unwrap();
                check("search", hits.iter().all(|hit| hit.entity.id != secret));
            }
        }
        check(
            "unembedded",
            memory.unembedded(10).await.unwrap().is_empty(),
        );
        let change = memory.change(secret, Change::default()).await.unwrap_err();
        check("change", matches!(change, Error::NotFound { .. }));
        check("forget", memory.forget(vec![secret]).await.unwrap() == 0);
        check(
            "vectors",
            memory
                .set_vectors(vec![(secret, 1, vector(3))])
                .await
                .unwrap()
                == 0,
        );
        let remember = memory
            .remember(&agent("a"), vec![fact("secret plan", &["changed"])])
            .await;
        check("remember", matches!(remember, Err(Error::OutOfView { .. })));
        let retain = memory.forget_scope(&agent("a")).await;
        check(
            "forget scope",
            matches!(retain, Err(Error::OutOfView { .. })),
        );
        let key = RelationKey {
            source: shared,
            kind: "hides".to_owned(),
            target: secret,
        };
        check(
            "unrelate",
            memory.unrelate(vec![key.clone()]).await.unwrap() == 0,
        );
        let new = NewRelation {
            source: shared,
            kind: "x".to_owned(),
            target: secret,
            metadata: Default::default(),
        };
        let relate = memory.relate(vec![new]).await.unwrap_err();
        check("relate", matches!(relate, Error::NotFound { .. }));
        if view.sees(&Scope::Workspace) {
            let relations = memory
                .relations(shared, Direction::Both, vec![], 10)
                .await
                .unwrap();
            check("relations", relations.is_empty());
        }
        let walk = Walk {
            from: vec![shared, secret],
            depth: 3,
            entities_max: 10,
            ..Walk::default()
        };
        let graph = memory.walk(walk).await.unwrap();
        check(
            "walk",
            graph.relations.is_empty()
                && graph
                    .entities
                    .iter()
                    .all(|reached| reached.entity.id != secret),
        );
        check("count", memory.count().await.unwrap().relations == 0);
        let mut export = memory.export(true);
        while let Some(bytes) = export.next().await.unwrap() {
            let text = String::from_utf8(bytes).unwrap();
            check("export", !text.contains("zebra") && !text.contains("hides"));
        }
        let line = r#"{"entity":{"scope":"agent:a","name":"secret plan","type":"fact","observations":["changed"],"created_ms":1,"updated_ms":1}}"#;
        let mut import = memory.import();
        import
            .feed(b"{\"caxton-memory\":{\"version\":1,\"exported_ms\":0}}\n")
            .await
            .unwrap();
        let error = import
            .feed(format!("{line}\n").as_bytes())
            .await
            .unwrap_err();
        check("import", matches!(error, Error::Import { line: 2, .. }));
    }
    // After all this the secret is as it was.
    let entity = all.entity(secret).await.unwrap().unwrap();
    assert_eq!(
        (entity.observations, entity.version),
        (vec!["the code is zebra".to_owned()], 1)
    );
    assert_eq!(all.count().await.unwrap().relations, 1);
}

#[tokio::test]
async fn an_agent_sees_its_own_its_conversation_the_workspace_and_what_is_global() {
    let place = place();
    let all = everything(&place.store);
    let scopes = [
        "global",
        "workspace",
        "agent:a",
        "agent:b",
        "conversation:1",
        "conversation:2",
    ];
    for scope in scopes {
        let new = NewEntity {
            vector: Some(vector(5)),
            ..fact(&format!("in {scope}"), &["word"])
        };
        all.remember(&scope.parse().unwrap(), vec![new])
            .await
            .unwrap();
    }
    let check = async |view: View, expected: &[&str]| {
        let query = Query {
            text: "word".to_owned(),
            vector: Some(vector(5)),
            limit: 10,
            ..Query::default()
        };
        let hits = place.store.memory(view).search(query).await.unwrap();
        let mut found = names(&hits);
        found.sort_unstable();
        assert_eq!(found, expected);
    };
    check(
        View::agent("a", None),
        &["in agent:a", "in global", "in workspace"],
    )
    .await;
    check(
        View::agent("a", Some("1")),
        &[
            "in agent:a",
            "in conversation:1",
            "in global",
            "in workspace",
        ],
    )
    .await;
    check(View::of("x", [agent("b")]).unwrap(), &["in agent:b"]).await;
    check(
        View::agent("nobody", Some("none")),
        &["in global", "in workspace"],
    )
    .await;
}

#[test]
fn scopes_are_written_as_they_are_read() {
    for text in [
        "global",
        "workspace",
        "agent:a",
        "agent:a:b",
        "conversation:漢",
        "agent: ",
    ] {
        assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "Global",
        "agent",
        "agent:",
        "conversation:",
        "user:x",
        " global",
        "global:",
    ] {
        let error = text.parse::<Scope>().unwrap_err();
        assert!(error.to_string().contains("agent:NAME"), "{error}");
    }
    assert!(matches!(
        View::of("x", (0..65).map(|n| agent(&n.to_string()))),
        Err(Error::Limit { .. })
    ));
}
