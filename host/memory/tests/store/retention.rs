//! Forgetting by age and by count.

use caxton_memory::{Retention, Scope};
use serde_json::json;

use crate::{everything, fact, place};

#[tokio::test]
async fn what_is_old_or_too_much_is_forgotten_in_its_scope_only() {
    let place = place();
    let memory = everything(&place.store);
    let mut import = memory.import();
    let mut lines = format!(
        "{}\n",
        json!({"caxton-memory": {"version": 1, "exported_ms": 0}})
    );
    // 1,200 of long ago, in the order of their numbers, and as many in another scope.
    for scope in ["agent:a", "agent:b"] {
        for n in 0..1200 {
            let line = json!({"entity": {"scope": scope, "name": format!("old{n}"), "type": "t", "observations": ["word"],
                "created_ms": n, "updated_ms": n}});
            lines.push_str(&format!("{line}\n"));
        }
    }
    import.feed(lines.as_bytes()).await.unwrap();
    import.finish().await.unwrap();
    let scope = Scope::Agent("a".to_owned());
    memory
        .remember(&scope, vec![fact("new", &["word"])])
        .await
        .unwrap();
    let count = async || memory.count().await.unwrap().entities;
    let mut scopes = memory.scopes().await.unwrap();
    scopes.sort();
    let agent = |name: &str| Scope::Agent(name.to_owned());
    assert_eq!(scopes, [agent("a"), agent("b")]);
    let seen = place.store.memory(caxton_memory::View::agent("a", None));
    assert_eq!(seen.scopes().await.unwrap(), [agent("a")]);
    let retain = async |age_ms_max, count_max| {
        memory
            .retain(
                &scope,
                Retention {
                    age_ms_max,
                    count_max,
                },
            )
            .await
            .unwrap()
    };

    assert_eq!(retain(None, None).await, 0);
    assert_eq!(retain(None, Some(1201)).await, 0);
    assert_eq!(retain(None, Some(1101)).await, 100);
    assert!(memory.named(&scope, "old99").await.unwrap().is_none());
    assert!(memory.named(&scope, "old100").await.unwrap().is_some());
    assert_eq!(retain(Some(i64::MAX), None).await, 0);
    assert_eq!(retain(Some(1_000_000), Some(0)).await, 1101);
    assert_eq!(count().await, 1200);
    assert_eq!(memory.scopes().await.unwrap(), [agent("b")]);
    let nobody = Scope::Agent("nobody".to_owned());
    assert_eq!(memory.forget_scope(&nobody).await.unwrap(), 0);
    assert_eq!(
        memory
            .forget_scope(&Scope::Agent("b".to_owned()))
            .await
            .unwrap(),
        1200
    );
    assert_eq!(count().await, 0);
    let log = place.store.audit_log(None, 1, None).await.unwrap();
    assert_eq!(
        (&*log[0].action, &*log[0].target),
        ("memory-forget", "agent:b")
    );
}
