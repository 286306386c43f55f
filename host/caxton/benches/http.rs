//! A tool call over HTTP against a route that does nothing, at 64 connections. The clients and the reference share this
//! process; the server has one of its own. Two kinds of clients: reqwest, which is what programs use, and bare sockets, which
//! leave the processors to the servers.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::measure::{guest, median, resident_bytes, row};
use crate::socket::{Socket, post};
use crate::start::{Server, workspace};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 7;
const BODY: &str = r#"{"arguments":{"name":"a","value":1}}"#;

/// Measures both servers in turns.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path().join("desk");
    workspace(&dir);
    let components = scratch.path().join("components");
    std::fs::create_dir(&components).expect("made");
    std::fs::write(components.join("echo.wasm"), guest("echo")).expect("written");
    let server = Server::start(&dir, Some(&components));
    let ours = format!(
        "{}/api/v1/workspaces/default/tools/echo__echo/call",
        server.address
    );
    let nothing = format!("{}/", nothing());
    for (what, client) in [
        ("calls per second, reqwest", reqwest as fn(&str) -> u64),
        ("calls per second, bare sockets", sockets),
    ] {
        let (mut a, mut b): (Vec<u64>, Vec<u64>) = (0..ROUNDS)
            .map(|_| (client(&ours), client(&nothing)))
            .unzip();
        let (a, b) = (median(&mut a), median(&mut b));
        row(what, a, b, a as f64 / b as f64, "at least 0.50");
    }
    println!(
        "  the server then holds {:.0} MB",
        resident_bytes(server.pid()) as f64 / 1e6
    );
}

/// A do-nothing axum server on a runtime like ours; it lives as long as this process.
fn nothing() -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("bound");
            sender
                .send(format!(
                    "http://{}",
                    listener.local_addr().expect("an address")
                ))
                .expect("sent");
            let router = axum::Router::new().route(
                "/",
                axum::routing::post(|_: axum::body::Bytes| async { "{}" }),
            );
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    receiver.recv().expect("it starts")
}

/// Requests per second of clients that are sockets on one thread.
fn sockets(url: &str) -> u64 {
    let (host, path) = url
        .trim_start_matches("http://")
        .split_once('/')
        .expect("a path");
    let request: Arc<[u8]> = post(host, &format!("/{path}"), "*/*", "", BODY).into();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(per_second(|stop, done| {
        let (host, request) = (host.to_owned(), Arc::clone(&request));
        async move {
            let mut socket = Socket::open(&host).await;
            while !stop.load(Ordering::Relaxed) {
                socket.send(&request).await;
                socket.answer().await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }))
}

/// Requests per second of one reqwest client with as many requests under way as there are connections.
fn reqwest(url: &str) -> u64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        per_second(|stop, done| {
            let (client, url) = (client.clone(), url.to_owned());
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let request = client
                        .post(&url)
                        .header("content-type", "application/json")
                        .body(BODY);
                    let response = request.send().await.expect("an answer");
                    assert_eq!(response.status(), 200);
                    response.bytes().await.expect("its body");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
        .await
    })
}

/// How often clients count up `done` in a second, over two seconds of all connections.
async fn per_second<F: Future<Output = ()> + Send + 'static>(
    client: impl Fn(Arc<AtomicBool>, Arc<AtomicU64>) -> F,
) -> u64 {
    let (stop, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(client(Arc::clone(&stop), Arc::clone(&done))))
        .collect();
    // Connections are made and code is warm before the count begins.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (before, started) = (done.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (count, time) = (done.load(Ordering::Relaxed) - before, started.elapsed());
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no panic");
    }
    (count as f64 / time.as_secs_f64()) as u64
}
