//! A client that is a bare socket: it costs so little that the processors are left to what is measured.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept, and what was read from it.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A POST request with JSON, ready to be sent; `accept` is the kind of answer.
pub fn post(host: &str, path: &str, accept: &str, more: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\naccept: {accept}\r\n{more}content-length: {length}\r\n\r\n{body}").into_bytes()
}

impl Socket {
    /// Connects to `host`, as `127.0.0.1:PORT`.
    pub async fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("connected");
        stream.set_nodelay(true).expect("set");
        Self {
            stream,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Sends a request.
    pub async fn send(&mut self, request: &[u8]) {
        self.buffer.clear();
        self.stream.write_all(request).await.expect("sent");
    }

    /// Reads an answer with a content-length, and gives its body.
    pub async fn answer(&mut self) -> &str {
        loop {
            self.more().await;
            let Some(head) = self.head() else { continue };
            let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .and_then(|length| length.trim().parse().ok())
                .expect("a length");
            if self.buffer.len() >= head + 4 + length {
                return std::str::from_utf8(&self.buffer[head + 4..]).expect("text");
            }
        }
    }

    /// Reads an answer in chunks to its end, and gives each piece to `seen` as it comes, with the lengths of the chunks
    /// among its text.
    pub async fn stream(&mut self, mut seen: impl FnMut(&str)) {
        let mut told = 0;
        loop {
            self.more().await;
            if told == 0 {
                let Some(head) = self.head() else { continue };
                told = head + 4;
            }
            // A line that has not ended is told with its end.
            let Some(end) = self.buffer.iter().rposition(|byte| *byte == b'\n') else {
                continue;
            };
            if end >= told {
                seen(&String::from_utf8_lossy(&self.buffer[told..=end]));
                told = end + 1;
            }
            if self.buffer.ends_with(b"\r\n0\r\n\r\n") {
                return;
            }
        }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("read");
        assert!(
            read > 0,
            "the server closed the connection after {}",
            String::from_utf8_lossy(&self.buffer)
        );
    }

    /// Where the head of the answer ends; it must say that all went well.
    fn head(&self) -> Option<usize> {
        let head = self.buffer.windows(4).position(|w| w == b"\r\n\r\n")?;
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&self.buffer)
        );
        Some(head)
    }
}
