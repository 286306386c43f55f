//! HTTP by hand, for requests that no decent client sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection on which anything can be sent.
#[derive(Debug)]
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to the server at `url`.
    pub fn connect(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://"))
            .expect("the server accepts connections");
        // A test that waits longer than this has failed.
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket has timeouts");
        Self(stream)
    }

    /// Sends bytes. That the server has closed its end shows in what it answered.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        drop(self.0.write_all(bytes.as_ref()));
        self
    }

    /// Everything that the server sends until it closes the connection.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A connection that is reset after an answer has given that answer.
        drop(self.0.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the server sends until `end` has come.
    pub fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        while !String::from_utf8_lossy(&bytes).contains(end) {
            let length = self.0.read(&mut piece).unwrap_or(0);
            assert!(
                length > 0,
                "the connection ended without {end:?}: {}",
                String::from_utf8_lossy(&bytes)
            );
            bytes.extend_from_slice(&piece[..length]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
