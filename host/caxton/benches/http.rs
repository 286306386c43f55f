//! A tool call over HTTP against a route that does nothing, at 64 connections. The clients and the reference share this
//! process; the server has one of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::measure::{guest, median, resident_bytes, row};
use crate::start::{Server, workspace};

const CONNECTIONS: usize = 64;

/// Measures both servers in turns.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path().join("desk");
    workspace(&dir);
    let components = scratch.path().join("components");
    std::fs::create_dir(&components).expect("made");
    std::fs::write(components.join("echo.wasm"), guest("echo")).expect("written");
    let ours = Server::start(&dir, Some(&components));
    let nothing = nothing();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let body = r#"{"arguments":{"name":"a","value":1}}"#;
    let call = request(
        &ours.address,
        "/api/v1/workspaces/default/tools/echo__echo/call",
        body,
    );
    let idle = request(&nothing, "/", body);
    let ours_at = ours.address.trim_start_matches("http://").to_owned();
    let nothing_at = nothing.trim_start_matches("http://").to_owned();
    let (mut a, mut b): (Vec<u64>, Vec<u64>) = (0..5)
        .map(|_| {
            (
                runtime.block_on(per_second(&ours_at, &call)),
                runtime.block_on(per_second(&nothing_at, &idle)),
            )
        })
        .unzip();
    let (a, b) = (median(&mut a), median(&mut b));
    row(
        "tool calls per second over HTTP",
        a,
        b,
        a as f64 / b as f64,
        "at least 0.50",
    );
    println!(
        "  the server then holds {:.0} MB",
        resident_bytes(ours.pid()) as f64 / 1e6
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

fn request(address: &str, path: &str, body: &str) -> Vec<u8> {
    let host = address.trim_start_matches("http://");
    format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Requests per second over all connections, for two seconds; every answer must be a 200.
async fn per_second(address: &str, request: &[u8]) -> u64 {
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, request, done, stop) = (
                address.to_owned(),
                request.to_vec(),
                done.clone(),
                stop.clone(),
            );
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.expect("connected");
                stream.set_nodelay(true).expect("set");
                let mut buffer = Vec::with_capacity(4096);
                while !stop.load(Ordering::Relaxed) {
                    stream.write_all(&request).await.expect("sent");
                    answer(&mut stream, &mut buffer).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (count, time) = (done.load(Ordering::Relaxed), started.elapsed());
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no panic");
    }
    (count as f64 / time.as_secs_f64()) as u64
}

/// Reads one answer with a content-length.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("read");
        assert!(read > 0, "the server closed the connection");
        let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        assert!(
            text.starts_with("http/1.1 200"),
            "{}",
            String::from_utf8_lossy(buffer)
        );
        let length: usize = text
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "))
            .and_then(|l| l.trim().parse().ok())
            .expect("a length");
        if buffer.len() >= head + 4 + length {
            return;
        }
    }
}
