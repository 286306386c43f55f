//! The state of components: private to each, sorted, and limited.

use caxton_memory::{
    Error, STATE_ENTRY_BYTES, STATE_KEY_BYTES_MAX, STATE_TOTAL_BYTES_MAX, STATE_VALUE_BYTES_MAX,
    Store,
};

use crate::{HOSTILE, place};

#[tokio::test]
async fn each_component_has_its_own_keys() {
    let place = place();
    let store = &place.store;
    store
        .state_set("counter", "n", b"1".to_vec())
        .await
        .unwrap();
    store
        .state_set("counter", "n", b"2".to_vec())
        .await
        .unwrap();
    store.state_set("other", "n", vec![]).await.unwrap();
    assert_eq!(
        store.state_get("counter", "n").await.unwrap(),
        Some(b"2".to_vec())
    );
    assert_eq!(store.state_get("other", "n").await.unwrap(), Some(vec![]));
    assert_eq!(store.state_get("third", "n").await.unwrap(), None);
    assert!(store.state_delete("counter", "n").await.unwrap());
    assert!(!store.state_delete("counter", "n").await.unwrap());
    store.state_clear("other").await.unwrap();
    assert_eq!(
        store.state_keys("other", "").await.unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn hostile_names_are_only_names_and_survive_a_restart() {
    let place = place();
    for name in HOSTILE {
        for key in HOSTILE {
            place
                .store
                .state_set(name, key, key.as_bytes().to_vec())
                .await
                .unwrap();
        }
    }
    drop(place.store);
    let store = Store::open(place.directory.path().join("sales.db")).unwrap();
    let mut sorted = HOSTILE.to_vec();
    sorted.sort_unstable();
    for name in HOSTILE {
        assert_eq!(store.state_keys(name, "").await.unwrap(), sorted);
        assert_eq!(store.state_keys(name, "%").await.unwrap(), ["%"]);
        assert_eq!(store.state_keys(name, "a").await.unwrap(), ["a\0b"]);
        for key in HOSTILE {
            let value = store.state_get(name, key).await.unwrap();
            assert_eq!(value.as_deref(), Some(key.as_bytes()));
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_size_and_the_limit() {
    let place = place();
    let store = &place.store;
    let key = "k".repeat(STATE_KEY_BYTES_MAX);
    store
        .state_set("c", &key, vec![0; STATE_VALUE_BYTES_MAX])
        .await
        .unwrap();
    let check = |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
    check(
        store
            .state_set("c", &format!("{key}k"), vec![])
            .await
            .unwrap_err(),
        "a state key's bytes would be 513, and the limit is 512",
    );
    check(
        store
            .state_set("c", "k", vec![0; STATE_VALUE_BYTES_MAX + 1])
            .await
            .unwrap_err(),
        "a state value's bytes would be 1048577, and the limit is 1048576",
    );
}

#[tokio::test]
async fn a_full_component_can_still_shrink_and_others_have_room() {
    let place = place();
    let store = &place.store;
    // 63 values of 1 MiB with their keys leave a little less than 1 MiB.
    for n in 0..63 {
        store
            .state_set("c", &format!("{n:02}"), vec![0; 1 << 20])
            .await
            .unwrap();
    }
    let left = STATE_TOTAL_BYTES_MAX - 63 * ((1 << 20) + 2 + STATE_ENTRY_BYTES);
    let exact = left - 4 - STATE_ENTRY_BYTES;
    let error = store
        .state_set("c", "last", vec![0; exact + 1])
        .await
        .unwrap_err();
    let expected = "the component's state in bytes would be 67108865, and the limit is 67108864";
    assert_eq!(error.to_string(), expected);
    assert_eq!(store.state_get("c", "last").await.unwrap(), None);
    store.state_set("c", "last", vec![0; exact]).await.unwrap();

    assert!(store.state_set("c", "", vec![]).await.is_err());
    store.state_set("d", "", vec![]).await.unwrap();
    store.state_set("c", "00", vec![]).await.unwrap();
    store.state_set("c", "", vec![]).await.unwrap();
    assert!(store.state_delete("c", "last").await.unwrap());
}
