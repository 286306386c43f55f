//! Server-sent events (WHATWG HTML, "Server-sent events"), parsed as the bytes come in. Knows nothing of what the events
//! mean. Only `data` is kept: the protocols that models are spoken to with say in their data whatever the fields `event`,
//! `id` and `retry` would.
//!
//! ```
//! let mut parser = caxton_sdk::sse::Parser::default();
//! assert!(parser.feed(b"event: greeting\nda").unwrap().is_empty());
//! assert_eq!(parser.feed(b"ta: hello\n\n").unwrap(), ["hello"]);
//! ```

use std::fmt;

/// The longest event that is accepted, in bytes. Upstreams send a few hundred; a stream that never ends its event must
/// not fill the memory.
const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a stream can't be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an event of the stream is longer than {EVENT_BYTES_MAX} bytes"
        )
    }
}

impl std::error::Error for TooLong {}

/// A parser that takes pieces of any size, cut anywhere, even within a character.
#[derive(Debug, Default)]
pub struct Parser {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The `data` lines of the event that has not ended yet.
    data: Option<String>,
    /// The last byte was a carriage return, so that a line feed would belong to it.
    after_return: bool,
    /// A first line was seen, so that no byte order mark can follow.
    started: bool,
}

impl Parser {
    /// Takes the next piece of the stream and gives the data of each event that it completes.
    ///
    /// # Errors
    /// `TooLong` when an event exceeds 8 MiB.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while let Some(&next) = rest.first() {
            if std::mem::take(&mut self.after_return) && next == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, more) = rest.split_at(end.unwrap_or(rest.len()));
            let data = self.data.as_ref().map_or(0, String::len);
            if self.line.len() + part.len() + data > EVENT_BYTES_MAX {
                return Err(TooLong);
            }
            rest = more.get(1..).unwrap_or_default();
            if end.is_none() {
                self.line.extend_from_slice(part);
                break;
            }
            self.after_return = more.first() == Some(&b'\r');
            // A line that came whole is read where it is.
            if self.line.is_empty() {
                events.extend(self.end_line(part));
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(part);
                events.extend(self.end_line(&line));
            }
        }
        Ok(events)
    }

    /// Ends the stream and gives an event that was not ended by an empty line. The standard drops it, but some servers
    /// forget the last empty line.
    pub fn finish(mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let ended = if line.is_empty() {
            None
        } else {
            self.end_line(&line)
        };
        ended.or(self.data)
    }

    /// Takes in the line that has just ended. Gives the event's data where the line was empty.
    fn end_line(&mut self, mut line: &[u8]) -> Option<String> {
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take();
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => Some(&line[..0]),
            Some([b':', value @ ..]) => Some(value.strip_prefix(b" ").unwrap_or(value)),
            // A comment (which starts with a colon) or another field.
            _ => None,
        };
        if let Some(value) = value {
            let text = String::from_utf8_lossy(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(&text);
                }
                None => self.data = Some(text.into_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::default();
        let mut events: Vec<String> = pieces
            .iter()
            .flat_map(|piece| parser.feed(piece).expect("short"))
            .collect();
        events.extend(parser.finish());
        events
    }

    #[test]
    fn events_follow_the_standard() {
        for (stream, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data:a\r\n\r\ndata: b\r\rdata: c\n\n", vec!["a", "b", "c"]),
            ("\u{feff}data: a\n\n", vec!["a"]),
            (
                ": comment\n\ndata: a\n: in between\ndata: b\n\n",
                vec!["a\nb"],
            ),
            ("event: x\nid: 7\nretry: 10\ndata: a\n\n", vec!["a"]),
            ("data\n\n", vec![""]),
            ("data:  two spaces\n\n", vec![" two spaces"]),
            ("database: no\n\n", vec![]),
            ("\n\n\n\n", vec![]),
            ("data: unfinished", vec!["unfinished"]),
            ("data: unfinished\n", vec!["unfinished"]),
            ("", vec![]),
        ] {
            assert_eq!(parse(&[stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn every_way_to_split_a_stream_gives_the_same_events() {
        let stream = "\u{feff}: hi\r\ndata: {\"text\":\"ü—数\"}\r\n\r\ndata: x\ndata:y\n\nevent: z\rdata: 🦀\r\rdata: [DONE]\n\n".as_bytes();
        let whole = parse(&[stream]);
        assert_eq!(whole, ["{\"text\":\"ü—数\"}", "x\ny", "🦀", "[DONE]"]);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                assert_eq!(
                    parse(&[&stream[..first], &stream[first..second], &stream[second..]]),
                    whole,
                    "{first} {second}"
                );
            }
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(parse(&bytes), whole);
    }

    #[test]
    fn any_bytes_at_all_are_survived() {
        // A small linear congruential generator: the same bytes on every run.
        let mut state = 1_u32;
        for round in 0..500 {
            let bytes: Vec<u8> = (0..round)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"data: \r\n:\xff\xf0x{}"[(state >> 24) as usize % 14]
                })
                .collect();
            let whole = parse(&[&bytes]);
            let singles: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(parse(&singles), whole);
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 1024 * 1024];
        let outcome: Result<Vec<_>, _> = (0..10).map(|_| parser.feed(&piece)).collect();
        assert_eq!(outcome, Err(TooLong));
    }
}
