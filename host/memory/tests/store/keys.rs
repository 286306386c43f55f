//! Idempotency keys: a message that is sent twice starts one turn.

use caxton_memory::{Error, NewTurn, TurnKey};

use crate::turns::{new_conversation, turn};
use crate::{HOSTILE, place};

fn with_key(key: &str, digest: &str) -> NewTurn {
    NewTurn {
        key: Some(TurnKey {
            key: key.to_owned(),
            digest: digest.to_owned(),
        }),
        ..turn(new_conversation(), None)
    }
}

#[tokio::test]
async fn a_key_starts_one_turn() {
    let place = place();
    let store = &place.store;
    for name in HOSTILE {
        let first = store.start_turn(with_key(name, "digest")).await.unwrap();
        let error = store.start_turn(with_key(name, "other")).await.unwrap_err();
        let Error::KeyUsed { key, turn, digest } = &error else {
            panic!("{error}");
        };
        assert_eq!((&**key, turn, &**digest), (*name, &first.id, "digest"));
        assert!(error.to_string().contains(&first.id), "{error}");
        let found = store.turn_of_key(name).await.unwrap();
        assert_eq!(found, Some((first.id, "digest".to_owned())));
    }
    // What was refused left nothing.
    let made = store.conversations(99, None).await.unwrap();
    assert_eq!(made.len(), HOSTILE.len());
    assert_eq!(store.turn_of_key("unused").await.unwrap(), None);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day_and_after_its_turn() {
    let place = place();
    let store = &place.store;
    let old = store.start_turn(with_key("old", "1")).await.unwrap();
    let young = store.start_turn(with_key("young", "1")).await.unwrap();
    let other = rusqlite::Connection::open(place.directory.path().join("sales.db")).unwrap();
    let minute = 60_000;
    let day = 24 * 60 * minute;
    let sql = "UPDATE turn_keys SET time_ms = time_ms - ?2 WHERE key = ?1";
    other.execute(sql, ("old", day + 1)).unwrap();
    other.execute(sql, ("young", day - minute)).unwrap();

    assert_eq!(store.turn_of_key("old").await.unwrap(), None);
    let again = store.start_turn(with_key("old", "2")).await.unwrap();
    assert_ne!(again.id, old.id);
    store.start_turn(with_key("young", "1")).await.unwrap_err();
    store
        .delete_conversation(&young.conversation)
        .await
        .unwrap();
    store.start_turn(with_key("young", "1")).await.unwrap();
}

#[tokio::test]
async fn a_turn_that_can_not_start_leaves_its_key_free() {
    let place = place();
    let store = &place.store;
    let mut orphan = with_key("key", "1");
    orphan.parent = Some("nobody".to_owned());
    store.start_turn(orphan).await.unwrap_err();
    assert_eq!(store.turn_of_key("key").await.unwrap(), None);
    store.start_turn(with_key("key", "1")).await.unwrap();
}
