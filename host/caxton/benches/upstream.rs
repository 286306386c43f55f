//! A model's server as cheap as it can be, which speaks streaming chat completions at the pace of a real one. Each token is a
//! note of when the request came and when the token was sent, so that whoever reads it knows what lay between the two of
//! them, whatever the pace.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const FIRST_TOKEN_AFTER: Duration = Duration::from_millis(50);
const TOKEN_EACH: Duration = Duration::from_millis(10);
const TOKENS: u32 = 20;

/// Nanoseconds since this process first asked.
pub fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// When a request came and one of its tokens was sent, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Note {
    pub came: u64,
    pub sent: u64,
}

impl Note {
    fn text(self) -> String {
        format!("@{}/{};", self.came, self.sent)
    }

    /// The first note of a text.
    pub fn first(text: &str) -> Option<Self> {
        Self::read(text.split_once('@')?.1)
    }

    /// The last one.
    pub fn last(text: &str) -> Option<Self> {
        Self::read(text.rsplit_once('@')?.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (came, sent) = text.split_once(';')?.0.split_once('/')?;
        Some(Self {
            came: came.parse().ok()?,
            sent: sent.parse().ok()?,
        })
    }
}

/// Starts it on a thread of its own, which lives as long as this process, and gives where it is: `127.0.0.1:PORT`.
pub fn start() -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
            let host = listener.local_addr().expect("an address").to_string();
            sender.send(host).expect("sent");
            loop {
                let (stream, _) = listener.accept().await.expect("accepted");
                stream.set_nodelay(true).expect("set");
                tokio::spawn(serve(stream));
            }
        });
    });
    receiver.recv().expect("it starts")
}

async fn serve(mut stream: TcpStream) {
    let mut buffer = Vec::with_capacity(4096);
    // A client that goes away ends its connection, nothing else.
    while let Some(request) = request(&mut stream, &mut buffer).await {
        let answered = match request.starts_with("POST ") {
            true => complete(&mut stream).await,
            false => stream.write_all(models().as_bytes()).await,
        };
        if answered.is_err() {
            return;
        }
    }
}

/// Reads a request with its body, and gives its head.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.trim().parse::<usize>().ok()).flatten()
        });
        if buffer.len() >= end + 4 + length.unwrap_or(0) {
            return Some(head);
        }
    }
}

/// Streams an answer. What ends it comes with its last token.
async fn complete(stream: &mut TcpStream) -> std::io::Result<()> {
    let (came, begun) = (now_ns(), tokio::time::Instant::now());
    let mut text = String::new();
    for token in 0..TOKENS {
        tokio::time::sleep_until(begun + FIRST_TOKEN_AFTER + TOKEN_EACH * token).await;
        text.clear();
        if token == 0 {
            text.push_str("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
            chunk(&mut text, r#"{"role":"assistant","content":""}"#, "null");
        }
        let note = Note {
            came,
            sent: now_ns(),
        };
        let delta = format!(r#"{{"content":"{}"}}"#, note.text());
        chunk(&mut text, &delta, "null");
        if token + 1 == TOKENS {
            chunk(&mut text, "{}", r#""stop""#);
            let usage = format!(
                r#"{{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{{"prompt_tokens":9,"completion_tokens":{TOKENS},"total_tokens":29}}}}"#
            );
            data(&mut text, &usage);
            data(&mut text, "[DONE]");
            text.push_str("0\r\n\r\n");
        }
        stream.write_all(text.as_bytes()).await?;
    }
    Ok(())
}

fn chunk(text: &mut String, delta: &str, finish: &str) {
    let json = format!(
        r#"{{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}"#
    );
    data(text, &json);
}

fn data(text: &mut String, json: &str) {
    let event = format!("data: {json}\n\n");
    text.push_str(&format!("{:x}\r\n{event}\r\n", event.len()));
}

fn models() -> String {
    let body =
        r#"{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"bench"}]}"#;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
