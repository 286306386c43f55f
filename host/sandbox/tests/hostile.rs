//! Components that misbehave: each is stopped by the limit that is meant for it, says so by name, and touches nobody
//! else.

use std::path::PathBuf;
use std::time::Duration;

use caxton_sandbox::{
    Call, CallError, Called, Component, Failed, FileGrant, FileMode, Grants, LoadError, Overrides,
    Receipt, Sandbox, Settings, Spec, tool_types::Outcome,
};

/// The guest of that name, as `cargo xtask test` builds it.
fn guest(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests")
        .join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` builds it", path.display()))
}

/// One sandbox for all tests, for each reserves address space for its pool.
fn sandbox() -> Sandbox {
    static SANDBOX: std::sync::OnceLock<Sandbox> = std::sync::OnceLock::new();
    SANDBOX
        .get_or_init(|| {
            Sandbox::new(Settings {
                instances: 64,
                ..Settings::default()
            })
            .expect("the sandbox starts")
        })
        .clone()
}

fn spec(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        workspace: "test".to_owned(),
        ..Spec::default()
    }
}

fn hostile(limits: Overrides, grants: Grants) -> Component {
    sandbox()
        .load(
            Spec {
                limits,
                grants,
                ..spec("hostile")
            },
            &guest("hostile"),
        )
        .expect("it loads")
}

async fn call(
    component: &Component,
    tool: &str,
    target: &str,
) -> Result<(String, bool, Receipt), Failed> {
    let arguments = serde_json::json!({ "target": target }).to_string();
    let Called { value, receipt } = component
        .call_tool(Call::default(), tool, &arguments)
        .await?;
    let Ok(Outcome::Complete(result)) = value else {
        panic!("{tool} gave {value:?}")
    };
    let caxton_sandbox::wit::types::Body::Text(text) = &result.content[0].body else {
        panic!("no text")
    };
    Ok((text.clone(), result.is_error, receipt))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_running_wild_ends_at_its_own_limit() {
    let second = Some(Duration::from_secs(1));
    let check = async |tool: &str, limits: Overrides, code: &str| {
        let component = hostile(limits, Grants::default());
        let failed = call(&component, tool, "").await.expect_err(tool);
        assert_eq!(failed.error.code(), code, "{tool}: {}", failed.error);
        assert!(
            failed.error.to_string().contains("hostile"),
            "{}",
            failed.error
        );
        assert_eq!(
            failed.receipt.digest,
            component.digest(),
            "{tool} leaves a receipt"
        );
        failed
    };
    let failed = check(
        "loop",
        Overrides {
            fuel: Some(10_000_000),
            ..Overrides::default()
        },
        "fuel-exhausted",
    )
    .await;
    assert_eq!(failed.receipt.fuel, 10_000_000);
    check(
        "loop",
        Overrides {
            fuel: Some(1_000_000_000_000),
            time: second,
            ..Overrides::default()
        },
        "deadline-exceeded",
    )
    .await;
    let failed = check(
        "allocate",
        Overrides {
            memory_bytes: Some(16 << 20),
            ..Overrides::default()
        },
        "memory-exceeded",
    )
    .await;
    assert!(failed.receipt.memory_bytes_peak <= 16 << 20);
    check("recurse", Overrides::default(), "stack-overflow").await;
    check(
        "flood",
        Overrides {
            memory_bytes: Some(1 << 30),
            ..Overrides::default()
        },
        "output-exceeded",
    )
    .await;
    check(
        "sleep",
        Overrides {
            time: second,
            ..Overrides::default()
        },
        "deadline-exceeded",
    )
    .await;
    check("trap", Overrides::default(), "component-trapped").await;
    check("panic", Overrides::default(), "component-trapped").await;
    check("exit", Overrides::default(), "component-exited").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_messages_are_cut_and_counted() {
    let limits = Overrides {
        log_bytes: Some(1 << 20),
        fuel: Some(100_000_000_000),
        time: Some(Duration::from_secs(60)),
        ..Overrides::default()
    };
    let component = hostile(limits, Grants::default());
    let (text, _, receipt) = call(&component, "log", "").await.expect("it ends");
    assert_eq!(text, "logged");
    assert!(receipt.log_dropped > 16_000, "{receipt:?}");
    assert_eq!(
        call(&component, "print", "").await.expect("it ends").0,
        "printed"
    );
    assert_eq!(
        call(&component, "progress", "").await.expect("it ends").0,
        "reported"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_grants_there_is_nothing_to_reach() {
    let component = hostile(Overrides::default(), Grants::default());
    for (tool, target) in [
        ("socket", "127.0.0.1:22"),
        ("socket", "localhost:80"),
        ("read", "/etc/passwd"),
        ("read", "../../../../etc/passwd"),
        ("store", "anything"),
        ("fetch", "http://169.254.169.254/latest/meta-data/"),
        ("fetch", "http://localhost/"),
        ("fetch", "http://[::1]/"),
        ("fetch", "http://2130706433/"),
        ("fetch", "file:///etc/passwd"),
    ] {
        let (text, is_error, _) = call(&component, tool, target)
            .await
            .unwrap_or_else(|e| panic!("{tool} {target}: {e}"));
        assert!(is_error, "{tool} {target} gave {text}");
    }
    let (text, ..) = call(&component, "environment", "").await.expect("it ends");
    assert_eq!(text, "[] [] []", "no variables, no arguments, no files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_directory_is_a_closed_room() {
    let outside = tempfile::tempdir().expect("a directory");
    std::fs::write(outside.path().join("secret"), "secret").expect("written");
    let inside = tempfile::tempdir().expect("a directory");
    std::fs::write(inside.path().join("open"), "open").expect("written");
    std::os::unix::fs::symlink(outside.path().join("secret"), inside.path().join("link"))
        .expect("linked");
    let files = vec![FileGrant {
        host: inside.path().to_owned(),
        guest: "data".to_owned(),
        mode: FileMode::Read,
    }];
    let component = hostile(
        Overrides::default(),
        Grants {
            files,
            ..Grants::default()
        },
    );
    assert_eq!(
        call(&component, "read", "data/open")
            .await
            .expect("it ends")
            .0,
        "open"
    );
    for path in [
        "data/link",
        "data/../secret",
        "/data/open/../../etc/passwd",
        "/etc/passwd",
    ] {
        let (text, is_error, _) = call(&component, "read", path).await.expect("it ends");
        assert!(is_error, "{path} gave {text}");
    }
    // A link in the directory's own place leads nowhere either.
    let (path, aside) = (inside.path(), inside.path().with_extension("aside"));
    std::fs::rename(path, &aside).expect("renamed");
    std::os::unix::fs::symlink(outside.path(), path).expect("linked");
    let failed = call(&component, "read", "data/secret").await;
    let failed = failed.expect_err("it is not opened");
    assert!(failed.to_string().contains("has become a link"), "{failed}");
    std::fs::remove_file(path).expect("removed");
    std::fs::rename(&aside, path).expect("renamed back");
    let failed = call(&component, "handles", "data/open")
        .await
        .expect_err("it ends");
    assert_eq!(failed.error.code(), "handles-exceeded", "{}", failed.error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_while_some_run_wild() {
    // One computes; the other does next to nothing itself, and has the host do it.
    for tool in ["loop", "chatter"] {
        let time = Duration::from_secs(2);
        let hostile = hostile(
            Overrides {
                time: Some(time),
                fuel: Some(1_000_000_000_000),
                ..Overrides::default()
            },
            Grants::default(),
        );
        let echo = sandbox()
            .load(spec("echo"), &guest("echo"))
            .expect("it loads");
        let wild: Vec<_> = (0..8)
            .map(|_| {
                let hostile = hostile.clone();
                tokio::spawn(async move { call(&hostile, tool, "").await })
            })
            .collect();
        for _ in 0..50 {
            let called = echo
                .call_tool(Call::default(), "echo", r#"{"a":1}"#)
                .await
                .expect("served");
            assert!(matches!(called.value, Ok(Outcome::Complete(_))));
        }
        assert!(
            wild.iter().any(|task| !task.is_finished()),
            "they were served at the same time"
        );
        for task in wild {
            let failed = task.await.expect("no panic").expect_err("it ends");
            assert!(
                matches!(failed.error, CallError::Time { .. }),
                "{}",
                failed.error
            );
            let took = Duration::from_micros(failed.receipt.duration_us);
            assert!(took < 2 * time, "{tool} took {took:?}");
        }
    }
}

#[test]
fn what_is_no_component_is_refused_by_name() {
    let check = |name: &str, wasm: &[u8], expected: fn(&LoadError) -> bool| {
        let error = sandbox()
            .load(spec(name), wasm)
            .err()
            .unwrap_or_else(|| panic!("{name} was loaded"));
        assert!(expected(&error), "{name}: {error:?}");
        assert!(error.to_string().contains(name), "{error}");
    };
    let echo = guest("echo");
    check("empty", b"", |e| matches!(e, LoadError::NotWasm { .. }));
    check("text", b"#!/bin/sh\necho hello", |e| {
        matches!(e, LoadError::NotWasm { .. })
    });
    check("core", b"\0asm\x01\0\0\0", |e| {
        matches!(e, LoadError::CoreModule { .. })
    });
    check("future", b"\0asm\x0e\0\x01\0", |e| {
        matches!(e, LoadError::Malformed { .. })
    });
    check("truncated", &echo[..echo.len() / 2], |e| {
        matches!(e, LoadError::Malformed { .. })
    });
    check(
        "bits",
        &echo
            .iter()
            .enumerate()
            .map(|(i, b)| {
                if i > 100 && i % 997 == 0 {
                    b ^ 0x55
                } else {
                    *b
                }
            })
            .collect::<Vec<_>>(),
        |e| {
            matches!(
                e,
                LoadError::Malformed { .. }
                    | LoadError::Mismatch { .. }
                    | LoadError::UnknownImport { .. }
                    | LoadError::NoRole { .. }
            )
        },
    );
    check("huge", &vec![0; 100 << 20], |e| {
        matches!(e, LoadError::TooLarge { .. })
    });
    check(
        "unknown-import",
        &guest("unknown-import"),
        |e| matches!(e, LoadError::UnknownImport { import, .. } if import.contains("doors")),
    );
    check("nothing", b"\0asm\x0d\0\x01\0", |e| {
        matches!(e, LoadError::NoRole { .. })
    });
}

#[test]
fn a_limit_above_the_ceiling_stops_the_load() {
    let limits = Overrides {
        memory_bytes: Some(1 << 40),
        ..Overrides::default()
    };
    let error = sandbox()
        .load(
            Spec {
                limits,
                ..spec("greedy")
            },
            &guest("echo"),
        )
        .err()
        .expect("refused");
    assert!(matches!(error, LoadError::Limit { .. }), "{error}");
    assert!(
        error.to_string().contains("memory") && error.to_string().contains("greedy"),
        "{error}"
    );
}

#[tokio::test]
async fn a_damaged_cache_entry_is_compiled_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings {
        cache: Some(dir.path().to_owned()),
        instances: 4,
        ..Settings::default()
    };
    let load = || {
        Sandbox::new(settings.clone())
            .expect("starts")
            .load(spec("echo"), &guest("echo"))
            .expect("loads")
    };
    load();
    let entry = std::fs::read_dir(dir.path())
        .expect("read")
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "cwasm"));
    let entry = entry.expect("an entry");
    let mut bytes = std::fs::read(&entry).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&entry, &bytes).expect("written");
    let echo = load();
    let called = echo
        .call_tool(Call::default(), "echo", "{}")
        .await
        .expect("it runs");
    assert!(matches!(called.value, Ok(Outcome::Complete(_))));
    assert_ne!(
        std::fs::read(&entry).expect("read"),
        bytes,
        "the entry was replaced"
    );
}

#[tokio::test]
async fn a_call_nested_too_deeply_is_refused() {
    let echo = sandbox()
        .load(spec("echo"), &guest("echo"))
        .expect("it loads");
    let failed = echo
        .call_tool(
            Call {
                depth: 9,
                ..Call::default()
            },
            "echo",
            "{}",
        )
        .await
        .expect_err("refused");
    assert!(
        matches!(
            failed.error,
            CallError::Depth {
                depth: 9,
                limit: 8,
                ..
            }
        ),
        "{}",
        failed.error
    );
}
