//! Export and import.

use caxton_memory::{Error, Imported, Memory, NewEntity, NewRelation, Scope, View};
use serde_json::{Value, json};

use crate::{everything, fact, place, vector};

const HEADER: &str = "{\"caxton-memory\":{\"version\":1,\"exported_ms\":0}}\n";

async fn export(memory: &Memory, with_vectors: bool) -> Vec<u8> {
    let mut export = memory.export(with_vectors);
    let mut all = Vec::new();
    while let Some(bytes) = export.next().await.unwrap() {
        all.extend(bytes);
    }
    all
}

async fn import(memory: &Memory, bytes: &[u8], piece: usize) -> Result<Imported, Error> {
    let mut import = memory.import();
    for piece in bytes.chunks(piece) {
        import.feed(piece).await?;
    }
    import.finish().await
}

async fn fill(memory: &Memory) {
    for scope in ["global", "agent:a", "conversation:漢"] {
        let new = (0..700).map(|n| NewEntity {
            vector: (n % 3 > 0).then(|| vector(n)),
            metadata: json!({"n": n, "nested": {"a": [1, null]}})
                .as_object()
                .cloned()
                .unwrap(),
            ..fact(&format!("e\"{n}"), &["first\nline", "second \u{2028} 🦀"])
        });
        memory
            .remember(&scope.parse().unwrap(), new.collect())
            .await
            .unwrap();
    }
    let new = (1..=1200).map(|n| NewRelation {
        source: n,
        kind: "next".to_owned(),
        target: n + 1,
        metadata: json!({"n": n}).as_object().cloned().unwrap(),
    });
    memory.relate(new.collect()).await.unwrap();
}

/// An export without its first line, which has the time.
fn body(export: &[u8]) -> &[u8] {
    let header = export.iter().position(|byte| *byte == b'\n').unwrap();
    &export[header..]
}

#[tokio::test]
async fn what_is_exported_comes_back_the_same() {
    let (ours, theirs) = (place(), place());
    let (memory, copy) = (everything(&ours.store), everything(&theirs.store));
    fill(&memory).await;
    let whole = export(&memory, true).await;
    let done = import(&copy, &whole, 1000).await.unwrap();
    assert_eq!(
        done,
        Imported {
            created: 2100,
            relations: 1200,
            ..Imported::default()
        }
    );
    let back = export(&copy, true).await;
    assert!(body(&back) == body(&whole));
    // A second time nothing changes, cut elsewhere or not.
    let log = theirs.store.audit_log(None, 1, None).await.unwrap();
    let done = import(&copy, &whole, 7919).await.unwrap();
    assert_eq!(
        done,
        Imported {
            unchanged: 2100,
            ..Imported::default()
        }
    );
    assert_eq!(theirs.store.audit_log(None, 1, None).await.unwrap(), log);
    assert!(body(&export(&copy, true).await) == body(&whole));
    let without = String::from_utf8(export(&memory, false).await).unwrap();
    assert!(!without.contains("\"vector\"") && without.lines().count() == 3301);
}

#[tokio::test]
async fn an_import_that_broke_off_is_gone_on_with() {
    let (ours, theirs) = (place(), place());
    let (memory, copy) = (everything(&ours.store), everything(&theirs.store));
    fill(&memory).await;
    let whole = export(&memory, true).await;
    for end in [10, whole.len() / 3, whole.len() * 2 / 3, whole.len() - 100] {
        let mut import = copy.import();
        import.feed(&whole[..end]).await.unwrap();
    }
    import(&copy, &whole, 4096).await.unwrap();
    assert!(body(&export(&copy, true).await) == body(&whole));
    assert_eq!(copy.count().await.unwrap().relations, 1200);
}

#[tokio::test]
async fn the_later_of_two_files_knows_better_and_nothing_is_lost() {
    let place = place();
    let memory = everything(&place.store);
    let line = |observation: &str, metadata: Value, created: i64, updated: i64| {
        let entity = json!({"entity": {"scope": "global", "name": "e", "type": "t", "observations": [observation],
            "metadata": metadata, "created_ms": created, "updated_ms": updated}});
        format!("{HEADER}{entity}\n")
    };
    for line in [
        line("b", json!({"k": "newer"}), 20, 200),
        line("a", json!({"k": "older", "more": 1}), 10, 100),
    ] {
        import(&memory, line.as_bytes(), 50).await.unwrap();
    }
    let entity = memory.named(&Scope::Global, "e").await.unwrap().unwrap();
    assert_eq!(entity.observations, ["b", "a"]);
    assert_eq!(json!(entity.metadata), json!({"k": "newer", "more": 1}));
    assert_eq!((entity.created_ms, entity.updated_ms), (10, 200));
}

#[tokio::test]
async fn what_stands_before_a_line_that_can_not_be_taken_is_kept() {
    let place = place();
    let memory = everything(&place.store);
    let line = |name: &str, observations: Value, updated_ms: i64| {
        json!({"entity": {"scope": "global", "name": name, "type": "t", "observations": observations,
            "created_ms": 1, "updated_ms": updated_ms}})
    };
    let full = |from: usize| {
        let texts = (from..from + 20).map(|n| format!("{n} {}", "x".repeat(32_000)));
        json!(texts.collect::<Vec<_>>())
    };
    let cases = [
        // It is no line at all.
        (
            format!("{}\n{{\"entity\":", line("a", json!([]), 1)),
            3,
            "EOF",
            "a",
        ),
        // It does not fit to what is there.
        (
            format!(
                "{}\n{}\n{}\n{}\n",
                line("b", json!([]), 1),
                line("full", full(0), 1),
                line("full", full(20), 1),
                line("c", json!([]), 1)
            ),
            4,
            "observations",
            "b",
        ),
    ];
    for (lines, at, expected, kept) in cases {
        let text = format!("{HEADER}{lines}");
        match import(&memory, text.as_bytes(), 1 << 20).await {
            Err(Error::Import { line, reason }) => {
                assert!(line == at && reason.contains(expected), "{line}: {reason}");
            }
            other => panic!("{other:?}"),
        }
        let entity = memory.named(&Scope::Global, kept).await.unwrap();
        assert!(entity.is_some(), "{kept}");
    }
    assert!(memory.named(&Scope::Global, "c").await.unwrap().is_none());
    // What comes from the future does not stay ahead of all that is changed after it.
    let text = format!("{HEADER}{}\n", line("late", json!([]), i64::MAX));
    import(&memory, text.as_bytes(), 50).await.unwrap();
    let late = memory.named(&Scope::Global, "late").await.unwrap().unwrap();
    memory
        .remember(&Scope::Global, vec![fact("b", &["more"])])
        .await
        .unwrap();
    let changed = memory.named(&Scope::Global, "b").await.unwrap().unwrap();
    assert!(late.updated_ms <= changed.updated_ms);
}

#[tokio::test]
async fn a_line_that_can_not_be_taken_is_named() {
    let place = place();
    let memory = place.store.memory(View::agent("a", None));
    let entity = |more: &str| {
        format!(
            "{HEADER}{{\"entity\":{{\"scope\":\"global\",\"name\":\"e\",\"type\":\"t\",\"created_ms\":1,\"updated_ms\":1{more}}}}}\n"
        )
    };
    let cases = [
        (String::new(), 1, "no header"),
        ("\n\n".to_owned(), 3, "no header"),
        ("[]".to_owned(), 1, "expected"),
        ("{\"name\":\"x\"}\n".to_owned(), 1, "unknown variant"),
        (
            HEADER.replace("\"version\":1", "\"version\":2"),
            1,
            "its version is 2",
        ),
        (entity("").replacen(HEADER, "", 1), 1, "header is missing"),
        (entity(",\"unknown\":1"), 2, "unknown field"),
        (entity(",\"vector\":\"AAAA\""), 2, "3 bytes"),
        (
            entity(&format!(",\"vector\":\"{}\"", "A".repeat(1024))),
            2,
            "length 1",
        ),
        (entity("").replace("\"e\"", "\"\""), 2, "must have a letter"),
        (
            entity("").replace("global", "agent:b"),
            2,
            "does not see the scope agent:b",
        ),
        (entity("").replace("global", "nowhere"), 2, "is no scope"),
        (
            format!("{HEADER}\n{{\"relation\":{{}}}}"),
            3,
            "missing field",
        ),
        ("x".repeat(17 << 20), 1, "longer than"),
    ];
    for (text, at, expected) in cases {
        let short: String = text.chars().take(200).collect();
        match import(&memory, text.as_bytes(), 1 << 20).await {
            Err(Error::Import { line, reason }) => {
                assert!(
                    line == at && reason.contains(expected),
                    "{short}: line {line}: {reason}"
                );
            }
            other => panic!("{short}: {other:?}"),
        }
    }
    // A relation of which an end is missing is counted.
    let end = |name: &str| json!({"scope": "global", "name": name});
    let relation = json!({"relation": {"source": end("e"), "type": "t", "target": end("none"), "created_ms": 1}});
    let text = format!("{}{relation}", entity(""));
    let done = import(&memory, text.as_bytes(), 10).await.unwrap();
    assert_eq!(
        (done.created, done.relations, done.relations_skipped),
        (1, 0, 1)
    );
}
