//! Entities: remembering, merging, changing and forgetting them.

use caxton_memory::{Change, Error, Filter, NewEntity, Outcome, Query, Scope};
use serde_json::{Value, json};

use crate::{HOSTILE, everything, fact, place, vector};

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[tokio::test]
async fn the_same_name_in_the_same_scope_is_the_same_entity() {
    let place = place();
    let memory = everything(&place.store);
    let scope = Scope::Workspace;
    let first = NewEntity {
        metadata: object(json!({"city": "Oslo", "age": 30})),
        vector: Some(vector(1)),
        ..fact("Ada", &["likes tea", "likes tea", "knows Bo"])
    };
    let made = memory.remember(&scope, vec![first.clone()]).await.unwrap();
    assert_eq!(made[0].outcome, Outcome::Created);
    let ada = memory.entity(made[0].id).await.unwrap().unwrap();
    assert_eq!(ada.observations, ["likes tea", "knows Bo"]);
    assert_eq!((ada.version, ada.embedded), (1, true));
    assert_eq!(ada.text(), "Ada\nlikes tea\nknows Bo");

    let again = memory.remember(&scope, vec![first]).await.unwrap();
    assert_eq!(again[0].outcome, Outcome::Unchanged);
    assert_eq!(memory.entity(ada.id).await.unwrap().unwrap(), ada);

    let more = NewEntity {
        kind: "person".to_owned(),
        metadata: object(json!({"city": "Rome", "tall": true})),
        ..fact("Ada", &["knows Bo", "moved"])
    };
    let merged = memory.remember(&scope, vec![more]).await.unwrap();
    assert_eq!((merged[0].id, merged[0].outcome), (ada.id, Outcome::Merged));
    let after = memory.named(&scope, "Ada").await.unwrap().unwrap();
    assert_eq!(after.observations, ["likes tea", "knows Bo", "moved"]);
    assert_eq!(
        after.metadata,
        object(json!({"city": "Rome", "age": 30, "tall": true}))
    );
    assert_eq!(
        (&*after.kind, after.version, after.embedded),
        ("fact", 2, false)
    );
    assert_eq!(after.created_ms, ada.created_ms);

    // In another scope it is another one.
    let other = Scope::Agent("a".to_owned());
    let made = memory
        .remember(&other, vec![fact("Ada", &[])])
        .await
        .unwrap();
    assert_eq!(made[0].outcome, Outcome::Created);
    assert_ne!(made[0].id, ada.id);
}

#[tokio::test]
async fn what_can_not_be_kept_is_named_and_nothing_of_the_batch_stays() {
    let place = place();
    let memory = everything(&place.store);
    let good = || fact("good", &[]);
    let of_length = |length: f32| {
        let vector = vector(1).map(|number| number * length);
        Some(std::sync::Arc::new(vector))
    };
    let cases: Vec<(NewEntity, &str)> = vec![
        (fact("", &[]), "name \"\" must have"),
        (fact(" \u{a0}", &[]), "must have"),
        (fact("a\nb", &[]), "no line breaks"),
        (fact("a\0b", &[]), "control characters"),
        (fact(&"x".repeat(1025), &[]), "the limit is 1024"),
        (
            NewEntity {
                kind: String::new(),
                ..good()
            },
            "type",
        ),
        (
            NewEntity {
                kind: "k".repeat(257),
                ..good()
            },
            "the limit is 256",
        ),
        (fact("big", &[&"x".repeat(32769)]), "the limit is 32768"),
        (
            NewEntity {
                observations: vec!["x".repeat(32000); 40],
                ..good()
            },
            "the limit is 1048576",
        ),
        (
            NewEntity {
                metadata: object(json!({"k": "v".repeat(65536)})),
                ..good()
            },
            "metadata",
        ),
        (
            NewEntity {
                metadata: object(json!({"k": (0..33).fold(json!(1), |within, _| json!([within]))})),
                ..good()
            },
            "the depth of metadata",
        ),
        (
            NewEntity {
                vector: of_length(0.0),
                ..good()
            },
            "length 1",
        ),
        (
            NewEntity {
                vector: of_length(1.1),
                ..good()
            },
            "length 1",
        ),
        (
            NewEntity {
                vector: of_length(f32::NAN),
                ..good()
            },
            "length 1",
        ),
        (
            NewEntity {
                vector: of_length(f32::INFINITY),
                ..good()
            },
            "length 1",
        ),
    ];
    for (bad, expected) in cases {
        let batch = vec![fact("before", &[]), bad];
        let error = memory.remember(&Scope::Global, batch).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert_eq!(memory.count().await.unwrap().entities, 0);
    }
    let many = vec![good(); 10_001];
    let error = memory.remember(&Scope::Global, many).await.unwrap_err();
    assert!(matches!(error, Error::Limit { max: 10_000, .. }), "{error}");
    let far = Scope::Conversation("c".repeat(1024));
    let error = memory.remember(&far, vec![good()]).await.unwrap_err();
    assert!(error.to_string().contains("scope"), "{error}");
}

#[tokio::test]
async fn large_entities_are_read_a_few_at_a_time_and_not_added_to_without_end() {
    let place = place();
    let memory = everything(&place.store);
    let large = |name: &str| NewEntity {
        observations: (0..31)
            .map(|n| format!("{name} {n} {}", "x ".repeat(16_000)))
            .collect(),
        ..fact(name, &[])
    };
    let names: Vec<String> = (0..12).map(|n| format!("e{n}")).collect();
    for name in &names {
        let one = vec![large(name)];
        memory.remember(&Scope::Workspace, one).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = memory.entities(Filter::default(), 500, before);
        let page = page.await.unwrap();
        let Some(last) = page.entities.last() else {
            panic!("no page is empty where there is more")
        };
        before = Some((last.updated_ms, last.id));
        assert!(page.entities.len() <= 5, "{}", page.entities.len());
        seen.extend(page.entities.iter().map(|entity| entity.name.clone()));
        if !page.more {
            break;
        }
    }
    seen.sort_unstable_by_key(|name| name[1..].parse::<u32>().unwrap());
    assert_eq!(seen, names);
    let query = Query {
        text: "x".to_owned(),
        limit: 500,
        ..Query::default()
    };
    let hits = memory.search(query).await.unwrap().len();
    assert!((1..=5).contains(&hits), "{hits}");

    let more = |count: usize| -> Vec<NewEntity> {
        (0..count)
            .map(|n| fact("e0", &[&format!("more {n}")]))
            .collect()
    };
    memory.remember(&Scope::Workspace, more(10)).await.unwrap();
    let error = memory.remember(&Scope::Workspace, more(100)).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("adds to"), "{error}");
    let entity = memory.named(&Scope::Workspace, "e0").await.unwrap();
    assert_eq!(entity.unwrap().observations.len(), 41);
}

#[tokio::test]
async fn hostile_names_are_names() {
    let place = place();
    let memory = everything(&place.store);
    for hostile in HOSTILE
        .iter()
        .filter(|name| !name.is_empty() && !name.contains('\0'))
    {
        let scope = Scope::Agent((*hostile).to_owned());
        let new = NewEntity {
            kind: (*hostile).to_owned(),
            metadata: object(json!({*hostile: hostile})),
            ..fact(hostile, &[hostile, "x"])
        };
        let made = memory.remember(&scope, vec![new]).await.unwrap();
        let entity = memory.named(&scope, hostile).await.unwrap().unwrap();
        assert_eq!(
            (entity.id, &*entity.name, &*entity.kind),
            (made[0].id, *hostile, *hostile)
        );
        assert_eq!(entity.scope, scope);
        assert_eq!(entity.observations[0], *hostile);
    }
}

#[tokio::test]
async fn an_entity_can_be_changed_part_by_part() {
    let place = place();
    let memory = everything(&place.store);
    let new = vec![
        NewEntity {
            vector: Some(vector(1)),
            ..fact("one", &["a"])
        },
        fact("two", &[]),
    ];
    let made = memory.remember(&Scope::Global, new).await.unwrap();
    let id = made[0].id;
    let change = |change: Change| memory.change(id, change);

    let same = change(Change::default()).await.unwrap();
    assert_eq!((same.version, same.embedded), (1, true));
    let metadata = object(json!({"k": 1}));
    let changed = change(Change {
        metadata: Some(metadata.clone()),
        ..Change::default()
    })
    .await
    .unwrap();
    assert_eq!(
        (&changed.metadata, changed.version, changed.embedded),
        (&metadata, 1, true)
    );
    let changed = change(Change {
        observations: Some(vec!["b".to_owned()]),
        ..Change::default()
    })
    .await
    .unwrap();
    assert_eq!((changed.version, changed.embedded), (2, false));
    let changed = change(Change {
        name: Some("uno".to_owned()),
        vector: Some(vector(2)),
        ..Change::default()
    })
    .await
    .unwrap();
    assert_eq!(
        (&*changed.name, changed.version, changed.embedded),
        ("uno", 3, true)
    );

    let error = change(Change {
        name: Some("two".to_owned()),
        ..Change::default()
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, Error::NameUsed { id, .. } if id == made[1].id),
        "{error:?}"
    );
    let error = memory.change(99, Change::default()).await.unwrap_err();
    assert!(
        matches!(error, Error::NotFound { what: "entity", .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn of_two_who_change_the_same_version_one_is_told() {
    let place = place();
    let memory = everything(&place.store);
    let made = memory.remember(&Scope::Global, vec![fact("one", &["a"])]);
    let id = made.await.unwrap()[0].id;
    let change = |observation: &str, version: i64| {
        let change = Change {
            observations: Some(vec![observation.to_owned()]),
            version: Some(version),
            ..Change::default()
        };
        memory.change(id, change)
    };
    let (one, two) = tokio::join!(change("b", 1), change("c", 1));
    let (kept, error) = match (one, two) {
        (Ok(kept), Err(error)) | (Err(error), Ok(kept)) => (kept, error),
        other => panic!("{other:?}"),
    };
    assert!(
        matches!(
            error,
            Error::EntityChanged {
                version: 1,
                found: 2,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(memory.entity(id).await.unwrap().unwrap(), kept);
    assert_eq!(change("d", 2).await.unwrap().version, 3);
}

#[tokio::test]
async fn vectors_come_later_and_only_for_the_text_that_they_are_of() {
    let place = place();
    let memory = everything(&place.store);
    let new = vec![fact("one", &[]), fact("two", &[])];
    let made = memory.remember(&Scope::Global, new).await.unwrap();
    let waiting = memory.unembedded(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    // The second one's text changes before its vector comes.
    memory
        .remember(&Scope::Global, vec![fact("two", &["more"])])
        .await
        .unwrap();
    let vectors = waiting
        .iter()
        .map(|entity| (entity.id, entity.version, vector(7)));
    assert_eq!(memory.set_vectors(vectors.collect()).await.unwrap(), 1);
    let waiting = memory.unembedded(10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].id), (1, made[1].id));
    assert_eq!(
        memory
            .set_vectors(vec![(made[1].id, 2, vector(8)), (99, 1, vector(1))])
            .await
            .unwrap(),
        1
    );
    assert_eq!(memory.unembedded(10).await.unwrap(), []);
}

#[tokio::test]
async fn entities_are_listed_by_their_last_change() {
    let place = place();
    let memory = everything(&place.store);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let made = memory
            .remember(&Scope::Global, vec![fact(name, &[])])
            .await
            .unwrap();
        ids.push(made[0].id);
    }
    memory.forget(vec![ids[1]]).await.unwrap();
    let all = memory
        .entities(Default::default(), 10, None)
        .await
        .unwrap()
        .entities;
    let listed: Vec<i64> = all.iter().map(|entity| entity.id).collect();
    assert_eq!(listed, [ids[2], ids[0]]);
    let before = Some((all[0].updated_ms, all[0].id));
    let rest = memory
        .entities(Default::default(), 10, before)
        .await
        .unwrap()
        .entities;
    assert_eq!(rest, all[1..]);
    assert_eq!(
        memory
            .entities(Default::default(), 1, None)
            .await
            .unwrap()
            .entities,
        all[..1]
    );
    assert_eq!(
        memory
            .entities(Default::default(), 0, None)
            .await
            .unwrap()
            .entities,
        []
    );
}

#[tokio::test]
async fn every_edit_is_in_the_audit_log_with_its_author() {
    let place = place();
    let memory = everything(&place.store);
    let new = vec![fact("a", &[]), fact("b", &[]), fact("c", &[])];
    let ids: Vec<i64> = memory
        .remember(&Scope::Workspace, new)
        .await
        .unwrap()
        .iter()
        .map(|made| made.id)
        .collect();
    memory
        .remember(&Scope::Workspace, vec![fact("a", &["x"]), fact("d", &[])])
        .await
        .unwrap();
    // What changes nothing is no edit.
    memory
        .remember(&Scope::Workspace, vec![fact("a", &["x"])])
        .await
        .unwrap();
    memory
        .change(
            ids[1],
            Change {
                kind: Some("k".to_owned()),
                ..Change::default()
            },
        )
        .await
        .unwrap();
    memory.forget(vec![ids[0], ids[2], 999]).await.unwrap();
    memory.forget(vec![999]).await.unwrap();
    let log = place
        .store
        .audit_log(Some("test"), 100, None)
        .await
        .unwrap();
    let lines: Vec<_> = log
        .iter()
        .rev()
        .map(|entry| format!("{} {} {}", entry.action, entry.target, entry.detail))
        .collect();
    assert_eq!(
        lines,
        [
            "memory-remember workspace created 1-3",
            "memory-remember workspace created 4; merged into 1",
            "memory-change workspace changed 2",
            "memory-forget  forgot 1, 3",
        ]
    );
}
