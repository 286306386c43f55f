//! The audit log: what is noted is there after a flush, and what is lost is counted.

use caxton_memory::{AuditEntry, Error, Store, Verdict};

use crate::{HOSTILE, place};

fn entry(component: &str, target: &str) -> AuditEntry {
    AuditEntry {
        component: component.to_owned(),
        action: "http".to_owned(),
        target: target.to_owned(),
        verdict: Verdict::Denied,
        detail: "not granted".to_owned(),
    }
}

#[tokio::test]
async fn entries_are_on_disk_after_a_flush() {
    let place = place();
    for (n, target) in HOSTILE.iter().enumerate() {
        place
            .store
            .audit(entry(if n % 2 == 0 { "even" } else { "odd" }, target))
            .unwrap();
    }
    place.store.flush().await.unwrap();
    drop(place.store);
    let store = Store::open(place.directory.path().join("sales.db")).unwrap();
    let all = store.audit_log(None, 100, None).await.unwrap();
    let targets: Vec<&str> = all
        .iter()
        .rev()
        .map(|record| record.target.as_str())
        .collect();
    assert_eq!(targets, HOSTILE);
    assert!(
        all.iter()
            .all(|record| record.verdict == Verdict::Denied && record.time_ms > 0)
    );
    let odd = store.audit_log(Some("odd"), 2, None).await.unwrap();
    let older = store
        .audit_log(Some("odd"), 2, Some(odd[1].number))
        .await
        .unwrap();
    assert_eq!((odd.len(), older.len()), (2, 2));
    assert!(
        older
            .iter()
            .all(|record| record.component == "odd" && record.number < odd[1].number)
    );
}

#[tokio::test]
async fn an_entry_alone_reaches_the_disk_without_a_flush() {
    let place = place();
    place.store.audit(entry("c", "somewhere")).unwrap();
    while place
        .store
        .audit_log(None, 1, None)
        .await
        .unwrap()
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn long_texts_are_cut_between_characters() {
    let place = place();
    place.store.audit(entry("c", &"é".repeat(5000))).unwrap();
    let mut odd = "x".to_owned();
    odd.push_str(&"é".repeat(5000));
    place.store.audit(entry("c", &odd)).unwrap();
    place.store.flush().await.unwrap();
    let log = place.store.audit_log(None, 9, None).await.unwrap();
    assert_eq!((log[0].target.len(), log[1].target.len()), (1023, 1024));
}

#[tokio::test]
async fn a_flood_is_bounded_and_its_loss_is_in_the_log() {
    let place = place();
    let path = place.directory.path().join("sales.db");
    // Another program holds the write lock, so that the queue can't drain.
    let lock = rusqlite::Connection::open(path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut refused = 0;
    for _ in 0..10_000 {
        match place.store.audit(entry("c", "t")) {
            Ok(()) => {}
            Err(Error::AuditQueueFull { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0);
    lock.execute_batch("ROLLBACK").unwrap();
    place.store.flush().await.unwrap();
    let log = place.store.audit_log(None, 20_000, None).await.unwrap();
    let lost = log
        .iter()
        .find(|record| record.action == "audit-lost")
        .unwrap();
    assert_eq!(
        lost.detail,
        format!("{refused} entries came faster than they could be written")
    );
    assert_eq!(log.len() - 1 + refused, 10_000);
}
