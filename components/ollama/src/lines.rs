//! JSON documents, one a line, as the bytes come in. Knows nothing of what they mean.

use caxton_sdk::Value;
use caxton_sdk::http::{Error, Response};

/// The longest line that is taken in, in bytes. A server that never ends a line must not fill the memory.
const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A response that is read line by line.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    /// What has come and is not given yet.
    rest: Vec<u8>,
    /// How much of `rest` is known to have no line feed.
    searched: usize,
    ended: bool,
}

impl Lines {
    /// Begins to read a response.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            rest: Vec::new(),
            searched: 0,
            ended: false,
        }
    }

    /// Waits for the next document; nothing at the end. The last line may do without a line feed.
    ///
    /// # Errors
    /// Why the stream broke off: the host's reason, a line longer than 8 MiB, or one that is not JSON.
    pub fn next(&mut self) -> Result<Option<Value>, String> {
        loop {
            let Some(line) = self.next_line()? else {
                return Ok(None);
            };
            if !line.trim_ascii().is_empty() {
                return serde_json::from_slice(&line)
                    .map(Some)
                    .map_err(|error| format!("it sent something that is not JSON: {error}"));
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(at) = self.rest[self.searched..]
                .iter()
                .position(|&byte| byte == b'\n')
            {
                let line = self.rest.drain(..=self.searched + at).collect();
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.rest.len();
            if self.ended {
                self.searched = 0;
                let line = std::mem::take(&mut self.rest);
                return Ok((!line.is_empty()).then_some(line));
            }
            match self.response.chunk().map_err(reason)? {
                Some(piece) if self.rest.len() + piece.len() > LINE_BYTES_MAX => {
                    return Err(format!("a line is longer than {LINE_BYTES_MAX} bytes"));
                }
                Some(piece) => self.rest.extend(piece),
                None => self.ended = true,
            }
        }
    }
}

/// The host's reason, which names the limit or the wait.
fn reason(error: Error) -> String {
    match error {
        Error::Denied(text)
        | Error::Invalid(text)
        | Error::Limit(text)
        | Error::Timeout(text)
        | Error::Connection(text) => text,
    }
}
