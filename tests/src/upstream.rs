//! An upstream of the test's own: a server on loopback that keeps what it was sent and answers as it is told to. It may stand
//! for a Caxton server that misbehaves, too.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A running upstream. It ends with the process.
#[derive(Debug)]
pub struct Upstream {
    /// Its origin, such as `http://127.0.0.1:43210`.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The request line and the headers.
    pub head: String,
    /// The body, as text.
    pub body: String,
}

impl Received {
    /// What stands in the request line after the method.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.head.lines().skip(1);
        lines.filter_map(|line| line.split_once(": "))
    }

    /// The values of the header of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

impl Upstream {
    /// Answers each request with the pieces that `answer` gives, each sent by itself; then the connection is closed.
    pub fn start(answer: impl Fn(&Received) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("it has an address")
        );
        let received = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (received.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Self { url, received }
    }

    /// Answers each request with the next of `replies`, and with the last one for ever.
    pub fn scripted(replies: impl IntoIterator<Item = Vec<Vec<u8>>>) -> Self {
        let replies: Mutex<VecDeque<_>> = Mutex::new(replies.into_iter().collect());
        Self::start(move |_| {
            let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
            match replies.len() {
                0 | 1 => replies.front().cloned(),
                _ => replies.pop_front(),
            }
            .unwrap_or_default()
        })
    }

    /// What was received so far: all that has been answered, at least.
    pub fn received(&self) -> Vec<Received> {
        let received = self.received.lock();
        received.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An answer with this status line, headers and body, after which the connection ends. The body comes in pieces that cut its
/// words anywhere.
pub fn reply(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<Vec<u8>> {
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{}\r\n",
        body.len(),
        headers.collect::<String>()
    );
    let pieces = body.as_bytes().chunks(7).map(<[u8]>::to_vec);
    std::iter::once(head.into_bytes()).chain(pieces).collect()
}

fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Vec<Received>>,
    answer: &dyn Fn(&Received) -> Vec<Vec<u8>>,
) {
    // Who asks may go away; that is for the test to notice.
    let Some(request) = receive(&mut stream) else {
        return;
    };
    let pieces = answer(&request);
    kept.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    drop(stream.set_nodelay(true));
    for piece in pieces {
        if stream.write_all(&piece).is_err() {
            return;
        }
    }
}

fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let (head, body) = (&bytes[..end], &bytes[end + 4..]);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let received = Received {
                head: text(head),
                body: text(body),
            };
            let length = received.all("content-length");
            let length = length
                .first()
                .map_or(Some(0), |length| length.parse().ok())?;
            if body.len() >= length {
                return Some(received);
            }
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            length => bytes.extend_from_slice(&piece[..length]),
        }
    }
}
