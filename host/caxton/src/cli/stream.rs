//! Reading server-sent events (WHATWG HTML, 9.2.6) from an answer, as they come.

use std::time::Duration;

use anyhow::{Result, bail};
use reqwest::Response;

use super::client::Broken;

/// The longest event. An answer with every tool result in it is the longest there is.
const EVENT_BYTES_MAX: usize = 64 << 20;

/// A server that has nothing to say sends a comment every fifteen seconds; where four are missing, the connection is dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The events of an answer.
#[derive(Debug)]
pub struct Events {
    response: Response,
    lines: Lines,
}

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: String,
    /// Its id; empty where it has none.
    pub id: String,
}

impl Events {
    /// The events in the body of `response`.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            lines: Lines::default(),
        }
    }

    /// The next event; nothing where the stream has ended.
    ///
    /// # Errors
    /// [`Broken`] where the connection breaks; or where an event is too long.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.lines.event() {
                return Ok(Some(event));
            }
            match tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.lines.push(&chunk)?,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => return Err(Broken(error.to_string()).into()),
                Err(_) => return Err(Broken("nothing comes any more".to_owned()).into()),
            }
        }
    }
}

/// Lines as they come, in pieces.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
    /// How far `pending` was searched for the end of a line.
    searched: usize,
    event: Event,
}

impl Lines {
    fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if self.pending.len() + self.event.data.len() + chunk.len() > EVENT_BYTES_MAX {
            bail!("the server sent an event of more than {EVENT_BYTES_MAX} bytes");
        }
        self.pending.extend_from_slice(chunk);
        Ok(())
    }

    /// The next event that is complete.
    fn event(&mut self) -> Option<Event> {
        while let Some(length) = self.pending[self.searched..]
            .iter()
            .position(|b| *b == b'\n')
            .map(|at| self.searched + at)
        {
            let line: Vec<u8> = self.pending.drain(..=length).collect();
            self.searched = 0;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if !event.data.is_empty() {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.name),
                "data" => {
                    if !self.event.data.is_empty() {
                        self.event.data.push('\n');
                    }
                    self.event.data.push_str(value);
                }
                "id" => value.clone_into(&mut self.event.id),
                // Comments keep the connection alive.
                _ => {}
            }
        }
        self.searched = self.pending.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_the_stream_is_cut() {
        let stream = b": hello\n\nevent: delta\ndata: {\"a\":1}\nid: 7\n\nevent:x\r\ndata:1\r\ndata: 2\r\n\r\ndata: cut off";
        let expected = [("delta", "{\"a\":1}", "7"), ("x", "1\n2", "")];
        for size in 1..stream.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for chunk in stream.chunks(size) {
                lines.push(chunk).expect("it is short");
                while let Some(event) = lines.event() {
                    found.push(event);
                }
            }
            let found: Vec<_> = found
                .iter()
                .map(|event| (event.name.as_str(), event.data.as_str(), event.id.as_str()))
                .collect();
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }
}
