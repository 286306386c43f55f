//! Limits on what is asked, sharing between callers, and use from async code.

use std::sync::Arc;

use caxton_embed::{Embedder, Error, Settings, Source, State, TEXT_BYTES_READ, TEXTS_MAX};

use crate::{model_directory, shared};

#[test]
fn nothing_asked_is_nothing_given() {
    assert_eq!(shared().embed(&[]), Ok(vec![]));
    assert_eq!(shared().similarities("alone", &[]), Ok(vec![]));
}

#[test]
fn equal_texts_share_one_vector_within_a_call_and_between_calls() {
    let first = shared().embed(&["twice", "once", "twice"]).unwrap();
    assert!(Arc::ptr_eq(&first[0], &first[2]));
    assert!(!Arc::ptr_eq(&first[0], &first[1]));
    let again = shared().embed(&["once"]).unwrap();
    assert!(Arc::ptr_eq(&first[1], &again[0]));
}

#[test]
fn too_many_texts_are_refused() {
    let texts = vec!["x"; TEXTS_MAX + 1];
    let error = shared().embed(&texts).unwrap_err();
    assert_eq!(
        error,
        Error::TooManyTexts {
            count: TEXTS_MAX + 1,
            max: TEXTS_MAX
        }
    );
    assert_eq!(shared().embed(&texts[1..]).unwrap().len(), TEXTS_MAX);
}

#[test]
fn beyond_its_queue_it_says_busy_and_recovers() {
    let settings = Settings {
        waiting_texts_max: 2,
        ..Settings::default()
    };
    let embedder = Embedder::open_with(Source::Directory(model_directory()), settings);
    let error = embedder.embed(&["a", "b", "c"]).unwrap_err();
    assert_eq!(error, Error::Busy { max: 2 });
    // Known texts need no room, and room comes back.
    for texts in [["a", "b"], ["b", "c"], ["c", "d"]] {
        embedder.embed(&texts).unwrap();
    }
    assert_eq!(embedder.embed(&["a", "b", "c", "d"]).unwrap().len(), 4);
}

#[test]
fn callers_at_the_same_time_get_each_their_own_vectors() {
    let expected: Vec<_> = (0..40)
        .map(|n| shared().embed(&[&format!("number {n}")]).unwrap().remove(0))
        .collect();
    let settings = Settings {
        cache_bytes_max: 20_000,
        ..Settings::default()
    };
    let embedder = Embedder::open_with(Source::Directory(model_directory()), settings);
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (embedder, expected) = (embedder.clone(), &expected);
            scope.spawn(move || {
                let order: Vec<usize> = (0..40).map(|n| (n * 7 + caller * 5) % 40).collect();
                let texts: Vec<String> = order.iter().map(|n| format!("number {n}")).collect();
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                for (n, vector) in order.iter().zip(embedder.embed(&texts).unwrap()) {
                    let dot: f32 = vector
                        .iter()
                        .zip(expected[*n].iter())
                        .map(|(a, b)| a * b)
                        .sum();
                    assert!(dot > 0.9999, "number {n}: {dot}");
                }
            });
        }
    });
}

#[test]
fn a_huge_text_is_read_only_in_its_beginning() {
    let huge = "é".repeat(8 << 20);
    let beginning = &huge[..TEXT_BYTES_READ];
    let vectors = shared().embed(&[&huge, beginning]).unwrap();
    assert!(Arc::ptr_eq(&vectors[0], &vectors[1]));
}

#[tokio::test]
async fn it_serves_async_code_and_forgets_a_caller_who_has_gone() {
    let embedder = Embedder::open(Source::Directory(model_directory()));
    let mut gone = Box::pin(embedder.embed_async(&["never read"]));
    let waker = std::task::Waker::noop();
    assert!(
        gone.as_mut()
            .poll(&mut std::task::Context::from_waker(waker))
            .is_pending()
    );
    drop(gone);
    assert_eq!(embedder.loaded().await, State::Ready);
    let vectors = embedder
        .embed_async(&["one".to_owned(), "two".to_owned()])
        .await
        .unwrap();
    assert_eq!(vectors.len(), 2);
    assert_eq!(
        embedder
            .similarities_async("one", &["one", "two"])
            .await
            .unwrap()
            .len(),
        2
    );
    // Blocking on a runtime's thread is unwise, but not a panic.
    assert_eq!(embedder.embed(&["three"]).unwrap().len(), 1);
}
