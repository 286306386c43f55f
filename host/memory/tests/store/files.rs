//! Files that are not what they should be: each gets an error that names the file, and is left as it was.

use std::path::Path;

use caxton_memory::{Error, NewMessage, Role, Store};
use serde_json::json;

use crate::place;

#[tokio::test]
async fn a_damaged_file_is_named_and_left_alone() {
    let place = place();
    let made = place
        .store
        .create_conversation(Default::default())
        .await
        .unwrap();
    for _ in 0..64 {
        let message = NewMessage::new(Role::User, json!("x".repeat(4000)));
        place.store.append(&made.id, vec![message]).await.unwrap();
    }
    let whole = copy_of(&place.directory.path().join("sales.db"));
    let check = |name: &str, bytes: &[u8]| {
        let path = place.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{name}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains("from a backup"),
            "{text}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name} was changed");
    };
    check("cut-in-half.db", &whole[..whole.len() / 2]);
    check("cut-in-header.db", &whole[..60]);
    check("cut-in-first-page.db", &whole[..3000]);
    check("text.db", "name,amount\nwidget,3\n".repeat(200).as_bytes());
    let mut zeroed = whole;
    zeroed[100..4096].fill(0);
    check("schema-gone.db", &zeroed);
}

#[tokio::test]
async fn damage_in_the_middle_is_named_when_it_is_met() {
    let place = place();
    let made = place
        .store
        .create_conversation(Default::default())
        .await
        .unwrap();
    for _ in 0..64 {
        let message = NewMessage::new(Role::User, json!("x".repeat(4000)));
        place.store.append(&made.id, vec![message]).await.unwrap();
    }
    let mut bytes = copy_of(&place.directory.path().join("sales.db"));
    let messages = bytes.len() / 2;
    bytes[messages..].fill(0xa5);
    let path = place.directory.path().join("middle.db");
    std::fs::write(&path, bytes).unwrap();
    let error = match Store::open(&path) {
        Ok(store) => store.messages(&made.id).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("middle.db"), "{error}");
}

#[test]
fn other_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| Store::open(directory.path().join(name)).unwrap_err();

    let error = open("nowhere/sales.db");
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere/sales.db"), "{error}");
    std::fs::create_dir(directory.path().join("directory.db")).unwrap();
    assert!(matches!(open("directory.db"), Error::Open { .. }));

    let sqlite = |name: &str, sql: &str| {
        let path = directory.path().join(name);
        rusqlite::Connection::open(path)
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    };
    sqlite("other.db", "CREATE TABLE theirs (x)");
    assert!(matches!(open("other.db"), Error::Foreign { .. }));

    drop(Store::open(directory.path().join("newer.db")).unwrap());
    sqlite("newer.db", "PRAGMA user_version = 99");
    let error = open("newer.db");
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_of_the_first_format_keeps_what_it_holds() {
    let place = place();
    let path = place.directory.path().join("first.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/migrations/0001_foundation.sql"))
        .unwrap();
    old.execute_batch(
        "PRAGMA application_id = 0x4358544e; PRAGMA user_version = 1;
         INSERT INTO conversations VALUES ('c', NULL, 'a', NULL, 1, 9), ('empty', NULL, 'a', NULL, 1, 1);
         INSERT INTO messages VALUES
             ('c', 1, 'user', NULL, '1', NULL, NULL, 1), ('c', 2, 'assistant', 'a', '2', NULL, NULL, 2),
             ('c', 3, 'user', NULL, '3', NULL, NULL, 5), ('c', 4, 'assistant', 'a', '4', NULL, NULL, 9);
         INSERT INTO turns VALUES
             (3, 't', 'c', NULL, 'a', '{}', 'running', 5, 9), (7, 'u', 'empty', 't', 'a', '{}', 'done', 6, 9);",
    )
    .unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    let running = store.running_turns().await.unwrap();
    assert_eq!(
        (&*running[0].id, running[0].seq, running.len()),
        ("t", 3, 1)
    );
    let child = &store.turns("empty").await.unwrap()[0];
    assert_eq!((child.parent.as_deref(), child.seq), (Some("t"), 1));
    assert_eq!(store.messages("c").await.unwrap().len(), 4);
    for (id, seq) in [("c", 5), ("empty", 1)] {
        let message = NewMessage::new(Role::User, json!("more"));
        assert_eq!(store.append(id, vec![message]).await.unwrap(), seq);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.store.state_set("c", "k", vec![]).await.unwrap();
    for file in std::fs::read_dir(place.directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

/// The database as one file, whatever its log still holds.
fn copy_of(path: &Path) -> Vec<u8> {
    let copy = path.with_extension("copy");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    std::fs::read(copy).unwrap()
}
