//! Copies of a database that is in use.

use caxton_memory::{Error, Scope, Store};

use crate::{everything, fact, place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_one_state_of_the_database_while_it_is_written_to() {
    let place = place();
    let memory = everything(&place.store);
    memory
        .remember(&Scope::Global, vec![fact("before", &["word"])])
        .await
        .unwrap();
    let writer = tokio::spawn({
        let memory = memory.clone();
        async move {
            for n in 0..200 {
                // Two in each commit: a backup has both or neither.
                let pair = vec![
                    fact(&format!("left {n}"), &[]),
                    fact(&format!("right {n}"), &[]),
                ];
                memory.remember(&Scope::Workspace, pair).await.unwrap();
            }
        }
    });
    let mut copies = Vec::new();
    for n in 0..5 {
        let copy = place.directory.path().join(format!("copy{n}.db"));
        assert!(place.store.backup(&copy).await.unwrap() > 4096);
        copies.push(copy);
    }
    writer.await.unwrap();
    for copy in copies {
        let check = rusqlite::Connection::open(&copy).unwrap();
        let sound: String = check
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
        drop(check);
        let copy = everything(&Store::open(copy).unwrap());
        assert!(
            copy.named(&Scope::Global, "before")
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(copy.count().await.unwrap().entities % 2, 1);
        copy.remember(&Scope::Global, vec![fact("after", &[])])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_backup_replaces_no_file_and_leaves_none_where_it_fails() {
    let place = place();
    let directory = place.directory.path();
    let taken = directory.join("taken");
    std::fs::write(&taken, "mine").unwrap();
    for (path, expected) in [
        (taken.clone(), "exists already"),
        (directory.join("nowhere/copy.db"), "nowhere/copy.db"),
        (place.store.path().to_path_buf(), "exists already"),
    ] {
        let error = place.store.backup(&path).await.unwrap_err();
        assert!(matches!(error, Error::Backup { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    let copy = directory.join("copy.db");
    // What a killed server left.
    std::fs::write(directory.join("copy.db.partial"), "rest").unwrap();
    place.store.backup(&copy).await.unwrap();
    assert!(copy.exists() && !directory.join("copy.db.partial").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
