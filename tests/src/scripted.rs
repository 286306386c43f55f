//! A server that says what it was told to say: an upstream of a provider, or a Caxton server that misbehaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// A server that answers each connection with the next of its replies, and with the last one for ever.
#[derive(Debug)]
pub struct Scripted {
    /// Its address, such as `http://127.0.0.1:43210`.
    pub url: String,
    asked: Receiver<String>,
}

impl Scripted {
    /// A server with these replies: a status line, headers and a body each.
    pub fn new(replies: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, asked) = channel();
        let replies = replies.to_vec();
        std::thread::spawn(move || {
            let mut replies = replies.iter().peekable();
            for stream in listener.incoming().flatten() {
                let Some(reply) = replies.peek().copied() else {
                    return;
                };
                let mut stream = BufReader::new(stream);
                let Some(request) = request(&mut stream) else {
                    continue;
                };
                drop(stream.get_mut().write_all(reply.as_bytes()));
                drop(tell.send(request));
                if replies.len() > 1 {
                    replies.next();
                }
            }
        });
        Self { url, asked }
    }

    /// The next request that it was sent: its head.
    pub fn asked(&self) -> String {
        self.asked.recv().expect("it was asked")
    }
}

/// A reply with this status, content type and body, after which the connection ends.
pub fn reply(status: u16, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The head of a request, whose body is read and forgotten.
fn request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(head)
}
