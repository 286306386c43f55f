//! A provider is replaced by one of another kind while agents are asked: the agents' files stay as they are, and no message
//! is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use caxton_tests::{Server, component};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const AGENT: &str = "name = \"writer\"\ndescription = \"Writes.\"\nmodel = \"openai/m\"\n";

/// What OpenAI's servers stream, and what Anthropic's do.
const CHAT: &str = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"from openai"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}

data: [DONE]

"#;
const MESSAGE: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"from anthropic"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#;

/// An upstream that speaks both protocols.
async fn upstream() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    url
}

/// Answers the requests of one connection.
async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |value| value.trim().parse().expect("a length"));
        while read.len() < head + length {
            stream.read_buf(&mut read).await?;
        }
        read.drain(..head + length);
        let (kind, body) = match text.split(' ').nth(1) {
            Some("/v1/chat/completions") => ("text/event-stream", CHAT),
            Some("/v1/messages") => ("text/event-stream", MESSAGE),
            _ => (
                "application/json",
                r#"{"data":[{"id":"m","type":"model","display_name":"m"}],"has_more":false}"#,
            ),
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_swapped_under_load_and_no_message_is_lost() {
    let url = upstream().await;
    let settings = format!(
        "name = \"desk\"\n[components.openai]\nconfig = {{ base_url = \"{url}/v1\" }}\ngrants = {{ http = [\"{url}\"] }}\n"
    );
    let files = [
        ("caxton.toml", settings.as_str()),
        ("agents/writer.toml", AGENT),
    ];
    let server = Arc::new(Server::with_workspace(&files, &[]));
    let over = Arc::new(AtomicBool::new(false));
    let asking = (0..16).map(|_| {
        let (server, over) = (Arc::clone(&server), Arc::clone(&over));
        tokio::spawn(async move {
            let mut said: BTreeMap<String, u32> = BTreeMap::new();
            while !over.load(Ordering::Relaxed) {
                let message = json!({ "to": "writer", "content": "Who are you?" });
                let answer = server.post("~/messages", &message).await.ok();
                let content = answer["content"].as_str().expect("a text").to_owned();
                *said.entry(content).or_default() += 1;
            }
            said
        })
    });
    let asking: Vec<_> = asking.collect();
    for round in 0..6 {
        let name = if round % 2 == 0 {
            "anthropic"
        } else {
            "openai"
        };
        let code = std::fs::read(component(name)).expect("it can be read");
        let put = server.put_component("openai", code).await;
        assert!(matches!(put.status, 200 | 201), "{}", put.text);
        // The next messages are answered by the new one.
        let message = json!({ "to": "writer", "content": "Who are you?" });
        let answer = server.post("~/messages", &message).await.ok();
        assert_eq!(answer["content"], format!("from {name}"));
    }
    over.store(true, Ordering::Relaxed);
    let mut said: BTreeMap<String, u32> = BTreeMap::new();
    for task in asking {
        for (content, count) in task.await.expect("no message is lost") {
            *said.entry(content).or_default() += count;
        }
    }
    let answers: Vec<&str> = said.keys().map(String::as_str).collect();
    assert_eq!(answers, ["from anthropic", "from openai"], "{said:?}");
}
