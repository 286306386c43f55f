//! Search: by meaning, by words, by time, and by all three; with filters; and what edits do to it at once.

use caxton_memory::{Change, Error, Filter, Memory, NewEntity, Query, Scope, Weights};
use serde_json::{Map, Value, json};

use crate::{everything, fact, names, place, vector};

fn words(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        limit: 10,
        ..Query::default()
    }
}

fn meaning(number: u64) -> Query {
    Query {
        vector: Some(vector(number)),
        limit: 10,
        ..Query::default()
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

async fn library(memory: &Memory) {
    let of = |number: u64, kind: &str, metadata: Value, new: NewEntity| NewEntity {
        kind: kind.to_owned(),
        metadata: object(metadata),
        vector: Some(vector(number)),
        ..new
    };
    let new = vec![
        of(
            1,
            "person",
            json!({"team": "red", "level": 3}),
            fact("Zoë Müller", &["leads the café project in Zürich"]),
        ),
        of(
            2,
            "project",
            json!({"team": "red"}),
            fact("Café", &["a project about coffee", "coffee coffee coffee"]),
        ),
        of(
            3,
            "person",
            json!({"team": "blue", "open": true}),
            fact("東京 office", &["opened by Zoe in spring"]),
        ),
        of(4, "note", json!({}), fact("Empty", &[])),
    ];
    memory.remember(&Scope::Workspace, new).await.unwrap();
}

#[tokio::test]
async fn words_are_found_whatever_their_case_and_accents() {
    let place = place();
    let memory = everything(&place.store);
    library(&memory).await;
    let check = async |text: &str, expected: &[&str]| {
        let hits = memory.search(words(text)).await.unwrap();
        assert_eq!(names(&hits), expected, "{text:?}");
    };
    check("zoe", &["東京 office", "Zoë Müller"]).await;
    check("MULLER", &["Zoë Müller"]).await;
    check("cafe", &["Café", "Zoë Müller"]).await;
    check("京", &["東京 office"]).await;
    // Rare words count for more than frequent ones, repeated ones for more than single ones.
    check("project coffee", &["Café", "Zoë Müller"]).await;
    check("nothing-like-this", &[]).await;
    check("\" OR 1=1 -- * NEAR(", &[]).await;
    check("🦀 . ,", &[]).await;
}

#[tokio::test]
async fn hits_say_what_speaks_for_them() {
    let place = place();
    let memory = everything(&place.store);
    library(&memory).await;
    let query = Query {
        text: "coffee".to_owned(),
        ..meaning(1)
    };
    let hits = memory.search(query).await.unwrap();
    assert_eq!(names(&hits)[..2], ["Café", "Zoë Müller"]);
    let (first, second) = (&hits[0], &hits[1]);
    assert_eq!((second.vector_rank, second.text_rank), (Some(1), None));
    assert!((second.similarity.unwrap() - 1.0).abs() < 1e-3);
    assert_eq!(first.text_rank, Some(1));
    assert!(first.bm25.unwrap() > 0.0 && second.bm25.is_none());
    let expected = |rank: Option<u32>| rank.map_or(0.0, |rank| 1.0 / (60.0 + f64::from(rank)));
    let recency = f64::from(0.1f32) / (60.0 + f64::from(first.recency_rank));
    let score = expected(first.vector_rank) + expected(first.text_rank) + recency;
    assert!((first.score - score).abs() < 1e-12);

    let weights = Weights {
        text: 0.0,
        ..Weights::default()
    };
    let hits = memory
        .search(Query {
            text: "coffee".to_owned(),
            weights,
            ..meaning(1)
        })
        .await
        .unwrap();
    assert_eq!(hits[0].entity.name, "Zoë Müller");
    assert!(hits.iter().all(|hit| hit.text_rank.is_none()));
    let least = Query {
        similarity_min: Some(0.9),
        ..meaning(3)
    };
    assert_eq!(names(&memory.search(least).await.unwrap()), ["東京 office"]);
    let nothing = memory
        .search(Query {
            limit: 2,
            ..Query::default()
        })
        .await
        .unwrap();
    assert_eq!(names(&nothing), ["Empty", "東京 office"], "the latest");
    assert_eq!(
        memory
            .search(Query {
                limit: 0,
                ..meaning(1)
            })
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn filters_leave_out_before_anything_is_chosen() {
    let place = place();
    let memory = everything(&place.store);
    library(&memory).await;
    // Many that are nearer than any that the filter lets pass.
    let crowd = (0..2000).map(|n| NewEntity {
        vector: Some(vector(1)),
        ..fact(&format!("crowd {n}"), &["coffee project"])
    });
    memory
        .remember(&Scope::Workspace, crowd.collect())
        .await
        .unwrap();
    let check = async |filter: Filter, expected: &[&str]| {
        let query = Query {
            text: "coffee project".to_owned(),
            filter: filter.clone(),
            ..meaning(1)
        };
        let hits = memory.search(query).await.unwrap();
        let mut found = names(&hits);
        found.sort_unstable();
        assert_eq!(found, expected, "{filter:?}");
        let listed = memory.entities(filter, 10, None).await.unwrap().entities;
        let mut listed: Vec<_> = listed.iter().map(|entity| &*entity.name).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected);
    };
    let metadata = |value| Filter {
        metadata: object(value),
        ..Filter::default()
    };
    check(metadata(json!({"team": "red"})), &["Café", "Zoë Müller"]).await;
    check(
        metadata(json!({"team": "red", "level": 3})),
        &["Zoë Müller"],
    )
    .await;
    check(metadata(json!({"level": "3"})), &[]).await;
    check(metadata(json!({"open": true})), &["東京 office"]).await;
    check(metadata(json!({"team": null})), &[]).await;
    let kinds = |kinds: &[&str]| Filter {
        kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        ..Filter::default()
    };
    check(
        kinds(&["person", "note"]),
        &["Empty", "Zoë Müller", "東京 office"],
    )
    .await;
    check(kinds(&["unheard-of"]), &[]).await;
    check(
        Filter {
            scopes: vec![Scope::Global],
            ..Filter::default()
        },
        &[],
    )
    .await;
    check(
        Filter {
            from_ms: Some(i64::MAX),
            ..Filter::default()
        },
        &[],
    )
    .await;
    check(
        Filter {
            until_ms: Some(0),
            ..Filter::default()
        },
        &[],
    )
    .await;
    let named = |name: &str| Filter {
        name: Some(name.to_owned()),
        ..Filter::default()
    };
    check(named("Café"), &["Café"]).await;
    check(named("café"), &[]).await;
    check(
        Filter {
            kinds: vec!["person".to_owned()],
            ..named("Café")
        },
        &[],
    )
    .await;
    check(
        Filter {
            phrases: vec!["coffee".to_owned()],
            ..named("Café")
        },
        &["Café"],
    )
    .await;
    let phrases = |phrases: &[&str]| Filter {
        phrases: phrases.iter().map(|&phrase| phrase.to_owned()).collect(),
        ..Filter::default()
    };
    check(phrases(&["the cafe project"]), &["Zoë Müller"]).await;
    check(phrases(&["project cafe the"]), &[]).await;
    check(phrases(&["coff*", "about"]), &["Café"]).await;
    check(phrases(&["\" OR \"coffee"]), &[]).await;
    let error = memory
        .search(Query {
            filter: phrases(&["*"]),
            ..meaning(1)
        })
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unfit {
                what: "a phrase",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_edit_holds_for_the_next_search() {
    let place = place();
    let memory = everything(&place.store);
    // The index is there before anything is remembered.
    assert_eq!(memory.search(words("first")).await.unwrap(), []);
    let new = NewEntity {
        vector: Some(vector(1)),
        ..fact("thing", &["first"])
    };
    let id = memory.remember(&Scope::Global, vec![new]).await.unwrap()[0].id;
    let found = async |query: Query| {
        !memory
            .search(Query {
                similarity_min: Some(0.5),
                ..query
            })
            .await
            .unwrap()
            .is_empty()
    };
    assert!(found(words("first")).await && found(meaning(1)).await);

    let change = Change {
        observations: Some(vec!["second".to_owned()]),
        ..Change::default()
    };
    memory.change(id, change).await.unwrap();
    assert!(
        !found(words("first")).await && found(words("second")).await && found(meaning(1)).await
    );
    memory.set_vectors(vec![(id, 2, vector(2))]).await.unwrap();
    assert!(!found(meaning(1)).await && found(meaning(2)).await && found(words("second")).await);
    let filter = Filter {
        metadata: object(json!({"k": 1})),
        ..Filter::default()
    };
    assert!(
        !found(Query {
            filter: filter.clone(),
            ..words("second")
        })
        .await
    );
    memory
        .change(
            id,
            Change {
                metadata: Some(object(json!({"k": 1}))),
                ..Change::default()
            },
        )
        .await
        .unwrap();
    assert!(
        found(Query {
            filter,
            ..words("second")
        })
        .await
    );
    memory.forget(vec![id]).await.unwrap();
    assert!(!found(words("second")).await && !found(meaning(2)).await);
}

#[tokio::test]
async fn many_edits_leave_the_index_as_one_made_anew() {
    let place = place();
    let memory = everything(&place.store);
    place.store.warm_memory().await.unwrap();
    let mut number = 0;
    for round in 0..30 {
        let new = (0..700).map(|n| {
            number += 1;
            NewEntity {
                vector: Some(vector(number)),
                ..fact(&format!("n{n}"), &[&format!("round{round} item{n}")])
            }
        });
        let made = memory
            .remember(&Scope::Workspace, new.collect())
            .await
            .unwrap();
        if round % 3 == 2 {
            memory
                .forget(made[100..].iter().map(|made| made.id).collect())
                .await
                .unwrap();
        }
    }
    let anew = caxton_memory::Store::open(place.store.path()).unwrap();
    let anew = everything(&anew);
    for query in [
        words("item5 round29"),
        words("round1 item650"),
        meaning(20_950),
        words("round7"),
    ] {
        let query = Query {
            text: query.text.clone(),
            limit: 200,
            ..query
        };
        let (ours, theirs) = (
            memory.search(query.clone()).await.unwrap(),
            anew.search(query).await.unwrap(),
        );
        let set = |hits: &[caxton_memory::Hit]| {
            let mut ids: Vec<i64> = hits.iter().map(|hit| hit.entity.id).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(set(&ours), set(&theirs));
        assert!(!ours.is_empty());
    }
    assert_eq!(
        memory
            .entities(Filter::default(), 10_000, None)
            .await
            .unwrap()
            .entities
            .len(),
        100
    );
}

#[tokio::test]
async fn what_is_too_large_or_no_vector_is_refused() {
    let place = place();
    let memory = everything(&place.store);
    let check = async |query: Query, expected: &str| {
        let error = memory.search(query).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    };
    check(
        Query {
            limit: 1001,
            ..Query::default()
        },
        "the limit is 1000",
    )
    .await;
    check(words(&"x".repeat(65537)), "the limit is 65536").await;
    let zero = Query {
        vector: Some(std::sync::Arc::new([0.0; 384])),
        limit: 1,
        ..Query::default()
    };
    check(zero, "length 1").await;
}
