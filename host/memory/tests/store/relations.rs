//! Relations, and walking along them.

use caxton_memory::{Direction, Error, Memory, NewRelation, RelationKey, Scope, Walk};
use serde_json::json;

use crate::{everything, fact, place};

fn new(source: i64, kind: &str, target: i64) -> NewRelation {
    NewRelation {
        source,
        kind: kind.to_owned(),
        target,
        metadata: Default::default(),
    }
}

/// Entities with the numbers 1 to `count`.
async fn entities(memory: &Memory, count: usize) {
    let new = (0..count).map(|n| fact(&format!("e{n}"), &[])).collect();
    memory.remember(&Scope::Workspace, new).await.unwrap();
}

#[tokio::test]
async fn a_relation_is_known_by_its_ends_and_its_type() {
    let place = place();
    let memory = everything(&place.store);
    entities(&memory, 3).await;
    let with = |key: &str, mut relation: NewRelation| {
        relation.metadata.insert(key.to_owned(), json!(1));
        relation
    };
    let some = vec![
        new(1, "knows", 2),
        new(2, "knows", 1),
        new(1, "likes", 2),
        new(1, "knows", 2),
        new(3, "is", 3),
    ];
    assert_eq!(memory.relate(some).await.unwrap(), 4);
    let again = vec![with("a", new(1, "knows", 2)), with("b", new(1, "knows", 2))];
    assert_eq!(memory.relate(again).await.unwrap(), 0);
    let check = async |id: i64, direction, kinds: &[&str], expected: &[(i64, &str, i64)]| {
        let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
        let relations = memory.relations(id, direction, kinds, 10).await.unwrap();
        let found: Vec<_> = relations
            .iter()
            .map(|r| (r.source, &*r.kind, r.target))
            .collect();
        assert_eq!(found, expected);
    };
    check(1, Direction::Out, &[], &[(1, "knows", 2), (1, "likes", 2)]).await;
    check(1, Direction::In, &[], &[(2, "knows", 1)]).await;
    check(
        1,
        Direction::Both,
        &["knows"],
        &[(1, "knows", 2), (2, "knows", 1)],
    )
    .await;
    check(1, Direction::Both, &["unheard-of"], &[]).await;
    check(3, Direction::Both, &[], &[(3, "is", 3)]).await;
    let relations = memory
        .relations(1, Direction::Out, vec!["knows".to_owned()], 10)
        .await
        .unwrap();
    assert_eq!(json!(relations[0].metadata), json!({"a": 1, "b": 1}));

    let error = memory
        .relate(vec![new(2, "likes", 1), new(1, "knows", 9)])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    assert_eq!(memory.count().await.unwrap().relations, 4);
    let error = memory.relate(vec![new(1, "a\nb", 2)]).await.unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");

    let key = RelationKey {
        source: 1,
        kind: "likes".to_owned(),
        target: 2,
    };
    assert_eq!(memory.unrelate(vec![key.clone(), key]).await.unwrap(), 1);
    // What was related to something goes with it.
    memory.forget(vec![2]).await.unwrap();
    assert_eq!(memory.count().await.unwrap().relations, 1);
    let log = place.store.audit_log(None, 2, None).await.unwrap();
    assert_eq!(log[1].detail, "took away 1 -likes-> 2");
}

#[tokio::test]
async fn a_walk_goes_as_far_and_as_wide_as_it_may() {
    let place = place();
    let memory = everything(&place.store);
    entities(&memory, 8).await;
    // 1 → 2 → 3 → 4 → 1, 2 → 5, 6 → 2, 7 on its own.
    let edges = [
        (1, "a", 2),
        (2, "a", 3),
        (3, "a", 4),
        (4, "b", 1),
        (2, "b", 5),
        (6, "a", 2),
    ];
    let edges = edges.map(|(source, kind, target)| new(source, kind, target));
    memory.relate(edges.to_vec()).await.unwrap();
    let base = || Walk {
        from: vec![1],
        depth: 8,
        direction: Direction::Out,
        entities_max: 100,
        kinds: vec![],
    };
    let check = async |walk: Walk, expected: &[(i64, usize)], relations: usize, truncated| {
        let graph = memory.walk(walk.clone()).await.unwrap();
        let reached: Vec<_> = graph
            .entities
            .iter()
            .map(|r| (r.entity.id, r.depth))
            .collect();
        assert_eq!(
            (&*reached, graph.relations.len(), graph.truncated),
            (expected, relations, truncated),
            "{walk:?}"
        );
    };
    check(Walk { depth: 0, ..base() }, &[(1, 0)], 0, false).await;
    check(Walk { depth: 1, ..base() }, &[(1, 0), (2, 1)], 1, false).await;
    check(base(), &[(1, 0), (2, 1), (3, 2), (5, 2), (4, 3)], 5, false).await;
    check(
        Walk {
            kinds: vec!["a".to_owned()],
            ..base()
        },
        &[(1, 0), (2, 1), (3, 2), (4, 3)],
        3,
        false,
    )
    .await;
    check(
        Walk {
            kinds: vec!["none".to_owned()],
            ..base()
        },
        &[(1, 0)],
        0,
        false,
    )
    .await;
    check(
        Walk {
            direction: Direction::In,
            depth: 2,
            ..base()
        },
        &[(1, 0), (4, 1), (3, 2)],
        2,
        false,
    )
    .await;
    let both = Walk {
        direction: Direction::Both,
        depth: 1,
        ..base()
    };
    check(both, &[(1, 0), (2, 1), (4, 1)], 2, false).await;
    check(
        Walk {
            entities_max: 3,
            ..base()
        },
        &[(1, 0), (2, 1), (3, 2)],
        2,
        true,
    )
    .await;
    check(
        Walk {
            entities_max: 0,
            ..base()
        },
        &[],
        0,
        true,
    )
    .await;
    check(
        Walk {
            from: vec![7, 7, 99],
            ..base()
        },
        &[(7, 0)],
        0,
        false,
    )
    .await;
    check(
        Walk {
            from: vec![],
            ..base()
        },
        &[],
        0,
        false,
    )
    .await;
    for walk in [
        Walk { depth: 9, ..base() },
        Walk {
            entities_max: 10_001,
            ..base()
        },
    ] {
        let error = memory.walk(walk).await.unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error:?}");
    }
}
