//! Tool calls in process: what the limits and the receipt cost, and how many calls both cores make.

use std::time::{Duration, Instant};

use caxton_sandbox::{Call, Component, Sandbox, Settings, Spec};

use crate::bare::Bare;
use crate::measure::{guest, in_turns, median, row, us};

pub(crate) fn load(sandbox: &Sandbox, name: &str, wasm: &[u8]) -> Component {
    sandbox
        .load(
            Spec {
                name: name.to_owned(),
                workspace: "bench".to_owned(),
                ..Spec::default()
            },
            wasm,
        )
        .expect("the guest loads")
}

/// A fresh call with every limit on, against a bare wasmtime loop.
pub fn fresh() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let wasm = guest("echo");
    let ours = load(
        &Sandbox::new(Settings::default()).expect("a sandbox"),
        "echo",
        &wasm,
    );
    let bare = Bare::load(&wasm).expect("wasmtime loads it");
    let numbers =
        serde_json::json!({ "values": (0..200).map(|i| f64::from(i) * 1.5).collect::<Vec<_>>() })
            .to_string();
    let cases = [
        (
            "a small record in and out",
            "echo",
            r#"{"name":"a","value":1}"#,
            400,
            "at most 1.30",
        ),
        (
            "fib(22), CPU-bound",
            "fib",
            r#"{"n":22}"#,
            100,
            "at most 1.50",
        ),
        (
            "fib(30), CPU-bound",
            "fib",
            r#"{"n":30}"#,
            1,
            "at most 1.50",
        ),
        (
            "parsing 1.3 KB of JSON",
            "sum",
            numbers.as_str(),
            200,
            "at most 1.50",
        ),
    ];
    for (what, tool, arguments, calls, bound) in cases {
        let (a, b) = in_turns(
            31,
            calls,
            || {
                let called = runtime
                    .block_on(ours.call_tool(Call::default(), tool, arguments))
                    .expect("it works");
                assert!(called.value.is_ok() && called.receipt.fuel > 0);
            },
            || {
                assert!(
                    runtime
                        .block_on(bare.call(tool, arguments))
                        .expect("it works")
                        .is_ok()
                )
            },
        );
        row(what, us(a), us(b), a.as_secs_f64() / b.as_secs_f64(), bound);
    }
}

/// Calls per second on all cores, against the bare loop on all cores.
pub fn throughput() {
    let wasm = guest("echo");
    let ours = load(
        &Sandbox::new(Settings::default()).expect("a sandbox"),
        "echo",
        &wasm,
    );
    let bare = std::sync::Arc::new(Bare::load(&wasm).expect("wasmtime loads it"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let arguments = r#"{"name":"a","value":1}"#;
    let mut rates: Vec<(u64, u64)> = Vec::new();
    for _ in 0..5 {
        let (ours, bare) = (ours.clone(), bare.clone());
        let a = per_second(&runtime, move || {
            let ours = ours.clone();
            async move {
                assert!(
                    ours.call_tool(Call::default(), "echo", arguments)
                        .await
                        .is_ok()
                )
            }
        });
        let b = per_second(&runtime, move || {
            let bare = bare.clone();
            async move { assert!(bare.call("echo", arguments).await.is_ok()) }
        });
        rates.push((a, b));
    }
    let (mut a, mut b): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
    let (a, b) = (median(&mut a), median(&mut b));
    row(
        "fresh calls per second",
        a,
        b,
        a as f64 / b as f64,
        "aim: 60,000",
    );
}

/// How many times a second `call` runs, from 16 tasks for a second.
fn per_second<F: Future<Output = ()> + Send + 'static>(
    runtime: &tokio::runtime::Runtime,
    call: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> u64 {
    let time = Duration::from_secs(1);
    runtime.block_on(async {
        let started = Instant::now();
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    let mut calls = 0_u64;
                    while started.elapsed() < time {
                        call().await;
                        calls += 1;
                        tokio::task::consume_budget().await;
                    }
                    calls
                })
            })
            .collect();
        let mut calls = 0;
        for task in tasks {
            calls += task.await.expect("no panic");
        }
        (calls as f64 / started.elapsed().as_secs_f64()) as u64
    })
}
